"""A block's text cut at the borders of its evidence, so that a template can mark it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text with the names of the evidence that stands on it, for and against."""

    text: str
    names: str
    """Empty where nothing stands on it."""
    against: bool


def pieces(text: str, offset: int, evidence: Sequence[Mapping[str, Any]]) -> list[Piece]:
    """`text` in order, cut so that evidence covers whole pieces.

    `offset` is where `text` begins in the document. Evidence on the whole text marks
    nothing: it would drown what is particular.
    """
    spans = [
        (item["start"] - offset, item["end"] - offset, item)
        for item in evidence
        if offset <= item["start"] < item["end"] <= offset + len(text)
        and item["end"] - item["start"] < len(text)
    ]
    cuts = sorted({0, len(text), *(s for s, _, _ in spans), *(e for _, e, _ in spans)})
    result = []
    for start, end in itertools.pairwise(cuts):
        over = [item for s, e, item in spans if s <= start and end <= e]
        names = "; ".join(f"{item['name']} {item['weight']:+.2f}" for item in over)
        weight = sum(item["weight"] for item in over)
        result.append(Piece(text[start:end], names, against=weight < 0))
    return result
