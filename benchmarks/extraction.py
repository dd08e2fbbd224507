"""How well main text is taken from HTML: us beside trafilatura and resiliparse, in one run.

`python -m benchmarks.extraction --split dev` prints, for each system, the macro average of
word F1 against the gold text, precision and recall, how many of the snippets that must
(not) appear are there, and the time against trafilatura's default. One process.

Needs the shared data beside the project.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quality.document import Markup, Page
from quality.errors import ExtractError
from quality.extract import BlockModel, extract
from quality.extract.gold import GoldPage, gold_pages, word_overlap
from quality.modelfiles import default_root

PAGES = Path(__file__).resolve().parents[2] / "shared" / "data" / "pages"
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Score:
    """One system's result on one page."""

    f1: float
    precision: float
    recall: float
    has_with: int
    has_without: int
    seconds: float


def score_text(text: str, page: GoldPage, seconds: float) -> Score:
    """A text against the gold of its page."""
    f1, precision, recall = word_overlap(text, page.row["main_content"])
    flat = _SPACE.sub(" ", text)
    return Score(
        f1=f1,
        precision=precision,
        recall=recall,
        has_with=_count(flat, page.row["with_"]),
        has_without=_count(flat, page.row["without"]),
        seconds=seconds,
    )


def ours(model: BlockModel | None) -> Callable[[GoldPage], str]:
    """What this project extracts, before any chrome is taken out."""

    def run(page: GoldPage) -> str:
        source = Page(page.id, page.id, page.html, Markup.HTML, url=page.row["url"])
        try:
            return extract(source, model=model).text
        except ExtractError:
            return ""

    return run


def trafilatura_with(**options: Any) -> Callable[[GoldPage], str]:
    """A trafilatura configuration."""
    from trafilatura import extract as extract_text

    def run(page: GoldPage) -> str:
        return extract_text(page.html, include_comments=False, **options) or ""

    return run


def resiliparse(page: GoldPage) -> str:
    """Resiliparse's main content."""
    from resiliparse.extract.html2text import extract_plain_text

    return str(extract_plain_text(page.html, main_content=True))


def systems() -> dict[str, Callable[[GoldPage], str]]:
    """What is compared, by name; trafilatura's default first, the others measured by it."""
    return {
        "trafilatura": trafilatura_with(),
        "quality": ours(BlockModel.load(default_root() / "block")),
        "quality, no model": ours(None),
        "trafilatura fast": trafilatura_with(fast=True),
        "trafilatura precision": trafilatura_with(favor_precision=True),
        "resiliparse": resiliparse,
    }


def measure(
    pages: Sequence[GoldPage], compared: dict[str, Callable[[GoldPage], str]]
) -> dict[str, list[Score]]:
    """The scores of each system, page by page; the systems take turns at every page."""
    scores: dict[str, list[Score]] = {name: [] for name in compared}
    for page in pages:
        for name, system in compared.items():
            begun = time.perf_counter()
            text = system(page)
            scores[name].append(score_text(text, page, time.perf_counter() - begun))
    return scores


def table(scores: dict[str, list[Score]], pages: Sequence[GoldPage]) -> str:
    """The comparison as lines of text."""
    with_total = sum(len(page.row["with_"]) for page in pages)
    base = next(iter(scores.values()))
    lines = [
        f"{len(pages)} pages, {with_total} snippets that must appear",
        f"{'':24}{'F1':>7}{'prec.':>8}{'recall':>8}{'with':>8}{'x':>7}{'without':>9}{'x':>7}"
        f"{'s':>8}{'time x':>8}",
    ]
    for name, rows in scores.items():
        count = len(rows)
        has_with = sum(row.has_with for row in rows)
        has_without = sum(row.has_without for row in rows)
        seconds = sum(row.seconds for row in rows)
        lines.append(
            f"{name:24}{sum(row.f1 for row in rows) / count:7.4f}"
            f"{sum(row.precision for row in rows) / count:8.4f}"
            f"{sum(row.recall for row in rows) / count:8.4f}"
            f"{has_with:8d}{has_with / max(1, sum(row.has_with for row in base)):7.3f}"
            f"{has_without:9d}{has_without / max(1, sum(row.has_without for row in base)):7.3f}"
            f"{seconds:8.1f}{seconds / sum(row.seconds for row in base):8.2f}"
        )
    return "\n".join(lines)


def _count(flat: str, snippets: Sequence[str]) -> int:
    return sum(_SPACE.sub(" ", snippet).strip() in flat for snippet in snippets)


def main() -> None:
    """Run the comparison from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--split", default="dev", choices=("train", "dev"))
    parser.add_argument("--page-type", default=None)
    parser.add_argument("--sample", type=int, default=None)
    parser.add_argument("--pages", type=Path, default=PAGES)
    options = parser.parse_args()
    pages = list(
        gold_pages(options.pages, options.split, page_type=options.page_type, sample=options.sample)
    )
    print(table(measure(pages, systems()), pages))


if __name__ == "__main__":
    main()
