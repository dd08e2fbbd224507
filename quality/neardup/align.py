"""Aligning two outlines: which sections do the same, in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quality.neardup.outline import SectionOutline

# Sections less alike than this are not paired: one family of several, or one stem of three.
MIN_LIKENESS = 0.3
SAME_FORM = 0.1


@dataclass(frozen=True, slots=True)
class Pair:
    """Section `own` of one outline does what section `other` of the other does."""

    own: int
    other: int
    likeness: float


def likeness(one: SectionOutline, other: SectionOutline) -> float:
    """How much alike two sections' headings are, 0 to 1, whatever their subject."""
    families = _jaccard(one.families, other.families)
    stems = _jaccard(one.stems, other.stems)
    base = max(stems, 0.9 * families if families else 0.0)
    if base <= 0.0:
        return 0.0
    return min(1.0, base + (SAME_FORM if one.form == other.form else 0.0))


def align(one: Sequence[SectionOutline], other: Sequence[SectionOutline]) -> tuple[Pair, ...]:
    """The pairs of sections, in order in both, with the greatest sum of likeness."""
    table = [[likeness(a, b) for b in other] for a in one]
    best = [[0.0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for row in range(len(one) - 1, -1, -1):
        for column in range(len(other) - 1, -1, -1):
            value = table[row][column]
            both = best[row + 1][column + 1] + (value if value >= MIN_LIKENESS else 0.0)
            best[row][column] = max(both, best[row + 1][column], best[row][column + 1])
    pairs = []
    row = column = 0
    while row < len(one) and column < len(other):
        if best[row][column] == best[row + 1][column]:
            row += 1
        elif best[row][column] == best[row][column + 1]:
            column += 1
        else:
            pairs.append(Pair(row, column, table[row][column]))
            row, column = row + 1, column + 1
    return tuple(pairs)


def _jaccard(one: Sequence[str], other: Sequence[str]) -> float:
    if not one or not other:
        return 0.0
    left, right = set(one), set(other)
    return len(left & right) / len(left | right)
