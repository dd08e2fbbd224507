"""The Prefect server: the one that answers, or one of our own that ends with us."""

from __future__ import annotations

import os
import random
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.alive import home
from flows.processes import Child, end_holder
from quality.errors import StartError, UsageError

# Where `serve` notes the address of the server it started, for `score` to find.
NOTE = "server-address"
_START_S = 180
_STOP_S = 5.0
_LOOK_S = 0.1
_APP = "prefect.server.api.server:create_app"
# As Prefect's own client starts it: no UI, no schedules, only what a client's run needs.
_EMBEDDED = {
    "PREFECT_UI_ENABLED": "0",
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT__SERVER_FINAL": "1",
}
# Followed by the pid of the process that started it.
_EMBEDDED_LOCK = "embedded.lock."
_EMBEDDED_PORTS = (8_300, 8_900)


@contextmanager
def any_server() -> Iterator[str]:
    """The address of the server given, of the one `serve` runs, or of an embedded one."""
    url = os.environ.get("PREFECT_API_URL")
    if url is not None:
        if not answers(url):
            raise UsageError(
                f"PREFECT_API_URL={url}: no Prefect server answers. "
                "Start it, correct the address, or unset it to use an embedded server."
            )
        yield url
        return
    served = _noted()
    if served is not None:
        os.environ["PREFECT_API_URL"] = served
        yield served
        return
    with _embedded() as url:
        yield url


def answers(url: str) -> bool:
    """Whether a Prefect server is well at this API address."""
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/health", timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def _noted() -> str | None:
    note = Path(os.environ.get("PREFECT_HOME", Path.home() / ".prefect")) / NOTE
    try:
        url = note.read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return url if answers(url) else None


@contextmanager
def _embedded() -> Iterator[str]:
    """A server without UI, in a process of its own that ends with us.

    What Prefect's client starts by itself where no server is named; but that imports the
    whole server into the client first, and waits for it before the flow is imported.
    """
    print("starting Prefect's embedded server ...", file=sys.stderr, flush=True)
    end_left_over()
    port = free_port(random.randrange(*_EMBEDDED_PORTS))
    url = f"http://127.0.0.1:{port}/api"
    options = ["--host", "127.0.0.1", "--port", str(port), "--log-level", "error"]
    lock = home() / f"{_EMBEDDED_LOCK}{os.getpid()}"
    # In its own session: Ctrl-C goes to every process of the terminal, and the server is to
    # live until the flow has told it how it ended.
    child = Child(
        [sys.executable, "-m", "uvicorn", *options, "--factory", _APP],
        lock,
        environ={**os.environ, **_EMBEDDED},
        log=home() / "embedded.log",
    )
    os.environ["PREFECT_API_URL"] = url
    try:
        # Takes as long as the server's start, and Prefect reads its environment here.
        import flows.score_directory  # noqa: F401

        _wait_for(url, child)
        yield url
    finally:
        del os.environ["PREFECT_API_URL"]
        child.stop(within_s=_STOP_S)
        lock.unlink(missing_ok=True)


def end_left_over() -> None:
    """End the embedded servers whose owners were killed and could not."""
    for lock in home().glob(f"{_EMBEDDED_LOCK}*"):
        try:
            os.kill(int(lock.name.removeprefix(_EMBEDDED_LOCK)), 0)
        except ProcessLookupError:
            end_holder(lock, within_s=_STOP_S)
            lock.unlink(missing_ok=True)
        except PermissionError:
            continue


def _wait_for(url: str, child: Child) -> None:
    until = time.monotonic() + _START_S
    while not answers(url):
        if child.exit_code is not None or time.monotonic() > until:
            log = home() / "embedded.log"
            raise StartError(f"Prefect's embedded server does not start; see {log}.")
        time.sleep(_LOOK_S)


def free_port(wanted: int) -> int:
    """The port wanted, or the next that is free."""
    for port in range(wanted, wanted + 50):
        with socket.socket() as probe:
            # As servers do: a port whose last connections are still closing is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise StartError(f"no port free from {wanted} to {wanted + 49}. Name another with --port.")
