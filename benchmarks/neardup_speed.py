"""Speed, size and growth of the near-duplicate index, beside the peers.

Times are of the processor, best of several rounds where rounds are short, so that a busy
machine changes ratios little.
"""

from __future__ import annotations

import random
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.neardup_quality import shingles
from benchmarks.neardup_texts import Text, as_document, replace_words
from quality.neardup.index import SectionIndex
from quality.neardup.signature import DocumentSignature, sign_documents
from quality.run import CHUNK
from quality.state import State

SIZES = (1_000, 10_000, 100_000)
BATCH = 500
WORDS = 600


@dataclass(frozen=True, slots=True)
class Speed:
    """Time from text to signature, a document."""

    name: str
    microseconds: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Growth:
    """What a document costs when this many are in the index."""

    documents: int
    add_us: float
    judge_us: float
    disk_bytes: float
    signature_bytes: float
    memory_bytes: float
    resident_bytes: float
    open_s: float


def speeds(texts: Sequence[Text]) -> list[Speed]:
    """Us and the peers on the same texts, shingling included."""
    documents = [(as_document(text, "t"), ()) for text in texts]
    few = texts[: max(20, len(texts) // 10)]
    one_by_one = [documents[number : number + 1] for number in range(len(few))]
    chunks = [documents[start : start + CHUNK] for start in range(0, len(documents), CHUNK)]
    return [
        Speed("ours, many at a time", _time(lambda: sign_documents(documents), len(texts), 5)),
        Speed(
            f"ours, {CHUNK} at a time, as workers do",
            _time(lambda: [sign_documents(chunk) for chunk in chunks], len(texts), 5),
        ),
        Speed(
            "ours, one at a time",
            _time(lambda: [sign_documents(one) for one in one_by_one], len(few), 3),
        ),
        _peer("datasketch, update per token", _datasketch_updates, few),
        _peer("datasketch, bulk", _datasketch_bulk, few),
        _peer("datatrove, signature stage", _datatrove, few),
        _peer("rensa, digest matrix", _rensa, texts),
    ]


def growth(sizes: Sequence[int]) -> Iterator[Growth]:
    """Fill one index to each size and measure the next batch of documents there."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "state.db"
        maker = _Maker()
        state = State.open(path)
        index = SectionIndex.open(state)
        maker.batch()  # tables and caches of this process
        resident = _resident_bytes()
        for size in sizes:
            add_us, judge_us = _fill(index, maker, size)
            state.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            facts = index.stats()
            kept = state.connection.execute(
                "SELECT sum(length(minhash) + length(word_bytes)) FROM near_texts"
            ).fetchone()[0]
            yield Growth(
                documents=size,
                add_us=add_us,
                judge_us=judge_us,
                disk_bytes=path.stat().st_size / size,
                signature_bytes=kept / size,
                memory_bytes=int(facts["bytes in memory"]) / size,
                resident_bytes=(_resident_bytes() - resident) / size,
                open_s=_open_s(path),
            )
        state.close()


def _fill(index: SectionIndex, maker: _Maker, size: int) -> tuple[float, float]:
    """Grow to `size`; what adding and judging cost in the last batches, in microseconds."""
    added, judged = [], []
    while len(index) < size:
        batch = maker.batch()
        begun = time.process_time()
        index.add(batch)
        done = time.process_time()
        added.append(done - begun)
        # Judging all of them would double the run; its cost does not depend on the others.
        if size - len(index) < 4 * BATCH:
            list(index.judge_batch(batch))
            judged.append(time.process_time() - done)
    return sum(added) / len(added) / BATCH * 1e6, sum(judged) / len(judged) / BATCH * 1e6


class _Maker:
    """Documents of made-up words, as unevenly common as in English; one in ten is an edit."""

    def __init__(self) -> None:
        rng = random.Random(7)
        self._rng = rng
        self._numbers = np.random.default_rng(1)
        letters = "bcdfglmnprstvaeiou"
        self._lexicon = np.array(
            ["".join(rng.choices(letters, k=rng.randint(2, 9))) for _ in range(50_000)]
        )
        # Zipf's law as Mandelbrot put it: the word of rank r has a share of 1 / (r + 2.7).
        shares = 1.0 / (np.arange(len(self._lexicon)) + 2.7)
        self._edges = np.cumsum(shares / shares.sum())
        self._made = 0
        self._last: Text = []

    def batch(self) -> list[DocumentSignature]:
        """The signatures of the next documents."""
        return sign_documents((as_document(self._text(), self._name()), ()) for _ in range(BATCH))

    def _name(self) -> str:
        self._made += 1
        return f"inbox/site{self._made % 97:02}/article-{self._made:08}.html"

    def _text(self) -> Text:
        if self._made % 10 == 9:
            self._last = replace_words(self._last, 0.1, self._rng, ["qx zy wv ut"])
        else:
            places = np.searchsorted(self._edges, self._numbers.random(WORDS))
            words = self._lexicon[np.minimum(places, len(self._lexicon) - 1)].tolist()
            self._last = [" ".join(words[start : start + 60]) for start in range(0, WORDS, 60)]
        return self._last


def _open_s(path: Path) -> float:
    begun = time.process_time()
    with State.open(path) as state:
        SectionIndex.open(state)
        return time.process_time() - begun


def _resident_bytes() -> int:
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * 4096


def _time(run: Callable[[], object], documents: int, rounds: int) -> float:
    times = []
    for _ in range(rounds):
        begun = time.process_time()
        run()
        times.append(time.process_time() - begun)
    return min(times) / documents * 1e6


def _peer(name: str, run: Callable[[Sequence[Text]], object], texts: Sequence[Text]) -> Speed:
    """A peer's time, or why there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run(texts[:2])
            return Speed(name, _time(lambda: run(texts), len(texts), 2))
    except Exception as error:  # a peer that cannot be used here is a note in the table
        return Speed(name, None, f"not measured: {type(error).__name__}: {error}"[:90])


def _datasketch_updates(texts: Sequence[Text]) -> None:
    from datasketch import MinHash

    for text in texts:
        minhash = MinHash(num_perm=128)
        for shingle in shingles(text):
            minhash.update(shingle)


def _datasketch_bulk(texts: Sequence[Text]) -> None:
    from datasketch import MinHash

    MinHash.bulk([shingles(text) for text in texts], num_perm=128)


def _datatrove(texts: Sequence[Text]) -> None:
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature
    from datatrove.utils.hashing import HashConfig

    with TemporaryDirectory() as folder:
        # Its default hash function refuses str with xxhash 4.1.
        config = MinhashConfig(n_grams=3, hash_config=HashConfig(hash_fc="sha1"))
        stage = MinhashDedupSignature(folder, config=config)
        for text in texts:
            stage.get_signature(stage.get_shingles("\n".join(text)))


def _rensa(texts: Sequence[Text]) -> None:
    from rensa import RMinHash

    RMinHash.digest_matrix_from_token_sets([list(shingles(text)) for text in texts], 128, 1)
