"""Each fault done once to a served pipeline, and what became of it.

    python -m benchmarks.faults [NAME ...]

A fault passes when every page stands in exactly one row of finished runs (or of
failures.jsonl), and every flow run's state says what happened to it. Takes about ten
minutes; `disk` needs root for a small tmpfs and is passed over without.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import orjson

from benchmarks.faults.served import Served, served, write_pages

PAGES = 60
_SLOW = ("--batch-files", "2")
_FINISHED = ("Completed", "CompletedWithErrors")


class UntriedError(Exception):
    """The fault cannot be made on this machine."""


def main(names: Sequence[str]) -> int:
    """Do the faults named, or all; 3 where one did not pass."""
    unknown = [name for name in names if name not in FAULTS]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; known: {', '.join(FAULTS)}", file=sys.stderr)
        return 1
    failed = 0
    for name in names or FAULTS:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"fault-{name}-") as folder:
            try:
                became = FAULTS[name](Path(folder))
                verdict = "ok"
            except UntriedError as why:
                became, verdict = str(why), "passed over"
            except (AssertionError, TimeoutError) as error:
                became, verdict = str(error) or "not as promised", "FAILED"
                failed += 1
        print(f"{verdict:<12}{name:<14}{time.monotonic() - began:5.0f} s  {became}", flush=True)
    return 3 if failed else 0


def kill_flow(folder: Path) -> str:
    """Kill -9 of the process of a flow run."""
    with served(folder, *_SLOW) as one:
        write_pages(one.inbox, PAGES)
        one.kill(one.wait_for_middle())
        return _all_is_well(one, crashed=1)


def kill_runner(folder: Path) -> str:
    """Kill -9 of the runner, on whose pipe its flow run depends: another is started."""
    with served(folder, *_SLOW) as one:
        write_pages(one.inbox, PAGES)
        one.wait_for_middle()
        before = one.pid("runner")
        one.kill(before)
        one.wait(lambda: one.pid("runner") not in (None, before), "another runner")
        return _all_is_well(one, crashed=None)


def kill_server(folder: Path) -> str:
    """Kill -9 of Prefect's server: started again on its port, the run tells it how it ended."""
    with served(folder, *_SLOW) as one:
        write_pages(one.inbox, PAGES)
        one.wait_for_middle()
        before = one.pid("server")
        one.kill(before)
        one.wait(lambda: one.pid("server") not in (None, before), "another server")
        return _all_is_well(one)


def kill_serve(folder: Path) -> str:
    """Kill -9 of `serve` alone: the next start ends what goes on without it, and takes over."""
    with served(folder, *_SLOW) as one:
        write_pages(one.inbox, PAGES)
        one.wait_for_middle()
        one.kill(one.supervisor)
        one.start()
        return _all_is_well(one, crashed=None)


def kill_all(folder: Path) -> str:
    """Kill -9 of everything at once, as when the power goes."""
    with served(folder, *_SLOW) as one:
        write_pages(one.inbox, PAGES)
        flow = one.wait_for_middle()
        for pid in (one.supervisor, one.pid("runner"), one.pid("server"), flow):
            one.kill(pid)
        one.start()
        return _all_is_well(one, crashed=1)


def sigterm(folder: Path) -> str:
    """SIGTERM to `serve` in the middle of a run, then a new start."""
    with served(folder, *_SLOW) as one:
        write_pages(one.inbox, PAGES)
        pids = [one.wait_for_middle(), one.pid("runner"), one.pid("server")]
        assert one.stop() == 0, "exit code is not 0"
        left = [pid for pid in pids if Path(f"/proc/{pid}").exists()]
        assert not left, f"left running: {left}"
        one.start()
        return _all_is_well(one, crashed=1)


def overlap(folder: Path) -> str:
    """Runs that take longer than the interval."""
    with served(folder, "--batch-files", "1") as one:
        write_pages(one.inbox, 300)
        one.wait(lambda: _count(one, "Cancelled"), "a run that was due and dropped", 120)
        return _all_is_well(one, pages=300, cancelled=None)


def half_written(folder: Path) -> str:
    """A file that grows while a run looks, and one under its `.part` name."""
    with served(folder) as one:
        write_pages(one.inbox, 3)
        (one.inbox / "later.txt.part").write_text("not yet")
        growing = one.inbox / "growing.txt"
        began = time.monotonic()
        with growing.open("a", encoding="utf-8") as file:
            while time.monotonic() - began < 25:
                file.write(f"At minute {time.monotonic():.3f} the tide stood at four metres.\n")
                file.flush()
                time.sleep(0.2)
        assert "growing.txt" not in one.scored(), "a file was scored while it grew"
        one.wait_until_scored(4)
        assert one.scored().count("growing.txt") == 1, "the grown file is not in one row"
        return f"scored once, {_ended(one)}"


def hang(folder: Path) -> str:
    """A page that takes longer than its limit: a row, and the others go on."""
    settings = folder / "quality.toml"
    settings.write_text("[extract]\ntimeout_s = 1.0\nmax_nodes = 100000000\n")
    with served(folder, "--settings", str(settings)) as one:
        write_pages(one.inbox, 20)
        words = "<div><p>tide and quay " * 60_000
        (one.inbox / "endless.html").write_text(f"<html><body>{words}</body></html>")
        one.wait_until_scored(20)
        one.wait(lambda: _count(one, "CompletedWithErrors"), "the end of the run")
        errors = [row["error"] for row in _failures(one)]
        assert errors == ["LimitError"], f"failures: {errors}"
        return f"one LimitError, 20 scored, {_ended(one)}"


def disk(folder: Path) -> str:
    """The disk of the output is full, then has room again."""
    with (
        _small_disk(folder / "out", "1m") as remount,
        served(folder, "--state", str(folder / "state.db")) as one,
    ):
        one.state = folder / "state.db"
        write_pages(one.inbox, 400)
        one.wait(lambda: _count(one, "Failed"), "a failed run", 120)
        message = next(run.message for run in one.ended() if run.state == "Failed")
        assert "No space left" in message, message
        remount("64m")
        return f"{message[:24]!r}; " + _all_is_well(one, pages=400, failed=None)


def busy_state(folder: Path) -> str:
    """Another process writes to the state for 20 s in the middle of a run."""
    with served(folder, *_SLOW) as one:
        write_pages(one.inbox, PAGES)
        one.wait_for_middle()
        with _write_lock(one.state):
            time.sleep(20)
        return _all_is_well(one)


def busy_prefect(folder: Path) -> str:
    """Another process holds Prefect's database for 20 s in the middle of a run."""
    with served(folder, *_SLOW) as one:
        write_pages(one.inbox, PAGES)
        one.wait_for_middle()
        with _write_lock(one.home / "prefect.db"):
            time.sleep(20)
        return _all_is_well(one)


FAULTS: dict[str, Callable[[Path], str]] = {
    "kill-flow": kill_flow,
    "kill-runner": kill_runner,
    "kill-server": kill_server,
    "kill-serve": kill_serve,
    "kill-all": kill_all,
    "sigterm": sigterm,
    "overlap": overlap,
    "half-written": half_written,
    "hang": hang,
    "disk": disk,
    "busy-state": busy_state,
    "busy-prefect": busy_prefect,
}


def _all_is_well(
    one: Served,
    *,
    pages: int = PAGES,
    crashed: int | None = 0,
    failed: int | None = 0,
    cancelled: int | None = None,
) -> str:
    """Every page once, no run without an end, and as many of each end as expected."""
    one.wait_until_scored(pages, within_s=180)
    one.wait(lambda: not one.flow_pids(), "the end of the last run", 60)
    # The next run finds nothing new: what happened is known to all of them.
    one.wait(lambda: _is_at_rest(one), "a run with nothing to do", 60)
    assert not one.scored_twice(), f"scored twice: {one.scored_twice()[:5]}"
    assert not _failures(one), f"failures: {_failures(one)[:2]}"
    for state, expected in (("Crashed", crashed), ("Failed", failed), ("Cancelled", cancelled)):
        found = _count(one, state)
        assert expected in (None, found), f"{found} runs {state}, not {expected}: {_ended(one)}"
    _states_are_true(one)
    return f"{pages} pages once, {_ended(one)}"


def _is_at_rest(one: Served) -> bool:
    """Whether the last run that was not dropped found nothing to do."""
    begun = [state for state in one.states() if state not in ("Cancelled", "Missed")]
    return begun[-1:] == ["NothingToDo"]


def _states_are_true(one: Served) -> None:
    """Prefect says completed of the runs the ledger has as finished, and of no other."""
    said = Counter("finished" if run.state in _FINISHED else run.state for run in one.ended())
    with closing(sqlite3.connect(f"{one.state.as_uri()}?mode=ro", uri=True)) as state:
        rows = state.execute("SELECT status, count(*) FROM runs GROUP BY status").fetchall()
    known = Counter(dict(rows))
    cut_off = said["Crashed"] + said["Failed"]
    assert known["finished"] == said["finished"], f"ledger {dict(known)}, Prefect {dict(said)}"
    # Killed before it had begun a folder, a run is crashed and the ledger has never heard of it.
    assert known["interrupted"] <= cut_off, f"ledger {dict(known)}, Prefect {dict(said)}"


def _count(one: Served, state: str) -> int:
    return [run.state for run in one.ended()].count(state)


def _ended(one: Served) -> str:
    states = [run.state for run in one.ended()]
    return ", ".join(f"{states.count(name)} {name}" for name in sorted(set(states)))


def _failures(one: Served) -> list[dict[str, str]]:
    return [
        orjson.loads(line)
        for file in one.out.glob("2*/failures.jsonl")
        for line in file.read_bytes().splitlines()
    ]


@contextmanager
def _write_lock(database: Path) -> Iterator[None]:
    with closing(sqlite3.connect(database, isolation_level=None, timeout=10)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def _small_disk(place: Path, size: str) -> Iterator[Callable[[str], None]]:
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        raise UntriedError("needs root for a small tmpfs")

    def remount(to: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={to}", str(place)], check=True)

    try:
        yield remount
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
