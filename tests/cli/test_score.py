"""`quality score`: exit codes, memory between runs, and everything a file can be."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from quality.state import writer_lock
from tests.cli.conftest import STORY, Quality, write


def summary(run: Path) -> dict[str, Any]:
    """summary.json of a run."""
    found: dict[str, Any] = json.loads((run / "summary.json").read_bytes())
    return found


def failures(run: Path) -> dict[str, str]:
    """Message by path."""
    rows = map(json.loads, (run / "failures.jsonl").read_text().splitlines())
    return {row["path"]: row["message"] for row in rows}


def test_a_run_says_what_it_did(quality: Quality, inbox: Path) -> None:
    """0, figures on stdout, `latest` points to the run, the report is there."""
    done = quality("score", "inbox")
    assert done.code == 0
    assert "2 of 2 files scored" in done.out
    assert (inbox.parent / "out" / "latest" / "report" / "index.html").is_file()
    assert "\x1b" not in done.out + done.err


def test_second_run_scores_nothing_and_says_so(quality: Quality, inbox: Path) -> None:
    """Also after a rename; the report of before is named."""
    quality("score", "inbox")
    before = (inbox.parent / "out" / "latest").resolve()
    (inbox / "a.txt").rename(inbox / "renamed.txt")
    done = quality("score", "inbox")
    assert done.code == 0
    assert "0 of 2 files scored" in done.out
    assert "2 known from earlier runs" in done.out
    assert f"out/{before.name}/report/index.html" in done.out
    assert (inbox.parent / "out" / "latest").resolve() == before
    assert [path.name for path in (inbox.parent / "out").glob("2*")] == [before.name]


def test_what_cannot_be_opened_is_news_once(quality: Quality, inbox: Path) -> None:
    """Else each run of a schedule would leave a folder for it; mended, it is scored."""
    link = inbox / "link.txt"
    link.symlink_to("later.txt")
    assert quality("score", "inbox").code == 2
    again = quality("score", "inbox")
    assert again.code == 0
    assert "1 failed before and have not changed" in again.out
    write(inbox / "later.txt", STORY + "A second edition, with figures for May.\n")
    assert "1 of 3 files scored" in quality("score", "inbox").out


@pytest.mark.parametrize("how", ["--rescore", "--no-state", "settings", "touched"])
def test_what_makes_files_new_again(quality: Quality, inbox: Path, how: str) -> None:
    """An option, another setting; a new date alone does not."""
    quality("score", "inbox", "--quiet")
    write(inbox.parent / "s.toml", "[verdict]\nmin_words = 7")
    if how == "touched":
        os.utime(inbox / "a.txt", (10**9 + 5, 10**9 + 5))
    more = ["--settings", "s.toml"] if how == "settings" else [how] * (how != "touched")
    quality("score", "inbox", "--out", "again", "--quiet", *more)
    assert summary(inbox.parent / "again")["inputs"]["scored"] == (0 if how == "touched" else 2)


def test_quiet_says_nothing(quality: Quality, inbox: Path) -> None:
    """Neither stream."""
    done = quality("score", "inbox", "--quiet", "--jobs", "1")
    assert (done.code, done.out, done.err) == (0, "", "")


def test_an_empty_directory_is_told(quality: Quality, tmp_path: Path) -> None:
    """0, but nobody wonders where the figures are."""
    (tmp_path / "nothing").mkdir()
    done = quality("score", "nothing")
    assert done.code == 0
    assert "no files found in nothing" in done.out


def test_bad_files_are_rows_and_exit_with_two(quality: Quality, inbox: Path) -> None:
    """Each names what is wrong; the good files are scored."""
    write(inbox / "page.docx", STORY)
    write(inbox / "empty.txt", "")
    write(inbox / "cut.txt.gz", gzip.compress(STORY.encode() * 9)[:-20])
    (inbox / "broken-link.txt").symlink_to("nowhere.txt")
    os.mkfifo(inbox / "pipe.txt")
    done = quality("score", "inbox", "--out", "run")
    assert done.code == 2
    assert "failures    5 ReadError" in done.out
    found = {Path(path).name: message for path, message in failures(inbox.parent / "run").items()}
    assert "no reader for '.docx'" in found["page.docx"]
    assert "Remove the broken link" in found["broken-link.txt"]
    assert "a pipe, socket or device" in found["pipe.txt"]
    assert len(found) == 5
    assert summary(inbox.parent / "run")["inputs"]["scored"] == 2


def test_a_broken_container_record_costs_itself_only(quality: Quality, inbox: Path) -> None:
    """Broken lines, missing keys and nulls are a row each; duplicated keys take the last."""
    lines = [json.dumps({"text": STORY}), "no json", '{"nope": 1}', '{"text": null}', "[1]"]
    lines.append('{"text": "x", "text": ' + json.dumps(STORY + "Twice.\n") + "}")
    write(inbox / "rows.jsonl", "\n".join(lines))
    assert quality("score", "inbox", "--out", "run").code == 2
    lines = (inbox.parent / "run/documents.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["record"] for row in rows if row["path"].endswith("jsonl")] == [0, 5]
    assert len((inbox.parent / "run/failures.jsonl").read_text().splitlines()) == 4


def test_a_fault_in_a_reader_is_a_row(
    quality: Quality, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container is read in the main process; what trips its reader must not end the run."""
    head = "WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 99\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx"
    write(inbox / "a.warc.gz", gzip.compress(head.encode()))
    assert quality("score", "inbox", "--out", "run").code == 2
    assert [Path(path).name for path in failures(inbox.parent / "run")] == ["a.warc.gz"]


@pytest.mark.parametrize(
    "name", ["with space.txt", "new\nline.txt", "[bold]x[red].txt", "UPPER.TXT", "ünïcode.txt"]
)
def test_odd_names_are_kept(quality: Quality, tmp_path: Path, name: str) -> None:
    """In the record as on the disk."""
    (tmp_path / "in").mkdir()
    write(tmp_path / "in" / name, STORY)
    assert quality("score", "in", "--out", "run").code == 0
    assert json.loads((tmp_path / "run/documents.jsonl").read_text())["path"] == f"in/{name}"


def test_names_that_are_not_utf8_are_escaped(quality: Quality, tmp_path: Path) -> None:
    """Scored, remembered and written like any other."""
    (tmp_path / "in").mkdir()
    write(tmp_path / "in" / os.fsdecode(b"caf\xe9.txt"), STORY)
    assert quality("score", "in", "--out", "run").code == 0
    assert json.loads((tmp_path / "run/documents.jsonl").read_text())["path"] == "in/caf\\xe9.txt"
    quality("score", "in", "--out", "again")
    assert summary(tmp_path / "again")["inputs"] == {
        "found": 1, "scored": 0, "known": 1, "failed": 0, "waiting": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        STORY.replace("\n", "\r\n"),
        "\ufeff" + STORY,
        "Família 👩‍👩‍👧‍👦 e\u0301te\u0301 🇫🇷 flags flew on Monday, the mayor said.\n" * 3,
        "אמר ראש העיר ביום שני כי העבודות יסתיימו עד סוף השנה הבאה.\n" * 3,
        "市長は月曜日に、橋の工事が来年五月までに終わると述べた。\n" * 3,
        "one\u2028two\u2029three\x0bfour\x85five\n" + STORY,
        "word " * 200_000,
    ],
    ids=["crlf", "bom", "emoji", "hebrew", "japanese", "separators", "long-line"],
)
def test_offsets_count_code_points(quality: Quality, tmp_path: Path, text: str) -> None:
    """Blocks lie in the text in order, and hold no white space at their ends."""
    (tmp_path / "in").mkdir()
    write(tmp_path / "in" / "a.txt", text.encode())
    assert quality("score", "in", "--out", "run", "--no-state").code == 0
    row = json.loads((tmp_path / "run" / "documents.jsonl").read_text())
    end = 0
    for block in row["blocks"]:
        piece = row["text"][block["start"] : block["end"]]
        assert end <= block["start"]
        assert piece
        assert piece == piece.strip()
        end = block["end"]


def test_a_file_changed_during_the_run_is_new_to_the_next(
    quality: Quality, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger notes the bytes as they were when the run began."""
    import quality.run as run

    analyze = run.analyze_batch

    def then_change(*arguments: Any, **named: Any) -> Any:
        result = analyze(*arguments, **named)
        write(inbox / "a.txt", STORY * 2)
        (inbox / "b.txt").unlink(missing_ok=True)
        return result

    with monkeypatch.context() as patch:
        patch.setattr("quality.run.analyze_batch", then_change)
        assert quality("score", "inbox").code == 0
    quality("score", "inbox", "--out", "again")
    assert summary(inbox.parent / "again")["inputs"]["scored"] == 1


def test_a_locked_state_is_told(
    quality: Quality, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other run's process is named; looking at the index does not wait for it."""
    quality("score", "inbox", "--quiet")
    state = inbox.parent / "out" / "state.db"
    with writer_lock(state):
        begun = time.monotonic()
        assert quality("index", "stats").code == 0
        assert time.monotonic() - begun < 10


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_is_carried_on(
    quality: Quality, root: Path, tmp_path: Path, how: signal.Signals
) -> None:
    """130 for Ctrl-C and SIGTERM; the next run in the same folder ends with all files."""
    (tmp_path / "in").mkdir()
    for number in range(60):
        write(tmp_path / "in" / f"{number:02}.txt", f"Story {number}.\n{STORY}" * 3)
    write(tmp_path / "s.toml", "[run]\nbatch_files = 2\njobs = 1")
    command = [sys.executable, "-m", "quality", "score", "in", "--out", "run"]
    started = subprocess.Popen(
        [*command, "--settings", "s.toml", "--state", "s.db"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(root)},
        stderr=subprocess.PIPE, text=True,
        # In the background of a shell Ctrl-C is ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert started.stderr is not None
    for line in started.stderr:
        if "analysed" in line:
            break
    started.send_signal(how)
    _, err = started.communicate(timeout=60)
    assert started.returncode == 130, err
    assert "everything finished so far is saved" in err
    done = quality("score", "in", "--out", "run", "--state", "s.db")
    assert done.code == 0
    assert len((tmp_path / "run" / "documents.jsonl").read_text().splitlines()) == 60
