"""Lines of one paragraph are shown as one, and lines that merely stand together are not."""

from __future__ import annotations

from typing import Any

import pytest

from quality.write.html.whole import paragraphs

LINES = ("The board voted to close", "the pier for repairs in", "the spring.")
SCORES = {"reporting": 0.9, "filler": 0.1}


def record_of(lines: tuple[str, ...], between: str = "\n", **of_block: Any) -> dict[str, Any]:
    """A document's record; every block says `of_block`."""
    blocks, start = [], 0
    for line in lines:
        block = {"label": "reporting", "kind": "paragraph", "scores": SCORES, "reason": "So."}
        span = {"start": start, "end": start + len(line)}
        evidence = [{"name": "names", "weight": 0.5, **span}]
        blocks.append({**block, **span, "evidence": evidence, **of_block})
        start += len(line) + len(between)
    return {"text": between.join(lines), "blocks": blocks}


def test_lines_of_a_paragraph_are_one() -> None:
    """With the evidence of all, what stood on each line standing on the whole."""
    record = record_of((*LINES, "Two voted against."))
    word = {"name": "word: pier", "weight": 0.2, "start": 29, "end": 33}
    record["blocks"][1]["evidence"] = [*record["blocks"][1]["evidence"], word]
    record["blocks"][3]["scores"] = {"reporting": 0.8, "filler": 0.2}
    first, second = paragraphs(record)
    assert (first["number"], second["number"]) == (0, 3)
    assert record["text"][first["start"] : first["end"]] == "\n".join(LINES)
    assert [(item["name"], item["start"], item["end"]) for item in first["evidence"]] == [
        ("names", 0, first["end"]),
        ("word: pier", 29, 33),
    ]


@pytest.mark.parametrize(
    ("between", "of_block"),
    [
        ("\n\n", {}),
        ("\n", {"label": "heading", "scores": None, "evidence": []}),
        ("\n", {"label": "uncertain", "scores": None, "evidence": []}),
    ],
)
def test_lines_that_stand_together_stay_apart(between: str, of_block: dict[str, Any]) -> None:
    """Over a blank line, where each is a heading, and where nothing was found to say."""
    found = list(paragraphs(record_of(LINES, between, **of_block)))
    assert [block["number"] for block in found] == [0, 1, 2]
