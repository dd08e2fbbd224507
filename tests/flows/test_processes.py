"""Locks that tell living processes from dead ones, and Prefect's environment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flows import alive, environment
from flows.processes import Child, end_holder, holder, holding
from flows.reports import reports_server
from flows.server import answers, end_left_over, free_port

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    """Held by the child, not by us; free as soon as the child is killed."""
    lock = tmp_path / "x.lock"
    child = Child(SLEEP, lock, environ=os.environ)
    pid = holder(lock)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    child.stop(within_s=5)
    assert (holder(lock), child.exit_code) == (None, -signal.SIGKILL)


def test_a_left_over_process_is_ended(tmp_path: Path) -> None:
    """Also one that does not listen to SIGTERM."""
    lock = tmp_path / "x.lock"
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)"
    child = Child([sys.executable, "-c", deaf], lock, environ=os.environ)
    assert end_holder(lock, within_s=1.0)
    child.stop(within_s=5)
    assert not end_holder(lock, within_s=1.0)


def test_a_server_of_a_killed_owner_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the next embedded server; that of a living owner goes on."""
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    owner = subprocess.Popen([sys.executable, "-c", ""])
    owner.wait()
    locks = [tmp_path / f"embedded.lock.{pid}" for pid in (owner.pid, os.getpid())]
    children = [Child(SLEEP, lock, environ=os.environ) for lock in locks]
    end_left_over()
    assert [lock.exists() for lock in locks] == [False, True]
    assert [holder(lock) is None for lock in locks] == [True, False]
    for child in children:
        child.stop(within_s=5)


def test_two_cannot_hold_one_lock(tmp_path: Path) -> None:
    """The second learns who has it."""
    lock = tmp_path / "x.lock"
    with holding(lock) as mine:
        code = (
            "import sys; from pathlib import Path; from flows.processes import *\n"
            "with holding(Path(sys.argv[1])) as mine: print(mine, holder(Path(sys.argv[1])))"
        )
        said = subprocess.run(
            [sys.executable, "-c", code, str(lock)],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
        )
    assert mine
    assert said.stdout.split() == ["False", str(os.getpid())]


def test_a_killed_run_is_dead_and_a_finished_one_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock file of a run stays only where its process had no time to take it away."""
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    code = "from flows.alive import hold; hold('{}'); import os; os.kill(os.getpid(), {})"
    for name, number in (("killed", 9), ("ended", 0)):
        subprocess.run(
            [sys.executable, "-c", code.format(name, number)],
            check=False,
            cwd=Path(__file__).parents[2],
        )
    assert [lock.name for lock in alive.dead()] == ["killed"]
    assert alive.living() == []


def test_prefect_keeps_its_things_in_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless the user says otherwise; analytics are off, and what is set stays."""
    monkeypatch.chdir(tmp_path)
    environ = {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "60"}
    environment.prepare(environ)
    assert environ["PREFECT_HOME"] == str(tmp_path / "out" / "prefect")
    assert environ["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"] == "60"
    assert environ["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    given = {"PREFECT_API_URL": "http://elsewhere/api"}
    environment.prepare(given)
    assert "PREFECT_HOME" not in given


def test_only_reports_are_served(tmp_path: Path) -> None:
    """The state, the rows and Prefect's database stay private."""
    import urllib.error
    import urllib.request

    report = tmp_path / "run" / "report"
    report.mkdir(parents=True)
    (report / "index.html").write_text("a report")
    (tmp_path / "state.db").write_text("secret")
    (tmp_path / "run" / "documents.jsonl").write_text("secret")
    with reports_server(free_port(4900), tmp_path) as url:
        with urllib.request.urlopen(f"{url}/run/report/index.html") as response:
            assert response.read() == b"a report"
        for path in ("/state.db", "/run/documents.jsonl", "/", "/run/report/../../state.db"):
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(url + path)
            caught.value.close()
            assert caught.value.code == 404


def test_nothing_answers_where_nothing_runs() -> None:
    """A closed port or a wrong address is no server."""
    assert not answers(f"http://127.0.0.1:{free_port(4950)}/api")
    assert not answers("no address")
