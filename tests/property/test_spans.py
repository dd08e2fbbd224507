"""Whatever text comes in, blocks are spans of it: inside, in order, apart, and nothing is lost."""

from __future__ import annotations

import itertools
import textwrap

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quality.analysis import analyze_page, analyzer_for
from quality.classify.labels import Label
from quality.document import BlockKind, Document, Markup, Page
from quality.errors import ExtractError
from quality.extract import extract
from quality.pipeline import Scorer
from quality.report import DocumentReport, PageFailure, clean_text
from quality.settings import Settings
from quality.state import State
from quality.unbroken import Unbroken

WORDS = st.sampled_from(
    [
        "The board",
        "voted 7-2",
        "on Monday.",
        "Home > News",
        "Leave a Comment",
        "市長は述べた。",
        "ראש העיר",
        "…",
        "–",
        "* ",
        "# ",
        "1. ",
        "> ",
        "```",
        "&amp;",
        "Conclusion",
        "http://a.example/b",
        "e\u0301te\u0301",
        "\u200b",
        "\xa0",
        "\u2028",
        "\x0b",
        "\ufeff",
        "👩\u200d👩\u200d👧",
        "🇫🇷",
    ]
)
LINES = st.lists(WORDS, max_size=8).map(" ".join)
PLAIN = st.lists(LINES | st.text(max_size=30), max_size=25).map("\n".join)
TAGS = st.sampled_from(
    ["p", "div", "li", "ul", "h2", "blockquote", "table", "td", "pre", "a", "b", "br"]
)


@st.composite
def html(draw: st.DrawFn) -> str:
    """Fragments whose tags need not match."""
    parts = draw(st.lists(st.tuples(TAGS, LINES, st.booleans()), max_size=25))
    body = "".join(f"<{tag}>{line}{f'</{tag}>' if ends else ''}" for tag, line, ends in parts)
    return f"<html><body><article>{body}</article></body></html>"


CHECKED = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def document_of(content: str, markup: Markup) -> Document | None:
    """The document, or None where extraction says that there is no text."""
    try:
        return extract(Page(id="x", path="x", content=content, markup=markup))
    except ExtractError:
        return None


def check(document: Document) -> None:
    """Blocks inside the text, in order, apart and not blank; sections cover them all."""
    end = 0
    for block in document.blocks:
        assert end <= block.start < block.end <= len(document.text)
        assert document.text[block.start : block.end].strip()
        end = block.end
    covered = [n for section in document.sections for n in range(section.first, section.last + 1)]
    assert covered == list(range(len(document.blocks)))


@CHECKED
@given(content=PLAIN, markup=st.sampled_from([Markup.PLAIN, Markup.MARKDOWN]))
def test_blocks_of_text_are_spans(content: str, markup: Markup) -> None:
    """Plain text and markdown."""
    document = document_of(content, markup)
    if document is not None:
        check(document)


@CHECKED
@given(content=html())
def test_blocks_of_html_are_spans(content: str) -> None:
    """However broken the nesting."""
    document = document_of(content, Markup.HTML)
    if document is not None:
        check(document)


@CHECKED
@given(lines=st.lists(LINES.filter(str.strip), min_size=1, max_size=20))
def test_every_line_of_plain_text_is_kept(lines: list[str]) -> None:
    """Each is a block, and each letter stays, in order."""
    document = document_of("\n".join(lines), Markup.PLAIN)
    if document is None:
        return
    kept = "".join(c for c in document.text if c.isalnum())
    assert kept == "".join(c for line in lines for c in line if c.isalnum())
    between = [document.text[: document.blocks[0].start]]
    for block, after in itertools.pairwise(document.blocks):
        between.append(document.text[block.end : after.start])
    assert not "".join(between).strip()


PROSE = st.sampled_from(
    ["harbour", "Maren", "the", "of", "repairs.", "café", "2031", "“pier”", "a"]
)


@st.composite
def broken(draw: st.DrawFn) -> str:
    """Paragraphs with hard line breaks among lines of other kinds."""
    width = draw(st.integers(36, 100))
    paragraphs = draw(st.lists(st.lists(PROSE, min_size=1, max_size=60), min_size=1, max_size=6))
    parts = [textwrap.fill(" ".join(words), width) for words in paragraphs]
    parts += draw(st.lists(LINES, max_size=4))
    return draw(st.sampled_from(["\n", "\n\n"])).join(draw(st.permutations(parts)))


@CHECKED
@given(content=broken(), markup=st.sampled_from([Markup.PLAIN, Markup.MARKDOWN]))
def test_broken_paragraphs_cover_their_lines(content: str, markup: Markup) -> None:
    """Each line is part of one paragraph, and no letter moves."""
    document = document_of(content, markup)
    if document is None:
        return
    view = Unbroken.of(document)
    check(view.whole)
    assert [n for own in view.lines for n in own] == list(range(len(document.blocks)))
    assert len(view.whole.text) == len(document.text)
    for own, block in zip(view.lines, view.whole.blocks, strict=True):
        lines = [document.block_text(n) for n in own]
        assert view.whole.text[block.start : block.end].split() == " ".join(lines).split()
        assert len({document.blocks[n].kind for n in own}) == 1


def report_of(content: str) -> DocumentReport | None:
    """The whole chain over one page."""
    page = Page(id="x", path="x", content=content, markup=Markup.PLAIN)
    analysis = analyze_page(page, Settings())
    if isinstance(analysis, PageFailure):
        return None
    with State.in_memory() as state:
        scorer = Scorer(analyzer_for(Settings()), state)
        scorer.add([analysis])
        return next(iter(scorer.judge([analysis])))


@settings(CHECKED, max_examples=25)
@given(content=PLAIN | broken())
def test_clean_text_drops_chrome_only(content: str) -> None:
    """The view holds every other block whole, in order; evidence lies within its block."""
    report = report_of(content)
    if report is None:
        return
    labels = [block.label for block in report.blocks]
    kept = [
        report.document.block_text(number)
        for number, label in enumerate(labels)
        if label is not Label.CHROME
    ]
    clean = clean_text(report.document, labels)
    assert clean.replace("\n", "") == "".join(kept).replace("\n", "")
    for block in report.blocks:
        span = block.block
        assert all(span.start <= e.start <= e.end <= span.end for e in block.evidence)
        scores = block.as_record()["scores"]
        assert scores is None or abs(sum(scores.values()) - 1) < 1e-6
        assert (block.label is Label.HEADING) <= (span.kind is BlockKind.HEADING)


@pytest.mark.parametrize("content", ["👩‍👩‍👧 a\n\U0001f1eb\U0001f1f7 b\n", "e\u0301\nx\n"])
def test_offsets_are_code_points(content: str) -> None:
    """Not bytes, not UTF-16 units, not graphemes."""
    document = document_of(content * 5, Markup.PLAIN)
    assert document is not None
    assert [document.block_text(n) for n in range(2)] == content.splitlines()
