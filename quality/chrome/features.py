"""What the line model sees: hashed word features of a line, and measures of lines in context.

Everything is computed for all lines of a document at once in numpy; only cutting lines
into tokens is Python. Two kinds of features:

* `hash_lines`: words, word pairs, beginnings and ends of words and case patterns of one
  line, hashed into one table (stage 1 of the model is linear over them);
* `measure_lines` and `in_context`: lengths, punctuation and case of a line, of its
  neighbours and of the page (stage 2 reads these beside the stage 1 scores).
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

TABLE_BITS = 18
# A long line is told by its ends: more tokens change no decision and cost time.
HEAD_CHARS = 240
TAIL_CHARS = 120
# A paragraph: lines of this length that end like a sentence are content on nearly every
# page, so the distance to them places a line inside or outside the body.
PARAGRAPH_CHARS = 140
# Lines up to this many tokens are also known by their whole wording.
WHOLE_TOKENS = 12
# Forget cached tokens beyond this many; the results are the same, only slower once.
CACHE_TOKENS = 200_000

_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+|[^\w\s]")
_MIX = np.uint64(0x9E3779B97F4A7C15)
_END_MARKS = ".!?。！？…"
_CLOSING = "\"'”’»)]*"
BULLETS = "-•*·–—‣▪►●○◦■+"


@dataclass(frozen=True, slots=True)
class Hashed:
    """Features of lines as a ragged matrix: line `i` has `columns[starts[i]:starts[i+1]]`."""

    columns: Ints
    starts: Ints


class Tokens(dict[str, int]):
    """Packed codes of tokens, remembered: word, beginning, end and case pattern in one number."""

    def __missing__(self, token: str) -> int:
        if len(self) > CACHE_TOKENS:
            self.clear()
        code = self[token] = _code(token)
        return code


def _code(token: str) -> int:
    folded = "#" * min(len(token), 4) if token.isdigit() else token.casefold()
    word = zlib.crc32(folded.encode()) & 0xFFFFFF
    begin = zlib.crc32(b"^" + folded[:4].encode()) & 0xFFFF
    end = zlib.crc32(b"$" + folded[-3:].encode()) & 0xFFFF
    return word << 38 | begin << 22 | end << 6 | _case(token)


def _case(token: str) -> int:
    if token.isdigit():
        return 1 + min(len(token), 4)
    if token.isalpha() or len(token) > 1:
        if token.islower():
            return 6
        if len(token) == 1:
            return 7
        return 8 if token.isupper() else 9
    return 10 + zlib.crc32(token.encode()) % 50


def tokenise(line: str) -> list[str]:
    """The tokens of a line, or of its two ends where it is long."""
    if len(line) > HEAD_CHARS + TAIL_CHARS:
        return _TOKEN.findall(line[:HEAD_CHARS]) + _TOKEN.findall(line[-TAIL_CHARS:])
    return _TOKEN.findall(line)


def token_spans(line: str) -> list[tuple[int, int]]:
    """Start and end of the first tokens of a line, for explanations."""
    return [match.span() for match in _TOKEN.finditer(line, 0, HEAD_CHARS)]


def hash_lines(lines: Sequence[str], tokens: Tokens) -> Hashed:
    """Hashed features of each line, independent of the lines around it."""
    codes: list[int] = []
    counts: list[int] = []
    for line in lines:
        found = tokenise(line)
        codes.append(0)
        codes.extend([tokens[token] for token in found])
        codes.append(0)
        counts.append(len(found) + 2)
    code = np.array(codes, np.int64).view(np.uint64)
    count = np.array(counts, np.int64)
    owner = np.repeat(np.arange(len(lines)), count)
    first = np.concatenate([[0], np.cumsum(count)[:-1]]).astype(np.int64)
    parts = _features(code, owner, first, count)
    columns = np.concatenate([columns for columns, _ in parts])
    owners = np.concatenate([owners for _, owners in parts])
    order = np.argsort(owners, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=len(lines)))])
    return Hashed(columns[order], starts.astype(np.int64))


def _features(
    code: NDArray[np.uint64], owner: Ints, first: Ints, count: Ints
) -> list[tuple[Ints, Ints]]:
    word = code >> np.uint64(38)
    begin = (code >> np.uint64(22)) & np.uint64(0xFFFF)
    end = (code >> np.uint64(6)) & np.uint64(0xFFFF)
    case = code & np.uint64(0x3F)
    inner = code > 0
    pair = owner[:-1] == owner[1:]
    triple = owner[:-2] == owner[2:]
    edge = triple & ((code[:-2] == 0) | (code[2:] == 0))
    words2 = word[:-1] * np.uint64(1_000_003) + word[1:]
    case2 = case[:-1] * np.uint64(64) + case[1:]
    case3 = case2[:-1] * np.uint64(64) + case[2:]
    parts = [
        (_slot(word[inner], 1), owner[inner]),
        (_slot(begin[inner], 2), owner[inner]),
        (_slot(end[inner], 3), owner[inner]),
        (_slot(words2[pair], 4), owner[:-1][pair]),
        (_slot((words2[:-1] * np.uint64(1_000_003) + word[2:])[edge], 5), owner[:-2][edge]),
        (_slot(case3[triple], 6), owner[:-2][triple]),
    ]
    short = count <= WHOLE_TOKENS + 2
    lines = np.flatnonzero(short)
    if lines.size:
        place = np.arange(len(code)) - first[owner]
        step = np.uint64(1) + (place.astype(np.uint64) * _MIX >> np.uint64(20))
        whole = np.add.reduceat(word * step, first)[lines]
        shape = np.add.reduceat(case * step, first)[lines]
        parts += [(_slot(whole, 7), lines), (_slot(shape, 8), lines)]
    return parts


def _slot(key: NDArray[np.uint64], family: int) -> Ints:
    mixed = (key + np.uint64(family * 0x51ED2701)) * _MIX
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    return (mixed >> np.uint64(64 - TABLE_BITS)).astype(np.int64)


# -- measures of single lines

MEASURES = (
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
)


def bare(line: str) -> str:
    """The line without outer white space and list mark, so that kinds and marks weigh the same."""
    return line.strip().lstrip(BULLETS).lstrip()


def measure_lines(lines: Sequence[str], listed: Sequence[bool]) -> Floats:
    """One row of MEASURES for each bare line; `listed` says which stood as list items."""
    counts = Counter(lines)
    rows = [
        _measure(line, counts[line], is_item) for line, is_item in zip(lines, listed, strict=True)
    ]
    return np.array(rows, np.float32).reshape(len(rows), len(MEASURES))


def _measure(line: str, copies: int, is_item: bool) -> tuple[float, ...]:  # noqa: FBT001
    head = line[:HEAD_CHARS]
    length = max(len(line), 1)
    shown = max(len(head), 1)
    parts = head.split()
    count = max(len(parts), 1)
    last = line.rstrip(_CLOSING)[-1:] or " "
    return (
        log2(length),
        log2(len(parts) * length / shown + 1),
        last in _END_MARKS,
        last in ":：",
        last in "?？",
        head.lstrip("\"'“‘(# ")[:1].isupper(),
        is_item,
        head.count("|") > 1,
        sum(map(str.isdigit, head)) / shown,
        sum(1 for part in parts if part[:1].isupper()) / count,
        head.count(", ") / count,
        head.count(". ") + head.count("? ") + head.count("! "),
        sum(map(head.count, "|»›•·/")),
        "@" in head or "http" in head or "www." in head,
        "©" in head or "(c)" in head,
        1 - sum(map(str.isalpha, head)) / shown,
        min(copies, 8),
    )


# -- lines in context

NEAR = 4
WINDOWS = (2, 5, 12, 30)
# Beyond this many lines a distance says no more than "far".
FAR = 400


def context_names() -> tuple[str, ...]:
    """The name of each column of `in_context`, for explanations."""
    names = [*MEASURES, "words of the line"]
    for step in range(1, NEAR + 1):
        names += [f"line {step} before", f"line {step} after"]
        if step <= 2:
            names += [f"length {step} before", f"length {step} after"]
            names += [f"sentence end {step} before", f"sentence end {step} after"]
    for width in WINDOWS:
        names += [f"{width} lines before", f"{width} lines after"]
        names += [f"length of {width} lines before", f"length of {width} lines after"]
    names += ["paragraph before", "paragraph after", "first paragraph", "last paragraph"]
    names += ["lines from the top", "lines to the end", "place", "place in the body"]
    names += ["lines of the page", "line length of the page", "chrome of the page"]
    names += ["chrome text of the page", "paragraph share", "paragraphs", "run of short lines"]
    return (*names, "run of chrome", "run of content")


def in_context(scores: Floats, measures: Floats) -> Floats:
    """Measures of each line together with those of its neighbours and its page.

    `scores` are stage 1 log-odds. One row a line, one column for each of `context_names`.
    """
    length, marks = measures[:, 0], measures[:, MEASURES.index("sentence end")]
    chars = np.exp2(length)
    odds = _sigmoid(scores)
    prose = (chars >= PARAGRAPH_CHARS) & (marks > 0) & (scores < 0)
    columns: list[Floats] = [*measures.T, scores]
    for step in range(1, NEAR + 1):
        shown = (scores, length, marks) if step <= 2 else (scores,)
        columns += [_shift(values, by) for values in shown for by in (step, -step)]
    for width in WINDOWS:
        for values in (odds, length):
            columns += [_mean_before(values, width), _mean_before(values[::-1], width)[::-1]]
    columns += _distances(prose)
    columns += _page(scores, length, prose)
    columns += [_runs(length < 6), _runs(scores > 0), _runs(scores < 0)]
    return np.stack(columns, 1).astype(np.float32)


def _page(scores: Floats, length: Floats, prose: NDArray[np.bool_]) -> list[Floats]:
    count = len(scores)
    place = np.arange(count)
    chars = np.exp2(length)
    odds = _sigmoid(scores)
    body = np.cumsum(np.where(prose, chars, 0))
    whole = (
        np.log2(count + 1),
        length.mean(),
        odds.mean(),
        np.average(odds, weights=chars),
        prose.mean(),
        np.log2(1 + prose.sum()),
    )
    return [
        np.log2(1 + place),
        np.log2(count - place),
        place / max(count - 1, 1),
        body / max(body[-1], 1),
        *(np.full(count, value) for value in whole),
    ]


def _sigmoid(scores: Floats) -> Floats:
    return (1 / (1 + np.exp(-np.clip(scores, -30, 30)))).astype(np.float32)


def _shift(values: Floats, step: int) -> Floats:
    out = np.full_like(values, np.nan)
    if step > 0:
        out[step:] = values[:-step]
    else:
        out[:step] = values[-step:]
    return out


def _mean_before(values: Floats, width: int) -> Floats:
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    place = np.arange(len(values))
    start = np.maximum(place - width, 0)
    with np.errstate(invalid="ignore"):
        return np.asarray((sums[place] - sums[start]) / (place - start), np.float32)


def _distances(prose: NDArray[np.bool_]) -> list[Floats]:
    place = np.arange(len(prose))
    last = np.maximum.accumulate(np.where(prose, place, -FAR))
    following = np.where(prose, place, len(place) + FAR)[::-1]
    following = np.minimum.accumulate(following)[::-1]
    found = np.flatnonzero(prose)
    first, final = (found[0], found[-1]) if found.size else (-FAR, -FAR)
    steps = (place - last, following - place, place - first, place - final)
    return [np.clip(step, -FAR, FAR).astype(np.float32) for step in steps]


def _runs(member: NDArray[np.bool_]) -> Floats:
    """Log length of the run of member lines around each line, 0 outside runs."""
    framed = np.concatenate([[False], member, [False]]).astype(np.int8)
    edges = np.flatnonzero(np.diff(framed))
    out = np.zeros(len(member), np.float32)
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        out[start:end] = np.log2(1 + end - start)
    return out
