"""`python -m flows serve` in a directory of its own, to be watched and hurt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from flows.processes import holder
from flows.server import answers, free_port

_POLL_S = 0.05
# Nothing waited for takes a minute; on a machine with other work it took three.
_PATIENCE_S = 300.0
_OVER = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@dataclass(frozen=True, slots=True)
class FlowRun:
    """A flow run as Prefect's server has it."""

    id: str
    flow: str
    name: str
    state: str
    message: str
    is_over: bool
    of_schedule: bool


class Served:
    """A served pipeline: its processes, its runs, and what they wrote."""

    def __init__(self, folder: Path, *options: str, every_s: int = 10) -> None:
        self.folder = folder
        self.inbox = folder / "inbox"
        self.out = folder / "out"
        self.state = self.out / "state.db"
        self.home = folder / "prefect"
        self.log = folder / "serve.log"
        self.port = free_port(4300)
        self._options = ("--every", str(every_s), "--jobs", "1", *options)
        self._process: subprocess.Popen[bytes] | None = None
        self.inbox.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        """The API's address."""
        return f"http://127.0.0.1:{self.port}/api"

    def start(self) -> None:
        """Start, and wait until runs are taken."""
        ports = ("--port", str(self.port), "--reports-port", str(free_port(self.port + 50)))
        environ = {name: v for name, v in os.environ.items() if not name.startswith("PREFECT_")}
        environ |= {
            "PREFECT_HOME": str(self.home),
            "PYTHONPATH": str(Path(__file__).parents[2]),
            # Faster than in use: faults are what is looked at, not waiting.
            "PREFECT_RUNNER_POLL_FREQUENCY": "2",
            "PYTHONUNBUFFERED": "1",
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "flows", "serve", "inbox", *self._options, *ports],
                cwd=self.folder,
                env=environ,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.wait(lambda: answers(self.url), "the server's answer")
        self.wait(lambda: self.pid("runner") is not None, "the runner")

    @property
    def supervisor(self) -> int:
        """The pid of the process that watches over the others."""
        assert self._process is not None
        return self._process.pid

    def pid(self, name: str) -> int | None:
        """The pid of `server` or `runner`."""
        return holder(self.home / f"{name}.lock")

    def flow_pids(self) -> list[int]:
        """The pids of flow runs that go on."""
        locks = (self.home / "runs").glob("*[!t]")  # not the .part of one that begins
        found = [holder(lock) for lock in locks]
        return [pid for pid in found if pid is not None]

    def kill(self, pid: int | None, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a process that is expected to live."""
        assert pid is not None
        os.kill(pid, number)
        if pid == self.supervisor and self._process is not None:
            self._process.wait(_PATIENCE_S)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it as a service manager does; its exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(_PATIENCE_S)

    def end(self) -> None:
        """End whatever is left, without asking."""
        pids = [self.pid("server"), self.pid("runner"), *self.flow_pids()]
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for pid in pids:
            with suppress(ProcessLookupError):
                if pid is not None:
                    os.kill(pid, signal.SIGKILL)

    def runs(self, flow: str = "score-directory") -> list[FlowRun]:
        """The runs of a flow, oldest first."""
        flows = {row["id"]: row["name"] for row in self._ask("/flows/filter", {})}
        rows = self._ask("/flow_runs/filter", {"sort": "EXPECTED_START_TIME_ASC"})
        return [
            FlowRun(
                row["id"],
                flows[row["flow_id"]],
                row["name"],
                row["state"]["name"],
                row["state"]["message"] or "",
                row["state"]["type"] in _OVER,
                row["auto_scheduled"],
            )
            for row in rows
            if flows[row["flow_id"]] == flow
        ]

    def ended(self) -> list[FlowRun]:
        """The scoring runs that ended."""
        return [run for run in self.runs() if run.is_over]

    def states(self) -> list[str]:
        """How the scoring runs ended, oldest first."""
        return [run.state for run in self.ended()]

    def wait(self, happens: Callable[[], Any], what: str, within_s: float = _PATIENCE_S) -> Any:
        """Wait for something; what it gave. Raises TimeoutError with the end of the log."""
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            with suppress(OSError):
                if found := happens():
                    return found
            time.sleep(_POLL_S)
        log = self.log.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise TimeoutError(f"{what}: not within {within_s:.0f} s\n{log}")

    def wait_until_scored(self, pages: int, within_s: float = _PATIENCE_S) -> None:
        """Wait until so many pages are in the rows of finished runs."""
        self.wait(lambda: len(self.scored()) >= pages, f"{pages} pages scored", within_s)

    def wait_for_middle(self) -> int:
        """Wait until a run has written some of its batches; the pid of its process."""

        def begun() -> list[int]:
            parts = self.out.glob("2*/documents.jsonl.part")
            return self.flow_pids() if any(part.stat().st_size for part in parts) else []

        found: list[int] = self.wait(begun, "a run under way")
        return found[0]

    def scored(self) -> list[str]:
        """Names of the pages in all rows of whole files, as often as they stand there."""
        return [
            Path(orjson.loads(line)["path"]).name
            for file in sorted(self.out.glob("2*/documents.jsonl"))
            for line in file.read_bytes().splitlines()
        ]

    def scored_twice(self) -> list[str]:
        """Pages that stand in more than one row."""
        return [name for name, count in Counter(self.scored()).items() if count > 1]

    def _ask(self, path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        request = urllib.request.Request(
            self.url + path,
            data=orjson.dumps(body),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            rows: list[dict[str, Any]] = orjson.loads(response.read())
            return rows


@contextmanager
def served(folder: Path, *options: str, every_s: int = 10) -> Iterator[Served]:
    """A served pipeline that leaves no process behind."""
    one = Served(folder, *options, every_s=every_s)
    try:
        one.start()
        yield one
    finally:
        one.end()


def write_pages(folder: Path, count: int, *, first: int = 0) -> None:
    """`count` short reports, no two alike, old enough to be settled."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        page = folder / f"page-{number:05}.txt"
        lines = [line.format(n=number, m=number * 7 % 997) for line in _LINES]
        page.write_text("\n\n".join(lines) + "\n", encoding="utf-8")
        os.utime(page, (1_700_000_000, 1_700_000_000))


_LINES = (
    "Harbour notes {n}",
    "The harbour office counted {m} boats on day {n} of the season, said its clerk Ada Wren.",
    "Repairs to pier {n} begin in March and cost {m} crowns, the council of ward {m} decided.",
    "Three members voted against plan {m}/{n}, among them Tom Alder, who owns boat {n}.",
)
