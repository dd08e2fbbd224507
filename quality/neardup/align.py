"""Aligning two outlines: which sections do the same, in the same order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import sqrt

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
# Bodies that share skeletons are filled into one mould. Unrelated sections share one shingle
# at most; each beyond that adds, up to what a heading of the same family gives.
FREE_SHINGLES = 1
SHINGLE_WEIGHT = 0.15
MOST_SKELETON = 0.6


@dataclass(frozen=True, slots=True)
class Pair:
    """Section `own` of one outline does what section `other` of the other does."""

    own: int
    other: int
    evidence: float
    """How much alike the headings are, 0 to 1, and what the same form adds."""


@dataclass(frozen=True, slots=True)
class Side:
    """An outline with the tokens of its headings that occur in other outlines too."""

    tokens: tuple[dict[str, float], ...]
    totals: tuple[float, ...]
    """Weight of all tokens of each section."""
    forms: tuple[str, ...]
    places: tuple[float, ...]
    """Where in the document each section is, 0 to 1."""
    with_token: dict[str, list[int]]
    with_form: dict[str, list[int]]
    skeletons: tuple[frozenset[int], ...]
    skeleton: frozenset[int]
    """Of all sections."""

    def __len__(self) -> int:
        return len(self.forms)


def side(
    sections: Sequence[SectionOutline],
    found: Sequence[dict[str, float]],
    recurring: Collection[str],
) -> Side:
    """An outline ready for aligning: `found` are its `tokens`, those outside `recurring` left out.

    A word that no other document has in a heading is the document's own and counts neither
    for nor against.
    """
    kept = tuple(
        {token: weight for token, weight in of.items() if token in recurring} for of in found
    )
    with_token: dict[str, list[int]] = {}
    with_form: dict[str, list[int]] = {}
    for number, section in enumerate(sections):
        with_form.setdefault(section.form, []).append(number)
        for token in kept[number]:
            with_token.setdefault(token, []).append(number)
    return Side(
        tokens=kept,
        totals=tuple(sum(of.values()) for of in kept),
        forms=tuple(section.form for section in sections),
        places=tuple((number + 0.5) / len(sections) for number in range(len(sections))),
        with_token=with_token,
        with_form=with_form,
        skeletons=tuple(frozenset(section.skeleton) for section in sections),
        skeleton=frozenset(value for section in sections for value in section.skeleton),
    )


def tokens(section: SectionOutline) -> dict[str, float]:
    """What a heading can share with another, by weight."""
    found = dict.fromkeys(section.stems, STEM_WEIGHT)
    found |= {f"family:{family}": FAMILY_WEIGHT for family in section.families}
    if section.opener:
        found[f"opener:{section.opener}"] = OPENER_WEIGHT
    return found


def align(one: Side, other: Side, *, at_least: float = 0.0) -> tuple[Pair, ...]:
    """The pairs of sections, in order in both, with the greatest sum of evidence.

    Empty where even without regard to order the sum stays under `at_least`.
    """
    rows = [_row(one, other, number) for number in range(len(one))]
    if len(one.skeleton & other.skeleton) > FREE_SHINGLES:
        _add_skeletons(rows, one, other)
    if sum(max(row.values(), default=0.0) for row in rows) < at_least:
        return ()
    filled = [number for number, row in enumerate(rows) if row]
    columns = sorted({column for row in rows for column in row})
    best = _sums([rows[number] for number in filled], columns)
    pairs = []
    at = across = 0
    while at < len(filled) and across < len(columns):
        if best[at][across] == best[at + 1][across]:
            at += 1
        elif best[at][across] == best[at][across + 1]:
            across += 1
        else:
            row, column = filled[at], columns[across]
            pairs.append(Pair(row, column, rows[row][column]))
            at, across = at + 1, across + 1
    return tuple(pairs)


def most_evidence(
    one: Side, found: Collection[str], forms: Collection[str], skeleton: AbstractSet[int]
) -> float:
    """No alignment with an outline of these tokens, forms and shingles has more evidence."""
    shared = len(one.skeleton & skeleton)
    most = SHINGLE_WEIGHT * shared if shared > FREE_SHINGLES else 0.0
    for tokens_here, total, form in zip(one.tokens, one.totals, one.forms, strict=True):
        weight = sum(weight for token, weight in tokens_here.items() if token in found)
        if weight:
            most += min(1.0, weight) * sqrt(weight / total)
        if form in forms:
            most += FORM_WEIGHTS.get(form, 0.0)
    return most


def _row(one: Side, other: Side, number: int) -> dict[int, float]:
    """The sections of the other outline that one section may be paired with, with evidence."""
    evidence: dict[int, float] = {}
    for token, weight in one.tokens[number].items():
        for column in other.with_token.get(token, ()):
            evidence[column] = evidence.get(column, 0.0) + weight
    for column, weight in evidence.items():
        union = one.totals[number] + other.totals[column] - weight
        evidence[column] = min(1.0, weight) * sqrt(weight / union)
    form = one.forms[number]
    if form in FORM_WEIGHTS:
        worth, place = FORM_WEIGHTS[form], one.places[number]
        for column in other.with_form.get(form, ()):
            if abs(place - other.places[column]) < NEAR:
                has_heading = column in evidence
                evidence[column] = (
                    evidence[column] + worth if has_heading else worth * WITHOUT_HEADING
                )
    return evidence


def _add_skeletons(rows: Sequence[dict[int, float]], one: Side, other: Side) -> None:
    for row, own in zip(rows, one.skeletons, strict=True):
        for column, skeleton in enumerate(other.skeletons):
            shared = len(own & skeleton) - FREE_SHINGLES
            if shared > 0:
                more = min(MOST_SKELETON, SHINGLE_WEIGHT * shared)
                row[column] = row.get(column, 0.0) + more


def _sums(rows: Sequence[dict[int, float]], columns: Sequence[int]) -> list[list[float]]:
    """The best sum of what is left, from each row and column on."""
    width = len(columns)
    best = [[0.0] * (width + 1)]
    for row in reversed(rows):
        after = best[-1]
        sums = [0.0] * (width + 1)
        for across in range(width - 1, -1, -1):
            evidence = row.get(columns[across])
            both = after[across + 1] + evidence if evidence else 0.0
            sums[across] = max(both, after[across], sums[across + 1])
        best.append(sums)
    return best[::-1]
