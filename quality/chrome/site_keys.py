"""Keys of lines, by which they are counted over a site: of wording, shape, and place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations, groupby

import xxhash

from quality.tokens import fold

# Furniture is short; longer lines that recur are the business of near-duplicates.
MAX_CHARS = 200
# A menu: so many different short lines in one order, none of which ends as sentences do.
MENU_LINES = 10
MENU_WORDS, MENU_CHARS = 7, 60
# Texts are copies if they share all but one of so many longest lines: one may be edited, and two
# may be notices that stand on all pages. Texts with fewer lines must share them all.
LONGEST_LINES = 4

LineKeys = tuple[int | None, int | None]
"""A line's keys of wording and shape; None where it has none."""

_STOPS = (".", "!", "?", "…", ":", ";", "。", "！", "？", "：", "；")
_DIGITS = re.compile(r"\d+")
# Capitalised words within a line: names, mostly. The first word stays, it carries the form.
# What stands before is looked at behind the capital, which the engine can search for.
_NAME = re.compile(r"[A-ZÀ-ÖØ-Þ](?<=[\w,] [A-ZÀ-ÖØ-Þ])[\w’'-]*(?: [A-ZÀ-ÖØ-Þ][\w’'-]*)*")


def line_keys(line: str) -> LineKeys:
    """Keys of a line's wording and of its shape; None for long lines and bare shapes."""
    text = " ".join(line.split())
    if not text or len(text) > MAX_CHARS:
        return None, None
    return _key(fold(text)), _shape_key(text)


def _shape_key(text: str) -> int | None:
    """A shape that keeps at least two words of its own wording, else it would fit anything."""
    masked = _DIGITS.sub("#", _NAME.sub("@", text))
    if masked == text or len(re.findall(r"[^\W\d_]{2,}", masked)) < 2:
        return None
    return _key("shape " + fold(masked))


def may_hold_menu(lines: Sequence[str]) -> bool:
    """Whether enough lines in a row may be items of a menu."""
    runs = groupby(map(may_be_item, lines))
    return any(is_item and len(list(run)) >= MENU_LINES for is_item, run in runs)


def may_be_item(line: str) -> bool:
    """Whether a line may be one of a menu, by its form."""
    text = line.strip()
    is_short = 0 < len(text) <= MENU_CHARS and len(text.split()) <= MENU_WORDS
    return is_short and not text.endswith(_STOPS)


def longest_keys(lines: Sequence[str]) -> list[int]:
    """Keys of all but one of a text's longest lines, whichever that is, items of menus aside.

    Of texts with menus only; others, and those with nothing else, count as texts of their own.
    """
    if not may_hold_menu(lines):
        return []
    said = sorted((line for line in lines if not may_be_item(line)), key=len)[-LONGEST_LINES:]
    keys = sorted({_key(fold(line)) for line in said})
    shared = LONGEST_LINES - 1 if len(keys) == LONGEST_LINES else len(keys)
    return sorted({_key(f"longest {own}") for own in combinations(keys, shared) if own})


def pair_key(first: int, second: int) -> int:
    """The key of a line with the next, from those of their wordings."""
    return _key(f"pair {first} {second}")


def _key(text: str) -> int:
    # SQLite integers are signed: 63 bits.
    return xxhash.xxh3_64_intdigest(text.encode()) >> 1
