"""Hard line breaks: found where a text is broken at a width, and nowhere else."""

from __future__ import annotations

import textwrap

import pytest

from quality.document import BlockKind, Markup, Page
from quality.extract import extract
from quality.extract.breaks import hard_breaks
from tests.chrome.pages import BODY, FOOTER, MENU

GERMAN = (
    "Der Hafenausschuss von Lindhaven hat am Dienstag beschlossen, die östliche Mole für die "
    "Dauer der Arbeiten zu sperren, nachdem Taucher im Winter Risse in vier der elf Pfeiler "
    "gefunden hatten. Die Fischerboote weichen so lange an den alten Kohlenkai aus.",
    "Die Fähre zu den Inseln legt bis zum Herbst zwanzig Minuten später ab, damit alle, die den "
    "längeren Weg nehmen müssen, sie noch erreichen. Zwei der neun Mitglieder stimmten dagegen "
    "und verwiesen auf eine Behelfsbrücke, die nach ihrer Rechnung ein Drittel gekostet hätte.",
    "Zuletzt war die Mole nach dem Sturm von 1998 ausgebessert worden, als ein Lastkahn, der sich "
    "losgerissen hatte, zweimal gegen sie schlug und einen Teil der Planken mitnahm.",
)


def broken(paragraphs, width=72, between="\n\n"):
    """The paragraphs with hard line breaks."""
    return between.join(textwrap.fill(paragraph, width) for paragraph in paragraphs)


def paragraphs_of(text):
    """The paragraphs that breaks make of a text's lines."""
    lines, gaps = [], []
    was_blank = True
    for line in text.split("\n"):
        if line:
            lines.append(line)
            gaps.append(was_blank)
        was_blank = not line
    found = [""]
    for line, goes_on in zip(lines, hard_breaks(lines, [*gaps, True]), strict=True):
        found[-1] = f"{found[-1]} {line}".strip()
        if not goes_on:
            found.append("")
    return found[:-1]


@pytest.mark.parametrize(
    ("body", "width"),
    [*((BODY, width) for width in (40, 64, 72, 80, 100)), (GERMAN, 40), (GERMAN, 72)],
)
def test_paragraphs_are_put_together_again(body, width):
    """At any usual width, also where the next line begins with a capital."""
    assert paragraphs_of(broken(body, width)) == list(body)


def test_blank_lines_are_not_needed():
    """The last line of a paragraph has room for the next word."""
    assert paragraphs_of(broken(BODY, between="\n")) == list(BODY)


def test_menus_beside_a_broken_text_stay_lines():
    """Short lines have room for the next word."""
    text = "\n".join([*MENU, broken(BODY), *FOOTER])
    assert paragraphs_of(text) == [*MENU, *BODY, *FOOTER]


@pytest.mark.parametrize(
    "lines",
    [
        BODY,
        [*MENU, *BODY, *FOOTER],
        # A list whose items begin small and have all lengths.
        [
            "organic cotton sun hats, made by a family in Porto",
            "linen",
            "advertised for children and for grown people (in other colours)",
            "hemp trousers with two pockets that hold a notebook each",
            "the sizing fits me, either way (I measured my head before ordering)",
            "wool",
        ],
    ],
)
def test_texts_of_one_line_a_paragraph_have_no_breaks(lines):
    """Nothing is put together where no width shows."""
    assert paragraphs_of("\n".join(lines)) == list(lines)


def test_what_has_a_mark_of_its_own_begins_a_paragraph():
    """Bullets, quotes and numbers, however full the line before is."""
    items = [f"- {BODY[0]}", f"- {BODY[1]}", f"2. {BODY[2]}", f"> {BODY[3]}"]
    assert paragraphs_of(broken(items, between="\n")) == items


def test_a_name_in_code_goes_on_and_a_fence_does_not():
    """A word in backticks is one of its sentence, wherever the line breaks."""
    named = " ".join(f"`{word}`" if len(word) > 6 else word for word in BODY[0].split())
    lines = broken([named], width=40).split("\n")
    assert any(line.startswith("`") for line in lines)
    assert paragraphs_of("\n".join(lines)) == [named]
    fenced = [*BODY[:2], "```"]
    assert paragraphs_of(broken(fenced, between="\n")) == fenced


@pytest.mark.parametrize("markup", [Markup.PLAIN, Markup.MARKDOWN])
def test_each_line_stays_a_block_and_has_the_kind_of_its_paragraph(markup):
    """A line in the middle of a paragraph is no heading, whatever it looks like."""
    text = "Eastern pier to close\n\n" + broken([BODY[0], f"- {BODY[1]}", *BODY[2:]])
    document = extract(Page("d", "d.txt", text, markup))
    lines = [line for line in text.split("\n") if line]
    assert list(document.block_texts()) == lines
    kinds = [block.kind for block in document.blocks]
    assert kinds[0] is BlockKind.HEADING
    assert set(kinds[1:]) == {BlockKind.PARAGRAPH, BlockKind.LIST_ITEM}
    assert kinds.count(BlockKind.LIST_ITEM) == len(textwrap.wrap(f"- {BODY[1]}", 72))
    assert not document.blocks[-1].goes_on
