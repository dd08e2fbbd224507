"""The ledger: which inputs are finished, under which fingerprint, and how far a run got.

An input is known by the hash of its bytes and the fingerprint of settings, rules and
models, so a renamed file is not scored again and a changed model scores everything anew.
Failures are remembered too: a file that failed is tried again when it or the fingerprint
changes. All writes happen inside the caller's transaction, together with the index.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from quality.state import State

_DDL = """
CREATE TABLE IF NOT EXISTS inputs (
    digest TEXT NOT NULL, fingerprint TEXT NOT NULL, path TEXT NOT NULL,
    run TEXT NOT NULL, status TEXT NOT NULL,
    PRIMARY KEY (digest, fingerprint, path)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS scored (
    document TEXT NOT NULL, fingerprint TEXT NOT NULL, run TEXT NOT NULL,
    PRIMARY KEY (document, fingerprint)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs (
    run TEXT PRIMARY KEY, folder TEXT NOT NULL, status TEXT NOT NULL,
    started TEXT NOT NULL, documents_bytes INTEGER NOT NULL, failures_bytes INTEGER NOT NULL,
    manifest TEXT NOT NULL
) WITHOUT ROWID;
"""

_KNOWN = """
SELECT inputs.status FROM inputs LEFT JOIN runs USING (run)
WHERE digest = ? AND fingerprint = ? AND (inputs.path = ? OR runs.status = 'finished')
LIMIT 1
"""


class InputStatus(StrEnum):
    """How an input ended."""

    SCORED = "scored"
    FAILED = "failed"


class RunStatus(StrEnum):
    """Where a run is."""

    RUNNING = "running"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class RunEntry:
    """A run as the ledger knows it; the two sizes are what was committed of its part files."""

    run: str
    folder: str
    status: RunStatus
    started: str
    documents_bytes: int
    failures_bytes: int
    manifest: str
    """JSON: what `manifest.json` says of versions and settings."""


class Ledger:
    """What is finished, over a state database."""

    def __init__(self, state: State) -> None:
        self._state = state
        state.define(_DDL)

    def known_inputs(
        self, inputs: Iterable[tuple[str, str]], fingerprint: str
    ) -> dict[str, InputStatus]:
        """How inputs (digest, path) ended before under this fingerprint, by path.

        A copy under another path is known too, unless the run that took the first one was
        cut off: undisturbed it would have taken both.
        """
        found = {}
        for digest, path in inputs:
            row = self._state.connection.execute(_KNOWN, (digest, fingerprint, path)).fetchone()
            if row is not None:
                found[path] = InputStatus(row[0])
        return found

    def is_scored(self, document: str, fingerprint: str) -> bool:
        """Whether a record of a container was scored before under this fingerprint."""
        query = "SELECT 1 FROM scored WHERE document = ? AND fingerprint = ?"
        row = self._state.connection.execute(query, (document, fingerprint)).fetchone()
        return row is not None

    def record_documents(self, documents: Iterable[str], fingerprint: str, run: str) -> None:
        """Note records of containers as scored."""
        with self._state.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO scored VALUES (?, ?, ?)",
                ((document, fingerprint, run) for document in documents),
            )

    def record_inputs(
        self,
        inputs: Iterable[tuple[str, str, InputStatus]],
        *,
        fingerprint: str,
        run: str,
    ) -> None:
        """Note inputs as ended: rows of digest, path, status."""
        with self._state.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO inputs VALUES (?, ?, ?, ?, ?)",
                ((digest, fingerprint, path, run, status.value) for digest, path, status in inputs),
            )

    def begin_run(self, entry: RunEntry) -> None:
        """Note that a run has begun."""
        self._put(entry)

    def update_run(self, entry: RunEntry) -> None:
        """Note how far a run got, or that it ended."""
        self._put(entry)

    def forget_run(self, run: str) -> None:
        """Forget a run that did nothing."""
        with self._state.transaction() as connection:
            connection.execute("DELETE FROM runs WHERE run = ?", (run,))

    def unfinished_runs(self) -> list[RunEntry]:
        """Runs that began and did not end, oldest first.

        With the writer lock held these are runs that were cut off.
        """
        rows = self._state.connection.execute(
            "SELECT * FROM runs WHERE status = ? ORDER BY started, run", (RunStatus.RUNNING.value,)
        )
        return [
            RunEntry(run, folder, RunStatus(status), started, documents, failures, manifest)
            for run, folder, status, started, documents, failures, manifest in rows
        ]

    def last_folder(self) -> str | None:
        """The folder of the latest run that wrote documents."""
        row = self._state.connection.execute(
            "SELECT folder FROM runs WHERE documents_bytes > 0 AND status != ? "
            "ORDER BY started DESC, run DESC LIMIT 1",
            (RunStatus.RUNNING.value,),
        ).fetchone()
        return None if row is None else str(row[0])

    def counts(self) -> dict[str, int]:
        """How many inputs ended, by status, over all fingerprints."""
        rows = self._state.connection.execute(
            "SELECT status, count(*) FROM inputs GROUP BY status ORDER BY status"
        )
        return {str(status): int(count) for status, count in rows}

    def forget(self, documents: Iterable[str], paths: Iterable[str]) -> None:
        """Forget documents and input paths, so that the next run scores them again."""
        with self._state.transaction() as connection:
            connection.executemany(
                "DELETE FROM scored WHERE document = ?", ((document,) for document in documents)
            )
            connection.executemany("DELETE FROM inputs WHERE path = ?", ((path,) for path in paths))

    def _put(self, entry: RunEntry) -> None:
        with self._state.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    entry.run,
                    entry.folder,
                    entry.status.value,
                    entry.started,
                    entry.documents_bytes,
                    entry.failures_bytes,
                    entry.manifest,
                ),
            )
