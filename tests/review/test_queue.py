"""What a review asks, in which order, and that answers are kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quality.classify.rows import load_rows
from quality.errors import UsageError
from quality.review import Answers, load_items

Make = Callable[..., dict[str, Any]]


def test_the_least_certain_come_first(document: Make, lines: list[str]) -> None:
    """Only uncertain paragraphs long enough to be judged, by how close the two best classes are."""
    items = load_items([document()])
    assert [item.text for item in items] == [lines[1], lines[2]]
    assert items[0].headings == ("Ferrow", "Tides")
    assert items[0].before == "Tides"


def test_each_text_is_asked_once(document: Make) -> None:
    """A paragraph on several pages, or answered before, is not asked again."""
    (first, second) = load_items([document(), document("other.example")])
    assert load_items([document()], answered={first.id}) == [second]


def test_other_labels_can_be_asked_about(document: Make) -> None:
    """To look over what the model is sure of."""
    assert [item.label for item in load_items([document()], labels={"filler"})] == ["filler"]


def test_answers_are_rows_to_learn_from(document: Make, tmp_path: Path) -> None:
    """What is kept is read by the training, and by the next review."""
    path = tmp_path / "reviewed.jsonl"
    answers = Answers(path)
    item = load_items([document()])[0]
    answers.add(item, "reporting")
    (row,) = load_rows(path)
    assert row.label == "reporting"
    assert row.paragraph.headings == ("Ferrow", "Tides")
    assert Answers(path).ids == {item.id}


def test_an_answer_can_be_taken_back(document: Make, tmp_path: Path) -> None:
    """The last one goes, the others stay."""
    answers = Answers(tmp_path / "reviewed.jsonl")
    first, second = load_items([document()])
    answers.add(first, "other")
    answers.add(second, "advice")
    assert answers.undo() == second.id
    assert Answers(answers.path).ids == {first.id}


@pytest.mark.parametrize("line", ["not json", json.dumps({"id": "a"})])
def test_a_foreign_file_is_refused(tmp_path: Path, line: str) -> None:
    """Answers are never appended to something else."""
    path = tmp_path / "foreign.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(UsageError, match="line 1"):
        Answers(path)


def test_unknown_labels_are_refused(document: Make, tmp_path: Path) -> None:
    """A typing error does not become a class."""
    with pytest.raises(UsageError, match="no label"):
        Answers(tmp_path / "a.jsonl").add(load_items([document()])[0], "nonsense")
