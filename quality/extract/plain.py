"""Plain text and Markdown to blocks: each line that is not blank is one, kept as it stands.

Where hard line breaks cut a paragraph into several lines, these are of one kind.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from quality.document import Block, BlockKind
from quality.extract.breaks import hard_breaks
from quality.extract.headings import find_headings

# All that str.splitlines takes for a line end, except a plain "\n" split that keeps offsets.
_LINE = re.compile("[^\n\v\f\x1c\x1d\x1e\x85\u2028\u2029]+")
_BULLET = re.compile(r"(?:[•‣◦▪●○■□∙·*+–—-]|\d{1,3}[.)]|\(?[a-zA-Z\d]\)|[ivx]{1,4}\))[\s\u00a0]+\S")
_QUOTE = re.compile(r">\s?")
_ATX = re.compile(r"(#{1,6})\s+\S")
_SETEXT = re.compile(r"(=+|-{2,})\s*")
_FENCE = re.compile(r"(`{3,}|~{3,})")
_RULE = re.compile(r"([-*_])(?:\s*\1){2,}\s*")
_TABLE_ROW = re.compile(r"\|.*\|")


def plain_blocks(text: str) -> tuple[Block, ...]:
    """The blocks of plain text."""
    return tuple(
        Block(*line.span, _plain_kind(line.whole, is_heading=line.is_heading), 0, line.goes_on)
        for line in _read_lines(text)
    )


def markdown_blocks(text: str) -> tuple[Block, ...]:
    """The blocks of Markdown: marks make the kinds, lines without marks are read as plain text.

    Fenced code is one block without its fences; rules and setext underlines are no blocks.
    """
    lines = _read_lines(text)
    blocks: list[Block] = []
    fence: str | None = None
    code: tuple[int, int] | None = None
    for number, line in enumerate(lines):
        start, end = line.span
        match = _FENCE.match(line.text)
        if fence is not None:
            if match and line.text.startswith(fence) and not line.text.strip("`~ "):
                blocks.extend(_code(code))
                fence = code = None
            else:
                code = (code[0] if code else start, end)
        elif match:
            fence = match.group(1)
        elif _SETEXT.fullmatch(line.text) and _is_underline(number, lines, blocks):
            last = blocks.pop()
            blocks.append(
                Block(last.start, last.end, BlockKind.HEADING, 1 if "=" in line.text else 2)
            )
        elif not _RULE.fullmatch(line.text):
            kind, level = _markdown_kind(line.whole, is_heading=line.is_heading)
            blocks.append(Block(start, end, kind, level, line.goes_on))
    blocks.extend(_code(code))
    return tuple(blocks)


class _Line(NamedTuple):
    """A line that is not blank, and the paragraph that it is part of."""

    span: tuple[int, int]
    text: str
    has_gap: bool
    """Whether a blank line stands before it."""
    whole: str
    """Its paragraph's text, hard line breaks undone."""
    is_heading: bool
    goes_on: bool
    """Whether the next line is part of the same paragraph."""


def _read_lines(text: str) -> list[_Line]:
    spans = _line_spans(text)
    gaps = _gaps(text, spans)
    lines = [text[start:end] for start, end in spans]
    breaks = hard_breaks(lines, gaps)
    firsts = [number for number in range(len(lines)) if not number or not breaks[number - 1]]
    ends = [*firsts[1:], len(lines)]
    wholes = [" ".join(lines[first:end]) for first, end in zip(firsts, ends, strict=False)]
    headings = find_headings(wholes, [*(gaps[first] for first in firsts), True])
    found: list[_Line] = []
    for whole, is_heading, first, end in zip(wholes, headings, firsts, ends, strict=False):
        found += [
            _Line(spans[n], lines[n], gaps[n], whole, is_heading, breaks[n])
            for n in range(first, end)
        ]
    return found


def _line_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each line that is not blank, outer white space left out."""
    spans = []
    for match in _LINE.finditer(text):
        line = match.group()
        stripped = line.strip()
        if stripped:
            start = match.start() + len(line) - len(line.lstrip())
            spans.append((start, start + len(stripped)))
    return spans


def _gaps(text: str, spans: Sequence[tuple[int, int]]) -> list[bool]:
    """Whether a blank line stands before each line, and one entry more for the end."""
    gaps = [True]
    for (_, end), (start, _) in pairwise(spans):
        gaps.append(text.count("\n", end, start) > 1)
    return [*gaps, True]


def _plain_kind(line: str, *, is_heading: bool) -> BlockKind:
    if _QUOTE.match(line) and len(line) > 2:
        return BlockKind.QUOTE
    if line.count("\t") >= 2 or (_TABLE_ROW.fullmatch(line) and line.count("|") > 2):
        return BlockKind.TABLE
    if is_heading:
        return BlockKind.HEADING
    if _BULLET.match(line):
        return BlockKind.LIST_ITEM
    return BlockKind.PARAGRAPH


def _markdown_kind(line: str, *, is_heading: bool) -> tuple[BlockKind, int]:
    if match := _ATX.match(line):
        return BlockKind.HEADING, len(match.group(1))
    if _TABLE_ROW.fullmatch(line):
        return BlockKind.TABLE, 0
    return _plain_kind(line, is_heading=is_heading), 0


def _is_underline(number: int, lines: Sequence[_Line], blocks: Sequence[Block]) -> bool:
    if not number or lines[number].has_gap:
        return False
    if not blocks or blocks[-1].end != lines[number - 1].span[1]:
        return False
    return blocks[-1].kind in (BlockKind.PARAGRAPH, BlockKind.HEADING)


def _code(span: tuple[int, int] | None) -> list[Block]:
    return [] if span is None else [Block(span[0], span[1], BlockKind.CODE)]
