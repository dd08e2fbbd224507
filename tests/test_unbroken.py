"""Paragraphs with hard line breaks are judged whole, and each line is told so."""

from __future__ import annotations

import textwrap

import pytest

from quality.analysis import Analyzer, analyzer_for
from quality.classify.labels import Label
from quality.document import Document, Evidence, EvidenceKind, Markup, Page
from quality.extract import extract
from quality.report import clean_text
from quality.settings import Settings
from quality.unbroken import Unbroken, evidence_within
from tests.chrome.pages import BODY

AKISMET = "This site uses Akismet against spam. Find out what happens to your comment."
PARAGRAPHS = ("Eastern pier to close", *BODY, "Leave a Comment", AKISMET)


def document_of(paragraphs: tuple[str, ...], width: int | None = None) -> Document:
    """The document of a text file, broken at a width or not at all."""
    parts = [textwrap.fill(p, width) if width else p for p in paragraphs]
    return extract(Page("d", "d.txt", "\n\n".join(parts), Markup.PLAIN))


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    """The analyzer of the default settings."""
    return analyzer_for(Settings())


def test_a_document_without_breaks_is_itself() -> None:
    """Nothing is copied or renumbered."""
    document = document_of(PARAGRAPHS)
    view = Unbroken.of(document)
    assert view.whole is document
    assert [list(own) for own in view.lines] == [[n] for n in range(len(PARAGRAPHS))]


def test_paragraphs_are_whole_and_offsets_hold() -> None:
    """The view has the paragraphs as blocks; its text differs in blanks only."""
    document = document_of(PARAGRAPHS, 60)
    view = Unbroken.of(document)
    assert list(view.whole.block_texts()) == list(PARAGRAPHS)
    assert len(view.whole.text) == len(document.text)
    assert view.whole.text.split() == document.text.split()
    numbers = [number for own in view.lines for number in own]
    assert numbers == list(range(len(document.blocks)))
    for section in view.whole.sections:
        assert 0 <= section.first <= section.last < len(view.whole.blocks)


def test_all_lines_of_a_broken_notice_go_with_its_rule(analyzer: Analyzer) -> None:
    """The rule matches the whole notice; each line's evidence stands inside it."""
    document = document_of(PARAGRAPHS, 48)
    (found,) = analyzer.examine([document])
    cut = {finding.block: finding for finding in found.chrome.findings}
    texts = [document.block_text(number) for number in sorted(cut)]
    assert texts == ["Leave a Comment", *textwrap.wrap(AKISMET, 48)]
    for number, finding in cut.items():
        block = document.blocks[number]
        assert "rule" in finding.reason
        assert finding.evidence
        assert all(block.start <= e.start < e.end <= block.end for e in finding.evidence)


def test_lines_have_the_labels_of_their_paragraphs(analyzer: Analyzer) -> None:
    """What is said of a paragraph does not depend on how its lines are broken."""
    (plain,) = analyzer.examine([document_of(PARAGRAPHS)])
    document = document_of(PARAGRAPHS, 64)
    (broken,) = analyzer.examine([document])
    view = Unbroken.of(document)
    for whole, own in zip(plain.scored, view.lines, strict=True):
        for number in own:
            line = broken.scored[number]
            assert (line is None) == (whole is None)
            if line is not None and whole is not None:
                assert (line.label, line.scores, line.reason) == (
                    whole.label,
                    whole.scores,
                    whole.reason,
                )
                size = len(document.block_text(number))
                assert all(0 <= e.start < e.end <= size for e in line.evidence)


def test_clean_text_keeps_paragraphs_apart() -> None:
    """Without a blank line between them, the next reader could not tell them."""
    document = document_of(PARAGRAPHS, 60)
    labels = [Label.HEADING, *[Label.REPORTING] * (len(document.blocks) - 1)]
    clean = clean_text(document, labels)
    assert clean.split("\n\n") == [textwrap.fill(p, 60) for p in PARAGRAPHS[:-1]] + [
        textwrap.fill(PARAGRAPHS[-1], 60) + "\n"
    ]


def test_evidence_is_cut_to_a_line() -> None:
    """What stands elsewhere is left out, what reaches in is cut."""
    spans = [(0, 5), (4, 12), (10, 30), (25, 40)]
    evidence = [Evidence(EvidenceKind.FEATURE, "f", 1.0, *span) for span in spans]
    found = evidence_within(evidence, 10, 20)
    assert [(item.start, item.end) for item in found] == [(10, 12), (10, 20)]
