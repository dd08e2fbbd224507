"""Recall and precision of the near-duplicate index by exact counting, and edits of articles."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.neardup_texts import (
    Text,
    as_document,
    cut,
    edits,
    exact_similarities,
    replace_words,
)
from quality.neardup.hashing import tokens
from quality.neardup.index import SectionIndex
from quality.neardup.relations import Relations
from quality.neardup.signature import sign_documents
from quality.state import State

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)
Pairs = dict[tuple[int, int], float]


@dataclass(frozen=True, slots=True)
class Row:
    """What one way of finding pairs does at one threshold."""

    threshold: float
    pairs: int
    recall: float
    recall_near: float
    """Among pairs from the threshold to .05 above it."""
    precision: float


@dataclass(frozen=True, slots=True)
class Edit:
    """How often an edited article is linked to the one it was made from."""

    name: str
    linked: float
    linked_by_datasketch: float


def thresholds(
    texts: Sequence[Text], stock: Sequence[Text], *, with_peer: bool = True
) -> tuple[list[Row], list[Row], list[float]]:
    """Rows for us and for datasketch as it comes, and our errors in the similarities."""
    family = _families(texts, stock, random.Random(3))
    truth = _truth(family)
    ours = _our_pairs(_judged(family))
    # Pairs below .05 are not in the truth, so none near that line can be judged.
    errors = [abs(value - truth.get(pair, 0.0)) for pair, value in ours.items() if value >= 0.1]
    theirs = [(t, _datasketch_pairs(family, t)) for t in THRESHOLDS if with_peer]
    return (
        [_row(t, truth, {pair for pair, value in ours.items() if value >= t}) for t in THRESHOLDS],
        [_row(t, truth, found) for t, found in theirs],
        errors,
    )


def edited(
    texts: Sequence[Text], stock: list[Text], tries: int, *, with_peer: bool = True
) -> tuple[list[Edit], float]:
    """How often each edit is linked, and the share of unrelated pairs that are."""
    rng = random.Random(2)
    index = SectionIndex.open(State.in_memory())
    index.add(sign_documents((as_document(t, str(n)), ()) for n, t in enumerate(texts)))
    lsh = _DatasketchIndex(texts if with_peer else [], 0.5)
    result = []
    unrelated = compared = 0
    known = _truth(list(texts))
    for name, edit in edits(stock).items():
        picked = [rng.randrange(len(texts)) for _ in range(tries)]
        made = [edit(texts[number], rng) for number in picked]
        relations = _judge(index, made)
        linked = [{int(d.document) for d in one.duplicates} for one in relations]
        hits = sum(number in found for number, found in zip(picked, linked, strict=True))
        theirs = sum(
            with_peer and number in lsh.query(text)
            for number, text in zip(picked, made, strict=True)
        )
        result.append(Edit(name, hits / tries, theirs / tries))
        for number, found in zip(picked, linked, strict=True):
            family = {number} | {n for pair in known if number in pair for n in pair}
            unrelated += len(found - family)
            compared += len(texts)
    return result, unrelated / compared


def _families(texts: Sequence[Text], stock: Sequence[Text], rng: random.Random) -> list[Text]:
    """Each text with four edits of all strengths, so that pairs lie all over the scale."""
    family: list[Text] = []
    for text in texts:
        family.append(text)
        for _ in range(4):
            other = rng.choice(stock)
            kind = rng.random()
            if kind < 0.5:
                family.append(replace_words(text, rng.uniform(0, 0.25), rng, other))
            elif kind < 0.75:
                family.append(cut(text, rng.uniform(0.4, 1.0)))
            else:
                family.append([*cut(other, rng.uniform(0, 0.6)), *text])
    return family


def _truth(texts: list[Text]) -> Pairs:
    found = exact_similarities(texts)
    return {
        (int(i), int(j)): float(value)
        for i, j, value in zip(found.row, found.col, found.data, strict=True)
        if value >= 0.05
    }


def _judged(texts: Sequence[Text]) -> list[Relations]:
    signatures = sign_documents((as_document(t, str(n)), ()) for n, t in enumerate(texts))
    with State.in_memory() as state:
        index = SectionIndex.open(state)
        index.add(signatures)
        return list(index.judge_batch(signatures))


def _judge(index: SectionIndex, texts: Sequence[Text]) -> list[Relations]:
    signatures = sign_documents((as_document(t, f"new{n}"), ()) for n, t in enumerate(texts))
    return list(index.judge_batch(signatures))


def _our_pairs(judged: Sequence[Relations]) -> Pairs:
    return {
        (min(row, other), max(row, other)): duplicate.similarity
        for row, relations in enumerate(judged)
        for duplicate in relations.duplicates
        for other in [int(duplicate.document)]
    }


def _row(threshold: float, truth: Pairs, found: set[tuple[int, int]]) -> Row:
    wanted = {pair for pair, value in truth.items() if value >= threshold}
    near = {pair for pair in wanted if truth[pair] < threshold + 0.05}
    return Row(
        threshold,
        len(wanted),
        len(wanted & found) / max(1, len(wanted)),
        len(near & found) / max(1, len(near)),
        len(wanted & found) / max(1, len(found)),
    )


class _DatasketchIndex:
    """MinHashLSH as it comes: default bands for the threshold, candidates not verified."""

    def __init__(self, texts: Sequence[Text], threshold: float) -> None:
        from datasketch import MinHashLSH

        self._lsh = MinHashLSH(threshold=threshold, num_perm=128)
        for number, minhash in enumerate(_datasketch_minhashes(texts)):
            self._lsh.insert(number, minhash)

    def query(self, text: Text) -> set[int]:
        [minhash] = _datasketch_minhashes([text])
        return set(self._lsh.query(minhash))


def _datasketch_pairs(texts: Sequence[Text], threshold: float) -> set[tuple[int, int]]:
    index = _DatasketchIndex(texts, threshold)
    return {
        (min(row, other), max(row, other))
        for row, text in enumerate(texts)
        for other in index.query(text)
        if other != row
    }


def _datasketch_minhashes(texts: Sequence[Text]) -> Iterator[object]:
    from datasketch import MinHash

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield from MinHash.generator((sorted(shingles(text)) for text in texts), num_perm=128)


def shingles(text: Text) -> set[bytes]:
    """The word 3-grams of a text as datasketch users build them."""
    found = tokens("\n".join(text))
    return {" ".join(gram).encode() for gram in zip(found, found[1:], found[2:], strict=False)}
