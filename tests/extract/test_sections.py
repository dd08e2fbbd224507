"""Blocks to sections."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quality.document import Block, BlockKind, Section
from quality.extract import split_sections


def blocks(kinds: str) -> list[Block]:
    """Blocks of one character each: `h` a heading, anything else a paragraph."""
    return [
        Block(number, number + 1, BlockKind.HEADING if kind == "h" else BlockKind.PARAGRAPH)
        for number, kind in enumerate(kinds)
    ]


def test_a_section_begins_at_its_heading() -> None:
    """Text before the first heading is a section of its own."""
    assert split_sections(blocks("pphpphp"), "x" * 7) == (
        Section(0, 1),
        Section(2, 4),
        Section(5, 6),
    )


def test_a_heading_without_text_joins_the_next() -> None:
    """A title over a sub-heading makes no empty section."""
    assert split_sections(blocks("hhphp"), "x" * 5) == (Section(0, 2), Section(3, 4))


@given(st.text(alphabet="hp", max_size=40))
def test_sections_cover_all_blocks_without_overlap(kinds: str) -> None:
    """Each block is in exactly one section."""
    sections = split_sections(blocks(kinds), kinds)
    covered = [number for section in sections for number in range(section.first, section.last + 1)]
    assert covered == list(range(len(kinds)))
