"""Labels of some sample pages, so that a change of them is seen; `--update-golden` accepts it."""

from __future__ import annotations

from pathlib import Path

import pytest

from quality.analysis import analyze_page, analyzer_for
from quality.pipeline import Scorer
from quality.read import find_inputs, read
from quality.report import DocumentReport, PageFailure
from quality.settings import Settings
from quality.state import State

PAGES = (
    "brightpulse.example/sourdough-comeback.txt",
    "worldnowhub.example/lighthouse-auction.txt",
    "rewrites/museum-theft-verdict.txt",
    "chatty/hey-guys-rainy-weekend.txt",
    "filler/summit-speculation.txt",
    "wire/court-water-tariff.txt",
    "howto/replace-tap-cartridge.html",
    "html/harbourpost-oyster-beds.html",
    "languages/sitzung-freibad.txt",
)


@pytest.mark.parametrize("name", PAGES)
def test_labels_are_those_of_before(name: str, root: Path, *, update_golden: bool) -> None:
    """A page alone, without memory: one line a block, with label and the block's first words."""
    report = report_of(root / "seeds" / "pages" / name)
    texts = (" ".join(text.split()[:5]) for text in report.document.block_texts())
    pairs = zip((block.label.value for block in report.blocks), texts, strict=True)
    found = "".join(f"{label:<17}{text}\n" for label, text in pairs)
    found = f"{'verdict':<17}{report.verdict.value}\n{found}"
    golden = Path(__file__).parent / "labels" / f"{Path(name).stem}.txt"
    if update_golden:
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8"), "if meant: pytest --update-golden"


def report_of(path: Path) -> DocumentReport:
    """The report of one file."""
    (item,) = find_inputs([path], settle_s=0.0, now=0.0)
    (page,) = read(item, max_bytes=1_000_000)
    analysis = analyze_page(page, Settings())  # type: ignore[arg-type]
    assert not isinstance(analysis, PageFailure), analysis
    with State.in_memory() as state:
        scorer = Scorer(analyzer_for(Settings()), state)
        scorer.add([analysis])
        return next(iter(scorer.judge([analysis])))
