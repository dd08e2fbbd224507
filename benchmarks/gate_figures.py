"""The gate's figures: small, seeded, each in seconds."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import neardup, templates
from benchmarks.chrome_languages import DRAWS, Counts, measure
from benchmarks.neardup_kill import survive
from benchmarks.neardup_texts import Text
from quality import modelfiles
from quality.analysis import Analyzer, analyzer_for
from quality.classify.evaluate import evaluate
from quality.classify.rows import load_rows
from quality.document import Block, BlockKind, Document
from quality.extract import split_sections
from quality.labelled import records
from quality.read import find_inputs
from quality.run import analyze_batch, open_run
from quality.settings import Settings

_LABELS = ("f1", "f1_of_three", "accuracy_when_sure", "generated_auc")
# The invented sites of the sample inbox that fill a house template.
_FARMS = ("brightpulse", "lanternreport", "worldnowhub")
# Pages of the line measurement: every fourth dev page keeps it under ten seconds.
_EVERY = 4
# A handful of random moments; the full bench has fifty.
_KILLS = 5


def labels(gold: Path) -> dict[str, float]:
    """The paragraph model on the gold rows of dev hosts."""
    rows = [row for row in load_rows(gold) if row.split == "dev"]
    found = evaluate(modelfiles.default_root() / "paragraph", rows, resamples=2)
    figures = {name: float(getattr(found, name).value) for name in _LABELS}
    figures["coverage"] = found.coverage
    figures["calibration_error"] = found.calibration_error
    figures["honest_called_generated"] = found.honest_called_generated or 0.0
    return figures


def chrome_lines(lines: Path, gold_lines: Path) -> dict[str, float]:
    """Chrome taken and content lost on dev hosts: whole pages, and lines labelled by reading."""
    analyzer = analyzer_for(Settings())
    dense = [
        _taken(analyzer, page, is_dense=True)
        for number, page in enumerate(_pages(lines, source="page_text"))
        if number % _EVERY == 0
    ]
    taken, chrome, lost, content = np.sum(dense, axis=0)
    gold = np.sum(list(_read_lines(analyzer, lines, gold_lines)), axis=0)
    return {
        "dense_chrome_taken": taken / chrome,
        "dense_content_lost": lost / content,
        "clean_chrome_taken": gold[0] / gold[1],
        "clean_content_lost": gold[2] / gold[3],
    }


def inbox(folder: Path) -> dict[str, float]:
    """The chain on the sample inbox: templates found, honest texts left alone, twins named."""
    settings = Settings()
    paths = find_inputs([folder], settle_s=0.0, now=0.0)
    scorer_rows = list(_score(folder, settings))
    farms = [row for row in scorer_rows if any(name in row["path"] for name in _FARMS)]
    honest = [
        row
        for row in scorer_rows
        if any(part in row["path"] for part in ("/wire/", "/howto/", "/views/", "/html/"))
    ]
    wire = [row for row in scorer_rows if "/wire/" in row["path"]]
    twins = [row for row in scorer_rows if "/twins/" in row["path"]]
    return {
        "scored": len({row["path"] for row in scorer_rows}) / len(paths),
        "farms_templated": _share("templated" in row["flags"] for row in farms),
        "honest_templated": _share("templated" in row["flags"] for row in honest),
        "farms_not_reporting": _share(row["verdict"] != "reporting" for row in farms),
        "wire_reporting": _share(row["verdict"] == "reporting" for row in wire),
        "twins_named": _share(bool(row["duplicates"]) for row in twins),
    }


def near_duplicates(texts: Callable[[], list[Text]]) -> dict[str, float]:
    """Recall, precision, edits and kill -9 of `benchmarks.neardup --quick`, without timings."""
    with redirect_stdout(StringIO()):
        figures = neardup.found_and_linked(texts(), quick=True, with_peer=False)
    same, _ = survive(_KILLS, seed=0)
    return figures | {"killed_same": same / _KILLS}


def chrome_languages(folder: Path) -> dict[str, float]:
    """Chrome taken, text and headings lost of pages of ours in nine languages."""
    figures: dict[str, float] = {}
    for name, draws in (("full", 0), ("extracted", DRAWS)):
        total = Counts()
        for path in sorted(folder.glob("*.tsv")):
            total.add(measure(path, draws))
        figures[f"{name}_chrome_taken"] = total.taken / total.chrome
        figures[f"{name}_content_lost"] = total.lost / total.content
        figures[f"{name}_headings_lost"] = total.headings_lost / total.headings
    return figures


def house_templates() -> dict[str, float]:
    """The worst rows of `benchmarks.templates --quick`: least of a farm set, most of an honest."""
    with redirect_stdout(StringIO()):
        figures = templates.measure(quick=True)
    return {
        "farms_templated": min(v for name, v in figures.items() if name.endswith(": farm")),
        "honest_templated": max(v for name, v in figures.items() if name.endswith(": honest")),
    }


def _score(folder: Path, settings: Settings) -> Iterator[dict[str, Any]]:
    with (
        tempfile.TemporaryDirectory() as out,
        open_run([folder], settings=settings, out=Path(out), state=None) as run,
    ):
        for batch in run.batches():
            run.add(analyze_batch(batch, settings))
        for _, records, _ in run.judge():
            yield from records


def _pages(lines: Path, *, source: str) -> Iterator[list[dict[str, Any]]]:
    """The lines of each dev page whose gold text can be trusted (or of all, for extracts)."""
    chosen = (
        row
        for row in records(lines)
        if row["split"] == "dev" and row["source"] == source
        if row["gold_ok"] or source == "trafilatura"
    )
    for _, page in itertools.groupby(chosen, key=lambda row: row["page"]):
        yield list(page)


def _taken(
    analyzer: Analyzer, page: Sequence[dict[str, Any]], *, is_dense: bool
) -> tuple[int, int, int, int]:
    """Chrome lines taken and in all, content characters lost and in all."""
    document = _document("page", [row["line"] for row in page], is_dense=is_dense)
    hits, scores = analyzer.look_at_lines(document)
    cut = {f.block for f in analyzer.find_chrome(document, hits, scores).findings}
    chrome = [n for n, row in enumerate(page) if row["label"] == "chrome"]
    content = [n for n, row in enumerate(page) if row["label"] == "content"]
    sizes = [len(row["line"]) for row in page]
    return (
        len(cut & set(chrome)),
        len(chrome),
        sum(sizes[n] for n in content if n in cut),
        sum(sizes[n] for n in content),
    )


def _read_lines(
    analyzer: Analyzer, lines: Path, gold_lines: Path
) -> Iterator[tuple[int, int, int, int]]:
    """`_taken` of the lines of extracts that were labelled by reading, in their whole page."""
    read = {(row["page"], row["i"]): row["label"] for row in records(gold_lines)}
    pages = {page for page, _ in read}
    for page in _pages(lines, source="trafilatura"):
        if page[0]["page"] in pages:
            relabelled = [
                {**row, "label": read.get((row["page"], row["i"]), "unread")} for row in page
            ]
            yield _taken(analyzer, relabelled, is_dense=False)


def _document(name: str, lines: Sequence[str], *, is_dense: bool = False) -> Document:
    blocks, start = [], 0
    for line in lines:
        blocks.append(Block(start, start + len(line), BlockKind.PARAGRAPH))
        start += len(line) + 1
    text = "\n".join(lines)
    sections = split_sections(blocks, text)
    return Document(name, name, text, tuple(blocks), tuple(sections), language="en", dense=is_dense)


def _share(values: Iterator[bool] | Sequence[bool]) -> float:
    found = list(values)
    return sum(found) / max(1, len(found))
