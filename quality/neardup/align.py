"""Aligning two outlines: which sections do the same, in the same order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from quality.neardup.outline import SectionOutline

# What two headings share counts by how seldom it is shared by chance: a word that is not
# the subject, a family of words, the word a question begins with.
STEM_WEIGHT = 1.0
FAMILY_WEIGHT = 0.8
OPENER_WEIGHT = 0.4
# What the same form at about the same place adds. Prose is no form: everybody writes it.
FORM_WEIGHTS = {"labels": 0.35, "talk": 0.4, "list": 0.25, "table": 0.3}
WITHOUT_HEADING = 0.7
NEAR = 0.25


@dataclass(frozen=True, slots=True)
class Pair:
    """Section `own` of one outline does what section `other` of the other does."""

    own: int
    other: int
    likeness: float
    """How much alike the headings are, 0 to 1."""
    evidence: float
    """Likeness and what the form adds."""


@dataclass(frozen=True, slots=True)
class Side:
    """An outline with the tokens of its headings that occur in other outlines too."""

    sections: tuple[SectionOutline, ...]
    tokens: tuple[dict[str, float], ...]
    all_tokens: frozenset[str]


def side(sections: Sequence[SectionOutline], recurring: Collection[str]) -> Side:
    """An outline ready for aligning; tokens outside `recurring` are the document's own."""
    kept = tuple(
        {token: weight for token, weight in tokens(section).items() if token in recurring}
        for section in sections
    )
    return Side(tuple(sections), kept, frozenset(token for found in kept for token in found))


def tokens(section: SectionOutline) -> dict[str, float]:
    """What a heading can share with another, by weight."""
    found = dict.fromkeys(section.stems, STEM_WEIGHT)
    found |= {f"family:{family}": FAMILY_WEIGHT for family in section.families}
    if section.opener:
        found[f"opener:{section.opener}"] = OPENER_WEIGHT
    return found


def align(one: Side, other: Side) -> tuple[Pair, ...]:
    """The pairs of sections, in order in both, with the greatest sum of evidence."""
    likeness = [[_likeness(a, b) for b in other.tokens] for a in one.tokens]
    values = [
        [
            likeness[row][column] + _form(one, other, row, column, likeness[row][column] > 0)
            for column in range(len(other.sections))
        ]
        for row in range(len(one.sections))
    ]
    best = _sums(values)
    pairs = []
    row = column = 0
    while row < len(values) and column < len(other.sections):
        if best[row][column] == best[row + 1][column]:
            row += 1
        elif best[row][column] == best[row][column + 1]:
            column += 1
        else:
            pairs.append(Pair(row, column, likeness[row][column], values[row][column]))
            row, column = row + 1, column + 1
    return tuple(pairs)


def _sums(values: Sequence[Sequence[float]]) -> list[list[float]]:
    width = len(values[0]) if values else 0
    best = [[0.0] * (width + 1) for _ in range(len(values) + 1)]
    for row in range(len(values) - 1, -1, -1):
        for column in range(width - 1, -1, -1):
            both = best[row + 1][column + 1] + values[row][column]
            best[row][column] = max(both, best[row + 1][column], best[row][column + 1])
    return best


def _form(one: Side, other: Side, row: int, column: int, has_heading: bool) -> float:  # noqa: FBT001 - private, and read by name below
    form = one.sections[row].form
    if form != other.sections[column].form or form not in FORM_WEIGHTS:
        return 0.0
    place = abs((row + 0.5) / len(one.sections) - (column + 0.5) / len(other.sections))
    if place >= NEAR:
        return 0.0
    return FORM_WEIGHTS[form] * (1.0 if has_heading else WITHOUT_HEADING)


def _likeness(one: dict[str, float], other: dict[str, float]) -> float:
    shared = sum(weight for token, weight in one.items() if token in other)
    if not shared:
        return 0.0
    union = sum(one.values()) + sum(other.values()) - shared
    likeness: float = min(1.0, shared) * (shared / union) ** 0.5
    return likeness
