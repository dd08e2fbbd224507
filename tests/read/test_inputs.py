"""Which files are inputs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from quality.document import Page
from quality.errors import UsageError
from quality.read import ReadFailure, find_inputs, find_waiting, read

NOW = 2_000_000_000.0


def put(folder: Path, name: str, content: str = "A line of text.", *, age_s: float = 600) -> Path:
    """A file of a given age."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    os.utime(path, (NOW - age_s, NOW - age_s))
    return path


def names(folder: Path, *, settle_s: float = 5) -> list[str]:
    """The names of the inputs found, below the folder."""
    found = find_inputs([folder], settle_s=settle_s, now=NOW)
    return [item.name.removeprefix(folder.as_posix() + "/") for item in found]


def test_directories_are_walked_in_the_order_of_names(tmp_path: Path) -> None:
    """Files of all depths come sorted by their path."""
    for name in ("b.txt", "a/z.html", "a/c/d.md"):
        put(tmp_path, name)
    assert names(tmp_path) == ["a/c/d.md", "a/z.html", "b.txt"]


def test_unfinished_and_hidden_files_are_no_inputs(tmp_path: Path) -> None:
    """Dot files, downloads under way and what file managers leave are passed over."""
    for name in (".hidden.txt", ".git/x.txt", "a.html.part", "b.tmp", "Thumbs.db", "c.txt~"):
        put(tmp_path, name)
    assert names(tmp_path) == []


def test_assets_saved_beside_a_page_are_passed_over_but_other_files_are_not(tmp_path: Path) -> None:
    """A style sheet is clearly no input; a Word file is an input that will fail."""
    put(tmp_path, "page_files/style.css")
    put(tmp_path, "page_files/logo.png")
    put(tmp_path, "letter.docx")
    assert names(tmp_path) == ["letter.docx"]


def test_an_asset_named_on_the_command_line_is_an_input(tmp_path: Path) -> None:
    """What the user names is never passed over."""
    path = put(tmp_path, "logo.png")
    assert [item.path for item in find_inputs([path], settle_s=0, now=NOW)] == [path]


def test_a_file_just_written_waits(tmp_path: Path) -> None:
    """Files younger than the settle time are left for the next run, and can be listed."""
    put(tmp_path, "old.txt")
    put(tmp_path, "new.txt", age_s=2)
    assert names(tmp_path) == ["old.txt"]
    waiting = find_waiting([tmp_path], settle_s=5, now=NOW)
    assert [item.path.name for item in waiting] == ["new.txt"]


def test_a_page_waits_for_its_sidecar(tmp_path: Path) -> None:
    """A sidecar still being written keeps its page waiting."""
    put(tmp_path, "a.html")
    put(tmp_path, "a.json", "{", age_s=1)
    assert names(tmp_path) == []


def test_a_clock_that_runs_ahead_does_not_hold_a_file_for_ever(tmp_path: Path) -> None:
    """A time stamp far in the future counts as settled."""
    put(tmp_path, "a.txt", age_s=-86_400)
    assert names(tmp_path) == ["a.txt"]


def test_sidecars_are_paired_and_lone_json_files_stay_visible(tmp_path: Path) -> None:
    """`a.json` belongs to `a.html.gz`; `b.json` belongs to nothing and is not hidden."""
    for name in ("a.html.gz", "a.json", "b.json"):
        put(tmp_path, name)
    found = find_inputs([tmp_path], settle_s=0, now=NOW)
    assert [(item.path.name, item.sidecar and item.sidecar.name) for item in found] == [
        ("a.html.gz", "a.json"),
        ("b.json", None),
    ]


def test_a_file_given_twice_is_one_input(tmp_path: Path) -> None:
    """A file and the directory above it overlap."""
    path = put(tmp_path, "a.txt")
    assert len(find_inputs([tmp_path, path, path], settle_s=0, now=NOW)) == 1


def test_a_link_to_itself_is_one_failure_and_the_others_go_on(tmp_path: Path) -> None:
    """It cannot be followed; its row says so."""
    (tmp_path / "loop").symlink_to("loop")
    put(tmp_path, "a.txt")
    found = find_inputs([tmp_path], settle_s=0, now=NOW)
    page, failure = [item for source in found for item in read(source)]
    assert isinstance(page, Page)
    assert isinstance(failure, ReadFailure)
    assert "loop: cannot be read (Too many levels of symbolic links)" in failure.message


def test_a_link_back_to_a_folder_above_ends_the_walk(tmp_path: Path) -> None:
    """A loop of links gives each file once."""
    put(tmp_path, "sub/a.txt")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert names(tmp_path) == ["sub/a.txt"]


def test_a_path_that_is_not_there_stops_with_its_name(tmp_path: Path) -> None:
    """A wrong path is a usage error, not an empty run."""
    with pytest.raises(UsageError, match=r"nowhere: no such file"):
        find_inputs([tmp_path / "nowhere"], settle_s=0, now=NOW)


def test_the_digest_covers_the_sidecar(tmp_path: Path) -> None:
    """A changed sidecar makes the input new."""
    put(tmp_path, "a.txt")
    put(tmp_path, "a.json", '{"title": "One"}')
    before = find_inputs([tmp_path], settle_s=0, now=NOW)[0].digest()
    put(tmp_path, "a.json", '{"title": "Two"}')
    assert find_inputs([tmp_path], settle_s=0, now=NOW)[0].digest() != before
