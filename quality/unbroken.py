"""Hard line breaks undone: paragraphs as one block each to judge, and back to their lines.

A plain text's blocks are its lines, as promised. Where a paragraph was broken into several, a
line says little by itself: rules match whole notices, and headings, labels and the line model
go by sentences. So what judges lines sees the document whole, and each line gets what is said
of its paragraph. Text and offsets are the same in both.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

from quality.document import Block, Document, Evidence, Section

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unbroken:
    """A document with its paragraphs whole.

    `lines[n]` are the numbers of the `blocks` that its block n was.
    """

    whole: Document
    lines: tuple[range, ...]
    blocks: tuple[Block, ...]
    is_same: bool
    """Whether nothing was broken: `whole` is the document itself."""

    @classmethod
    def of(cls, document: Document) -> Unbroken:
        """The document with the line breaks inside its paragraphs as blanks."""
        blocks = document.blocks
        if not any(block.goes_on for block in blocks):
            lines = tuple(range(n, n + 1) for n in range(len(blocks)))
            return cls(document, lines, blocks, is_same=True)
        last = len(blocks) - 1
        ends = [n + 1 for n, block in enumerate(blocks) if n == last or not block.goes_on]
        lines = tuple(range(start, end) for start, end in zip([0, *ends], ends, strict=False))
        place = {number: whole for whole, own in enumerate(lines) for number in own}
        text = list(document.text)
        for block, following in pairwise(blocks):
            if block.goes_on:
                text[block.end : following.start] = " " * (following.start - block.end)
        whole = replace(
            document,
            text="".join(text),
            blocks=tuple(_join(blocks[own.start], blocks[own[-1]]) for own in lines),
            sections=tuple(
                Section(place[section.first], place[section.last]) for section in document.sections
            ),
        )
        return cls(whole, lines, blocks, is_same=False)

    def spans(self, whole: int) -> list[tuple[int, tuple[int, int]]]:
        """Number and span of each line of a paragraph."""
        return [(n, (self.blocks[n].start, self.blocks[n].end)) for n in self.lines[whole]]

    def first(self, values: Sequence[T]) -> list[T]:
        """What the first line of each paragraph has."""
        return [values[own.start] for own in self.lines]

    def whole_blocks(self, numbers: Collection[int]) -> Collection[int]:
        """The paragraphs of lines."""
        if self.is_same:
            return numbers
        return frozenset(n for n, own in enumerate(self.lines) if own.start in numbers)


def evidence_within(evidence: Sequence[Evidence], start: int, end: int) -> tuple[Evidence, ...]:
    """What of the evidence stands in a line, cut to it."""
    return tuple(
        replace(item, start=max(item.start, start), end=min(item.end, end))
        for item in evidence
        if item.start < end and item.end > start
    )


def _join(first: Block, last: Block) -> Block:
    return Block(first.start, last.end, first.kind, first.level)
