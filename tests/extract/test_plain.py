"""Plain text and Markdown to blocks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.document import BlockKind, Markup, Page
from quality.errors import ExtractError
from quality.extract import extract
from quality.extract.plain import markdown_blocks, plain_blocks

PROSE = (
    "The council met on Monday and agreed to repair the harbour wall before the winter storms, "
    "which last year took eleven metres of it."
)


def kinds(text: str) -> list[str]:
    """The kinds of a plain text's blocks."""
    return [block.kind.value for block in plain_blocks(text)]


def page(text: str, markup: Markup = Markup.PLAIN) -> Page:
    """A page of this text."""
    return Page("id", "inbox/a.txt", text, markup)


@given(st.text(alphabet="aB .\n\t\u00a0\u2028-#1:>|`é漢", max_size=300))
def test_every_line_that_is_not_blank_is_a_block(text: str) -> None:
    """Blocks are the stripped lines, in order, nothing lost and nothing altered."""
    blocks = plain_blocks(text)
    assert [text[block.start : block.end] for block in blocks] == [
        line.strip() for line in text.splitlines() if line.strip()
    ]


@pytest.mark.parametrize("number", ["§ 6", "§12a", "3.", "IV.", "Step 2:"])
def test_numbered_titles_are_headings(number: str) -> None:
    """Whatever a house counts its sections with, laws included."""
    assert kinds(f"{PROSE}\n{number} Duties of the town\n{PROSE}") == [
        "paragraph",
        "heading",
        "paragraph",
    ]


def test_a_bare_section_mark_heads_its_text() -> None:
    """As laws have it; a number alone is none, nor a mark with nothing below."""
    assert kinds(f"{PROSE}\n§ 5\n{PROSE}") == ["paragraph", "heading", "paragraph"]
    assert kinds(f"{PROSE}\n5\n{PROSE}\n§ 6") == ["paragraph"] * 4


@given(st.text(alphabet="aB .\n-#=1:>|`~*", max_size=300))
def test_markdown_spans_are_inside_the_text_and_do_not_overlap(text: str) -> None:
    """Whatever marks stand where."""
    position = 0
    for block in markdown_blocks(text):
        assert position <= block.start < block.end <= len(text)
        position = block.end


def test_text_is_kept_but_for_line_ends() -> None:
    """Non-breaking spaces and inner blanks stay; only the kind of line end changes."""
    document = extract(page("One\u00a0 two.\r\n\r\nThree.\rFour."))
    assert document.text == "One\u00a0 two.\n\nThree.\nFour."
    assert list(document.block_texts()) == ["One\u00a0 two.", "Three.", "Four."]


def test_white_space_alone_is_an_error() -> None:
    """A page without a block is a failure with its reason."""
    with pytest.raises(ExtractError, match="only white space"):
        extract(page(" \n\t\n"))


@pytest.mark.parametrize(
    "line",
    [
        "- Bring gloves.",
        "• Bring gloves.",
        "* Bring gloves.",
        "– Storage: keep the rope dry.",
        "1. Bring gloves and a rope that will not stretch when it is wet.",
        "2) Bring gloves.",
    ],
)
def test_list_marks_make_list_items(line: str) -> None:
    """Bullets and numbers of all kinds."""
    assert kinds(f"{PROSE}\n{line}\n{line}\n{PROSE}")[1:3] == ["list_item", "list_item"]


@pytest.mark.parametrize(
    "heading",
    [
        "What the Council Decided",
        "Introduction",
        "1. A Wall for the Winter:",
        "Repair Costs and Delays:",
        "How long will it take?",
        "The Harbour Wall: A Hundred Years of Trouble",
    ],
)
def test_headings_are_known_by_form_and_place(heading: str) -> None:
    """A short titled line over prose is a heading."""
    assert kinds(f"{PROSE}\n{heading}\n{PROSE}") == ["paragraph", "heading", "paragraph"]


@pytest.mark.parametrize(
    "line",
    [
        "Nobody was hurt.",
        "Home » News » Harbour",
        '"*" indicates required fields',
        "Some said the wall would never be finished, others that it would,",
        "and then it rained",
        "Storage: Keep the rope in a dry place and turn it twice a year.",
    ],
)
def test_sentences_and_furniture_are_no_headings(line: str) -> None:
    """What reads as a sentence is none, however short."""
    assert kinds(f"{PROSE}\n{line}\n{PROSE}")[1] == "paragraph"


def test_a_heading_may_stand_over_another() -> None:
    """Title over sub-title over text: both are headings."""
    text = f"{PROSE}\nReal-World Use Cases\n1. Ropes and Anchors:\n{PROSE}"
    assert kinds(text)[1:3] == ["heading", "heading"]


def test_quotes_and_tables_keep_their_kind() -> None:
    """Quote marks and columns."""
    assert kinds(f"> {PROSE}\nRope\t12\t3.50\n{PROSE}") == ["quote", "table", "paragraph"]


def test_markdown_marks_make_kinds_and_levels() -> None:
    """Headings of both styles, fenced code as one block, rules as none."""
    text = f"""# Walls

Old walls
---------
{PROSE}

```
def wall():

    return 1
```
***
> Quoted.
| a | b |
"""
    blocks = markdown_blocks(text)
    assert [(block.kind, block.level) for block in blocks] == [
        (BlockKind.HEADING, 1),
        (BlockKind.HEADING, 2),
        (BlockKind.PARAGRAPH, 0),
        (BlockKind.CODE, 0),
        (BlockKind.QUOTE, 0),
        (BlockKind.TABLE, 0),
    ]
    assert text[blocks[3].start : blocks[3].end] == "def wall():\n\n    return 1"


def test_an_open_fence_runs_to_the_end() -> None:
    """A cut-off listing is still code."""
    assert [block.kind for block in markdown_blocks("```\nx = 1\ny = 2")] == [BlockKind.CODE]


@pytest.mark.parametrize(
    ("last", "is_cut"),
    [
        ("The chest will be opened on Friday in front of a", True),
        ("The chest, which weighs ninety kilos, will be opened on Friday in the presence of", True),
        ("The chest will be opened on Friday.", False),
        ("Photo by Ada Lindholm", False),
        ("The chest will be opened […]", True),
    ],
)
def test_a_text_that_breaks_off_is_flagged(last: str, is_cut: bool) -> None:  # noqa: FBT001
    """A last line without its end, but not a caption."""
    document = extract(page(f"{PROSE} {PROSE}\n{last}"))
    assert ("truncated" in document.flags) is is_cut
