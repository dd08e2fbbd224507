"""trafilatura's result tree to parts: kinds and order kept, inline tags dissolved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from quality.document import BlockKind
from quality.extract.parts import Part

_INLINE = frozenset({"hi", "ref", "del", "graphic", "a", "span", "b", "i", "strong", "em"})
_BLOCK_KINDS = {
    "head": BlockKind.HEADING,
    "item": BlockKind.LIST_ITEM,
    "quote": BlockKind.QUOTE,
}
_SENTENCE_END = re.compile(r"""[.!?:;…。！？]["'”’»)\]]*$""")
# A paragraph all in bold this short is a heading in the author's mind: the most frequent way
# of making one where the editor has no heading button.
MAX_BOLD_HEADING_CHARS = 120


def parts_of(body: Any) -> list[Part]:
    """The blocks of a trafilatura body, in reading order; none where there is no body."""
    if body is None:
        return []
    collector = _Collector()
    collector.walk(body, BlockKind.PARAGRAPH, 0)
    collector.flush()
    return collector.parts


class _Collector:
    """Gathers inline text until a block begins or ends."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self._inline: list[str] = []
        self._kind = BlockKind.PARAGRAPH
        self._level = 0

    def walk(self, element: Any, kind: BlockKind, level: int) -> None:
        """Take in an element's text, children and their tails, as blocks of `kind`."""
        self._begin(kind, level)
        self._add(element.text)
        for child in element:
            tag = child.tag if isinstance(child.tag, str) else ""
            if tag == "lb":
                self._inline.append("\n")
            elif tag in _INLINE or (tag == "code" and _is_inline_code(child)):
                self._add_inline(child)
            elif tag == "code":
                self._add_code(child)
            elif tag == "row":
                self._add_row(child, kind)
            elif tag:
                self._add_block(child, tag, kind)
                self._begin(kind, level)
            self._add(child.tail)

    def flush(self) -> None:
        """End the current block."""
        lines = _lines("".join(self._inline))
        self._inline.clear()
        self.parts.extend(Part(line, self._kind, self._level) for line in lines)

    def _begin(self, kind: BlockKind, level: int) -> None:
        self.flush()
        self._kind, self._level = kind, level

    def _add(self, text: str | None) -> None:
        if text:
            self._inline.append(_SPACE.sub(" ", text))

    def _add_inline(self, element: Any) -> None:
        text = "".join(_inline_text(element))
        before = self._inline[-1] if self._inline else ""
        tail = element.tail or ""
        self._inline.append(text)
        # trafilatura trims the space after an inline tag that it lifted out of its parent
        is_lifted = element.tag == "hi" and not (element.get("rend") or "").startswith("#su")
        if is_lifted and len(text) > 1 and not before.strip() and _is_glued(text, tail):
            self._inline.append(" ")

    def _add_block(self, element: Any, tag: str, kind: BlockKind) -> None:
        level = 0
        if tag == "p" and kind is BlockKind.PARAGRAPH and is_bold_heading(element):
            kind = BlockKind.HEADING
        elif tag in _BLOCK_KINDS:
            kind = _BLOCK_KINDS[tag]
            level = _level(element) if tag == "head" else 0
        self.walk(element, kind, level)
        self.flush()

    def _add_code(self, element: Any) -> None:
        self.flush()
        text = "".join(element.itertext()).strip("\n").rstrip()
        if text.strip():
            self.parts.append(Part(text, BlockKind.CODE))

    def _add_row(self, row: Any, kind: BlockKind) -> None:
        """One block a row: rows are read one by one, and a layout table mixes text and chrome."""
        cells = [cell for cell in row if isinstance(cell.tag, str)]
        texts = [" ".join("".join(_inline_text(cell)).split()) for cell in cells]
        filled = [text for text in texts if text]
        if len(filled) > 1 and all(_is_simple(cell) for cell in cells):
            self.flush()
            self.parts.append(Part(" | ".join(filled), BlockKind.TABLE))
            return
        for cell in cells:
            self.walk(cell, kind, 0)
            self.flush()


def is_bold_heading(element: Any) -> bool:
    """Whether a paragraph is nothing but bold text, short and without a sentence's end."""
    if (element.text or "").strip() or not len(element):
        return False
    for child in element:
        if child.tag not in ("hi", "lb") or (child.tail or "").strip():
            return False
        if child.tag == "hi" and child.get("rend") != "#b":
            return False
    text = " ".join("".join(element.itertext()).split())
    return 0 < len(text) <= MAX_BOLD_HEADING_CHARS and text[-1] not in ".,;"


_SPACE = re.compile(r"\s+")


def _inline_text(element: Any) -> Iterator[str]:
    if element.text:
        yield _SPACE.sub(" ", element.text)
    for child in element:
        if child.tag in ("lb", "p", "list", "item", "row", "cell"):
            yield "\n" if child.tag == "lb" else " "
        yield from _inline_text(child)
        if child.tail:
            yield _SPACE.sub(" ", child.tail)


def _lines(text: str) -> list[str]:
    """The lines of a block; a line break inside a sentence is a space."""
    lines: list[str] = []
    for raw in text.split("\n"):
        line = " ".join(raw.split())
        if not line:
            continue
        if lines and line[0].islower() and not _SENTENCE_END.search(lines[-1]):
            lines[-1] += " " + line
        else:
            lines.append(line)
    return lines


def _is_glued(text: str, tail: str) -> bool:
    return tail[:1].isalnum() and (text[-1:].isalnum() or text[-1:] in "%:.!?)")


def _level(element: Any) -> int:
    rank = (element.get("rend") or "")[-1:]
    return int(rank) if rank in tuple("123456") else 0


def _is_inline_code(element: Any) -> bool:
    parent = element.getparent()
    text = "".join(element.itertext())
    is_block = parent is None or parent.tag in ("body", "code", "div", "cell")
    return not is_block and "\n" not in text.strip()


def _is_simple(cell: Any) -> bool:
    blocks = sum(1 for child in cell.iter("p", "list", "table", "head", "quote"))
    return blocks <= 1 and cell.find(".//list") is None and cell.find(".//table") is None
