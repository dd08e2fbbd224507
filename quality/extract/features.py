"""What tells text from furniture in a page's HTML: the numbers the block model looks at.

For each candidate block: its form, its neighbours, the names and kinds of the elements
around it, and whether trafilatura and resiliparse take it and what stands near it.
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
SOURCES = ("fast", "resi")
# A block of prose: long, and not mostly links.
MIN_PROSE_CHARS = 80
MAX_PROSE_LINKS = 0.3
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
_SIDES = ("around", "before", "after")


def feature_names() -> tuple[str, ...]:
    """The names of the matrix's columns, in order."""
    local = [*_LOCAL, *(f"in_{source}" for source in SOURCES)]
    window = [*_WINDOW, *(f"in_{source}" for source in SOURCES)]
    return (
        *_FORM,
        *_PLACE,
        *_AROUND,
        *(f"in_{source}" for source in SOURCES),
        *(f"{name}@{offset:+d}" for offset in _OFFSETS for name in local),
        *(f"{name}_{side}_{radius}" for radius in _RADII for side in _SIDES for name in window),
        *(f"share_{source}_up{up}" for up in range(4) for source in SOURCES),
        *(f"since_{edge}_{source}" for source in SOURCES for edge in ("first", "last")),
        *(f"name:{name}" for name in NAMES),
        *(f"in:{tag}" for tag in TAGS),
        *(f"is:{tag}" for tag in OWN_TAGS),
    )


def feature_matrix(found: Sequence[Candidate], sources: Sequence[Sequence[str]]) -> Matrix:
    """One row a candidate; `sources` are the lines that each of `SOURCES` extracted."""
    lengths = np.array([len(item.text) for item in found], np.float32)
    links = np.array([item.link_chars for item in found], np.float32)
    prose = (lengths > MIN_PROSE_CHARS) & (links < MAX_PROSE_LINKS * lengths)
    keys = ["".join(item.text.split()) for item in found]
    members = np.column_stack([_members(keys, lines) for lines in sources]).astype(np.float32)
    form = _form(found, keys, links / lengths)
    tree = _Tree(found)
    log_length, link_share, has_stop = form[:, 0], form[:, 2], form[:, 4]
    local = np.column_stack([log_length, link_share, has_stop, members])
    window = np.column_stack([link_share, has_stop, prose, members])
    return np.hstack(
        [
            form,
            _place(found, lengths, tree),
            tree.around(lengths, links, prose),
            members,
            *(_shifted(local, offset) for offset in _OFFSETS),
            *_windows(window),
            *(tree.shares(members, lengths, up) for up in range(4)),
            _edges(members, lengths),
            tree.names(),
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
        words = text.split(maxsplit=60)
        rows.append(
            (
                math.log1p(len(text)),
                text.count(" ") + 1,
                links,
                item.bold_chars / len(text),
                _STOP.search(text, max(0, len(text) - 8)) is not None,
                sum(word[0].isupper() for word in words) / len(words),
                sum(map(str.isdigit, text[:400])) / min(len(text), 400),
                text.count(". ") + text.count(", "),
                copies[key],
                ("|" in text) + 2 * ("©" in text),
            )
        )
    return np.array(rows, np.float32)


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


def _edges(members: Matrix, lengths: Matrix) -> Matrix:
    """Blocks since the first, and up to the last, longer one that each source takes."""
    index = np.arange(len(members), dtype=np.float32)
    columns = []
    for column in members.T:
        taken = np.flatnonzero((column > 0) & (lengths > MIN_PROSE_CHARS))
        first, last = (taken[0], taken[-1]) if len(taken) else (0, 0)
        columns += [index - first, last - index]
    return np.column_stack(columns)


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
        for number in range(size - 1, 0, -1):
            if self._parents[number] >= 0:
                sums[self._parents[number]] += sums[number]
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

    def shares(self, members: Matrix, lengths: Matrix, up: int) -> Matrix:
        """Share of the text near by (same element `up` steps above) that each source takes."""
        level = self._up(up)
        size = len(self._elements)
        total = np.bincount(level, lengths, minlength=size)
        columns = [
            (np.bincount(level, column * lengths, minlength=size) / np.maximum(1.0, total))[level]
            for column in members.T
        ]
        return np.column_stack(columns)

    def names(self) -> Matrix:
        """Steps up to each of `NAMES` and `TAGS`, and which of `OWN_TAGS` a block's own is."""
        width = len(NAMES) + len(TAGS)
        steps = np.full((len(self._elements), width), FAR, np.uint8)
        for number, element in enumerate(self._elements):
            if self._parents[number] >= 0:
                np.minimum(steps[self._parents[number]] + 1, FAR, out=steps[number])
            for column in _marks(element):
                steps[number, column] = 0
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
    attributes = element.attrib
    if attributes:
        named = [
            value for key in ("class", "id", "role", "itemprop") if (value := attributes.get(key))
        ]
        if named:
            marks.extend(_named(" ".join(named)))
        style = attributes.get("style")
        if "hidden" in attributes or (style and _HIDDEN.search(style)):
            marks.append(len(NAMES) + _TAG_INDEX["hidden"])
    tag = _TAG_INDEX.get(element.tag)
    if tag is not None:
        marks.append(len(NAMES) + tag)
    return marks


# Class names repeat within a page and over a site's pages.
@lru_cache(maxsize=20_000)
def _named(names: str) -> tuple[int, ...]:
    return tuple({_NAME_INDEX[name] for name in _NAME.findall(names.lower())})
