"""A run is incremental, exact after a kill, and independent of order, batches and processes."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from quality.errors import OutputError, StateError
from quality.run import analyze_batch, open_run
from quality.settings import Settings
from quality.write.jsonl import rows

QUICK = {"read": {"settle_s": 0.0}}


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """A copy of the sample inbox."""
    folder = tmp_path_factory.mktemp("run") / "inbox"
    shutil.copytree(root / "seeds" / "pages", folder)
    return folder


def score(
    paths: list[Path],
    folder: Path,
    state: Path | None,
    *,
    batch: int = 500,
    jobs: int = 1,
    rescore: bool = False,
) -> list[dict[str, Any]]:
    """Run over `paths`; returns the rows of documents.jsonl."""
    settings = Settings.model_validate({**QUICK, "run": {"batch_files": batch, "jobs": jobs}})
    with open_run(
        paths, settings=settings, out=folder.parent, state=state, folder=folder, rescore=rescore
    ) as run:
        for part in run.batches():
            run.add(analyze_batch(part, settings))
        for _ in run.judge():
            pass
        run.finish()
    return list(rows(folder / "documents.jsonl"))


@pytest.fixture(scope="module")
def first(inbox: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one undisturbed run, its state beside it."""
    out = tmp_path_factory.mktemp("first")
    score([inbox], out / "a", out / "state.db")
    return out / "a"


def test_second_run_scores_nothing(inbox: Path, first: Path, tmp_path: Path) -> None:
    """What is known by its bytes is not scored again, also under another name."""
    state = tmp_path / "state.db"
    shutil.copy(first.parent / "state.db", state)
    copy = tmp_path / "inbox"
    shutil.copytree(inbox, copy)
    (copy / "wire" / "grain-terminal-fire.txt").rename(copy / "renamed.txt")
    assert score([copy], tmp_path / "b", state) == []
    summary = json.loads((tmp_path / "b" / "summary.json").read_bytes())
    assert summary["inputs"]["known"] == summary["inputs"]["found"] > 50


def test_changed_file_alone_is_scored(inbox: Path, first: Path, tmp_path: Path) -> None:
    """One edited file is the only row of the next run."""
    state = tmp_path / "state.db"
    shutil.copy(first.parent / "state.db", state)
    copy = tmp_path / "inbox"
    shutil.copytree(inbox, copy)
    edited = copy / "wire" / "handball-final.txt"
    edited.write_text(edited.read_text() + "\nThe club will play in Tilsmark on 4 May.\n")
    assert [row["path"] for row in score([copy], tmp_path / "b", state)] == [edited.as_posix()]


def test_order_batches_and_processes_change_nothing(inbox: Path, tmp_path: Path) -> None:
    """Shuffled arguments, batches of seven and two processes give the same bytes."""
    files = sorted(p for p in inbox.rglob("*") if p.suffix != ".json" and p.is_file())
    shuffled = files.copy()
    random.Random(5).shuffle(shuffled)
    score(files, tmp_path / "a", None)
    score(shuffled, tmp_path / "b", None, batch=7, jobs=2)
    for name in ("documents.jsonl", "failures.jsonl", "blocks.parquet"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """Twelve full pages of one site, each a text of its own and a menu that reads like text.

    `copy.txt` tells the story of `page0.txt` with another ending.
    """
    folder = tmp_path_factory.mktemp("site") / "atlas.example"
    folder.mkdir()
    uses = ("weigh", "cut", "grind", "polish", "carve", "crush", "sieve", "stack", "haul", "burn")
    menu = [f"{name}_{use}()" for name in STONES for use in uses]
    pages = root / "seeds" / "pages"
    texts = sorted([*pages.glob("wire/*.txt"), *pages.glob("lanternreport.example/*.txt")])
    stories = [path.read_text(encoding="utf-8") for path in texts]
    # Short beside the menu: with it the last three are copies of one another.
    stories[-3:] = ["\n\n".join(story.split("\n\n")[:3]) for story in stories[-3:]]
    for number, story in enumerate(stories):
        page = "\n".join([*menu, story, "Privacy policy", "Terms of use"])
        (folder / f"page{number}.txt").write_text(page, encoding="utf-8")
    other = stories[0].replace(
        "\n\n", "\n\nNobody else was asked for a word on it that day.\n\n", 1
    )
    page = "\n".join([*menu, other, "Privacy policy", "Terms of use"])
    (folder / "copy.txt").write_text(page, encoding="utf-8")
    return folder


STONES = (
    *("gneiss", "schist", "basalt", "marble", "slate", "chalk", "flint", "loess", "marl"),
    *("gabbro", "tuff", "pumice", "shale", "chert", "diorite", "granite", "peat", "ochre"),
)


def related(found: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """Which documents are called copies of which."""
    return {
        (Path(row["path"]).name, Path(twin["path"]).name, twin["kind"])
        for row in found
        for twin in row["duplicates"]
    }


def test_pages_that_share_a_menu_are_no_copies(site: Path, tmp_path: Path) -> None:
    """Also where only the site tells that it is one; real copies are found."""
    found = score([site], tmp_path / "a", None)
    twins = {("page0.txt", "copy.txt", "near"), ("copy.txt", "page0.txt", "near")}
    assert related(found) == twins
    assert all(block["label"] == "chrome" for row in found for block in row["blocks"][:30])


def test_what_a_site_tells_depends_on_no_order(site: Path, tmp_path: Path) -> None:
    """Batches of three, another order of arrival, and scoring again give the same."""
    files = sorted(site.iterdir())
    state = tmp_path / "state.db"
    first = score(files, tmp_path / "a", state)
    again = score(files, tmp_path / "b", state, rescore=True)
    small = score(files[::-1], tmp_path / "c", None, batch=3)
    for other in (again, small):
        assert [key(row) for row in other] == [key(row) for row in first]
        assert [row["blocks"] for row in other] == [row["blocks"] for row in first]
        assert related(other) == related(first)


def test_copies_beside_a_known_page_are_one_document(site: Path, tmp_path: Path) -> None:
    """Eight copies of one page are no site; also where the state knew another page of it."""
    page, story = (site / "page1.txt", (site / "page0.txt").read_text(encoding="utf-8"))
    folder = tmp_path / "atlas.example"
    folder.mkdir()
    shutil.copy(page, folder)
    state = tmp_path / "state.db"
    score([folder], tmp_path / "a", state)
    for number in range(8):
        (folder / f"copy{number}.txt").write_text(f"{story}\nCopy {number} of ours.\n", "utf-8")
    found = score([folder], tmp_path / "b", state, rescore=True)
    fresh = score([folder], tmp_path / "c", None)
    assert {row["path"]: row["blocks"] for row in found} == {
        row["path"]: row["blocks"] for row in fresh
    }
    assert related(found) == related(fresh)
    assert not any("site" in block["reason"] for row in found for block in row["blocks"][:100])


def test_a_later_page_is_signed_without_the_menu(site: Path, tmp_path: Path) -> None:
    """What earlier runs know of the site holds for a page that comes alone."""
    files = [path for path in sorted(site.iterdir()) if path.name != "page1.txt"]
    state = tmp_path / "state.db"
    score(files, tmp_path / "a", state)
    assert related(score([site / "page1.txt"], tmp_path / "b", state)) == set()


def test_output_keeps_its_schemas(first: Path, root: Path) -> None:
    """Every row of every file is what the schemas promise."""
    schemas = root / "quality" / "schema"
    for name, schema in (("documents", "document"), ("failures", "failure")):
        promised = json.loads((schemas / f"{schema}.json").read_text())
        check = jsonschema.Draft202012Validator(promised)
        for row in rows(first / f"{name}.jsonl"):
            check.validate(row)
    for name in ("summary", "manifest"):
        value = json.loads((first / f"{name}.json").read_bytes())
        jsonschema.validate(value, json.loads((schemas / f"{name}.json").read_text()))
    attributes = json.loads((schemas / "attributes.json").read_text())
    for path in (first / "attributes").iterdir():
        for row in rows(path):
            jsonschema.validate(row, attributes)


def test_every_span_is_inside_its_text(first: Path) -> None:
    """Blocks are in order and apart; evidence lies within its block; shares sum to 1."""
    for row in rows(first / "documents.jsonl"):
        end = 0
        for block in row["blocks"]:
            assert end <= block["start"] < block["end"] <= len(row["text"])
            end = block["end"]
            assert row["text"][block["start"] : end].strip()
            for item in block["evidence"]:
                assert block["start"] <= item["start"] <= item["end"] <= end
        assert not row["shares"] or abs(sum(row["shares"].values()) - 1) < 1e-6


def test_bad_files_are_rows_and_the_good_go_on(first: Path) -> None:
    """The cut-off download fails alone, with a message that names a cure."""
    failures = list(rows(first / "failures.jsonl"))
    assert any("cut-off-download" in row["path"] and row["stage"] == "read" for row in failures)
    assert sum(1 for _ in rows(first / "documents.jsonl")) >= 60


def test_folder_of_another_run_is_not_overwritten(inbox: Path, first: Path) -> None:
    """Two runs never share a folder by accident."""
    with pytest.raises(OutputError, match="--overwrite"):
        score([inbox / "wire"], first, None)


def test_second_writer_is_refused(inbox: Path, tmp_path: Path) -> None:
    """One run at a time writes to a state; the second is told so."""
    settings = Settings.model_validate(QUICK)
    with (
        open_run([inbox], settings=settings, out=tmp_path, state=tmp_path / "s.db"),
        pytest.raises(StateError, match="another run"),
        open_run([inbox], settings=settings, out=tmp_path, state=tmp_path / "s.db", wait_s=0.1),
    ):
        pass


@pytest.fixture(params=["analyse", "judge-1", "judge-2", "finish"])
def killed(request: pytest.FixtureRequest, inbox: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A run that was killed with SIGKILL at the given point: its folder and state."""
    folder, state = tmp_path / "run", tmp_path / "state.db"
    script = f"""
import os, signal
from pathlib import Path
from quality.run import analyze_batch, open_run
from quality.settings import Settings
point = {request.param!r}
settings = Settings.model_validate({{"read": {{"settle_s": 0}}, "run": {{"batch_files": 20}}}})
die = lambda: os.kill(os.getpid(), signal.SIGKILL)
with open_run([Path({str(inbox)!r})], settings=settings, out=Path({str(tmp_path)!r}),
              state=Path({str(state)!r}), folder=Path({str(folder)!r})) as run:
    for number, part in enumerate(run.batches()):
        run.add(analyze_batch(part, settings, jobs=1))
        if point == "analyse" and number == 1: die()
    for number, _, _ in run.judge():
        if point == f"judge-{{number}}": die()
    die()
"""
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == -signal.SIGKILL
    return folder, state


def test_kill_loses_nothing_and_repeats_nothing(
    killed: tuple[Path, Path], inbox: Path, first: Path
) -> None:
    """The next run in the same folder ends with the rows of an undisturbed run, each once."""
    folder, state = killed
    found = score([inbox], folder, state, batch=20)
    undisturbed = list(rows(first / "documents.jsonl"))
    assert sorted(map(key, found)) == sorted(map(key, undisturbed))


def key(row: dict[str, Any]) -> str:
    """A document's row without what names the state's size at the time."""
    return json.dumps({**row, "provenance": None}, sort_keys=True)
