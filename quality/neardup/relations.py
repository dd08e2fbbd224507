"""How two texts relate: similarity, containment, and where a shared passage stands.

Texts are compared by the bytes of their words, three in a row standing for a shingle. A word
that was replaced has its old byte once in 256, so figures err by .001 on average and, in texts
of some hundred words, by up to .03 (benchmarks/neardup.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from quality.neardup.sets import distinct, is_member
from quality.neardup.shingles import SHINGLE_WORDS, U8, U32
from quality.neardup.signature import Repeat

# From here on the figure alone says that two texts are alike as a whole.
ALIKE = 0.5
# Shingles on either side: with a fifth of the words replaced half of the shingles are left,
# and hardly any place is without one so near; unrelated texts share one in a hundred.
CLOSE_BY = 6
MIN_SPREAD = 0.75
# Nearly all of the shorter text, and a longer one with a third more: a copy cut to 70 % is part
# of the whole, though both are alike; a new lead or a frame of a few lines makes no part.
PART_CONTAINMENT = 0.9
PART_SIZE = 0.75


class RelationKind(StrEnum):
    """How two documents relate."""

    EXACT = "exact"
    """The same words in the same order."""
    NEAR = "near"
    """Alike as a whole."""
    CONTAINED = "contained"
    """A good part of one stands in the other, or all of it in a clearly longer one."""


class Inside(StrEnum):
    """Which of two documents stands in the other."""

    THIS = "this"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Another document with (nearly) the same text, or part of it."""

    document: str
    path: str
    kind: RelationKind
    similarity: float
    """Jaccard similarity of word 3-grams."""
    containment: float
    """Share of the shorter text's 3-grams that stand in the other."""
    inside: Inside | None
    """For `contained`: which of the two stands in the other."""
    earlier: bool
    """Whether the other document came first."""
    host: str | None


@dataclass(frozen=True, slots=True)
class SectionDuplicate:
    """A section seen in blocks `first` to `last` of another document."""

    document: str
    path: str
    first: int
    last: int
    similarity: float
    """Jaccard similarity of word 3-grams between the section and those blocks' passage."""
    earlier: bool


@dataclass(frozen=True, slots=True)
class Relations:
    """All that is known of a document beside others, and of its own repeats.

    `duplicates` begin with the cluster's representative where it is one of them, the others
    follow by similarity. `sections` has one entry for each section of the document.
    """

    duplicates: tuple[Duplicate, ...]
    sections: tuple[tuple[SectionDuplicate, ...], ...]
    repeats: tuple[Repeat, ...]
    cluster: str
    """Id of the document that stands for the near-duplicate cluster."""
    cluster_documents: int = 1
    cluster_hosts: tuple[str, ...] = ()
    """Hosts on which the cluster's documents stand, sorted."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of two shingle sets is shared."""

    shared: int
    ours: int
    theirs: int
    spread: float = 1.0
    """Share of the shorter text that has shared shingles close by. An edited copy has them all
    over; of two articles in one frame only the frame has. Measured below `ALIKE` only."""

    @property
    def similarity(self) -> float:
        """Jaccard similarity."""
        return self.shared / max(1, self.ours + self.theirs - self.shared)

    @property
    def containment(self) -> float:
        """Share of the smaller set that is in the other."""
        return self.shared / max(1, min(self.ours, self.theirs))

    @property
    def is_part(self) -> bool:
        """Whether the shorter text is part of the longer one, however alike they are."""
        shorter, longer = sorted((self.ours, self.theirs))
        return self.containment >= PART_CONTAINMENT and shorter <= PART_SIZE * longer

    @property
    def is_spread(self) -> bool:
        """Whether what is shared is spread over the shorter text."""
        return self.spread >= MIN_SPREAD


@dataclass(frozen=True, slots=True)
class Passage:
    """Words `start` to `end` of another text, and how like they are to what was sought."""

    start: int
    end: int
    similarity: float


def trigrams(word_bytes: U8) -> U32:
    """Three words in a row as one number, in order; empty for fewer than three."""
    count = max(0, len(word_bytes) - SHINGLE_WORDS + 1)
    codes = np.zeros(count, np.uint32)
    for offset in range(SHINGLE_WORDS):
        codes <<= np.uint32(8)
        codes |= word_bytes[offset : offset + count]
    return codes


def overlaps(ours: U32, others: Sequence[U32]) -> list[Overlap]:
    """The overlap of one text with each of several, all given as trigrams in order."""
    if not others:
        return []
    own = distinct(ours)
    sets = [distinct(other) for other in others]
    members = is_member(np.concatenate(sets), own)
    bounds = np.append(0, np.cumsum([len(one) for one in sets]))
    totals = np.append(0, np.cumsum(members))
    shared = (totals[bounds[1:]] - totals[bounds[:-1]]).tolist()
    return [
        _overlap(count, ours, own, other, theirs)
        for count, other, theirs in zip(shared, others, sets, strict=True)
    ]


def _overlap(shared: int, ours: U32, own: U32, other: U32, theirs: U32) -> Overlap:
    overlap = Overlap(shared, len(own), len(theirs))
    if overlap.similarity >= ALIKE:
        return overlap
    shorter, longer = (ours, theirs) if len(own) <= len(theirs) else (other, own)
    return replace(overlap, spread=_spread(is_member(shorter, longer)))


def _spread(hits: NDArray[np.bool_]) -> float:
    places = np.arange(len(hits))
    totals = np.append(0, np.cumsum(hits))
    near = totals[np.minimum(places + CLOSE_BY + 1, len(hits))]
    near -= totals[np.maximum(places - CLOSE_BY, 0)]
    return float(np.mean(near > 0)) if len(hits) else 0.0


def find_passage(sought: U32, codes: U32) -> Passage:
    """Where in `codes` (a text's trigrams in order) the distinct set `sought` is found best."""
    hits = is_member(codes, sought)
    # A shingle that is found pays for two that are not, so the passage goes on as long as
    # a third of it is found: a fifth of the words replaced leaves half of the shingles.
    scores = np.append(0.0, np.cumsum(np.where(hits, 1.0, -0.5)))
    lowest = np.minimum.accumulate(scores)
    end = int(np.argmax(scores - lowest))
    start = int(np.argmin(scores[: end + 1]))
    passage = distinct(codes[start:end])
    both = int(np.count_nonzero(is_member(passage, sought)))
    similarity = both / max(1, len(sought) + len(passage) - both)
    return Passage(start, end + SHINGLE_WORDS - 1, similarity)
