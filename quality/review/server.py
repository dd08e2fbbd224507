"""The review page's server: this machine only, one reviewer.

Plain `http.server`: five routes, no framework. Requests must come from the page itself
(address and origin are checked), as any site open in the same browser could send some.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any

from quality.errors import UsageError
from quality.review.queue import ANSWERS, Answers, Item

_ADDRESS = "127.0.0.1"
_MOST_BYTES = 10_000


class ReviewServer(ThreadingHTTPServer):
    """Serves the page until it is shut down; `url` is where it is.

    `train` is the command that fits the model anew from the answers.
    """

    daemon_threads = True

    def __init__(
        self, items: Sequence[Item], answers: Answers, train: Sequence[str], port: int = 0
    ) -> None:
        """Bind. Raises UsageError where the port is taken."""
        self._items = {item.id: item for item in items}
        self._waiting = [item.id for item in items]
        self._answers = answers
        self._training = _Training(train)
        self._lock = threading.Lock()
        try:
            super().__init__((_ADDRESS, port), _Handler)
        except OSError as error:
            raise UsageError(
                f"port {port}: {error.strerror}. Choose another one with --port."
            ) from error

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://{_ADDRESS}:{self.server_port}/"

    def state(self) -> dict[str, Any]:
        """The item to ask next, how far the review is, and how the training goes."""
        item = self._items[self._waiting[0]].to_json() if self._waiting else None
        return {
            "item": item,
            "left": len(self._waiting),
            "answered": len(self._answers),
            "labels": ANSWERS,
            "file": str(self._answers.path),
            "training": self._training.state(),
        }

    def act(self, action: str, body: dict[str, Any]) -> dict[str, Any]:
        """Do one thing and say how matters stand. Raises UsageError for what is unknown."""
        with self._lock:
            match action:
                case "label":
                    self._answers.add(self._take(str(body.get("id"))), str(body.get("label")))
                    self._waiting.remove(str(body.get("id")))
                case "skip":
                    self._waiting.append(self._waiting.pop(self._place(str(body.get("id")))))
                case "undo":
                    back = self._answers.undo()
                    if back in self._items:
                        self._waiting.insert(0, back)
                case "train":
                    self._training.start()
                case _:
                    raise UsageError(f"{action!r}: no such action.")
            return self.state()

    def server_close(self) -> None:
        """Stop a training under way with the page."""
        self._training.stop()
        super().server_close()

    def _place(self, name: str) -> int:
        if name not in self._waiting:
            raise UsageError("This paragraph is no longer waiting: load the page again.")
        return self._waiting.index(name)

    def _take(self, name: str) -> Item:
        self._place(name)
        return self._items[name]


class _Training:
    """A `quality train` beside the page, and the last line it said."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._process: subprocess.Popen[str] | None = None
        self._lines: list[str] = []
        self._code: int | None = None

    def start(self) -> None:
        if self._process is not None and self._code is None:
            raise UsageError("A training is under way already.")
        self._lines, self._code = [], None
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        with process:
            for line in process.stdout or ():
                self._lines.append(line.rstrip())
        self._code = process.returncode

    def state(self) -> dict[str, Any] | None:
        if self._process is None:
            return None
        return {"code": self._code, "lines": self._lines[-3:]}

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=10)


class _Handler(BaseHTTPRequestHandler):
    """GET / and /state; POST /label, /skip, /undo, /train with a JSON body."""

    server: ReviewServer

    def do_GET(self) -> None:
        """The page, or how matters stand."""
        if not self._is_ours():
            return
        if self.path == "/":
            page = files("quality.review").joinpath("page.html").read_bytes()
            self._send(HTTPStatus.OK, "text/html; charset=utf-8", page)
        elif self.path == "/state":
            self._send_json(HTTPStatus.OK, self.server.state())
        else:
            self._send_json(HTTPStatus.NOT_FOUND, {"error": "no such page"})

    def do_POST(self) -> None:
        """One action."""
        if not self._is_ours():
            return
        try:
            size = min(int(self.headers.get("Content-Length") or 0), _MOST_BYTES)
            body = json.loads(self.rfile.read(size) or b"{}")
            state = self.server.act(self.path.removeprefix("/"), dict(body))
        except (ValueError, TypeError, UsageError) as error:
            self._send_json(HTTPStatus.BAD_REQUEST, {"error": str(error)})
        else:
            self._send_json(HTTPStatus.OK, state)

    def _is_ours(self) -> bool:
        """Whether the request is for this address and, if a page sent it, from our page."""
        here = f"{_ADDRESS}:{self.server.server_port}"
        origin = self.headers.get("Origin")
        if self.headers.get("Host") == here and origin in (None, f"http://{here}"):
            return True
        self._send_json(HTTPStatus.FORBIDDEN, {"error": f"only from http://{here}/"})
        return False

    def _send_json(self, status: HTTPStatus, body: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(body, ensure_ascii=False).encode())

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Security-Policy", "default-src 'self' 'unsafe-inline'")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing: the page shows what happens."""
