"""From numbers to words: what a line's score stands on, named for a reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

import numpy as np

from quality.chrome.context import PARAGRAPH_CHARS, context_names
from quality.chrome.features import Floats

# More than this many contributions explain nothing more.
MOST = 5
# Log-odds below which a contribution is not worth a reader's time.
LEAST = 0.1

_NAMES = context_names()
_COLUMN = {name: number for number, name in enumerate(_NAMES)}
_PLACE = {
    "first prose",
    "last prose",
    "prose before",
    "prose after",
    "lines from the top",
}
_PLACE |= {"lines to the end", "place", "place in the body"}
_PLACE |= {"first line again before", "first line again after"}
_STRETCH = {name for name in _NAMES if name.endswith(" stretch")}
_PAGE = {"lines of the page", "line length of the page", "chrome of the page"}
_PAGE |= {"chrome text of the page", "prose share", "prose lines"}
_LENGTH = {"length", "words", "subject words"}
_NEIGHBOURS = {name for name in _NAMES if name.endswith((" before", " after"))} - _PLACE
_NEIGHBOURS |= {"run of short lines", "run of chrome", "run of content"}
_ALIKE = {name for name in _NAMES if name.endswith((" nearby", " on the page"))}
_ECHO = {name for name in _NAMES if "said in" in name or "said again" in name}


@dataclass(frozen=True, slots=True)
class Contribution:
    """What speaks for or against chrome, in log-odds, with its span in the line."""

    name: str
    weight: float
    start: int
    end: int


def name_contributions(
    line: str, row: Floats, shares: Floats, words: Sequence[tuple[int, int, float]]
) -> tuple[Contribution, ...]:
    """The strongest contributions to one line's score, strongest first.

    `row` and `shares` are a line's columns (`context_names`) and what each adds; `words`
    are start, end and stage 1 weight of its tokens.
    """
    sums: dict[str, float] = {}
    # Most columns add nothing.
    for column in np.flatnonzero(shares).tolist():
        if _NAMES[column] != "words of the line":
            said = _say(_NAMES[column], row)
            sums[said] = sums.get(said, 0.0) + float(shares[column])
    found = [Contribution(name, weight, 0, len(line)) for name, weight in sums.items()]
    found += _words(line, float(shares[_COLUMN["words of the line"]]), words)
    found = [item for item in found if abs(item.weight) >= LEAST]
    return tuple(sorted(found, key=lambda item: -abs(item.weight))[:MOST])


def _words(line: str, share: float, words: Sequence[tuple[int, int, float]]) -> list[Contribution]:
    """The words that pull as the whole does, each with its part of `share`."""
    pulling = sorted((word for word in words if word[2] * share > 0), key=lambda w: -abs(w[2]))[:3]
    total = sum(abs(weight) for _, _, weight in pulling)
    return [
        Contribution(f"word: {line[start:end]}", share * abs(weight) / total, start, end)
        for start, end, weight in pulling
    ]


def _say(name: str, row: Floats) -> str:
    if name in _LENGTH:
        return _say_length(row)
    if name == "sentence end":
        return "ends like a sentence" if row[_COLUMN[name]] else "no sentence end"
    if name in _ECHO:
        said = row[_COLUMN["said in the prose"]] > 0
        return "its words recur in the text" if said else "its words do not recur in the text"
    if name in _ALIKE:
        alike = row[_COLUMN["form on the page"]] > 1
        return "one of several lines alike" if alike else "a form of its own"
    if name in _NEIGHBOURS:
        return _say_neighbours(row)
    if name in _PLACE:
        return _say_place(row)
    if name in _STRETCH:
        return _say_stretch(row)
    if name in _PAGE:
        return "the page as a whole"
    if name == "copies":
        return "repeated on the page" if row[_COLUMN[name]] > 1 else "not repeated on the page"
    return name


def _say_length(row: Floats) -> str:
    count = round(2 ** float(row[_COLUMN["words"]]) - 1)
    return f"{count} word" if count == 1 else f"{count} words"


def _say_neighbours(row: Floats) -> str:
    before, after = row[_COLUMN["line 1 before"]] > 0, row[_COLUMN["line 1 after"]] > 0
    if before and after:
        return "between two chrome lines"
    if before or after:
        return "beside a chrome line"
    return "the lines around it"


def _say_stretch(row: Floats) -> str:
    if row[_COLUMN["length"]] >= log2(PARAGRAPH_CHARS) and row[_COLUMN["sentence end"]]:
        return "in the running text"
    count = round(2 ** float(row[_COLUMN["lines of the stretch"]]) - 1)
    return f"one of {count} lines between paragraphs" if count > 1 else "a line between paragraphs"


def _say_place(row: Floats) -> str:
    place = float(row[_COLUMN["place"]])
    if place >= 0.9:
        return "last 10 % of the page"
    if place <= 0.1:
        return "first 10 % of the page"
    return "place on the page"
