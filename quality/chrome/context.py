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

from quality.chrome.features import Cut, Floats, Ints
from quality.chrome.form import FORM, form_of_lines
from quality.chrome.pages import Bools, Pages

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

_SENTENCE_END = FORM.index("sentence end")
_COPIES = FORM.index("copies")
_RULE = FORM.index("rule")
_GOLD, _HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)


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
    names += ["first line again after"]
    names += [f"{what} of the stretch" for what in ("lines", "chrome", "length", "rules")]
    names += ["repeated lines of the stretch", "first stretch", "last stretch"]
    return (*names, "place in the stretch", "lines into the stretch", "lines left of the stretch")


def measure_lines(
    lines: Sequence[str],
    listed: Sequence[bool],
    rules: Sequence[float],
    sizes: Sequence[int] | None = None,
) -> Floats:
    """One row of FORM for each bare line; `sizes` are the lines of each page, if several.

    `listed` says which stood as list items; `rules` is 2 for a rule hit that suffices alone,
    1 for one that hints, else 0.
    """
    columns = form_of_lines(lines)
    columns["list item"] = np.asarray(listed, np.float32)
    columns["rule"] = np.asarray(rules, np.float32)
    pages = np.repeat(np.arange(len(sizes or [0])), sizes or [len(lines)]).tolist()
    keys = list(zip(pages, lines, strict=True))
    counts = Counter(keys)
    columns["copies"] = np.array([min(counts[key], MANY) for key in keys], np.float32)
    return np.stack([columns[name] for name in FORM], 1)


def in_context(
    scores: Floats, form: Floats, cut: Cut, sizes: Sequence[int] | None = None
) -> Floats:
    """One row a line, one column for each of `context_names`.

    `scores` are stage 1 log-odds, `form` the rows of `measure_lines`; `sizes` are the lines
    of each page, where there are several. A line's row depends on its own page only.
    """
    pages = Pages([len(scores)] if sizes is None else sizes)
    length, ends = form[:, 0], form[:, _SENTENCE_END]
    odds = _sigmoid(scores)
    prose = (length >= log2(PARAGRAPH_CHARS)) & (ends > 0) & (scores < 0)
    columns: list[Floats] = [*form.T, scores]
    for step in range(1, NEAR + 1):
        shown = (scores, length, ends) if step <= 2 else (scores,)
        columns += [pages.shift(values, by) for values in shown for by in (step, -step)]
    columns += _in_turn(2, pages.means(odds, *WINDOWS), pages.means(length, *WINDOWS))
    repeated = (form[:, _COPIES] > 1).astype(np.float32)
    columns += _in_turn(2, pages.means(ends, 5, 15), pages.means(repeated, 5, 15))
    rules = (form[:, _RULE] > 0).astype(np.float32)
    columns += pages.means(rules, 5, 20)
    columns += pages.longest(length, 3, 8)
    columns += [*_distances(prose, pages), *_page(odds, length, prose, pages)]
    columns += [pages.runs(length < 6), pages.runs(scores > 0), pages.runs(scores < 0)]
    columns += [*_alike(cut, pages), *_echoes(cut, prose, pages), *_title(cut, pages)]
    columns += _stretch(prose, (odds, length, rules, repeated), pages)
    out = np.empty((len(scores), len(columns)), np.float32)
    for number, column in enumerate(columns):
        out[:, number] = column
    return out


def _in_turn(size: int, *lists: list[Floats]) -> list[Floats]:
    """The first `size` of each list, then the next of each, and so on."""
    return [
        column
        for start in range(0, len(lists[0]), size)
        for columns in lists
        for column in columns[start : start + size]
    ]


def _page(odds: Floats, length: Floats, prose: Bools, pages: Pages) -> list[Floats]:
    count, place = pages.count, pages.place
    chars = np.exp2(length.astype(np.float64))
    body = np.cumsum(np.where(prose, np.rint(chars).astype(np.int64), 0))
    before = np.concatenate([[0], body])[pages.first]
    whole = body[pages.end - 1] - before
    prose_lines = pages.sums(prose)
    columns = [
        np.log2(1 + place),
        np.log2(count - place),
        place / np.maximum(count - 1, 1),
        (body - before) / np.maximum(whole, 1),
        np.log2(count + 1),
        pages.sums(length) / count,
        pages.sums(odds) / count,
        pages.sums(odds * chars) / pages.sums(chars),
        prose_lines / count,
        np.log2(1 + prose_lines),
    ]
    return [column.astype(np.float32) for column in columns]


def _stretch(prose: Bools, shown: Sequence[Floats], pages: Pages) -> list[Floats]:
    """The lines between two paragraphs of prose (or the paragraphs between two such) as one.

    How many they are, the means of `shown` over them, whether they are the first or the last
    of the page, and where in them a line stands.
    """
    number, start = pages.stretches(prose)
    lines = np.bincount(number)
    size = lines[number]
    into = pages.here - start
    means = [(np.bincount(number, values) / lines)[number] for values in shown]
    columns = [
        np.log2(1 + size),
        *means,
        start == pages.first,
        start + size == pages.end,
        into / size,
        np.log2(1 + into),
        np.log2(size - into),
    ]
    return [np.asarray(column, np.float32) for column in columns]


def _alike(cut: Cut, pages: Pages) -> list[Floats]:
    """How many lines of the page, and of those nearby, begin or end alike or have one form."""
    words = cut.words
    first = words[cut.starts + 1]
    last = words[cut.starts + cut.counts - 2]
    second = words[np.minimum(cut.starts + 2, len(words) - 1)]
    # A line of one token begins like no other: its key is its number.
    alone = pages.place.astype(np.uint64)
    both = np.where(cut.counts > 4, first * np.uint64(1 << 24) + second, alone)
    case = cut.whole(cut.cases)
    return [
        *(_copies(keys, pages) for keys in (first, both, case)),
        *(_copies_nearby(keys, pages) for keys in (first, both, last, case)),
    ]


def _echoes(cut: Cut, prose: Bools, pages: Pages) -> list[Floats]:
    """How far a line's words recur in the prose of the page: headings do, menus do not.

    A line of prose is not compared with itself.
    """
    words, owners = cut.subjects()
    count = len(prose)
    total = np.bincount(owners, minlength=count).astype(np.float64)
    in_prose = prose[owners]
    pairs = np.unique(owners[in_prose] << 24 | words[in_prose])
    known, times = np.unique(pages.page[pairs >> 24] << 24 | (pairs & 0xFFFFFF), return_counts=True)
    said = _look_up(pages.page[owners] << 24 | words, known, times) - in_prose
    before = pages.at_previous(pages.last_before(prose))
    after = pages.at_next(pages.next_after(prose))
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
    return [total.astype(np.float32), *shares, *pages.means(plain, 3, 10)]


def _title(cut: Cut, pages: Pages) -> list[Floats]:
    """Where the first line, the page's title on most full pages, is said again: the text begins.

    Shares of words both ways, and lines since and until the nearest such line.
    """
    words, owners = cut.subjects()
    count = len(cut.counts)
    keys = pages.page[owners] << 24 | words
    title = np.unique(keys[pages.place[owners] == 0])
    sizes = np.bincount(title >> 24, minlength=len(pages.sizes))[pages.page]
    total = np.bincount(owners, minlength=count)
    is_said = _look_up(keys, title, np.ones(len(title), np.int64))
    said = np.bincount(owners, is_said, count)
    share = said / np.maximum(total, 1)
    again = said / np.maximum(sizes, 1)
    same = (share >= TITLE_SHARE) & (again >= TITLE_SHARE) & (pages.place > 0)
    before, after = pages.last_before(same), pages.next_after(same)
    return [
        share.astype(np.float32),
        np.minimum(again, 1).astype(np.float32),
        np.where(before < 0, FAR, np.minimum(pages.here - before, FAR)).astype(np.float32),
        np.where(after < 0, FAR, np.minimum(after - pages.here, FAR)).astype(np.float32),
    ]


def _look_up(keys: Ints, known: Ints, values: Ints) -> Ints:
    """The value of each key, 0 where it is not known; `known` is sorted."""
    if not len(known):
        return np.zeros(len(keys), np.int64)
    place = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[place] == keys, values[place], 0)


def _copies(keys: NDArray[np.uint64], pages: Pages) -> Floats:
    # Equal keys on two pages are two keys.
    apart = (keys + pages.page.astype(np.uint64)) * _GOLD ^ pages.page.astype(np.uint64) << _HALF
    _, inverse, counts = np.unique(apart, return_inverse=True, return_counts=True)
    return np.minimum(counts[inverse], MANY).astype(np.float32)


def _copies_nearby(keys: NDArray[np.uint64], pages: Pages) -> Floats:
    out = np.zeros(len(keys), np.float32)
    for step in range(1, min(6, len(keys))):
        same = (keys[step:] == keys[:-step]) & (pages.place[step:] >= step)
        out[step:] += same
        out[: len(out) - step] += same
    return out


def _sigmoid(scores: Floats) -> Floats:
    return (1 / (1 + np.exp(-np.clip(scores, -30, 30)))).astype(np.float32)


def _distances(prose: Bools, pages: Pages) -> list[Floats]:
    """Lines since and until the nearest prose, since the first and until the last of the page."""
    last, following = pages.last_before(prose), pages.next_after(prose)
    first = following[pages.first]
    final = last[pages.end - 1]
    steps = (
        np.where(last < 0, FAR, pages.here - last),
        np.where(following < 0, FAR, following - pages.here),
        np.where(first < 0, FAR, pages.here - first),
        np.where(final < 0, FAR, pages.here - final),
    )
    return [np.clip(step, -FAR, FAR).astype(np.float32) for step in steps]
