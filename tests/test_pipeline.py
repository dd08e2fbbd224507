"""The chain: what is said of a document does not depend on what is worked on with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from quality.analysis import Analyzer, analyzer_for
from quality.document import BlockKind, Document, Markup, Page
from quality.read import find_inputs, read
from quality.settings import Settings


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    """The analyzer of the default settings."""
    return analyzer_for(Settings())


@pytest.fixture(scope="module")
def documents(analyzer: Analyzer, root: Path) -> list[Document]:
    """Some documents of the sample inbox: HTML, full-page text, plain text, other languages."""
    names = ("brightpulse.example", "html", "languages", "views")
    folders = [root / "seeds" / "pages" / name for name in names]
    inputs = find_inputs(folders, settle_s=0, now=0)
    pages = [page for item in inputs for page in read(item, max_bytes=10**6)]
    return [analyzer.extract(page) for page in pages]  # type: ignore[arg-type]


def test_company_changes_no_byte(analyzer: Analyzer, documents: list[Document]) -> None:
    """Every number and word of an analysis is the same alone, in a chunk, and in another order."""
    together = analyzer.examine(documents)
    backwards = analyzer.examine(documents[::-1])[::-1]
    for document, one, other in zip(documents, together, backwards, strict=True):
        (alone,) = analyzer.examine([document])
        for found in (one, other):
            assert found.scored == alone.scored
            assert found.line_scores.tobytes() == alone.line_scores.tobytes()
            assert found.signature.minhash.tobytes() == alone.signature.minhash.tobytes()
            assert found.signature.word_bytes.tobytes() == alone.signature.word_bytes.tobytes()
            assert (found.hits, found.why, found.words) == (alone.hits, alone.why, alone.words)
            assert found.outline == alone.outline


def test_chrome_is_no_heading_in_a_reason(analyzer: Analyzer) -> None:
    """What looks like a heading and is chrome says nothing of the paragraphs under it."""
    text = (
        "Council Sells the Old Depot\n\nADVERTISEMENT\n\n"
        "The council voted 5 to 2 on Tuesday to sell the depot in Tanner Street for $2.1 million.\n"
    )
    found = analyzer.analyze(Page("depot", "depot.txt", text, Markup.PLAIN))
    assert [finding.block for finding in found.chrome.findings] == [1]
    assert found.document.blocks[1].kind is BlockKind.HEADING
    scored = found.scored[2]
    assert scored is not None
    assert "Council Sells" in scored.reason
    assert "ADVERTISEMENT" not in scored.reason
