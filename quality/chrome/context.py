"""What stage 2 of the line model sees: each line's form, its neighbours, and its page.

All columns are numbers that mean the same on pages of any subject; the words themselves
come in through the stage 1 scores alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import log2

import numpy as np
from numpy.typing import NDArray

from quality.chrome.features import HEAD_CHARS, Cut, Floats, Ints

Bools = NDArray[np.bool_]

# A paragraph of prose: lines of this length that end like a sentence are content on nearly
# every page, so the distance to them places a line inside or outside the body.
PARAGRAPH_CHARS = 140
# Neighbours seen one by one, and windows seen as means.
NEAR = 4
WINDOWS = (2, 5, 12, 30)
# Beyond this many lines a distance says no more than "far".
FAR = 400
# A line says the title again when each has this share of its words in the other: titles in
# the head of a page carry the site's name, headlines do not.
TITLE_SHARE = 0.6
# More copies than this say no more than "many".
MANY = 20

_END_MARKS = ".!?。！？…"
_CLOSING = "\"'”’»)]*"

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
_SENTENCE_END = FORM.index("sentence end")
_COPIES = FORM.index("copies")
_RULE = FORM.index("rule")


def context_names() -> tuple[str, ...]:
    """The name of each column of `in_context`, for explanations."""
    names = [*FORM, "words of the line"]
    for step in range(1, NEAR + 1):
        names += [f"line {step} before", f"line {step} after"]
        if step <= 2:
            names += [f"length {step} before", f"length {step} after"]
            names += [f"sentence end {step} before", f"sentence end {step} after"]
    for width in WINDOWS:
        for what in ("chrome", "length"):
            names += [
                f"{what} in {width} lines before",
                f"{what} in {width} lines after",
            ]
    for width in (5, 15):
        for what in ("sentence ends", "repeated lines"):
            names += [
                f"{what} in {width} lines before",
                f"{what} in {width} lines after",
            ]
    for width in (5, 20):
        names += [f"rules in {width} lines before", f"rules in {width} lines after"]
    for width in (3, 8):
        names += [f"longest of {width} lines before", f"longest of {width} lines after"]
    names += ["prose before", "prose after", "first prose", "last prose"]
    names += ["lines from the top", "lines to the end", "place", "place in the body"]
    names += ["lines of the page", "line length of the page", "chrome of the page"]
    names += ["chrome text of the page", "prose share", "prose lines"]
    names += ["run of short lines", "run of chrome", "run of content"]
    names += ["first word on the page", "first words on the page", "form on the page"]
    names += [
        "first word nearby",
        "first words nearby",
        "last word nearby",
        "form nearby",
    ]
    names += ["subject words", "said in the prose", "often said in the prose"]
    names += ["said in the next prose", "said in the prose before"]
    for width in (3, 10):
        names += [f"said in the prose, {width} lines before"]
        names += [f"said in the prose, {width} lines after"]
    names += ["said in the first line", "first line said again", "first line again before"]
    return (*names, "first line again after")


def measure_lines(lines: Sequence[str], listed: Sequence[bool], rules: Sequence[float]) -> Floats:
    """One row of FORM for each bare line.

    `listed` says which stood as list items; `rules` is 2 for a rule hit that suffices alone,
    1 for one that hints, else 0.
    """
    counts = Counter(lines)
    rows = [
        (*_measure(line), is_item, min(counts[line], MANY), rule)
        for line, is_item, rule in zip(lines, listed, rules, strict=True)
    ]
    found = np.array(rows, np.float32).reshape(len(rows), len(FORM))
    return found[:, _ORDER]


# `_measure` gives all but these three, which depend on more than the line.
_LATE = ("list item", "copies", "rule")
_GIVEN = (*(name for name in FORM if name not in _LATE), *_LATE)
_ORDER = [_GIVEN.index(name) for name in FORM]


def _measure(line: str) -> tuple[float, ...]:
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
        head.count("|") > 1,
        sum(map(str.isdigit, head)) / shown,
        sum(1 for part in parts if part[:1].isupper()) / count,
        head.count(", ") / count,
        head.count(". ") + head.count("? ") + head.count("! "),
        sum(map(head.count, "|»›•·/")),
        "@" in head or "http" in head or "www." in head,
        "©" in head or "(c)" in head,
        1 - sum(map(str.isalpha, head)) / shown,
    )


def in_context(scores: Floats, form: Floats, cut: Cut) -> Floats:
    """One row a line, one column for each of `context_names`.

    `scores` are stage 1 log-odds, `form` the rows of `measure_lines`.
    """
    length, ends = form[:, 0], form[:, _SENTENCE_END]
    odds = _sigmoid(scores)
    prose = (length >= log2(PARAGRAPH_CHARS)) & (ends > 0) & (scores < 0)
    columns: list[Floats] = [*form.T, scores]
    for step in range(1, NEAR + 1):
        shown = (scores, length, ends) if step <= 2 else (scores,)
        columns += [_shift(values, by) for values in shown for by in (step, -step)]
    for width in WINDOWS:
        columns += [*_means(odds, width), *_means(length, width)]
    repeated = (form[:, _COPIES] > 1).astype(np.float32)
    for width in (5, 15):
        columns += [*_means(ends, width), *_means(repeated, width)]
    ruled = (form[:, _RULE] > 0).astype(np.float32)
    columns += [*_means(ruled, 5), *_means(ruled, 20)]
    for width in (3, 8):
        columns += [_longest(length, width), _longest(length[::-1], width)[::-1]]
    columns += [*_distances(prose), *_page(odds, length, prose)]
    columns += [_runs(length < 6), _runs(scores > 0), _runs(scores < 0)]
    columns += [*_alike(cut), *_echoes(cut, prose), *_title(cut)]
    return np.stack(columns, 1).astype(np.float32)


def _page(odds: Floats, length: Floats, prose: Bools) -> list[Floats]:
    count = len(odds)
    place = np.arange(count)
    chars = np.exp2(length)
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


def _alike(cut: Cut) -> list[Floats]:
    """How many lines of the page, and of those nearby, begin or end alike or have one form."""
    words = cut.words
    first = words[cut.starts + 1]
    last = words[cut.starts + cut.counts - 2]
    second = words[np.minimum(cut.starts + 2, len(words) - 1)]
    # A line of one token begins like no other: its key is its number.
    alone = np.arange(len(first), dtype=np.uint64)
    both = np.where(cut.counts > 4, first * np.uint64(1 << 24) + second, alone)
    case = cut.whole(cut.cases)
    return [
        *(_copies(keys) for keys in (first, both, case)),
        *(_copies_nearby(keys) for keys in (first, both, last, case)),
    ]


def _echoes(cut: Cut, prose: Bools) -> list[Floats]:
    """How far a line's words recur in the prose of the page: headings do, menus do not.

    A line of prose is not compared with itself.
    """
    count = len(prose)
    subject = cut.codes >> np.uint64(62) > 0
    words = cut.words[subject].astype(np.int64)
    owners = cut.owners[subject]
    total = np.bincount(owners, minlength=count).astype(np.float64)
    pairs = np.unique(owners[prose[owners]] << 24 | words[prose[owners]])
    known, times = np.unique(pairs & 0xFFFFFF, return_counts=True)
    said = _look_up(words, known, times) - prose[owners]
    here = np.arange(count)
    after = np.minimum.accumulate(np.where(prose, here, count)[::-1])[::-1]
    after = np.append(after[1:], count)
    before = np.maximum.accumulate(np.where(prose, here, -1))
    before = np.append(-1, before[:-1])
    ones = np.ones(len(pairs), np.int64)
    weights = [
        said > 0,
        np.log1p(np.maximum(said, 0)),
        _look_up(after[owners] << 24 | words, pairs, ones),
        _look_up(before[owners] << 24 | words, pairs, ones),
    ]
    with np.errstate(invalid="ignore"):
        shares = [
            (np.bincount(owners, weight, count) / total).astype(np.float32) for weight in weights
        ]
    plain = np.nan_to_num(shares[0])
    return [total.astype(np.float32), *shares, *_means(plain, 3), *_means(plain, 10)]


def _title(cut: Cut) -> list[Floats]:
    """Where the first line, the page's title on most full pages, is said again: the text begins.

    Shares of words both ways, and lines since and until the nearest such line.
    """
    count = len(cut.counts)
    subject = cut.codes >> np.uint64(62) > 0
    words, owners = cut.words[subject].astype(np.int64), cut.owners[subject]
    title = np.unique(words[owners == 0])
    total = np.bincount(owners, minlength=count)
    said = np.bincount(owners[np.isin(words, title)], minlength=count)
    share = said / np.maximum(total, 1)
    again = said / max(len(title), 1)
    place = np.arange(count)
    same = (share >= TITLE_SHARE) & (again >= TITLE_SHARE) & (place > 0)
    before = np.maximum.accumulate(np.where(same, place, -FAR))
    after = np.minimum.accumulate(np.where(same, place, count + FAR)[::-1])[::-1]
    return [
        share.astype(np.float32),
        np.minimum(again, 1).astype(np.float32),
        np.minimum(place - before, FAR).astype(np.float32),
        np.minimum(after - place, FAR).astype(np.float32),
    ]


def _look_up(keys: Ints, known: Ints, values: Ints) -> Ints:
    """The value of each key, 0 where it is not known; `known` is sorted."""
    if not len(known):
        return np.zeros(len(keys), np.int64)
    place = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[place] == keys, values[place], 0)


def _copies(keys: NDArray[np.uint64]) -> Floats:
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return np.minimum(counts[inverse], MANY).astype(np.float32)


def _copies_nearby(keys: NDArray[np.uint64]) -> Floats:
    out = np.zeros(len(keys), np.float32)
    for step in range(1, min(6, len(keys))):
        same = keys[step:] == keys[:-step]
        out[step:] += same
        out[: len(out) - step] += same
    return out


def _sigmoid(scores: Floats) -> Floats:
    return (1 / (1 + np.exp(-np.clip(scores, -30, 30)))).astype(np.float32)


def _shift(values: Floats, step: int) -> Floats:
    out = np.full_like(values, np.nan)
    if step > 0:
        out[step:] = values[:-step]
    else:
        out[:step] = values[-step:]
    return out


def _means(values: Floats, width: int) -> list[Floats]:
    """Means over the lines before and after each line."""
    return [_mean_before(values, width), _mean_before(values[::-1], width)[::-1]]


def _mean_before(values: Floats, width: int) -> Floats:
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    place = np.arange(len(values))
    start = np.maximum(place - width, 0)
    with np.errstate(invalid="ignore"):
        return np.asarray((sums[place] - sums[start]) / (place - start), np.float32)


def _longest(length: Floats, width: int) -> Floats:
    padded = np.concatenate([np.zeros(width, np.float32), length])
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    return np.asarray(windows[: len(length)].max(1), np.float32)


def _distances(prose: Bools) -> list[Floats]:
    place = np.arange(len(prose))
    last = np.maximum.accumulate(np.where(prose, place, -FAR))
    following = np.where(prose, place, len(place) + FAR)[::-1]
    following = np.minimum.accumulate(following)[::-1]
    found = np.flatnonzero(prose)
    first, final = (found[0], found[-1]) if found.size else (-FAR, -FAR)
    steps = (place - last, following - place, place - first, place - final)
    return [np.clip(step, -FAR, FAR).astype(np.float32) for step in steps]


def _runs(member: Bools) -> Floats:
    """Log length of the run of member lines around each line, 0 outside runs."""
    framed = np.concatenate([[False], member, [False]]).astype(np.int8)
    edges = np.flatnonzero(np.diff(framed))
    out = np.zeros(len(member), np.float32)
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        out[start:end] = np.log2(1 + end - start)
    return out
