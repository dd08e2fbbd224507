"""`serve`: a schedule yields runs, and what dies or is stopped leaves nothing lost or wrong."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.faults.served import Served, served, write_pages


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A served pipeline, hurt by one test after another."""
    with served(tmp_path_factory.mktemp("served"), "--batch-files", "2") as it:
        yield it


def test_a_schedule_yields_a_run(one: Served) -> None:
    """With the pinned versions: SQLAlchemy 2.1 makes schedules that create none."""
    write_pages(one.inbox, 4)
    one.wait_until_scored(4)
    one.wait(lambda: [run for run in one.ended() if run.state == "Completed"], "its end")
    assert one.scored_twice() == []


def test_a_finished_run_is_published(one: Served) -> None:
    """The event of a finished run starts `publish-report`."""
    index = one.out / "published" / "index.html"
    one.wait(index.exists, "the published report")
    assert "<a href=" in index.read_text(encoding="utf-8")


def test_kill_9_of_a_flow_loses_nothing(one: Served) -> None:
    """Its run is crashed, and the next carries on from the last batch."""
    write_pages(one.inbox, 30, first=100)
    one.kill(one.wait_for_middle())
    one.wait_until_scored(34)
    assert one.scored_twice() == []
    assert [run.state for run in one.ended()].count("Crashed") == 1


def test_sigterm_ends_all_of_it_cleanly(one: Served) -> None:
    """No process stays, the run in its middle says that it was ended, the exit code is 0."""
    write_pages(one.inbox, 30, first=300)
    pids = [one.wait_for_middle(), one.pid("runner"), one.pid("server")]
    assert one.stop(signal.SIGTERM) == 0
    assert [Path(f"/proc/{pid}").exists() for pid in pids] == [False] * 3
    assert one.flow_pids() == []
    assert "aborted by a termination signal" in one.log.read_text(encoding="utf-8")
