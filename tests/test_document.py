"""Headings stack by rank, and by form where there is none."""

from __future__ import annotations

from collections.abc import Collection

from quality.document import Block, BlockKind, Document


def stacks(*lines: tuple[str, int | None], skip: Collection[int] = ()) -> list[tuple[str, ...]]:
    """Heading stacks of lines given as text and heading level (None: a paragraph)."""
    blocks, start = [], 0
    for text, level in lines:
        kind = BlockKind.PARAGRAPH if level is None else BlockKind.HEADING
        blocks.append(Block(start, start + len(text), kind, level or 0))
        start += len(text) + 1
    document = Document("id", "a.txt", "\n".join(text for text, _ in lines), tuple(blocks))
    return list(document.heading_stacks(skip))


def test_ranked_headings_close_their_rank_and_below() -> None:
    """A second h2 ends the first with its h3."""
    found = stacks(("A", 1), ("B", 2), ("C", 3), ("text", None), ("D", 2), ("text", None))
    assert found[3] == ("A", "B", "C")
    assert found[5] == ("A", "D")


def test_colon_headings_stand_under_plain_ones() -> None:
    """In plain text "Steps:" below "How-To" is its part; the next plain heading closes both."""
    found = stacks(("How-To", 0), ("1. Steps:", 0), ("text", None), ("Outlook", 0), ("text", None))
    assert found[2] == ("How-To", "1. Steps:")
    assert found[4] == ("Outlook",)


def test_chrome_heads_nothing() -> None:
    """An advertisement's mark closes no section and is no heading of what follows."""
    lines = (("A", 2), ("ADVERTISEMENT", 2), ("text", None))
    assert stacks(*lines)[2] == ("ADVERTISEMENT",)
    assert stacks(*lines, skip={1})[2] == ("A",)
