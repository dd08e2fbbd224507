"""Training: reproducible to the byte, never on what it is measured by."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from quality.classify.learn import folds_by_source
from quality.classify.rows import load_read_lines, load_rows, runs, without_copies
from quality.classify.train import train
from quality.errors import UsageError
from quality.labelled import line_hash


def test_same_rows_give_the_same_bytes(
    some_seeds: Path, small_folder: Path, tmp_path: Path
) -> None:
    """Two trainings on the same rows write the same files."""
    again = tmp_path / "paragraph"
    report = train(some_seeds, None, None, again)
    assert report.smaller
    assert "smaller model" in report.message
    for name in ("model.json", "weights.npz", "CARD.md"):
        assert (again / name).read_bytes() == (small_folder / name).read_bytes()


def test_too_few_rows_name_the_cure(tmp_path: Path) -> None:
    """A handful of rows makes no model."""
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"text": "Keep it dry.", "label": "advice"}) + "\n")
    with pytest.raises(UsageError, match=r"1 usable rows.*GUIDE"):
        train(path, None, None, tmp_path / "paragraph")


def test_broken_line_is_named(tmp_path: Path) -> None:
    """The message says which line is no JSON."""
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a", "label": "other"}\n{"text": \n')
    with pytest.raises(UsageError, match="line 2"):
        load_rows(path)


def test_folds_keep_sources_whole() -> None:
    """No source is on both sides of a fold, and folds are of like size."""
    sources = [f"s{number % 13}" for number in range(400)]
    folds = folds_by_source(sources)
    for source in set(sources):
        assert len({fold for fold, name in zip(folds, sources, strict=True) if name == source}) == 1
    sizes = [int((folds == fold).sum()) for fold in range(5)]
    assert max(sizes) - min(sizes) <= 400 / 13 + 1


def test_near_copies_are_left_out(tmp_path: Path) -> None:
    """A row that shares its runs of eight words with a measuring text is not learnt."""
    text = (
        "The old ferry left the harbour at six, an hour late, with forty cars and a herd of goats."
    )
    path = tmp_path / "rows.jsonl"
    rows = [
        text.replace("six", "seven"),
        "Nobody on board minded, as the sea was calm that evening.",
    ]
    path.write_text("".join(json.dumps({"text": row, "label": "other"}) + "\n" for row in rows))
    kept = without_copies(load_rows(path), [text])
    assert [row.paragraph.text for row in kept] == rows[1:]
    assert len(runs("Two words")) == 1


def test_read_lines_find_their_text_by_hash(tmp_path: Path) -> None:
    """Labels without texts meet the shared lines again, with the lines around."""
    lines = ["A heading", "It rained for three days in Bergen.", "Then the sun came out."]
    shared = tmp_path / "lines.jsonl"
    page = {"page": "1", "host": "www.a.example", "split": "train", "source": "trafilatura"}
    shared.write_text("".join(json.dumps({**page, "line": line}) + "\n" for line in lines))
    labels = tmp_path / "labels.jsonl"
    label = {"line": line_hash(lines[1]), "label": "reporting", "confidence": 3}
    labels.write_text(json.dumps(label) + "\n")
    (row,) = load_read_lines(labels, shared)
    assert row.paragraph.text == lines[1]
    assert (row.paragraph.before, row.paragraph.after) == (lines[0], lines[2])
    assert (row.host, row.label, row.is_web) == ("a.example", "reporting", True)
