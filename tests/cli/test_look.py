"""The commands that look: explain, strip, classify, evaluate, rules, report and index."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tests.cli.conftest import STORY, Quality, write


def test_explain_shows_every_block_plainly_when_piped(quality: Quality, inbox: Path) -> None:
    """No colours and no wrapped lines: each block's text can be searched for."""
    done = quality("explain", "inbox/a.txt")
    assert done.code == 0
    assert "\x1b" not in done.out
    for line in [*STORY.splitlines(), "Home > News > Local"]:
        assert line in done.out.splitlines()


def test_explain_shows_control_characters(quality: Quality, tmp_path: Path) -> None:
    """Scraped text must not steer the terminal of who reads it."""
    write(tmp_path / "a.txt", "The \x1b[31mboard\x1b[0m voted 7-2 on Monday.\x07\n" + STORY)
    done = quality("explain", "a.txt")
    assert "\x1b" not in done.out
    assert "\x07" not in done.out


def test_explain_json_is_the_record(quality: Quality, inbox: Path, root: Path) -> None:
    """One object a document, as documents.jsonl has it."""
    done = quality("explain", "--json", "inbox/a.txt", "inbox/b.txt")
    schema = json.loads((root / "quality" / "schema" / "document.json").read_text())
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [row["path"] for row in rows] == ["inbox/a.txt", "inbox/b.txt"]
    for row in rows:
        jsonschema.Draft202012Validator(schema).validate(row)


def test_strip_drops_chrome_only(quality: Quality, inbox: Path) -> None:
    """From a file and from stdin; `--removed` is the rest, with rule and reason."""
    assert quality("strip", "inbox/a.txt").out == STORY
    assert quality("strip", "-", stdin=(inbox / "a.txt").read_bytes()).out == STORY
    removed = quality("strip", "--removed", "inbox/a.txt").out.split("\t")
    assert removed[0] == "Home > News > Local"
    assert len(removed) == 3


@pytest.mark.parametrize("command", ["explain", "strip"])
def test_unreadable_input_exits_with_two(quality: Quality, tmp_path: Path, command: str) -> None:
    """A damaged file, an unknown suffix and empty stdin alike; the good one is shown."""
    write(tmp_path / "bad.docx", STORY)
    write(tmp_path / "good.txt", STORY)
    done = quality(command, "bad.docx", "-", "good.txt")
    assert done.code == 2
    assert "no reader for '.docx'" in done.err
    assert "empty (0 bytes)" in done.err
    assert "Ines Valder" in done.out


def test_classify_gives_the_rows_back_in_order(quality: Quality) -> None:
    """With label and evidence; other keys stay."""
    rows = [{"text": STORY.splitlines()[0], "id": 7}, {"text": "Leave a Comment", "mine": [1]}]
    stdin = "\n".join(map(json.dumps, rows)).encode()
    done = quality("classify", "-", stdin=stdin)
    found = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == 0
    assert [row["text"] for row in found] == [row["text"] for row in rows]
    assert (found[0]["id"], found[1]["mine"]) == (7, [1])
    assert found[1]["label"] == "chrome"
    assert {"label", "scores", "generated", "evidence"} <= found[0].keys()


@pytest.mark.parametrize(
    "row",
    [
        {"text": "a b", "headings": None},
        {"text": "a b", "headings": 5},
        {"text": "a b", "headings": [1, None, {"a": 2}, "Real"]},
        {"text": "a b", "headings": {"a": "b"}},
        {"text": "a b", "headings": "One"},
        {"text": "a b", "heading": True},
        {"text": "a b", "before": ["x", "y"], "after": []},
        {"text": "a b", "before": 3, "after": {}},
        {"text": ""},
        {"text": "\u200b \x00"},
    ],
    ids=str,
)
def test_classify_takes_rows_as_they_come(quality: Quality, row: dict[str, object]) -> None:
    """Keys of another type than ours are passed over, not tripped over."""
    done = quality("classify", "-", stdin=json.dumps(row).encode())
    assert done.code == 0
    assert json.loads(done.out)["label"]


@pytest.mark.parametrize("line", [b"no json", b"[]", b'{"txt": 1}', b'{"text": 5}', b"\xff\xfe"])
def test_classify_answers_broken_rows_in_their_place(quality: Quality, line: bytes) -> None:
    """Exit 2; the number of lines stays."""
    done = quality("classify", "-", stdin=b'{"text": "a"}\n' + line + b'\n{"text": "b"}\n')
    rows = [json.loads(row) for row in done.out.splitlines()]
    assert done.code == 2
    assert [("error" in row) for row in rows] == [False, True, False]
    assert rows[1]["error"].startswith("line 2: ")


def test_report_is_built_again(quality: Quality, inbox: Path) -> None:
    """After the folder was lost, from documents.jsonl alone."""
    quality("score", "inbox", "--out", "run", "--quiet")
    index = inbox.parent / "run" / "report" / "index.html"
    index.unlink()
    done = quality("report", "run")
    assert (done.code, done.out) == (0, "run/report/index.html\n")
    assert index.is_file()


def test_removed_documents_are_scored_again(quality: Quality, inbox: Path) -> None:
    """And a path that nobody knows is told."""
    quality("score", "inbox", "--quiet")
    assert quality("index", "remove", "inbox/a.txt").out == "1 document removed\n"
    unknown = quality("index", "remove", "inbox/a.txt")
    assert "none of these paths is in the index" in unknown.err
    assert "1 of 2 files scored" in quality("score", "inbox").out
    assert quality("index", "rebuild").out == "2 documents in the index\n"
    assert "inputs scored  2" in quality("index", "stats").out


def test_rules_of_one_language(quality: Quality) -> None:
    """With category and example; the markdown is what docs/rules.md has."""
    done = quality("rules", "--language", "de")
    assert done.code == 0
    assert "Kommentar" in done.out
    assert quality("rules", "--language", "de", "--markdown").out.startswith("#")


def test_evaluate_names_the_splits(quality: Quality, tmp_path: Path) -> None:
    """A split that is not there is a usage error, with those that are."""
    row = {"text": STORY, "label": "reporting", "split": "dev"}
    write(tmp_path / "rows.jsonl", json.dumps(row) + "\n")
    done = quality("evaluate", "rows.jsonl", "--split", "zzz")
    assert done.code == 1
    assert "no row of split 'zzz'; known: dev" in done.err


def test_a_reader_that_goes_away_is_no_error(inbox: Path, root: Path) -> None:
    """`quality explain … | head -1` ends quietly."""
    write(inbox / "long.txt", STORY * 400)
    script = f"{sys.executable} -m quality strip inbox/long.txt inbox/long.txt | head -1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {script}"],
        cwd=inbox.parent, env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == STORY.splitlines()[0] + "\n"
