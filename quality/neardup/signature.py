"""What the index knows of a document: MinHash values, one byte a word, exact hash, repeats.

The MinHash values find candidates. The byte of each word, in order, is what candidates are
verified with: three bytes in a row stand for a shingle, so similarity, containment and the
place of a shared passage come out nearly exact at a fraction of the text's size.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_128_digest

from quality.document import Document
from quality.neardup.hashing import hash_tokens
from quality.neardup.sets import is_member
from quality.neardup.shingles import (
    SHINGLE_WORDS,
    U8,
    U32,
    U64,
    minhashes,
    shingle_hashes,
)
from quality.tokens import TOKENS_VERSION

# Shorter texts share three words by chance; they are compared whole.
MIN_WORDS = 20
# A repeated line of fewer words is a label or a refrain, no repeat worth naming.
MIN_REPEAT_WORDS = 8
# A block counts as said before when this share of its shingles stood further up.
REPEATED_SHARE = 0.8
# Documents signed in one go: some 30,000 words, so working memory stays at a few megabytes.
_GROUP_CHARACTERS = 200_000
_Pair = tuple[Document, Collection[int]]


@dataclass(frozen=True, slots=True)
class Scheme:
    """All that signatures depend on; stored with them, and another one is refused."""

    version: int = 1
    algorithm: str = "datasketch-affine32"
    seed: int = 1
    permutations: int = 128
    # 42 bands of 3 catch .996 of the pairs at similarity .5; datasketch's own choice half.
    bands: int = 42
    rows: int = 3
    shingle: str = f"word-{SHINGLE_WORDS}"
    dtype: str = "uint16"
    tokens: int = TOKENS_VERSION

    def to_json(self) -> str:
        """The scheme as stored in the state."""
        return json.dumps(asdict(self), sort_keys=True)


DEFAULT = Scheme()


@dataclass(frozen=True, slots=True)
class Repeat:
    """Blocks `first` to `last` say again what `earlier_first` to `earlier_last` said."""

    first: int
    last: int
    earlier_first: int
    earlier_last: int
    similarity: float


@dataclass(frozen=True, slots=True, eq=False)
class DocumentSignature:
    """A document as the index sees it, chrome left out. Pure and picklable.

    `minhash`: datasketch's affine32 values. `word_bytes`: one byte a word (or character,
    in scripts without spaces). `block_words`: words of each block, 0 for those skipped.
    `sections`: first and last block of each. `exact`: hash of the folded words, empty
    where there are none.
    """

    id: str
    path: str
    record: int
    host: str | None
    minhash: U32
    word_bytes: U8
    block_words: U32
    sections: tuple[tuple[int, int], ...]
    exact: bytes
    repeats: tuple[Repeat, ...] = ()

    @property
    def words(self) -> int:
        """How many words (or character units) were signed."""
        return len(self.word_bytes)


def sign_document(
    document: Document, skip: Collection[int] = (), scheme: Scheme = DEFAULT
) -> DocumentSignature:
    """The signature of a document without the blocks in `skip` (its chrome)."""
    return sign_documents([(document, skip)], scheme)[0]


def sign_documents(batch: Iterable[_Pair], scheme: Scheme = DEFAULT) -> list[DocumentSignature]:
    """The signatures of many documents, each given with its chrome blocks, in one pass."""
    return [signature for group in _groups(batch) for signature in _sign_group(group, scheme)]


def _groups(batch: Iterable[_Pair]) -> Iterator[list[_Pair]]:
    group: list[_Pair] = []
    size = 0
    for pair in batch:
        group.append(pair)
        size += len(pair[0].text)
        if size >= _GROUP_CHARACTERS:
            yield group
            group, size = [], 0
    if group:
        yield group


def _sign_group(group: list[_Pair], scheme: Scheme) -> list[DocumentSignature]:
    hashed = hash_tokens([_parts(document, frozenset(skip)) for document, skip in group])
    shingles = shingle_hashes([token_hashes for token_hashes, _ in hashed])
    starts = [0, *accumulate(len(part) for part in shingles)][:-1]
    values = minhashes(np.concatenate(shingles), starts, scheme.permutations, scheme.seed)
    return [
        _signature(document, minhash, *parts, hashes)
        for (document, _), minhash, parts, hashes in zip(
            group, values, hashed, shingles, strict=True
        )
    ]


def _parts(document: Document, skip: frozenset[int]) -> list[str]:
    return [
        "" if number in skip else document.text[block.start : block.end]
        for number, block in enumerate(document.blocks)
    ]


def _signature(
    document: Document, minhash: U32, token_hashes: U64, counts: list[int], shingles: U32
) -> DocumentSignature:
    return DocumentSignature(
        id=document.id,
        path=document.path,
        record=document.record,
        host=document.host,
        minhash=minhash,
        word_bytes=(token_hashes >> np.uint64(56)).astype(np.uint8),
        block_words=np.array(counts, np.uint32),
        sections=tuple((section.first, section.last) for section in document.sections),
        exact=xxh3_128_digest(token_hashes.tobytes()) if len(token_hashes) else b"",
        repeats=_repeats(shingles, counts),
    )


def _repeats(shingles: U32, counts: Sequence[int]) -> tuple[Repeat, ...]:
    """Blocks most of whose shingles stood in an earlier block, runs of them joined."""
    ordered = np.sort(shingles)
    shortest = min((words for words in counts if words >= MIN_REPEAT_WORDS), default=0)
    # Even the shortest block, said twice, brings this many shingles a second time.
    least = REPEATED_SHARE * (shortest - SHINGLE_WORDS + 1)
    again = ordered[1:][ordered[1:] == ordered[:-1]]
    if not shortest or len(again) < least:
        return ()
    origin = _first_places(shingles, again)
    sizes = np.array(counts)
    bounds = np.append(0, np.cumsum(sizes))
    # Shingles that reach into the next block count for neither.
    inside = np.append(0, np.cumsum(origin < np.repeat(bounds[:-1], sizes)[: len(origin)]))
    ends = np.clip(bounds[1:] - SHINGLE_WORDS + 1, bounds[:-1], len(origin))
    shares = (inside[ends] - inside[bounds[:-1].clip(max=len(origin))]) / np.maximum(
        1, sizes - SHINGLE_WORDS + 1
    )
    found: list[Repeat] = []
    for number in np.flatnonzero((sizes >= MIN_REPEAT_WORDS) & (shares >= REPEATED_SHARE)).tolist():
        places = origin[bounds[number] : ends[number]]
        earlier = places[places < bounds[number]]
        source = int(np.searchsorted(bounds, earlier[len(earlier) // 2], side="right")) - 1
        found.append(Repeat(number, number, source, source, float(shares[number])))
    return _joined(found)


def _first_places(shingles: U32, repeated: U32) -> NDArray[np.int64]:
    """For each shingle the place where it stood first, given those that come again."""
    origin = np.arange(len(shingles))
    places = np.flatnonzero(is_member(shingles, repeated))
    _, first, inverse = np.unique(shingles[places], return_index=True, return_inverse=True)
    origin[places] = places[first][inverse]
    return origin


def _joined(repeats: Sequence[Repeat]) -> tuple[Repeat, ...]:
    runs: list[Repeat] = []
    for repeat in repeats:
        last = runs[-1] if runs else None
        if last and repeat.first == last.last + 1 and repeat.earlier_first == last.earlier_last + 1:
            similarity = min(last.similarity, repeat.similarity)
            runs[-1] = Repeat(
                last.first, repeat.last, last.earlier_first, repeat.earlier_last, similarity
            )
        else:
            runs.append(repeat)
    return tuple(runs)
