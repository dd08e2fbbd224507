"""The form of lines, whatever they say: lengths, ends, marks, capitals, figures.

Counts are taken for all lines at once over their code points; in Python, character by
character, they took a fifth of the time of the whole line model.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from quality.chrome.features import HEAD_CHARS, Floats

FORM = (
    "length",
    "words",
    "sentence end",
    "colon end",
    "question",
    "upper start",
    "list item",
    "table row",
    "digits",
    "capitals",
    "commas",
    "inner sentences",
    "separators",
    "address",
    "copyright",
    "not letters",
    "copies",
    "rule",
)
# These depend on more than the line: `form_of_lines` leaves them out.
LATE = ("list item", "copies", "rule")

_END_MARKS = ".!?。！？…"
_CLOSING = "\"'”’»)]*"
_OPENING = "\"'“‘(# "
_SEPARATORS = "|»›•·/"

_U64 = NDArray[np.uint64]
# A head has fewer than 256 characters, so eight counts fit into one number side by side.
_COUNTED = ("words", "capitals", "digits", "letters", "bars", "separators", "commas", "inner")
_BYTE = {name: np.uint64(8 * place) for place, name in enumerate(_COUNTED)}
_SPACE, _UPPER, _DIGIT, _ALPHA = 1, 2, 4, 8
# Code points below have their properties in a table; others are looked up as they come.
_TABLE = 0x3000


def form_of_lines(lines: Sequence[str]) -> dict[str, Floats]:
    """The columns of FORM that a bare line has by itself."""
    heads = [line[:HEAD_CHARS] for line in lines]
    length = np.array([max(len(line), 1) for line in lines], np.float64)
    shown = np.minimum(length, HEAD_CHARS)
    count = _counts(heads)
    words = np.maximum(count["words"], 1)
    lasts = [line.rstrip(_CLOSING)[-1:] or " " for line in lines]
    found = {
        "length": np.log2(length),
        "words": np.log2(count["words"] * length / shown + 1),
        "sentence end": [last in _END_MARKS for last in lasts],
        "colon end": [last in ":：" for last in lasts],
        "question": [last in "?？" for last in lasts],
        "upper start": [head.lstrip(_OPENING)[:1].isupper() for head in heads],
        "table row": count["bars"] > 1,
        "digits": count["digits"] / shown,
        "capitals": count["capitals"] / words,
        "commas": count["commas"] / words,
        "inner sentences": count["inner"],
        "separators": count["separators"],
        "address": ["@" in head or "http" in head or "www." in head for head in heads],
        "copyright": ["©" in head or "(c)" in head for head in heads],
        "not letters": 1 - count["letters"] / shown,
    }
    return {name: np.asarray(column, np.float32) for name, column in found.items()}


def _counts(heads: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """How often each of `_COUNTED` comes in each head."""
    text = "\n" + "".join(f"{head}\n" for head in heads)
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    flags = _flags(codes)
    is_space = (flags & _SPACE) > 0
    begins = np.zeros(len(codes), bool)
    begins[1:] = is_space[:-1] & ~is_space[1:]
    before_blank = np.append(codes[1:] == ord(" "), False)
    held = {
        "words": begins,
        "capitals": begins & ((flags & _UPPER) > 0),
        "digits": (flags & _DIGIT) > 0,
        "letters": (flags & _ALPHA) > 0,
        "bars": codes == ord("|"),
        "separators": _is_any(codes, _SEPARATORS),
        "commas": before_blank & (codes == ord(",")),
        "inner": before_blank & _is_any(codes, ".?!"),
    }
    packed = np.zeros(len(codes), np.uint64)
    for name, mask in held.items():
        packed |= mask.astype(np.uint64) << _BYTE[name]
    sums = np.append(np.uint64(0), np.cumsum(packed))
    sizes = np.array([len(head) + 1 for head in heads], np.int64)
    ends = 1 + np.cumsum(sizes)
    # Unsigned differences are right even where the sums ran over.
    within = sums[ends - 1] - sums[ends - sizes]
    return {
        name: ((within >> place) & np.uint64(0xFF)).astype(np.int64)
        for name, place in _BYTE.items()
    }


def _is_any(codes: NDArray[np.uint32], marks: str) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = codes == ord(marks[0])
    for mark in marks[1:]:
        found |= codes == ord(mark)
    return found


def _flags(codes: NDArray[np.uint32]) -> NDArray[np.uint8]:
    flags = _table()[np.minimum(codes, _TABLE)]
    far = np.flatnonzero(codes >= _TABLE)
    if len(far):
        distinct, places = np.unique(codes[far], return_inverse=True)
        flags[far] = np.array([_flags_of(code) for code in distinct.tolist()], np.uint8)[places]
    return flags


@cache
def _table() -> NDArray[np.uint8]:
    return np.array([_flags_of(code) for code in range(_TABLE + 1)], np.uint8)


def _flags_of(code: int) -> int:
    char = chr(code)
    return (
        _SPACE * char.isspace()
        | _UPPER * char.isupper()
        | _DIGIT * char.isdigit()
        | _ALPHA * char.isalpha()
    )
