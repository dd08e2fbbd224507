"""Pages with the text a person found to be their main text, for training and measuring."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quality.labelled import records
from quality.tokens import fold, words


@dataclass(frozen=True, slots=True)
class GoldPage:
    """A page with what a person found to be its main text."""

    id: str
    html: str
    row: dict[str, Any]


def gold_pages(
    folder: Path, split: str, *, page_type: str | None = None, sample: int | None = None
) -> Iterator[GoldPage]:
    """The pages of a split, in the file's order; every n-th where a sample is wanted."""
    rows = [
        row
        for row in records(folder / "gold.jsonl.gz")
        if row["split"] == split and row["main_content"]
    ]
    rows = [row for row in rows if page_type in (None, row["page_type"])]
    step = max(1, len(rows) // sample) if sample else 1
    for row in rows[::step][:sample]:
        data = gzip.decompress((folder / f"{row['id']}.html.gz").read_bytes())
        yield GoldPage(row["id"], data.decode("utf-8", "replace"), row)


def word_overlap(text: str, gold: str) -> tuple[float, float, float]:
    """F1, precision and recall of the words of a text, counted with their multiplicity.

    As the gold's own evaluation does (web-content-extraction-benchmark).

    >>> word_overlap("one two", "two three")
    (0.5, 0.5, 0.5)
    """
    found, wanted = Counter(words(fold(text))), Counter(words(fold(gold)))
    common = sum((found & wanted).values())
    precision = common / max(1, sum(found.values()))
    recall = common / max(1, sum(wanted.values()))
    f1 = 2 * precision * recall / (precision + recall) if common else 0.0
    return f1, precision, recall
