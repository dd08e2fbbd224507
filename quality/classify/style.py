"""Style counts of paragraphs: how many names, figures, imperatives, hedges, and where.

Each count is one row of `_COUNTS` or one entry of `_measures`; the model sees it through
steps ("at least 2 names"), so that an explanation can say it in words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from quality.classify.encode import (
    ABBR,
    CAPITAL,
    FIGURE,
    MONEY,
    NAME,
    NUM,
    PCT,
    PUNCTUATION,
    URL,
    WORD,
    WORD_ED,
    WORD_ING,
    WORD_LY,
    WORD_TION,
    YEAR,
    Encoded,
    Encoder,
)

Column = NDArray[np.float64]

# Marks counted one by one; quotes and brackets only once a pair.
_MARKS = {
    "question marks": "?",
    "exclamation marks": "!",
    "colons": ":",
    "semicolons": ";",
    "brackets": "(",
    "commas": ",",
    "quotation marks": "\"“”",
    "dashes": "–—",
    "table bars": "|",
    "code marks": "_=<>{}[]`/\\@#",
    "ellipses": "…",
}
_SHAPE_COUNTS = {
    "names": (NAME,),
    "figures": (NUM, YEAR, MONEY, PCT),
    "years": (YEAR,),
    "sums of money": (MONEY,),
    "percentages": (PCT,),
    "abbreviations": (ABBR,),
    "links": (URL,),
    "-ing words": (WORD_ING,),
    "-ed words": (WORD_ED,),
    "-ly words": (WORD_LY,),
    "-tion words": (WORD_TION,),
}


def style(encoded: Encoded, encoder: Encoder) -> tuple[list[str], NDArray[np.float32]]:
    """Names of the counts and their values, one row a paragraph."""
    columns = _columns(encoded, encoder)
    return list(columns), np.column_stack(list(columns.values())).astype(np.float32)


def _columns(encoded: Encoded, encoder: Encoder) -> dict[str, Column]:
    count = _counter(encoded)
    size = np.maximum(count(encoded.forms != PUNCTUATION), 1.0)
    columns: dict[str, Column] = {}
    for name, shapes in _SHAPE_COUNTS.items():
        columns[name] = count(np.isin(encoded.ids, shapes))
    for name, marks in _MARKS.items():
        ids = [encoder.tokens.index(mark) for mark in marks if mark in encoder.vocabulary]
        columns[name] = count(np.isin(encoded.ids, ids))
    for name in encoder.class_names:
        columns[f"{name} words"] = count((encoded.classes & encoder.bit(name)) != 0)
    columns |= {f"{name}, share": columns[name] / size for name in list(columns)}
    columns |= _measures(encoded, encoder, count, size)
    return columns


def _counter(encoded: Encoded) -> Callable[[NDArray[np.bool_]], Column]:
    number = len(encoded.bounds) - 1

    def count(mask: NDArray[np.bool_]) -> Column:
        return np.bincount(encoded.rows[mask], minlength=number).astype(np.float64)

    return count


def _measures(
    encoded: Encoded,
    encoder: Encoder,
    count: Callable[[NDArray[np.bool_]], Column],
    size: Column,
) -> dict[str, Column]:
    letters = (encoded.forms != PUNCTUATION) & (encoded.forms != FIGURE)
    number = len(encoded.bounds) - 1
    characters = np.bincount(
        encoded.rows[letters], weights=encoded.lengths[letters], minlength=number
    )
    is_end = np.isin(encoded.ids, _ids(encoder, ".!?"))
    sentences = np.maximum(count(encoded.starts & (encoded.forms != PUNCTUATION)), 1.0)
    particular = np.isin(encoded.ids, (NAME, NUM, YEAR, MONEY, PCT, ABBR, URL))
    outside = (encoded.ids >= WORD) & (encoded.ids <= WORD_TION)
    verb = (encoded.classes & encoder.bit("imperative")) != 0
    return {
        "words": size,
        "sentences": sentences,
        "words a sentence": size / sentences,
        "letters a word": characters / np.maximum(count(letters), 1.0),
        "particular words, share": count(particular) / size,
        "rare words, share": count(outside) / size,
        "capitals, share": count(encoded.forms == CAPITAL) / size,
        "sentences opened by a command": count(encoded.starts & verb),
        "sentences opened by a command, share": count(encoded.starts & verb) / sentences,
        "list form": encoded.listed.astype(np.float64),
        **_opening(encoded, encoder, verb),
        **_ending(encoded, encoder, is_end),
    }


def _ids(encoder: Encoder, marks: str) -> list[int]:
    return [encoder.tokens.index(mark) for mark in marks if mark in encoder.vocabulary]


def _opening(encoded: Encoded, encoder: Encoder, verb: NDArray[np.bool_]) -> dict[str, Column]:
    """What the first tokens look like; a label is up to six words before a colon or dash."""
    first = encoded.bounds[:-1]
    filled = encoded.bounds[1:] > first
    at = np.where(filled, first, 0)
    ids = encoded.ids if len(encoded.ids) else np.zeros(1, dtype=np.int64)
    forms = encoded.forms if len(encoded.forms) else np.zeros(1, dtype=np.uint8)
    verbs = verb if len(verb) else np.zeros(1, dtype=bool)
    offset = np.arange(len(encoded.ids)) - encoded.bounds[encoded.rows]
    labels = np.zeros(len(first))
    colon = np.isin(encoded.ids, _ids(encoder, ":–—")) & (offset >= 1) & (offset <= 6)
    labels[encoded.rows[colon]] = 1.0
    ending = np.isin(ids[at], (WORD_ING,))
    return {
        "opens with a label": labels,
        "opens with a command": (verbs[at] & filled).astype(np.float64),
        "opens with a name": ((ids[at] == NAME) & filled).astype(np.float64),
        "opens with an -ing word": (ending & filled).astype(np.float64),
        "opens in lower case": ((forms[at] == 0) & filled).astype(np.float64),
        "opens with a figure": ((forms[at] == FIGURE) & filled).astype(np.float64),
    }


def _ending(encoded: Encoded, encoder: Encoder, is_end: NDArray[np.bool_]) -> dict[str, Column]:
    filled = encoded.bounds[1:] > encoded.bounds[:-1]
    last = np.where(filled, encoded.bounds[1:] - 1, 0)
    ids = encoded.ids if len(encoded.ids) else np.zeros(1, dtype=np.int64)
    ends = is_end if len(is_end) else np.zeros(1, dtype=bool)
    return {
        "ends without a full stop": (~(ends[last] & filled)).astype(np.float64),
        "ends with a colon": (np.isin(ids[last], _ids(encoder, ":")) & filled).astype(np.float64),
        "ends with a question": (np.isin(ids[last], _ids(encoder, "?")) & filled).astype(
            np.float64
        ),
    }


def steps(values: NDArray[np.float32], most: int = 6) -> list[list[float]]:
    """For each count the values at which a step is worth having: its quantiles, at most `most`."""
    found = []
    for column in values.T:
        some = np.unique(column)
        if len(some) <= most + 1:
            cuts: Sequence[float] = [float(value) for value in some[1:]]
        else:
            positive = column[column > 0]
            wanted = np.quantile(positive, np.linspace(0, 1, most + 2)[1:-1], method="higher")
            cuts = sorted({float(value) for value in (*wanted, some[1])})[:most]
        found.append(list(cuts))
    return found
