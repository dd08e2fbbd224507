"""Pages of our own writing: what their files say, and how they are taught."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from quality.chrome.labelled import CHROME, CONTENT, HEADING
from quality.chrome.written import FOLDER, labelled_pages, read_written
from quality.errors import UsageError
from quality.lang import detect

ROOT = Path(__file__).parents[2]
FILES = sorted(path for top in ("seeds", "benchmarks") for path in (ROOT / top / FOLDER).glob("*"))
FILE = "# club\nc\tHome\nh\tCup final lost\nt\tIt was raining. # not a page\n# shop\nc\tMenu\n"


def test_a_file_holds_pages_of_labelled_lines(tmp_path: Path) -> None:
    """A page begins with its site; a number sign inside a line begins none."""
    path = tmp_path / "en.tsv"
    path.write_text(FILE, encoding="utf-8")
    club, shop = read_written(path)
    assert (club.site, shop.site) == ("club", "shop")
    assert club.lines == ("Home", "Cup final lost", "It was raining. # not a page")
    assert club.labels == (CHROME, HEADING, CONTENT)


@pytest.mark.parametrize("row", ["x\tHome", "c Home", "", "c\t  "])
def test_other_lines_are_refused(row: str, tmp_path: Path) -> None:
    """The error names the line and what to write."""
    path = tmp_path / "en.tsv"
    path.write_text(f"# club\n{row}\nc\tHome\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"line 2: .*Write `# site`"):
        read_written(path)


def test_lines_count_as_read_and_measure_nothing(tmp_path: Path) -> None:
    """Headings teach that they stay; no threshold is chosen on these pages."""
    (tmp_path / "en.tsv").write_text(FILE, encoding="utf-8")
    club, _ = labelled_pages(tmp_path)
    assert club.label.tolist() == [CHROME, CONTENT, CONTENT]
    assert club.situation == "dense"
    assert np.array_equal(club.read, club.compared)
    assert club.picked.all()
    assert club.page_type != "article"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def test_pages_are_in_the_language_of_their_file(path: Path) -> None:
    """Each has chrome, text and headings."""
    pages = read_written(path)
    assert len(pages) >= 7
    assert {detect("\n".join(page.lines)) for page in pages} == {path.stem}
    assert all(set(page.labels) == {CHROME, CONTENT, HEADING} for page in pages)


def test_what_measures_is_not_taught() -> None:
    """No line of text stands in both sets; a menu's words and stock phrases may."""
    sets = [
        {
            line
            for path in FILES
            if path.parent.parent.name == name
            for page in read_written(path)
            for line, label in zip(page.lines, page.labels, strict=True)
            if label == CONTENT and len(line) > 40
        }
        for name in ("seeds", "benchmarks")
    ]
    assert all(sets)
    assert not sets[0] & sets[1]
