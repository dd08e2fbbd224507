"""The Prefect server: the one that answers, or one of our own that ends with us."""

from __future__ import annotations

import os
import signal
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quality.errors import StartError, UsageError

# Where `serve` notes the address of the server it started, for `score` to find.
NOTE = "server-address"
_START_S = 180


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
    """Prefect's embedded server: started when flows ask for one, without a UI."""
    from prefect.server.api.server import SubprocessASGIServer

    print("starting Prefect's embedded server ...", file=sys.stderr, flush=True)
    # Ctrl-C goes to every process of the terminal; the server is to live until the flow has
    # told it how it ended. The signal mask is passed on to it.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        # The instance the client would start by itself.
        server = SubprocessASGIServer()
        server.start(timeout=_START_S)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    try:
        yield server.api_url
    finally:
        server.stop()


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
