"""The reports of all runs over HTTP on this machine, for links from Prefect's UI."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from flows.server import free_port

# Reports only: the state, Prefect's database and the rows stay private.
_SHOWN = re.compile(r"/(published|[^/.]+/report)(/[^?#]*)?")


class _Reports(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if _SHOWN.fullmatch(self.path.partition("?")[0]) and ".." not in self.path:
            super().do_GET()
        else:
            self.send_error(404, "Reports are at /RUN/report/index.html")

    do_HEAD = do_GET  # noqa: N815 - inherited

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited
        """Nothing: the terminal belongs to the runs."""


@contextmanager
def reports_server(port: int, folder: Path) -> Iterator[str]:
    """The address of a server of the reports under `folder`, on this machine only."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = partial(_Reports, directory=str(folder.absolute()))
    server = ThreadingHTTPServer(("127.0.0.1", free_port(port)), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="reports", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
