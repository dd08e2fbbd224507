"""Headings of content farms count for their sections only where there are several."""

from __future__ import annotations

from collections.abc import Collection

from quality.document import Markup, Page
from quality.extract import extract
from quality.neardup.stock import advice_forms

HEADS = ("Real-World Use Cases", "Pros and Cons", "Actionable Recommendations")
BODY = "The orchard kept its old wall and the two brothers kept their quarrel about the wall."


def forms_under(heads: tuple[str, ...], skip: Collection[int] = ()) -> list[float]:
    """The forms of the paragraphs under `heads`, one each; `skip` are chrome blocks."""
    text = "\n".join(f"# {head}\n\n{BODY}\n" for head in heads)
    document = extract(Page("id", "a.md", text, Markup.MARKDOWN))
    return advice_forms(document, skip=skip)[1::2]


def test_several_stock_headings_speak_for_their_sections() -> None:
    """Three families in one document are the form of template advice."""
    assert forms_under(HEADS) == [1.0, 1.0, 1.0]


def test_one_stock_heading_says_nothing() -> None:
    """Honest pages have one or two."""
    assert forms_under((HEADS[0], "The wall in winter", "What the brothers said")) == [0.0] * 3


def test_other_sections_of_such_a_document_are_left_alone() -> None:
    """A heading of its own is judged by its text."""
    assert forms_under((*HEADS, "The wall in winter"))[-1] == 0.0


def test_the_title_is_no_section_of_advice() -> None:
    """What stands above all of the text says nothing about the opening paragraphs."""
    assert forms_under(("Mill Lane and the Future of Your Orchard", *HEADS)) == [0.0, 1.0, 1.0, 1.0]


def test_chrome_is_no_heading_of_advice() -> None:
    """A related link among three stock headings leaves two, which say nothing."""
    assert forms_under(HEADS, skip={2}) == [0.0] * 3
