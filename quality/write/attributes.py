"""`attributes/*.jsonl`: findings as Dolma attributes, to be mixed into a training corpus.

Each line is `{"id", "attributes": {name: [[start, end, value], …]}}` with half-open offsets
into the document's text (github.com/allenai/dolma, docs/data-format.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from quality.write.jsonl import encode

Span = tuple[int, int, float]
Spans = dict[str, list[Span]]


def paragraph_labels(record: Mapping[str, Any]) -> Spans:
    """Each block under its label, with its score (1.0 for chrome and headings)."""
    spans: Spans = defaultdict(list)
    for block in record["blocks"]:
        label, scores = block["label"], block["scores"] or {}
        function = "advice" if label == "generated_advice" else label
        value = scores.get(function, 1.0)
        spans[f"quality__{label}"].append((block["start"], block["end"], value))
    return spans


def near_duplicates(record: Mapping[str, Any]) -> Spans:
    """The whole text with its closest twin's similarity; sections seen elsewhere with theirs."""
    spans: Spans = defaultdict(list)
    for twin in record["duplicates"]:
        spans[f"quality__duplicate_{twin['kind']}"].append(
            (0, len(record["text"]), twin["similarity"])
        )
    for section in record["sections"]:
        if section["duplicates"]:
            start, end = _span(record, section)
            best = max(twin["similarity"] for twin in section["duplicates"])
            spans["quality__duplicate_section"].append((start, end, best))
    return spans


def templates(record: Mapping[str, Any]) -> Spans:
    """Sections that follow a house template, with coverage."""
    spans: Spans = defaultdict(list)
    for section in record["sections"]:
        if section["template"] is not None:
            start, end = _span(record, section)
            spans["quality__template"].append((start, end, section["template"]["coverage"]))
    return spans


TAGGERS: dict[str, Callable[[Mapping[str, Any]], Spans]] = {
    "paragraph_labels": paragraph_labels,
    "near_duplicates": near_duplicates,
    "templates": templates,
}


class DolmaAttributes:
    """Writes one attributes file a tagger."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self._streams: dict[str, BinaryIO] = {
            name: (path / f"{name}.jsonl").open("wb") for name in TAGGERS
        }

    def add(self, record: Mapping[str, Any]) -> None:
        """Take one row of documents.jsonl."""
        for name, stream in self._streams.items():
            row = {"id": record["id"], "attributes": dict(TAGGERS[name](record))}
            stream.write(encode(row))

    def close(self) -> None:
        """Close the files."""
        for stream in self._streams.values():
            stream.close()


def _span(record: Mapping[str, Any], section: Mapping[str, Any]) -> tuple[int, int]:
    blocks = record["blocks"]
    return blocks[section["first"]]["start"], blocks[section["last"]]["end"]
