"""Processes that can be told apart later: each holds a lock on a file with its pid in it.

A lock ends with the process that holds it, however it ended, and no other process is ever
mistaken for it: a pid in a file alone would be, once the system gives it out again.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

_POLL_S = 0.1


class Child:
    """A process of ours, in its own session: Ctrl-C of the terminal does not reach it."""

    def __init__(
        self,
        command: Sequence[str],
        lock: Path,
        *,
        environ: Mapping[str, str],
        log: Path | None = None,
    ) -> None:
        held = _take(lock)
        if held is None:
            raise RuntimeError(f"{lock}: held by another process")
        with held, _output(log) as output:
            self._popen = subprocess.Popen(
                command,
                env=dict(environ),
                start_new_session=True,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                stdin=subprocess.DEVNULL,
                # The lock is the open file's: the child has it now, and we let go.
                pass_fds=[held.fileno()],
            )
            _write_pid(held, self._popen.pid)

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._popen.poll()

    def stop(self, *, within_s: float, ask: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end, and end it where it does not."""
        if self._popen.poll() is None:
            self._popen.send_signal(ask)
            try:
                self._popen.wait(within_s)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                self._popen.wait()


@contextmanager
def holding(lock: Path) -> Iterator[bool]:
    """Whether this process got the lock; it has it until the end of the block."""
    held = _take(lock)
    if held is None:
        yield False
        return
    _write_pid(held, os.getpid())
    try:
        yield True
    finally:
        lock.unlink(missing_ok=True)
        held.close()


def keep(lock: Path) -> bool:
    """Whether this process got the lock; it has it until it ends."""
    held = _take(lock)
    if held is None:
        return False
    _write_pid(held, os.getpid())
    # A bare descriptor stays open until the process ends, however it ends.
    os.dup(held.fileno())
    held.close()
    return True


def holder(lock: Path) -> int | None:
    """The pid of the living process that holds the lock."""
    if not lock.exists():
        return None
    held = _take(lock)
    if held is not None:
        held.close()
        return None
    with suppress(ValueError, OSError):
        return int(lock.read_text(encoding="ascii"))
    return None


def end_holder(lock: Path, *, within_s: float) -> bool:
    """End the process that holds the lock, if there is one; whether there was."""
    pid = holder(lock)
    if pid is None:
        return False
    for number, wait_s in ((signal.SIGTERM, within_s), (signal.SIGKILL, 5.0)):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        until = time.monotonic() + wait_s
        while time.monotonic() < until:
            if holder(lock) is None:
                return True
            time.sleep(_POLL_S)
    return True


def _take(lock: Path) -> IO[bytes] | None:
    lock.parent.mkdir(parents=True, exist_ok=True)
    held = lock.open("a+b")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        held.close()
        return None
    return held


def _write_pid(held: IO[bytes], pid: int) -> None:
    held.seek(0)
    held.truncate()
    held.write(b"%d" % pid)
    held.flush()


@contextmanager
def _output(log: Path | None) -> Iterator[IO[bytes] | None]:
    if log is None:
        yield None
        return
    with log.open("ab") as file:
        yield file
