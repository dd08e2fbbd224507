"""The state database: one SQLite file that remembers between runs.

Opened in WAL mode, so readers are never blocked; one writer at a time. Each room keeps its
own tables and defines them with `State.define`; the file carries an application id and a
schema version, and a file of another kind or version is refused with the cure.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quality.errors import StateError

SCHEMA_VERSION = 1
# "qual" in ASCII; SQLite keeps it in the file header for exactly this use.
APPLICATION_ID = 0x7175616C
# Long enough for another run to commit a batch, short enough to tell a person what is wrong.
BUSY_TIMEOUT_S = 30.0
# How long a second run waits for the first before it gives up: two schedules that overlap by
# seconds should both succeed, two long runs should not queue up.
LOCK_TIMEOUT_S = 30.0
_LOCK_POLL_S = 0.1


class State:
    """An open state database. Use as a context manager, or call `close`."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self.connection = connection
        self.path = path

    @classmethod
    def open(cls, path: Path) -> State:
        """The state in `path`, made if it is not there yet.

        Raises StateError where the file is no state database, or one of another version.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            connection = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            try:
                _check_or_initialise(connection, path)
            except BaseException:
                connection.close()
                raise
        except sqlite3.DatabaseError as error:
            raise StateError(
                f"{path}: not a usable state database ({error}). "
                "Give another file with --state, or move this one away."
            ) from error
        return cls(connection, str(path))

    @classmethod
    def in_memory(cls) -> State:
        """A state that is forgotten at the end (`--no-state`)."""
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        _check_or_initialise(connection, Path(":memory:"))
        return cls(connection, ":memory:")

    def define(self, ddl: str) -> None:
        """Create a room's tables (`CREATE TABLE IF NOT EXISTS …`; several may follow)."""
        with self.transaction():
            for statement in ddl.split(";"):
                if statement.strip():
                    self.connection.execute(statement)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing. Inside another transaction it joins that one."""
        if self.connection.in_transaction:
            yield self.connection
            return
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise StateError(
                f"{self.path}: another run is writing to this state ({error}). "
                "Wait for it to end, or give this run its own --state."
            ) from error
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def meta(self, key: str) -> str | None:
        """A stored fact about the state as a whole, such as the index scheme."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        """Store a fact about the state as a whole."""
        with self.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def close(self) -> None:
        """Close the file; uncommitted work is rolled back."""
        self.connection.close()

    def __enter__(self) -> State:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def writer_lock(path: Path, *, timeout_s: float = LOCK_TIMEOUT_S) -> Iterator[None]:
    """Hold the right to write to the state in `path`; readers are not affected.

    The lock is on a file beside the state and ends with the process, however it ends.
    Raises StateError where another run still holds it after `timeout_s`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(f"{path.name}.lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _wait_for_lock(descriptor, path, time.monotonic() + timeout_s)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _wait_for_lock(descriptor: int, path: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() < deadline:
                time.sleep(_LOCK_POLL_S)
                continue
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace") or "unknown"
            raise StateError(
                f"{path}: another run (process {holder}) is writing to this state. "
                "Wait for it to end, or give this run its own --state."
            ) from error


def _check_or_initialise(connection: sqlite3.Connection, path: Path) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application != APPLICATION_ID and tables:
        raise StateError(
            f"{path}: a SQLite file, but not one of ours. "
            "Give another file with --state, or move this one away."
        )
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if tables and version != SCHEMA_VERSION:
        raise StateError(
            f"{path}: state schema {version}, this version reads {SCHEMA_VERSION}. "
            "Use the version that wrote it, or start a new state with --state NEW.db "
            "(all files are then scored again)."
        )
    # Signatures of 900 bytes leave a tenth of a page of 4,096 empty, little of one of 8,192.
    connection.execute("PRAGMA page_size = 8192")
    connection.execute("PRAGMA journal_mode = WAL")
    # WAL with NORMAL survives a killed process; only power loss can undo the last commits,
    # and then index, ledger and run go back together (sqlite.org/wal.html).
    connection.execute("PRAGMA synchronous = NORMAL")
    if not tables:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)"
    )
