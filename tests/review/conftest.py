"""A document with paragraphs that the model was unsure of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

LINES = (
    ("Tides", "heading", None),
    ("The mooring buoys at Ferrow were moved twice last winter by the harbour crew.", "uncertain",
     {"reporting": 0.48, "filler": 0.02, "advice": 0.05, "other": 0.45}),
    ("Keep clear of the slip at low water, whatever the sign on the shed may say.", "uncertain",
     {"reporting": 0.1, "filler": 0.1, "advice": 0.55, "other": 0.25}),
    ("Nobody at the club could remember a spring as wet and as windy as this one.", "filler",
     {"reporting": 0.1, "filler": 0.8, "advice": 0.05, "other": 0.05}),
    ("Too short.", "uncertain", None),
)  # fmt: skip


def _document(host: str = "ferrow.example") -> dict[str, Any]:
    """A row of documents.jsonl with as much as a review looks at."""
    blocks, start = [], 0
    for text, label, scores in LINES:
        blocks.append({"start": start, "end": start + len(text), "label": label, "scores": scores})
        start += len(text) + 1
    text = "\n".join(line for line, _, _ in LINES)
    return {"text": text, "title": "Ferrow", "host": host, "path": "a.txt", "blocks": blocks}


@pytest.fixture
def document() -> Callable[..., dict[str, Any]]:
    """Makes the document, of a host."""
    return _document


@pytest.fixture
def lines() -> list[str]:
    """The texts of its blocks."""
    return [text for text, _, _ in LINES]
