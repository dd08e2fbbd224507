"""Help has examples; what cannot start exits with 1 and names the cure."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.conftest import Quality, write

COMMANDS = [
    *("score", "explain", "strip", "classify", "train", "evaluate", "index", "rules", "report"),
    *("index stats", "index rebuild", "index remove"),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example_in_one_line(quality: Quality, command: str) -> None:
    """An example that can be copied as it stands."""
    done = quality(*command.split(), "--help")
    examples = [line for line in done.out.splitlines() if f"quality {command}" in line]
    assert done.code == 0
    assert any(not line.startswith("usage") for line in examples)


def test_help_lists_every_command(quality: Quality) -> None:
    """And says where to begin."""
    done = quality("--help")
    assert [name for name in COMMANDS if " " not in name and name not in done.out] == []
    assert "Start with: quality score" in done.out


@pytest.mark.parametrize(
    "arguments",
    [[], ["nope"], ["score"], ["index"], ["score", "x", "--jobs", "0"], ["score", "x", "--joobs"]],
)
def test_usage_errors_exit_with_one(quality: Quality, arguments: list[str]) -> None:
    """Not with argparse's 2, which means that some inputs failed."""
    done = quality(*arguments)
    assert (done.code, done.out) == (1, "")
    assert "--help` for an example" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["score", "missing"], "missing: no such file or directory"),
        (["score", "inbox", "--settings", "no.toml"], "no.toml: cannot be read"),
        (["score", "inbox", "--settings", "wrong.toml"], "unknown setting 'chrome.x'; known"),
        (["score", "inbox", "--settings", "read.toml"], "expected a table, [read]"),
        (["score", "inbox", "--settings", "models.toml"], "manifest.json: no model manifest"),
        (["score", "inbox", "--state", "text.db"], "text.db: not a usable state database"),
        (["score", "inbox", "--state", "foreign.db"], "not one of ours. Give another file"),
        (["score", "inbox", "--state", "inbox"], "inbox: not a usable state database"),
        (["score", "inbox", "--state", "text.db/s.db"], "text.db: File exists. Check the path"),
        (["score", "inbox", "--out", "text.db"], "text.db: cannot be written"),
        (["score", "inbox", "--out", "full"], "--overwrite to replace it"),
        (["explain", "missing.txt"], "missing.txt: no such file"),
        (["explain", "inbox"], "a directory. Give its files, or use `quality score inbox`"),
        (["strip", "missing.txt"], "or - for stdin"),
        (["classify", "missing.jsonl"], "missing.jsonl: cannot be read"),
        (["evaluate", "missing.jsonl"], "missing.jsonl: no such file"),
        (["train", "--seeds", "missing", "--only", "paragraph"], "missing: no such file"),
        (["train", "--shared", "missing", "--only", "line"], "with --shared"),
        (["index", "stats"], "`quality score` makes one"),
        (["index", "stats", "--state", "foreign.db"], "not one of ours"),
        (["rules", "--language", "xx"], "known: any, de, en"),
        (["report", "inbox"], "Give the folder of a finished run"),
    ],
)
def test_what_cannot_start_names_the_cure(
    quality: Quality, inbox: Path, arguments: list[str], words: str
) -> None:
    """Exit 1, one line on stderr without a traceback, and no run's folder made."""
    here = inbox.parent
    (here / "wrong.toml").write_text("[chrome]\nx = 1")
    (here / "read.toml").write_text("read = 5")
    (here / "models.toml").write_text("models = 'nowhere'")
    (here / "text.db").write_text("notes of mine, not a database\n" * 40)
    with sqlite3.connect(here / "foreign.db") as foreign:
        foreign.execute("CREATE TABLE mine (x)")
    foreign.close()
    (here / "full").mkdir()
    (here / "full" / "documents.jsonl").write_text("")
    done = quality(*arguments)
    assert done.code == 1
    assert words in done.err
    assert len([line for line in done.err.splitlines() if line.startswith("quality: ")]) == 1
    assert not (here / "out").is_dir() or not any((here / "out").glob("2*"))


@pytest.mark.parametrize("damage", ["flip", "manifest", "pickle", "missing"])
def test_damaged_models_stop_before_the_first_page(
    quality: Quality, inbox: Path, root: Path, damage: str
) -> None:
    """One flipped byte, a missing file or a pickle beside it: nothing is loaded or written."""
    models = inbox.parent / "models"
    shutil.copytree(root / "models", models)
    arrays = models / "line" / "model.npz"
    if damage == "flip":
        data = bytearray(arrays.read_bytes())
        data[len(data) // 2] ^= 1
        arrays.write_bytes(data)
    elif damage == "pickle":
        (models / "line" / "model.pkl").write_bytes(b"cos\nsystem\n(S'touch fired'\ntR.")
    else:
        (arrays if damage == "missing" else models / "manifest.json").unlink()
    write(inbox.parent / "s.toml", f"models = '{models}'")
    done = quality("score", "inbox", "--settings", "s.toml")
    assert done.code == 1
    assert "quality train" in done.err or "remove it" in done.err
    assert not (inbox.parent / "fired").exists()
    assert not list((inbox.parent / "out").glob("2*"))


def test_a_full_disk_is_named(quality: Quality, inbox: Path) -> None:
    """/dev/full refuses every byte, as a full disk does."""
    full = Path("/dev/full").open("w")  # noqa: SIM115 - closing it fails as well
    with pytest.MonkeyPatch.context() as patch, suppress(OSError), full:
        patch.setattr("sys.stdout", full)
        done = quality("strip", inbox / "a.txt")
    assert done.code == 1
    assert "No space left on device. Make room on the disk" in done.err
