"""Lines of one paragraph put together for the eye.

Hard line breaks cut paragraphs into blocks, and each says the same. What stands next to each
other with equal label, scores, reason and evidence on the whole line is shown as one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def paragraphs(record: Row) -> Iterator[dict[str, Any]]:
    """The blocks of a document's record with their `number`, lines of one paragraph as one."""
    group: list[Row] = []
    for number, block in enumerate(record["blocks"]):
        if group and not _goes_on(record["text"], group[-1], block):
            yield _join(number - len(group), group)
            group = []
        group.append(block)
    if group:
        yield _join(len(record["blocks"]) - len(group), group)


def _goes_on(text: str, block: Row, following: Row) -> bool:
    between = text[block["end"] : following["start"]]
    if block["label"] == "heading" or between.strip() or between.count("\n") != 1:
        return False
    same = all(block[name] == following[name] for name in ("label", "kind", "scores", "reason"))
    said = _on_all(block)
    return same and said == _on_all(following) and bool(said or block["scores"])


def _on_all(block: Row) -> list[tuple[str, float]]:
    """What stands on the whole of a block."""
    return [
        (item["name"], item["weight"])
        for item in block["evidence"]
        if (item["start"], item["end"]) == (block["start"], block["end"])
    ]


def _join(number: int, group: Sequence[Row]) -> dict[str, Any]:
    if len(group) == 1:
        return {**group[0], "number": number}
    evidence: dict[tuple[str, float], dict[str, Any]] = {}
    for item in (item for block in group for item in block["evidence"]):
        known = evidence.setdefault((item["name"], item["weight"]), dict(item))
        known["end"] = max(known["end"], item["end"])
    return {
        **group[0],
        "number": number,
        "end": group[-1]["end"],
        "evidence": sorted(evidence.values(), key=lambda item: -abs(item["weight"])),
    }
