"""`python -m flows serve`: server, deployments and reports, kept running and ended together.

This process only watches over two others: Prefect's server, and the runner that starts flow
runs. What dies is started again; Ctrl-C and SIGTERM end all of it in the order in which
each can still say how it ended. After a `kill -9` of this process the next start ends what
was left, and marks runs without a process crashed.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from flows.alive import dead, home, living
from flows.parameters import ScoreParameters
from flows.processes import Child, end_holder, holder, holding
from flows.reports import reports_server
from flows.server import NOTE, answers, free_port
from quality.errors import StartError, UsageError

# A fresh database takes the server 20 s to make on a busy machine.
_START_S = 180.0
# A run that is told to end finishes its batch's transaction and tells Prefect: seconds.
_STOP_S = 20.0
_LOOK_S = 0.5
# Restarts within ten minutes before we give up: something is wrong that time does not heal.
_MOST_RESTARTS = 10
_RESTARTS_WITHIN_S = 600.0


def serve(
    parameters: ScoreParameters, runner_options: Sequence[str], *, port: int, reports_port: int
) -> int:
    """Serve until told to end; returns the exit code."""
    with holding(home() / "serve.lock") as free:
        if not free:
            pid = holder(home() / "serve.lock")
            raise UsageError(f"already serving in process {pid}. Stop that one first.")
        source = parameters.source
        source.mkdir(parents=True, exist_ok=True)
        for name in ("runner", "server"):
            if end_holder(home() / f"{name}.lock", within_s=_STOP_S):
                _say(f"ended the {name} of a serve that was killed")
        with _server(port) as server, reports_server(reports_port, parameters.out) as reports:
            environ = {**os.environ, "PREFECT_API_URL": server.url}
            command = [sys.executable, "-m", "flows", "run-deployments", *runner_options]
            runner = _Kept("runner", [*command, "--reports-url", reports], environ)
            try:
                runner.start()
                _welcome(source, server.url, reports)
                _watch(server, runner)
            except KeyboardInterrupt:
                pass
            finally:
                # A second Ctrl-C must not leave half of it running.
                for number in (signal.SIGINT, signal.SIGTERM):
                    signal.signal(number, signal.SIG_IGN)
                _say("stopping ...")
                _stop_runs()
                # Prefect 3.8.8's runner forgets to await its own stop on SIGTERM.
                runner.stop(signal.SIGINT)
                _sweep(server.url)
    return 0


class _Kept:
    """A process that is started again when it dies."""

    def __init__(self, name: str, command: Sequence[str], environ: dict[str, str]) -> None:
        self.name = name
        self._command = command
        self._environ = environ
        self._child: Child | None = None
        self._restarts: list[float] = []

    def start(self) -> None:
        """Start it; what it prints goes to a log of its name."""
        self._child = Child(
            self._command,
            home() / f"{self.name}.lock",
            environ=self._environ,
            log=None if self.name == "runner" else home() / f"{self.name}.log",
        )

    def look(self) -> None:
        """Start it again if it has died. Raises StartError where it keeps dying."""
        if self._child is None or self._child.exit_code is None:
            return
        now = time.monotonic()
        self._restarts = [at for at in self._restarts if now - at < _RESTARTS_WITHIN_S]
        if len(self._restarts) >= _MOST_RESTARTS:
            raise StartError(f"the {self.name} keeps ending; see {home() / self.name}.log.")
        self._restarts.append(now)
        _say(f"the {self.name} ended with {self._child.exit_code}; starting it again")
        self.start()

    def stop(self, ask: signal.Signals = signal.SIGTERM) -> None:
        """End it."""
        if self._child is not None:
            self._child.stop(within_s=_STOP_S, ask=ask)


class _Server(_Kept):
    """Prefect's server: ours, or one that was running before and stays."""

    def __init__(self, port: int | None, url: str) -> None:
        command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1"]
        super().__init__("server", [*command, "--port", str(port)], dict(os.environ))
        self.url = url
        self._ours = port is not None

    def start(self) -> None:
        if not self._ours:
            return
        super().start()
        until = time.monotonic() + _START_S
        while not answers(self.url):
            assert self._child is not None
            if self._child.exit_code is not None or time.monotonic() > until:
                raise StartError(f"Prefect's server does not start; see {home() / 'server.log'}.")
            time.sleep(_LOOK_S)
        (home() / NOTE).write_text(self.url, encoding="utf-8")


@contextmanager
def _server(port: int) -> Iterator[_Server]:
    given = os.environ.get("PREFECT_API_URL")
    usual = f"http://127.0.0.1:{port}/api"
    if given is not None and not answers(given):
        raise UsageError(
            f"PREFECT_API_URL={given}: no Prefect server answers. "
            "Start it, correct the address, or unset it to start one here."
        )
    if given is not None or answers(usual):
        server = _Server(None, given or usual)
    else:
        port = free_port(port)
        server = _Server(port, f"http://127.0.0.1:{port}/api")
        _say("starting Prefect's server ...")
    try:
        server.start()
        yield server
    finally:
        (home() / NOTE).unlink(missing_ok=True)
        server.stop()


def _watch(server: _Server, runner: _Kept) -> None:
    stop = threading.Event()
    while not stop.wait(_LOOK_S):
        for one in (server, runner):
            one.look()
        # The runner does not see a killed run end while its workers still hold its output.
        if dead():
            _sweep(server.url)


def _stop_runs() -> None:
    """End the flow runs of this machine; each tells Prefect how it ended."""
    locks = living()
    for lock in locks:
        pid = holder(lock)
        with suppress(ProcessLookupError):
            if pid is not None:
                os.kill(pid, signal.SIGTERM)
    for lock in locks:
        end_holder(lock, within_s=_STOP_S)


def _sweep(url: str) -> None:
    """Mark crashed what could not say so itself."""
    if not answers(url):
        return
    os.environ["PREFECT_API_URL"] = url
    # Late: imports Prefect, which this process can do without until its end.
    from flows.sweep import sweep

    for name in sweep():
        _say(f"marked crashed: {name}")
    for lock in dead():
        lock.unlink(missing_ok=True)


def _welcome(source: Path, url: str, reports: str) -> None:
    _say(f"scoring      {source}/ (put files there)")
    _say(f"Prefect UI   {url.removesuffix('/api')}")
    _say(f"reports      {reports}/latest/report/index.html")
    _say("Ctrl-C stops all of it")


def _say(line: str) -> None:
    print(line, flush=True)
