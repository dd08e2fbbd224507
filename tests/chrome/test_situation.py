"""Full pages are told from text, by form and by what the rules name."""

from __future__ import annotations

import textwrap

import pytest

from quality.chrome.rules import RuleSet
from quality.chrome.situation import MIN_LINES, in_situation, is_full_page
from quality.document import Document, Markup, Page
from quality.extract import extract
from quality.unbroken import Unbroken
from tests.chrome import pages

GERMAN_MENU = ("Zum Inhalt springen", "Startseite", "Verein", "Mannschaften", "Termine", "Suche")
GERMAN_TEXT = (
    "Der Verein hat am Sonntag das dritte Spiel in Folge gewonnen, obwohl zwei Stürmer fehlten.",
    "Nach der Pause lag der Ball dreimal im Netz, einmal davon nach einem Eckstoß von links.",
    "Aufstellung",
    "Im Tor stand wie immer Jochen Harms, der kurz vor Schluss noch einen Strafstoß hielt.",
)
GERMAN_FOOTER = ("Teilen", "Vorheriger Beitrag", "Impressum", "Datenschutz", "Kontakt")


def read(text: str, markup: Markup = Markup.PLAIN) -> Document:
    """What the chain makes of a file, up to the situation."""
    document = extract(Page("d", "d.txt", text, markup))
    whole = Unbroken.of(document).whole
    lines = list(whole.block_texts())
    rules = RuleSet.load()
    return in_situation(document, lines, [rules.match(line, whole.language) for line in lines])


def test_a_full_page_is_dense_and_an_article_is_not() -> None:
    """Menus above and a footer below make the difference."""
    assert read("\n".join(pages.PAGE)).dense
    assert not read("\n".join(pages.BODY * 3)).dense


def test_the_page_of_an_extractor_is_not_full() -> None:
    """A byline and a call to share are left in it as well."""
    left = ["Eastern pier to close", "By Ada Lindholm", *pages.BODY * 2, "Share this article"]
    assert not read("\n".join(left)).dense


@pytest.mark.parametrize("over", [(), ("Ein Abend am Hafen, der alles veränderte, und was ...",)])
def test_a_short_page_is_full_in_any_language_and_under_any_title(over: tuple[str, ...]) -> None:
    """Legal links stand under it, and the title of its window is no prose."""
    assert read("\n".join([*over, *GERMAN_MENU, *GERMAN_TEXT, *GERMAN_FOOTER])).dense
    assert not read("\n".join([*over, *GERMAN_MENU[1:2], *GERMAN_TEXT * 2])).dense


def test_hard_line_breaks_change_nothing() -> None:
    """The situation goes by paragraphs, not by lines."""
    body = "\n".join("\n" + textwrap.fill(one, 72) for one in pages.BODY)
    assert not read(body * 3).dense
    assert read("\n".join([*pages.MENU * 2, body, "", *pages.FOOTER * 2])).dense


def test_what_the_rules_name_tells_a_page_that_form_leaves_open() -> None:
    """Of the same lines, those that rules know to be furniture of many kinds are a page's."""
    rules = RuleSet.load()
    lines = [*pages.MENU[:4], *pages.BODY, *pages.FOOTER[:8]]
    hits = [rules.match(line, "en") for line in lines]
    assert is_full_page(lines, hits)
    assert not is_full_page(lines, [None] * len(lines))


def test_markup_has_told_text_and_furniture_apart() -> None:
    """What an extractor took from HTML is not asked for its situation, nor is a short text."""
    document = Document("d", "d.html", "", ())
    rules = RuleSet.load()
    hits = [rules.match(line, "en") for line in pages.PAGE]
    assert not in_situation(document, pages.PAGE, hits).dense
    few = slice(-MIN_LINES + 1, None)
    assert is_full_page(pages.PAGE, hits)
    assert not is_full_page(pages.PAGE[few], hits[few])


def test_markdown_is_plain_text_too() -> None:
    """Converters keep menus as lists."""
    menu = [f"- {line}" for line in pages.MENU]
    text = "\n\n".join(["\n".join(menu), *pages.BODY, *pages.FOOTER])
    assert read(text, Markup.MARKDOWN).dense
