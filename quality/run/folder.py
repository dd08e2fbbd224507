"""A run's beginning and end in the ledger and on the disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from quality.analysis import Analyzer
from quality.ledger import Ledger, RunEntry, RunStatus
from quality.summary import RunSummary
from quality.write import folder as folders

MANIFEST_SCHEMA = "quality.manifest/1"


def begin_run(
    ledger: Ledger,
    analyzer: Analyzer,
    *,
    out: Path,
    folder: Path | None,
    overwrite: bool,
) -> RunEntry:
    """A new run's entry, or the entry of a run in this folder that was cut off."""
    for left_over in ledger.unfinished_runs():
        there = Path(left_over.folder)
        if folder is not None and there == folder.absolute() and there.is_dir():
            return left_over
        _complete(ledger, left_over)
    started = datetime.now(UTC)
    if folder is None:
        folder = _fresh_folder(out, started)
    folders.make_folder(folder, overwrite=overwrite)
    entry = RunEntry(
        run=folder.name if folder.parent == out else started.strftime("%Y%m%dT%H%M%SZ"),
        folder=str(folder.absolute()),
        status=RunStatus.RUNNING,
        started=started.isoformat(timespec="seconds"),
        documents_bytes=0,
        failures_bytes=0,
        manifest=orjson.dumps(_versions(analyzer)).decode(),
    )
    ledger.begin_run(entry)
    return entry


def _complete(ledger: Ledger, entry: RunEntry) -> None:
    """Give a run that was cut off its whole files, with what it had committed."""
    folder = Path(entry.folder)
    if folder.is_dir():
        parts = folders.reopen(
            folder, documents_bytes=entry.documents_bytes, failures_bytes=entry.failures_bytes
        )
        finish_folder(parts, entry, status=RunStatus.INTERRUPTED)
    ledger.update_run(replace(entry, status=RunStatus.INTERRUPTED))


def finish_folder(
    parts: folders.RunFolder,
    entry: RunEntry,
    *,
    status: RunStatus,
    seconds: float = 0.0,
    found: int = 0,
    known: int = 0,
    waiting: int = 0,
    inputs: Sequence[dict[str, Any]] = (),
) -> RunSummary:
    """Write every file of the folder from the rows it has, with summary and manifest."""
    summary = RunSummary(entry.run, status.value, entry.started, seconds, {})
    good: set[str] = set()
    bad: set[str] = set()

    def on_document(row: Mapping[str, Any]) -> None:
        summary.add_document(row)
        good.add(row["path"])

    def on_failure(row: Mapping[str, Any]) -> None:
        summary.add_failure(row)
        bad.add(row["path"])

    folders.finish(parts, on_document=on_document, on_failure=on_failure)
    summary.inputs = {
        "found": found or len(good | bad),
        "scored": len(good),
        "known": known,
        "failed": len(bad - good),
        "waiting": waiting,
    }
    manifest = {
        "schema": MANIFEST_SCHEMA,
        "run": entry.run,
        "started": entry.started,
        "status": status.value,
        **orjson.loads(entry.manifest),
        "inputs": [_with_status(row, good) for row in inputs],
    }
    folders.write_json(parts.folder / folders.SUMMARY, summary.as_record())
    folders.write_json(parts.folder / folders.MANIFEST, manifest)
    return summary


def _with_status(row: dict[str, Any], good: set[str]) -> dict[str, Any]:
    if row["status"] != "new":
        return row
    return {**row, "status": "scored" if row["path"] in good else "failed"}


def _fresh_folder(out: Path, started: datetime) -> Path:
    name = started.strftime("%Y%m%dT%H%M%SZ")
    folder = out / name
    for number in range(2, 1000):
        if not folder.exists():
            break
        folder = out / f"{name}-{number}"
    return folder


def _versions(analyzer: Analyzer) -> dict[str, Any]:
    from importlib.metadata import version

    from quality import __version__

    packages = ("numpy", "scikit-learn", "trafilatura", "datasketch", "pyarrow")
    return {
        "version": __version__,
        "packages": {name: version(name) for name in packages},
        "settings": analyzer.settings.model_dump(mode="json"),
        "settings_hash": analyzer.settings.fingerprint,
        "rules_hash": analyzer.rules.fingerprint,
        "model_hash": analyzer.models_fingerprint,
    }
