"""Whether recurring sections fit any subject, or belong to an honest format.

A recipe has ingredients in every document of its site; a match report has line-ups. What
tells a house template from them: its headings are of families that fit any subject, or are
worded anew each time, and its bodies hold next to no particulars (numbers, names, quotations).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quality.neardup.outline import SectionOutline
from quality.tokens import fold, words

# Particulars a word. Sections of house templates: median 0, 90th percentile .04; news .05 to
# .15, press releases .15, recipes and records .2 (benchmarks/templates.py).
FEW_PARTICULARS = 0.035
MANY_PARTICULARS = 0.09
# What a section says for a house template, by the families of its heading.
GENERIC_WORTH = 1.0
OPEN_WORTH = 0.5
# A heading worded anew in each document is no heading of a format.
REWORDED_WORTH = 0.7
FIXED_WORTH = 0.2
FORMAT_WORTH = -0.7
# All sections together: at least so much, and so much on average. From .5 to .4 the documents
# found of machine-written blogs rise by a fifth, the honest ones flagged of 1,750 from 1 to 2.
MIN_SUM = 1.5
MIN_MEAN = 0.4
# From this share of equal headings on, a heading is fixed.
FIXED_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Recurring:
    """A section of the document judged with its counterparts in other documents."""

    own: SectionOutline
    others: tuple[SectionOutline, ...]


def fits_any_subject(found: Sequence[Recurring], kinds: Mapping[str, str]) -> bool:
    """Whether these recurring sections, taken together, are a house template's."""
    worths = [worth(recurring, kinds) for recurring in found]
    return sum(worths) >= MIN_SUM and sum(worths) >= MIN_MEAN * len(worths)


def worth(recurring: Recurring, kinds: Mapping[str, str]) -> float:
    """What one recurring section says for a house template; negative: for an honest format."""
    base = _worth_of_heading(recurring, kinds)
    if base <= 0:
        return base
    vague = (MANY_PARTICULARS - _particulars(recurring.own, *recurring.others)) / (
        MANY_PARTICULARS - FEW_PARTICULARS
    )
    return base * min(1.0, max(0.0, vague))


def is_vague(section: SectionOutline) -> bool:
    """Whether a section holds as few particulars as those of house templates do."""
    return _particulars(section) <= FEW_PARTICULARS


def _particulars(*sections: SectionOutline) -> float:
    count = sum(section.particulars for section in sections)
    return count / max(1, sum(section.words for section in sections))


def _worth_of_heading(recurring: Recurring, kinds: Mapping[str, str]) -> float:
    every = (recurring.own, *recurring.others)
    found = {kinds[family] for section in every for family in section.families if family in kinds}
    own = {kinds[family] for family in recurring.own.families if family in kinds}
    is_fixed = _is_fixed(recurring)
    if "format" in own:
        if "generic" in own:
            return FIXED_WORTH if is_fixed else OPEN_WORTH
        return FORMAT_WORTH if is_fixed else 0.0
    if "generic" in own:
        return GENERIC_WORTH
    if "generic" in found and not is_fixed:
        return REWORDED_WORTH
    if "open" in own:
        return OPEN_WORTH
    return FIXED_WORTH if is_fixed else REWORDED_WORTH


def _is_fixed(recurring: Recurring) -> bool:
    own = _wording(recurring.own)
    same = sum(1 for other in recurring.others if _wording(other) == own)
    return same >= FIXED_SHARE * len(recurring.others)


def _wording(section: SectionOutline) -> list[str]:
    """The words of a heading without its number."""
    return [word for word in words(fold(section.heading)) if not word.isdigit()]
