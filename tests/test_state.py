"""The state database refuses what is not its own, and keeps transactions whole."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from quality.errors import StateError
from quality.state import State, writer_lock


def test_foreign_database_is_refused(tmp_path: Path) -> None:
    """A SQLite file of another program is not touched, and the message names the cure."""
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE notes (text TEXT)")
    connection.close()
    with pytest.raises(StateError, match="--state"):
        State.open(path)


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """A text file under the state's name stops the start."""
    path = tmp_path / "state.db"
    path.write_text("these are not the tables you are looking for " * 50)
    with pytest.raises(StateError, match="move this one away"):
        State.open(path)


def test_other_schema_version_is_refused(tmp_path: Path) -> None:
    """A state of another schema version is not read as if it were ours."""
    path = tmp_path / "state.db"
    State.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StateError, match="schema 99"):
        State.open(path)


def test_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    """What an interrupted transaction wrote is gone, what was committed before stays."""
    with State.open(tmp_path / "state.db") as state:
        state.define("CREATE TABLE IF NOT EXISTS t (x INTEGER)")
        with state.transaction() as connection:
            connection.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(RuntimeError), state.transaction() as connection:
            connection.execute("INSERT INTO t VALUES (2)")
            raise RuntimeError
        assert state.connection.execute("SELECT x FROM t").fetchall() == [(1,)]


def test_inner_transaction_joins_the_outer(tmp_path: Path) -> None:
    """Rooms may open a transaction of their own inside a batch's."""
    with State.open(tmp_path / "state.db") as state:
        state.define("CREATE TABLE IF NOT EXISTS t (x INTEGER)")
        with pytest.raises(RuntimeError), state.transaction():
            with state.transaction() as connection:
                connection.execute("INSERT INTO t VALUES (1)")
            raise RuntimeError
        assert state.connection.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_meta_remembers(tmp_path: Path) -> None:
    """A fact stored is there after opening again."""
    path = tmp_path / "state.db"
    with State.open(path) as state:
        state.set_meta("scheme", "a")
    with State.open(path) as state:
        assert (state.meta("scheme"), state.meta("other")) == ("a", None)


def test_second_writer_is_refused_with_a_message(tmp_path: Path) -> None:
    """While one run holds the state another one waits, then names who holds it."""
    path = tmp_path / "state.db"
    refusal = pytest.raises(StateError, match=rf"process {os.getpid()}.*--state")
    with writer_lock(path), refusal, writer_lock(path, timeout_s=0.2):
        pytest.fail("both hold the lock")


def test_writer_lock_is_free_again_afterwards(tmp_path: Path) -> None:
    """Runs one after the other do not hinder each other, whether they succeed or fail."""
    path = tmp_path / "state.db"
    with pytest.raises(RuntimeError), writer_lock(path):
        raise RuntimeError
    with writer_lock(path, timeout_s=0.0):
        assert path.with_name("state.db.lock").read_text() == str(os.getpid())
