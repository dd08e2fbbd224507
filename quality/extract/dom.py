"""A page's visible text as candidates: one for each block a reader would see.

The walk keeps what the choice between text and furniture needs later: the element, and how
much of the text is links or bold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from quality.document import BlockKind

# Never shown as text, or parts of a control.
_SKIPPED = frozenset(
    (
        *("applet", "audio", "canvas", "datalist", "dialog", "embed", "frame", "frameset", "head"),
        *("iframe", "input", "link", "map", "math", "meta", "meter", "noframes"),
        *("object", "optgroup", "option", "progress", "script", "select", "style", "svg"),
        *("template", "textarea", "title", "video"),
    )
)
_INLINE = frozenset(
    (
        *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "button", "cite", "code", "data"),
        *("del", "dfn", "em", "font", "i", "img", "ins", "kbd", "label", "mark", "nobr"),
        *("output", "picture", "q", "rp", "rt", "ruby", "s", "samp", "small", "source", "span"),
        *("strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "amp-img"),
    )
)
_NEVER_OPEN = _SKIPPED | {"br", "hr", "pre"}
_LEVELS = {f"h{level}": level for level in range(1, 7)}
_SENTENCE_END = ".!?:;…。！？"
# A row with a longer cell is a page layout, not a table.
MAX_CELL_CHARS = 300
# A bold line this short is a heading in the author's mind, where the editor has no button.
MAX_BOLD_HEADING_CHARS = 120


@dataclass(slots=True)
class Candidate:
    """A block of visible text, and the element it stands in."""

    text: str
    element: Any
    link_chars: int
    bold_chars: int
    kind: BlockKind = BlockKind.PARAGRAPH
    level: int = 0


def candidates(tree: Any) -> list[Candidate]:
    """The blocks of visible text of a parsed page, in document order."""
    body = tree.find(".//body")
    walk = _Walk(tree if body is None else body)
    walk.run()
    return walk.found


class _Walk:
    """Goes through the tree once and cuts the text into blocks."""

    def __init__(self, root: Any) -> None:
        self.found: list[Candidate] = []
        self._root = root
        # Pieces of the current block: text, whether in a link, whether bold.
        self._pieces: list[tuple[str, bool, bool]] = []
        self._blocks: list[Any] = [root]
        self._rows: list[int] = []
        self._links = self._bold = self._quotes = 0

    def run(self) -> None:
        from lxml import etree

        walk = etree.iterwalk(self._root, events=("start", "end", "comment", "pi"))
        for event, element in walk:
            tag = element.tag
            if event == "end":
                self._end(element, tag)
            elif event != "start":
                self._add(element.tail)
            elif tag in _SKIPPED or tag == "pre":
                walk.skip_subtree()
                self._skip(element, tag)
            else:
                self._open(element, tag)
        self._flush()

    def _skip(self, element: Any, tag: str) -> None:
        if tag == "math":
            self._add(element.get("alttext"))
        elif tag == "pre":
            self._flush()
            self._add_code(element)

    def _open(self, element: Any, tag: str) -> None:
        if tag in ("br", "hr"):
            self._pieces.append(("\n", False, False))
        elif tag not in _INLINE:
            self._flush()
            self._blocks.append(element)
            if tag == "tr":
                self._rows.append(len(self.found))
            elif tag == "blockquote":
                self._quotes += 1
        self._links += tag in ("a", "button")
        self._bold += tag in ("b", "strong")
        self._add(element.text)

    def _end(self, element: Any, tag: str) -> None:
        if tag not in _NEVER_OPEN:
            self._links -= tag in ("a", "button")
            self._bold -= tag in ("b", "strong")
            if tag not in _INLINE:
                self._flush()
                self._blocks.pop()
                if tag == "tr":
                    self._join_row(element, self._rows.pop())
                elif tag == "blockquote":
                    self._quotes -= 1
        if element is not self._root:
            self._add(element.tail)

    def _add(self, text: str | None) -> None:
        if text:
            self._pieces.append((text.replace("\n", " "), self._links > 0, self._bold > 0))

    def _add_code(self, element: Any) -> None:
        text = element.text_content().strip("\n").rstrip()
        if text.strip():
            self.found.append(Candidate(text, element, 0, 0, BlockKind.CODE))

    def _flush(self) -> None:
        if not self._pieces:
            return
        element = self._blocks[-1]
        for text, link_chars, bold_chars in _lines(self._pieces):
            found = Candidate(text, element, min(link_chars, len(text)), min(bold_chars, len(text)))
            found.kind, found.level = _kind(found, self.found, is_quoted=self._quotes > 0)
            self.found.append(found)
        self._pieces.clear()

    def _join_row(self, row: Any, first: int) -> None:
        """One block for a table row whose cells are a line each; a layout's cells stay apart."""
        cells = self.found[first:]
        elements = {id(cell.element) for cell in cells}
        if len(cells) < 2 or len(elements) < len(cells):
            return
        if any(c.element.tag not in ("td", "th") or len(c.text) > MAX_CELL_CHARS for c in cells):
            return
        self.found[first:] = [
            Candidate(
                " | ".join(cell.text for cell in cells),
                row,
                sum(cell.link_chars for cell in cells),
                sum(cell.bold_chars for cell in cells),
                BlockKind.TABLE,
            )
        ]


def _lines(pieces: Sequence[tuple[str, bool, bool]]) -> list[list[Any]]:
    """Text, link and bold characters of each line; a break inside a sentence is a space."""
    if len(pieces) == 1:
        text, is_link, is_bold = pieces[0]
        length = len(text.strip())
        return [[" ".join(text.split()), length * is_link, length * is_bold]] if length else []
    raw: list[list[Any]] = [["", 0, 0]]
    for text, is_link, is_bold in pieces:
        if text == "\n":
            raw.append(["", 0, 0])
            continue
        line = raw[-1]
        line[0] += text
        if is_link or is_bold:
            length = len(text.strip())
            line[1] += length * is_link
            line[2] += length * is_bold
    lines: list[list[Any]] = []
    for text, link_chars, bold_chars in raw:
        text = " ".join(text.split())
        if not text:
            continue
        if lines and text[0].islower() and lines[-1][0][-1] not in _SENTENCE_END:
            lines[-1][0] += " " + text
            lines[-1][1] += link_chars
            lines[-1][2] += bold_chars
        else:
            lines.append([text, link_chars, bold_chars])
    return lines


def _kind(
    found: Candidate, before: Sequence[Candidate], *, is_quoted: bool
) -> tuple[BlockKind, int]:
    element = found.element
    tag = element.tag
    if tag in _LEVELS:
        return BlockKind.HEADING, _LEVELS[tag]
    if tag in ("summary", "legend"):
        return BlockKind.HEADING, 0
    is_list = tag in ("li", "dt", "dd")
    if tag in ("p", "div", "center", "section", "td", "th", "figure", "article", "header"):
        parent = element.getparent()
        if parent is not None and parent.tag in _LEVELS:
            return BlockKind.HEADING, _LEVELS[parent.tag]
        if parent is not None and parent.tag in ("li", "dd") and element is parent[0]:
            is_list = not before or before[-1].element is not element
    if is_list:
        return BlockKind.LIST_ITEM, 0
    if is_quoted:
        return BlockKind.QUOTE, 0
    if tag in ("p", "div", "center", "section", "article") and _is_bold_heading(found):
        return BlockKind.HEADING, 0
    return BlockKind.PARAGRAPH, 0


def _is_bold_heading(found: Candidate) -> bool:
    """Whether a line is nothing but bold text, short and without a sentence's end."""
    text = found.text
    return (
        found.bold_chars >= len(text) - 1
        and len(text) <= MAX_BOLD_HEADING_CHARS
        and text[-1] not in ".,;"
    )
