"""The line that stays as a text's headline, where the line model alone would take it.

A title stands among short lines, over the text, where furniture stands: no other line of a text is
as often taken for it.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from quality.chrome.signals import Signals, recurs
from quality.document import Document

# On a page called full, the title may be among this many lines over the text; of the menus of
# training pages hardly one is as short, but clean texts with furniture are called full at times.
TITLE_WITHIN = 6
# On one in six full pages whose first line is not the HTML title nothing stays over the first
# paragraph, and half of these have lost their headline. Then one line stays: at most so far over
# the paragraph, of so many words, so many of the longer ones said in the text, and of these the one
# that reads the least like chrome. Of 193 pages that were read and 120 of dev hosts, without HTML
# titles, 17 of 24 such headlines come back, with 14 lines of chrome; with the titles, none is lost
# so, and two lines of chrome come back. The figures were chosen on these pages.
PARAGRAPH_CHARS = 100
HEADLINE_LINES = 12
HEADLINE_WORDS = range(3, 26)
HEADLINE_CHARS = 160
HEADLINE_SAID = 0.5
HEADLINE_COPIES = 2
# A line of whose longer words all are said in the text may read so much more like chrome, in
# log-odds, than one of which none is.
HEADLINE_WEIGHT = 2.0
_LONGER_WORD = re.compile(r"[^\W\d_]{4,}")


@dataclass(frozen=True, slots=True)
class Sayings:
    """The longer words of a text, and how often each line stands on its page."""

    words: frozenset[str]
    copies: Counter[str]

    @classmethod
    def of(cls, texts: Sequence[str], without: Collection[int]) -> Sayings:
        """Of the lines of a page, without some."""
        kept = (text for number, text in enumerate(texts) if number not in without)
        return cls(frozenset(_longer_words("\n".join(kept))), Counter(texts))

    def headlined(self, line: str, words: int) -> float | None:
        """The share of a line's longer words that the text says; None where it is no headline."""
        longer = _longer_words(line)
        share = sum(word in self.words for word in longer) / max(len(longer), 1)
        has_form = words in HEADLINE_WORDS and len(line) <= HEADLINE_CHARS
        is_one = has_form and self.copies[line] <= HEADLINE_COPIES
        return share if is_one and share >= HEADLINE_SAID else None


def headline_of_clean(
    document: Document, signals: Sequence[Signals], taken: Collection[int], site_share: float
) -> set[int]:
    """The line that stays as the title of clean text, where the model alone would take it.

    Of all lines over the first that stays and that no rule names, neither rule nor site must name
    it, and it must read the least like chrome. Menus of full pages are longer.
    """
    over = list(
        itertools.takewhile(lambda item: item.block in taken or item.hit is not None, signals)
    )
    if document.dense and len(over) > TITLE_WITHIN:
        return set()
    lines = [item for item in over if item.hit is None and not recurs(item.repetition, site_share)]
    return {min(lines, key=lambda item: item.margin).block} if lines else set()


def headline_of_full(
    document: Document, signals: Sequence[Signals], taken: Collection[int], site_share: float
) -> set[int]:
    """The line of a full page that stays as its headline, where nothing else does over the text."""
    first = next((n for n in range(len(signals)) if n not in taken), None)
    if first is None or not signals[first].is_full:
        return set()
    texts = list(document.block_texts())
    if len(texts[first]) < PARAGRAPH_CHARS:
        return set()
    sayings = Sayings.of(texts, taken)
    found: list[tuple[float, int]] = []
    for number in range(max(0, first - HEADLINE_LINES), first):
        item = signals[number]
        share = sayings.headlined(texts[number], item.words)
        is_named = item.hit is not None or recurs(item.repetition, site_share)
        if share is not None and not is_named:
            found.append((item.margin - HEADLINE_WEIGHT * share, number))
    return {min(found)[1]} if found else set()


def _longer_words(text: str) -> list[str]:
    return _LONGER_WORD.findall(text.lower())
