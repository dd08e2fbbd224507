"""What must hold on five scraped articles beside the project; lines are named by number only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from quality.run import analyze_batch, open_run
from quality.settings import Settings
from quality.tokens import count_words
from quality.write.jsonl import rows

# Found by reading the files: first digits of the name -> line numbers, from 1.
CHROME = {"001": {1, 116, 118}, "003": {11}}
HEADINGS = {
    "000": {13, 14, 16, 17, 19, 21, 23, 24, 28, 29, 31, 33, 34, 36, 37, 39, 40, 42, 46},
    "001": {3, 5, 11, 19, 25, 31, 37, 43, 47, 78, 82},
    "004": {1, 3, 8, 12, 16},
}
# Who is quoted, under a quotation: neither prose nor heading nor chrome for sure.
BYLINES = {"001": {55, 63}}
# The house template of the first text: everything under the headings behind its story.
# From "How-To Steps & Life Hacks" to "Actionable Recommendations": introduction, background and
# conclusion are house sections too, but a reader labels them filler or reporting (GUIDE.md).
TEMPLATE = {"000": set(range(23, 46)) - HEADINGS["000"]}


@dataclass(frozen=True)
class Line:
    """One line of a file, as labelled."""

    file: str
    number: int
    label: str
    words: int

    def __str__(self) -> str:
        return f"{self.file}:{self.number} {self.label}"


def score(shared: Path, tmp_path: Path, folder: str) -> list[dict[str, Any]]:
    """The rows of one run over the five files, with a state."""
    settings = Settings.model_validate({"read": {"settle_s": 0}, "run": {"jobs": 1}})
    places = {"out": tmp_path, "state": tmp_path / "state.db", "folder": tmp_path / folder}
    with open_run([shared / "seeds"], settings=settings, **places) as run:
        for batch in run.batches():
            run.add(analyze_batch(batch, settings))
        for _ in run.judge():
            pass
        run.finish()
    return list(rows(tmp_path / folder / "documents.jsonl"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> tuple[list[Any], list[Any]]:
    """The documents of a first and of a second run."""
    if len(list((shared / "seeds").glob("*.txt"))) != 5:
        pytest.skip("needs the five articles of ../shared/seeds")
    folder = tmp_path_factory.mktemp("seeds")
    return score(shared, folder, "first"), score(shared, folder, "second")


@pytest.fixture(scope="module")
def lines(runs: tuple[list[Any], list[Any]], shared: Path) -> list[Line]:
    """Every non-blank line of the five files with its label."""
    found = []
    for row in runs[0]:
        text = Path(row["path"]).read_text(encoding="utf-8")
        numbers = [n for n, line in enumerate(text.splitlines(), start=1) if line.strip()]
        for number, block in zip(numbers, row["blocks"], strict=True):
            words = count_words(row["text"][block["start"] : block["end"]])
            found.append(Line(Path(row["path"]).name[:3], number, block["label"], words))
    return found


def among(lines: list[Line], wanted: dict[str, set[int]]) -> list[Line]:
    """The lines of these numbers."""
    return [line for line in lines if line.number in wanted.get(line.file, ())]


def test_breadcrumb_comment_akismet_and_required_fields_are_chrome(lines: list[Line]) -> None:
    """The four lines a site added."""
    found = among(lines, CHROME)
    assert len(found) == 4
    assert [str(line) for line in found if line.label != "chrome"] == []


def test_no_prose_and_no_section_heading_is_chrome(lines: list[Line]) -> None:
    """Whatever else is taken for chrome would be lost text."""
    allowed = {(line.file, line.number) for line in among(lines, CHROME) + among(lines, BYLINES)}
    taken = [line for line in lines if line.label == "chrome"]
    assert [str(line) for line in taken if (line.file, line.number) not in allowed] == []


def test_nine_headings_in_ten_are_headings(lines: list[Line]) -> None:
    """And few other lines are."""
    headings = among(lines, HEADINGS)
    missed = [str(line) for line in headings if line.label != "heading"]
    assert len(missed) <= len(headings) // 10, missed
    truth = {(line.file, line.number) for line in headings}
    called = [line for line in lines if line.label == "heading"]
    wrong = [str(line) for line in called if (line.file, line.number) not in truth]
    assert len(wrong) <= len(called) // 10, wrong


def test_template_sections_read_as_generated_advice_for_the_most_part(lines: list[Line]) -> None:
    """More than half of the words under the house headings of the first text."""
    body = among(lines, TEMPLATE)
    total = sum(line.words for line in body)
    generated = sum(line.words for line in body if line.label == "generated_advice")
    assert generated > total / 2, f"{generated} of {total} words: {', '.join(map(str, body))}"


def test_second_run_scores_nothing(runs: tuple[list[Any], list[Any]]) -> None:
    """Everything is known by its bytes."""
    assert [len(run) for run in runs] == [5, 0]
