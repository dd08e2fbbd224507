"""Long menus of full pages: what the line model leaves standing of them goes with the rest.

A menu of names ("skewY()", "Pinot Noir") reads line by line like a list that is text. Where most of
a long run of short lines goes, what stands between goes too, if on the whole it is near enough.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from statistics import fmean
from typing import NamedTuple

from quality.chrome.headlines import Sayings
from quality.chrome.signals import Signals, ends_sentence
from quality.chrome.tables import table_rows
from quality.document import Document

# A run of so many lines, each as short as this and without the end of a sentence, of which such a
# share goes. What stands between two lines that go then goes if its mean is at most so far below
# the threshold, in log-odds. Of full pages of articles of train hosts left out, F1 .932 becomes
# .933 and .39 % of the content lost .40 %; of dev hosts .906 becomes .911 at .41 %; of pages that
# were read .911 becomes .920 at .23 %; of the one host with nine pages .83 of the chrome becomes
# .90. With 60 lines articles gain less (.003 of the chrome for .005); with 25 that host loses .69 %
# of its content for .62 %.
RUN_LINES = 40
RUN_CHARS = 100
RUN_SHARE = 0.6
RUN_MARGIN = -2.0
# Headlines stand among short lines too. What may be one stays, unless more lines stay around it: of
# 589 articles of train hosts 25 headlines were lost before, 48 without this and 32 with it.
HEADLINE_GAP = 4


class Menu(NamedTuple):
    """A long run of short lines of which most go."""

    lines: int
    gone: int
    """Those that go by themselves."""


def rest_of_menus(
    document: Document, signals: Sequence[Signals], taken: Collection[int]
) -> dict[int, Menu]:
    """What stays of the menus of a full page between the lines that are `taken`, and of which."""
    found: dict[int, Menu] = {}
    if not signals or not signals[0].is_full:
        return found
    texts = list(document.block_texts())
    rows = table_rows(texts)
    is_short = [
        len(text) <= RUN_CHARS and not ends_sentence(text) and number not in rows
        for number, text in enumerate(texts)
    ]
    sayings = Sayings.of(texts, {number for number in range(len(texts)) if is_short[number]})
    for short, run in itertools.groupby(range(len(texts)), is_short.__getitem__):
        lines = list(run)
        gone = [number for number in lines if number in taken]
        if not short or len(lines) < RUN_LINES or len(gone) < RUN_SHARE * len(lines):
            continue
        menu = Menu(len(lines), len(gone))
        for before, after in itertools.pairwise(gone):
            gap = range(before + 1, after)
            if not gap or fmean(signals[number].margin for number in gap) < RUN_MARGIN:
                continue
            for number in gap:
                headlined = sayings.headlined(texts[number], signals[number].words) is not None
                is_headline = headlined and len(gap) <= HEADLINE_GAP
                is_marked = document.blocks[number].level > 0
                if not is_headline and not is_marked:
                    found[number] = menu
    return found
