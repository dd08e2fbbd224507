"""The ledger knows what ended, under which fingerprint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from quality.ledger import InputStatus, Ledger, RunEntry, RunStatus
from quality.state import State

ENTRY = RunEntry("r1", "/out/r1", RunStatus.RUNNING, "2026-01-01T00:00:00+00:00", 0, 0, "{}")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger."""
    with State.open(tmp_path / "state.db") as state:
        yield Ledger(state)


def test_known_under_the_same_fingerprint_only(ledger: Ledger) -> None:
    """A changed model makes all inputs new."""
    ledger.record_inputs(
        [("d1", "a.txt", InputStatus.SCORED), ("d2", "b.txt", InputStatus.FAILED)],
        fingerprint="f1",
        run="r1",
    )
    inputs = [("d1", "a.txt"), ("d2", "b.txt"), ("d3", "c.txt")]
    assert ledger.known_inputs(inputs, "f1") == {
        "a.txt": InputStatus.SCORED,
        "b.txt": InputStatus.FAILED,
    }
    assert ledger.known_inputs(inputs, "f2") == {}


def test_copy_is_known_once_its_run_has_finished(ledger: Ledger) -> None:
    """A renamed file is not scored again; a copy in a run that was cut off still is."""
    ledger.begin_run(ENTRY)
    ledger.record_inputs([("d1", "a.txt", InputStatus.SCORED)], fingerprint="f", run="r1")
    assert ledger.known_inputs([("d1", "copy.txt")], "f") == {}
    ledger.update_run(replace(ENTRY, status=RunStatus.FINISHED))
    assert list(ledger.known_inputs([("d1", "copy.txt")], "f")) == ["copy.txt"]


def test_unfinished_runs_are_those_still_running(ledger: Ledger) -> None:
    """A run that ended is not picked up again; one cut off is, with its committed sizes."""
    ledger.begin_run(ENTRY)
    ledger.begin_run(replace(ENTRY, run="r2"))
    ledger.update_run(replace(ENTRY, status=RunStatus.FINISHED))
    ledger.update_run(replace(ENTRY, run="r2", documents_bytes=120))
    assert ledger.unfinished_runs() == [replace(ENTRY, run="r2", documents_bytes=120)]


def test_forgotten_inputs_are_new_again(ledger: Ledger) -> None:
    """After `index remove` a file is scored as if never seen."""
    ledger.record_inputs([("d1", "a.txt", InputStatus.SCORED)], fingerprint="f", run="r1")
    ledger.record_documents(["x"], "f", "r1")
    ledger.forget(["x"], ["a.txt"])
    assert ledger.known_inputs([("d1", "a.txt")], "f") == {}
    assert not ledger.is_scored("x", "f")
