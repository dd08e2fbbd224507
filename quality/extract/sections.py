"""Blocks to sections: what stands under one heading."""

from __future__ import annotations

from collections.abc import Sequence

from quality.document import Block, BlockKind, Section


def split_sections(blocks: Sequence[Block], text: str) -> tuple[Section, ...]:  # noqa: ARG001
    """Sections from heading to heading; together they cover all blocks.

    A heading with nothing under it belongs to the section of the heading that follows, so
    that a title over a first sub-heading makes no empty section.
    """
    starts = [0] if blocks else []
    for number, block in enumerate(blocks):
        after_heading = number > 0 and blocks[number - 1].kind is BlockKind.HEADING
        if number and block.kind is BlockKind.HEADING and not after_heading:
            starts.append(number)
    ends = [start - 1 for start in starts[1:]] + [len(blocks) - 1]
    return tuple(Section(first, last) for first, last in zip(starts, ends, strict=False))
