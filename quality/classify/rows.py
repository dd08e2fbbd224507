"""Labelled paragraphs from files: our own seeds, gold paragraphs, paragraphs of known origin.

Seeds are `{"id", "label", "headings", "before", "after", "text", "site"}`; gold rows add
`split`, `confidence`, `source`, `kind`, `host`, `doc`. Files may be gzipped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xxhash

from quality.classify.encode import surfaces
from quality.classify.labels import CLASSES, Label, Paragraph
from quality.errors import UsageError
from quality.labelled import line_hash, records

# Gold rows hold that much of the lines before and after; so do lines we read ourselves.
LINE_CHARS = 160
# Shorter lines are headings and scraps.
CONTENT_WORDS = 6
# A run of words that two independent texts do not share by chance.
RUN_WORDS = 8
# Share of a paragraph's runs found on the other side from which it counts as a copy.
COPY_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Row:
    """A paragraph with its label and where it comes from.

    `source` is what a feature's spread is counted by: the site of a web page or seed, the
    collection of anything else. `confidence` runs from 1 to 3. `drawn` is False for rows that
    were chosen because a model was unsure of them: good to learn from, no sample of anything.
    """

    id: str
    paragraph: Paragraph
    label: Label
    source: str
    host: str
    kind: str
    doc: str
    confidence: int = 2
    split: str = "train"
    drawn: bool = True

    @property
    def is_web(self) -> bool:
        """Whether the text comes from an ordinary web page, as the texts we score do."""
        return self.kind == "web"


@dataclass(frozen=True, slots=True)
class OriginRow:
    """A paragraph whose writer is known: `machine` or not."""

    text: str
    machine: bool
    source: str
    generator: str
    doc: str
    kind: str


def load_rows(path: Path) -> list[Row]:
    """Seeds or gold rows, whatever their label; rows with labels outside the guide are left out."""
    known = set(Label)
    return [_row(record, path) for record in records(path) if record.get("label") in known]


def load_read_lines(labels_path: Path, lines_path: Path) -> list[Row]:
    """Lines of web pages that we read and labelled, with the lines around.

    The labels are ours and carry only a hash of the line; the lines are those of the shared
    chrome data, in page order.
    """
    labels = {record["line"]: record for record in records(labels_path)}
    pages: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in records(lines_path):
        if record["source"] == "trafilatura" and record["split"] == "train":
            pages[record["page"]].append(record)
    found: dict[str, Row] = {}
    for lines in pages.values():
        for number, line in enumerate(lines):
            key = line_hash(line["line"])
            if key in labels and key not in found:
                paragraph = Paragraph(
                    line["line"].strip(),
                    before=_start(lines, number - 1),
                    after=_start(lines, number + 1),
                )
                found[key] = _read_line(line, labels[key], paragraph)
    return [found[key] for key in sorted(found)]


def content_lines(lines_path: Path) -> list[str]:
    """The lines of training pages that are content or may be, of some length."""
    return [
        record["line"]
        for record in records(lines_path)
        if record["source"] == "trafilatura"
        and record["split"] == "train"
        and record["label"] != "chrome"
        and len(record["line"].split()) >= CONTENT_WORDS
    ]


def _start(lines: Sequence[dict[str, Any]], number: int) -> str | None:
    return lines[number]["line"][:LINE_CHARS] if 0 <= number < len(lines) else None


def _read_line(line: dict[str, Any], label: dict[str, Any], paragraph: Paragraph) -> Row:
    host = line["host"].removeprefix("www.")
    return Row(
        id=label["line"],
        paragraph=paragraph,
        label=Label(label["label"]),
        source=host,
        host=host,
        kind="web",
        doc=f"page {line['page']}",
        confidence=label["confidence"],
        drawn=False,
    )


def load_origin(path: Path) -> list[OriginRow]:
    """Paragraphs of known origin."""
    return [
        OriginRow(
            text=record["text"],
            machine=record["kind"].startswith("llm_"),
            source=record["source"],
            generator=record.get("generator") or "human",
            doc=record.get("doc") or "",
            kind=record["kind"],
        )
        for record in records(path)
    ]


def functional(rows: Iterable[Row]) -> list[Row]:
    """The rows whose label is one of the five classes the model learns."""
    return [row for row in rows if row.label in CLASSES]


def without_copies(rows: Sequence[Row], others: Iterable[str]) -> list[Row]:
    """The rows that share too few eight-word runs with any of the other texts to be copies."""
    seen = {run for text in others for run in runs(text)}
    return [row for row in rows if not _is_copy(runs(row.paragraph.text), seen)]


def runs(text: str) -> set[int]:
    """Hashes of the eight-word runs of a text; of the whole text where it is shorter."""
    words = [surface.casefold() for surface in surfaces(text) if surface[0].isalnum()]
    size = max(1, len(words) - RUN_WORDS + 1)
    return {
        xxhash.xxh3_64_intdigest(" ".join(words[start : start + RUN_WORDS]).encode())
        for start in range(size)
    }


def _is_copy(own: set[int], seen: set[int]) -> bool:
    return len(own & seen) >= COPY_SHARE * len(own)


def _row(record: dict[str, Any], path: Path) -> Row:
    try:
        text, label = record["text"], Label(record["label"])
    except KeyError as error:
        raise UsageError(f"{path}: a row without {error}; seeds/GUIDE.md shows one.") from error
    host = record.get("host") or record.get("site") or "unknown"
    kind = record.get("kind") or "seed"
    heading = record.get("heading")
    headings = record.get("headings") or ([heading] if heading else [])
    source = host if kind in {"web", "seed"} else record.get("source") or host
    return Row(
        id=str(record.get("id", "")),
        paragraph=Paragraph(
            text, tuple(headings), record.get("before") or None, record.get("after") or None
        ),
        label=label,
        source=source,
        host=host,
        kind=kind,
        doc=record.get("doc") or host,
        confidence=int(record.get("confidence", 2)),
        split=record.get("split", "train"),
    )
