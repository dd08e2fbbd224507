"""What tells text from furniture in a page's HTML: the numbers the block model looks at.

For each candidate block: its form, its neighbours, the names and kinds of the elements
around it, and what a witness (another extractor) takes of it and of what stands near.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality.extract.dom import Candidate

Matrix = NDArray[np.float32]

# Words in class, id, role and itemprop that say what an element holds. Chosen by their use
# in a first model that had 150 of them.
NAMES = (
    *("accordion", "article", "author", "banner", "bio", "block", "body", "breadcrumb", "btn"),
    *("byline", "caption", "card", "col", "comment", "consent", "container", "content", "cookie"),
    *("copyright", "credit", "cta", "disclaimer", "disclosure", "entry", "faq", "footer", "form"),
    *("grid", "header", "hero", "hidden", "inner", "item", "language", "left", "legal", "main"),
    *("menu", "message", "meta", "modal", "module", "more", "nav", "newsletter", "next", "page"),
    *("popular", "post", "price", "product", "promo", "prose", "quote", "rating", "recommend"),
    *("related", "reply", "rich-text", "row", "section", "share", "sidebar", "signature", "site"),
    *("social", "sponsor", "subscri", "summary", "tab", "tag", "text", "thread", "title", "toc"),
    *("top", "trending", "widget", "wrap"),
)
TAGS = (
    *("a", "article", "aside", "blockquote", "dl", "figure", "footer", "form", "header", "label"),
    *("li", "main", "nav", "noscript", "ol", "p", "section", "table", "ul", "hidden"),
)
OWN_TAGS = ("blockquote", "div", "figcaption", "h1", "h2", "h3", "li", "p", "pre", "td", "tr")
# Steps up the tree; further away is as good as nowhere.
FAR = 15
# A block of prose: long, and not mostly links.
MIN_PROSE_CHARS = 80
MAX_PROSE_LINKS = 0.3
# Enough of a block to see how it writes its words.
MAX_CASE_CHARS = 160
# Shorter keys occur anywhere; they must be a whole line of the other extractor's text.
MIN_KEY_CHARS = 25

_NAME_INDEX = {name: number for number, name in enumerate(NAMES)}
_NAME = re.compile("(?=(" + "|".join(sorted(NAMES, key=len, reverse=True)) + "))")
_TAG_INDEX = {tag: number for number, tag in enumerate(TAGS)}
_OWN_TAG_INDEX = {tag: number for number, tag in enumerate(OWN_TAGS)}
_STOP = re.compile(r"""[.!?…:;。！？]['"”’»)\]]*$""")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)

_FORM = (
    *("length", "words", "link_share", "bold_share", "has_stop", "capital_share", "digit_share"),
    *("commas", "copies", "furniture"),
)
_PLACE = ("place", "chars_before", "after", "before", "from_h1", "depth")
_AROUND = (
    *("links_here", "links_up1", "links_up2", "prose_here", "prose_up1", "prose_up2"),
    *("length_up1", "blocks_up1"),
)
_LOCAL = ("length", "link_share", "has_stop")
_WINDOW = ("link_share", "has_stop", "prose")
_OFFSETS = (-2, -1, 1, 2)
_RADII = (5, 15)
_WINDOWS = tuple(f"{side}_{radius}" for radius in _RADII for side in ("around", "before", "after"))
_STEPS_UP = 4
_CONTEXT_OFFSETS = (-3, -2, -1, 1, 2, 3)

PAGE_NAMES = (
    *_FORM,
    *_PLACE,
    *_AROUND,
    *(f"{name}@{offset:+d}" for offset in _OFFSETS for name in _LOCAL),
    *(f"{name}_{window}" for window in _WINDOWS for name in _WINDOW),
    *(f"name:{name}" for name in NAMES),
    *(f"in:{tag}" for tag in TAGS),
    *(f"is:{tag}" for tag in OWN_TAGS),
)
"""The columns that come from the page alone."""

WITNESS_NAMES = (
    "taken",
    *(f"taken@{offset:+d}" for offset in _OFFSETS),
    *(f"taken_{window}" for window in _WINDOWS),
    *(f"taken_up{up}" for up in range(_STEPS_UP)),
    *("since_first", "until_last"),
)
"""The columns that come from one witness."""

CONTEXT_NAMES = (
    "first",
    *(f"first@{offset:+d}" for offset in _CONTEXT_OFFSETS),
    *(f"first_{window}" for window in _WINDOWS),
    *(f"first_words_{window}" for window in _WINDOWS),
    "expected_f1",
)
"""The columns that come from what a first model says of the block and those around it."""


# What elements are named by.
_NAMED_BY = frozenset({"class", "id", "role", "itemprop"})


class PageFeatures:
    """The numbers of one page's candidates, at least one; one row each."""

    def __init__(self, found: Sequence[Candidate]) -> None:
        self._lengths = np.array([len(item.text) for item in found], np.float32)
        links = np.array([item.link_chars for item in found], np.float32)
        prose = (self._lengths > MIN_PROSE_CHARS) & (links < MAX_PROSE_LINKS * self._lengths)
        self._keys = ["".join(item.text.split()) for item in found]
        self._tree = _Tree(found)
        form = _form(found, self._keys, links / self._lengths)
        log_length, link_share, has_stop = form[:, 0], form[:, 2], form[:, 4]
        local = np.column_stack([log_length, link_share, has_stop])
        self.page: Matrix = np.hstack(
            [
                form,
                _place(found, self._lengths, self._tree),
                self._tree.around(self._lengths, links, prose),
                *(_shifted(local, offset) for offset in _OFFSETS),
                *_windows(np.column_stack([link_share, has_stop, prose])),
                self._tree.names(),
            ]
        ).astype(np.float32)
        """`PAGE_NAMES`, one column each."""

    def witness(self, lines: Sequence[str]) -> Matrix:
        """`WITNESS_NAMES`, one column each, for the lines that another extractor took."""
        taken = np.array(_members(self._keys, lines), np.float32)[:, None]
        return np.hstack(
            [
                taken,
                *(_shifted(taken, offset) for offset in _OFFSETS),
                *_windows(taken),
                *(self._tree.share(taken[:, 0], self._lengths, up) for up in range(_STEPS_UP)),
                _edges(taken[:, 0], self._lengths),
            ]
        ).astype(np.float32)


def context(probabilities: Any, words: Any, expected_f1: float) -> Matrix:
    """`CONTEXT_NAMES`, one column each, for the probabilities a first model gave."""
    first = np.asarray(probabilities, np.float32)[:, None]
    weighted = _windows(np.column_stack([first[:, 0] * words, words]))
    return np.hstack(
        [
            first,
            *(_shifted(first, offset) for offset in _CONTEXT_OFFSETS),
            *_windows(first),
            *(both[:, :1] / np.maximum(1e-6, both[:, 1:]) for both in weighted),
            np.full_like(first, expected_f1),
        ]
    ).astype(np.float32)


def _members(keys: Sequence[str], lines: Sequence[str]) -> list[bool]:
    """Whether each key (text without spaces) is in what another extractor took."""
    whole = {"".join(line.split()) for line in lines}
    text = "\n".join(whole)
    return [
        key in whole or (len(key) >= MIN_KEY_CHARS and (key[:60] in text or key[-60:] in text))
        for key in keys
    ]


def _form(found: Sequence[Candidate], keys: Sequence[str], link_share: Any) -> Matrix:
    copies: dict[str, int] = {}
    for key in keys:
        copies[key] = copies.get(key, 0) + 1
    rows = []
    for item, key, links in zip(found, keys, link_share, strict=True):
        text = item.text
        words = text[:MAX_CASE_CHARS].split()
        rows.append(
            (
                math.log1p(len(text)),
                text.count(" ") + 1,
                links,
                item.bold_chars / len(text),
                _STOP.search(text, max(0, len(text) - 8)) is not None,
                sum(map(str.isupper, [word[0] for word in words])) / len(words),
                _digits(text) / len(text),
                text.count(". ") + text.count(", "),
                copies[key],
                ("|" in text) + 2 * ("©" in text),
            )
        )
    return np.array(rows, np.float32)


def _digits(text: str) -> int:
    """How many ASCII digits are in it: of bytes, two passes and not ten."""
    raw = text.encode("utf-8", "surrogatepass")
    return len(raw) - len(raw.translate(None, b"0123456789"))


def _place(found: Sequence[Candidate], lengths: Matrix, tree: _Tree) -> Matrix:
    count = len(found)
    index = np.arange(count, dtype=np.float32)
    first = next((n for n, item in enumerate(found) if item.element.tag == "h1"), None)
    from_h1 = index - first if first is not None else np.full(count, -50.0)
    before = np.cumsum(lengths) - lengths
    depths = np.array(tree.depths, np.float32)
    return np.column_stack(
        [index / count, before / lengths.sum(), count - index, index, from_h1, depths]
    )


def _shifted(columns: Any, offset: int) -> Any:
    shifted = np.full_like(columns, -1.0)
    if offset > 0:
        shifted[:-offset] = columns[offset:]
    else:
        shifted[-offset:] = columns[:offset]
    return shifted


def _windows(columns: Any) -> list[Any]:
    """Means over the blocks around, before and after, within each radius."""
    count = len(columns)
    sums = np.vstack([np.zeros((1, columns.shape[1])), np.cumsum(columns, axis=0)])
    index = np.arange(count)
    means = []
    for radius in _RADII:
        low, high = np.maximum(0, index - radius), np.minimum(count, index + radius + 1)
        for begin, end in ((low, high), (low, index), (np.minimum(index + 1, count), high)):
            means.append((sums[end] - sums[begin]) / np.maximum(1, end - begin)[:, None])
    return means


def _edges(taken: Any, lengths: Matrix) -> Matrix:
    """Blocks since the first, and up to the last, longer one that a witness takes."""
    index = np.arange(len(taken), dtype=np.float32)
    longer = np.flatnonzero((taken > 0) & (lengths > MIN_PROSE_CHARS))
    first, last = (longer[0], longer[-1]) if len(longer) else (0, 0)
    return np.column_stack([index - first, last - index])


class _Tree:
    """The elements above the candidates, numbered parents first."""

    def __init__(self, found: Sequence[Candidate]) -> None:
        self._numbers: dict[Any, int] = {}
        self._elements: list[Any] = []
        self._parents: list[int] = []
        self._depth: list[int] = []
        self._own = np.array([self._number(item.element) for item in found], np.intp)
        self.depths = [self._depth[number] for number in self._own]

    def around(self, lengths: Matrix, links: Matrix, prose: Any) -> Matrix:
        """Link density and share of the page's prose here and further up."""
        size = len(self._elements)
        sums = np.column_stack(
            [
                np.bincount(self._own, weights, minlength=size)
                for weights in (lengths, links, lengths * prose, np.ones(len(lengths)))
            ]
        )
        sums = np.column_stack([self._summed_up(column) for column in sums.T.tolist()])
        density = sums[:, 1] / np.maximum(1.0, sums[:, 0])
        share = sums[:, 2] / max(1.0, float((lengths * prose).sum()))
        levels = [self._up(up) for up in range(3)]
        return np.column_stack(
            [
                *(density[level] for level in levels),
                *(share[level] for level in levels),
                np.log1p(sums[levels[1], 0]),
                sums[levels[1], 3],
            ]
        )

    def _summed_up(self, values: list[float]) -> list[float]:
        """Each element's value with those of all below it; lists beat arrays one by one."""
        for number in range(len(values) - 1, 0, -1):
            if self._parents[number] >= 0:
                values[self._parents[number]] += values[number]
        return values

    def share(self, taken: Any, lengths: Matrix, up: int) -> Any:
        """Share of the text near by (same element `up` steps above) that a witness takes."""
        level = self._up(up)
        size = len(self._elements)
        total = np.bincount(level, lengths, minlength=size)
        part = np.bincount(level, taken * lengths, minlength=size)
        column: Any = (part / np.maximum(1.0, total))[level][:, None]
        return column

    def names(self) -> Matrix:
        """Steps up to each of `NAMES` and `TAGS`, and which of `OWN_TAGS` a block's own is."""
        width = len(NAMES) + len(TAGS)
        steps = np.full((len(self._elements), width), FAR, np.uint8)
        parents = np.array(self._parents, np.intp)
        by_depth: dict[int, list[int]] = {}
        for number, depth in enumerate(self._depth):
            by_depth.setdefault(depth, []).append(number)
        for depth in sorted(by_depth):
            numbers = np.array(by_depth[depth], np.intp)
            if depth:
                steps[numbers] = np.minimum(steps[parents[numbers]] + 1, FAR)
            marks = [(n, mark) for n in by_depth[depth] for mark in _marks(self._elements[n])]
            if marks:
                steps[tuple(zip(*marks, strict=True))] = 0
        own = np.zeros((len(self._own), len(OWN_TAGS)), np.float32)
        for row, number in enumerate(self._own):
            tag = _OWN_TAG_INDEX.get(self._elements[number].tag)
            if tag is not None:
                own[row, tag] = 1.0
        return np.hstack([steps[self._own].astype(np.float32), own])

    def _number(self, element: Any) -> int:
        known = self._numbers.get(element)
        if known is not None:
            return known
        chain = [element]
        while chain[-1].tag != "body" and (parent := chain[-1].getparent()) is not None:
            if parent in self._numbers:
                break
            chain.append(parent)
        for new in reversed(chain):
            parent = new.getparent() if new.tag != "body" else None
            above = self._numbers.get(parent, -1) if parent is not None else -1
            self._numbers[new] = len(self._elements)
            self._elements.append(new)
            self._parents.append(above)
            self._depth.append(self._depth[above] + 1 if above >= 0 else 0)
        return self._numbers[element]

    def _up(self, steps: int) -> NDArray[np.intp]:
        level = self._own
        parents = np.array(self._parents, np.intp)
        for _ in range(steps):
            above = parents[level]
            # The body is as far up as it goes: everything has it in common.
            level = np.where((above < 0) | (parents[above] < 0), level, above)
        return level


def _marks(element: Any) -> list[int]:
    """The columns of names and tags that an element itself bears."""
    marks: list[int] = []
    named, is_hidden = "", False
    for key, value in element.items():
        if key in _NAMED_BY:
            named = f"{named} {value}" if named else value
        elif key == "hidden" or (key == "style" and _HIDDEN.search(value)):
            is_hidden = True
    if named:
        marks.extend(_named(named))
    if is_hidden:
        marks.append(len(NAMES) + _TAG_INDEX["hidden"])
    tag = _TAG_INDEX.get(element.tag)
    if tag is not None:
        marks.append(len(NAMES) + tag)
    return marks


def _named(names: str) -> set[int]:
    return set().union(*map(_named_by, names.lower().split()))


# Class names repeat within a page and over a site's pages, more than what is written together.
@lru_cache(maxsize=20_000)
def _named_by(name: str) -> tuple[int, ...]:
    return tuple({_NAME_INDEX[found] for found in _NAME.findall(name)})
