"""A run's folder: part files while it goes on, whole files at the end.

Each file appears whole or not at all: it is written beside its place under a `.part` name
and renamed. `summary.json` and `manifest.json` come last; where they stand, the run ended.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from quality.errors import OutputError
from quality.write import WRITERS
from quality.write.jsonl import JsonLines, rows

DOCUMENTS = "documents.jsonl"
FAILURES = "failures.jsonl"
SUMMARY = "summary.json"
MANIFEST = "manifest.json"
PART = ".part"


def make_folder(folder: Path, *, overwrite: bool = False) -> None:
    """Make the folder of a new run.

    Raises OutputError where it holds another run (and `overwrite` is False), or cannot be
    written. With `overwrite` only files of a run are removed, nothing else.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (DOCUMENTS, FAILURES, SUMMARY, MANIFEST, *WRITERS):
            if not (folder / name).exists():
                continue
            if not overwrite:
                raise OutputError(
                    f"{folder}: holds another run ({name}). "
                    "Give another folder with --out, or --overwrite to replace it."
                )
            _remove(folder / name)
        for left_over in folder.glob("*" + PART):
            _remove(left_over)
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be written ({error.strerror}). Give another folder with --out."
        ) from error


class RunFolder:
    """The open part files of a run."""

    def __init__(self, folder: Path, *, documents_bytes: int = 0, failures_bytes: int = 0) -> None:
        self.folder = folder
        self.documents = JsonLines(folder / (DOCUMENTS + PART), keep=documents_bytes)
        self.failures = JsonLines(folder / (FAILURES + PART), keep=failures_bytes)

    def close(self) -> None:
        """Close the part files; they stay, to be carried on or finished."""
        self.documents.close()
        self.failures.close()


def reopen(folder: Path, *, documents_bytes: int, failures_bytes: int) -> RunFolder:
    """The folder of a run that was cut off, brought back to its last commit."""
    for name in (DOCUMENTS, FAILURES):
        whole, part = folder / name, folder / (name + PART)
        if whole.exists() and not part.exists():
            whole.rename(part)
    return RunFolder(folder, documents_bytes=documents_bytes, failures_bytes=failures_bytes)


def finish(
    run: RunFolder,
    *,
    on_document: Callable[[Mapping[str, Any]], None],
    on_failure: Callable[[Mapping[str, Any]], None],
) -> None:
    """Write all views in one pass over the rows, then give every file its name.

    The callbacks see each row, so that a summary can be added up on the way.
    """
    run.documents.commit()
    run.failures.commit()
    run.close()
    folder = run.folder
    parts = {name: folder / (name + PART) for name in WRITERS}
    for part in parts.values():
        _remove(part)
    writers = [make(parts[name]) for name, make in WRITERS.items()]
    for record in rows(folder / (DOCUMENTS + PART)):
        on_document(record)
        for writer in writers:
            writer.add(record)
    for record in rows(folder / (FAILURES + PART)):
        on_failure(record)
    for writer in writers:
        writer.close()
    for name in (*WRITERS, DOCUMENTS, FAILURES):
        _remove(folder / name)
        (folder / (name + PART)).rename(folder / name)


def drop(run: RunFolder) -> None:
    """Remove the part files, and the folder where nothing else is in it."""
    for name in (DOCUMENTS, FAILURES):
        _remove(run.folder / (name + PART))
    if not any(run.folder.iterdir()):
        run.folder.rmdir()


def rebuild(folder: Path, name: str) -> None:
    """Make one view of a finished run anew from its documents.jsonl."""
    part = folder / (name + PART)
    _remove(part)
    writer = WRITERS[name](part)
    for record in rows(folder / DOCUMENTS):
        writer.add(record)
    writer.close()
    _remove(folder / name)
    part.rename(folder / name)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON file whole or not at all, readable by people."""
    part = path.with_name(path.name + PART)
    part.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    part.replace(path)


def point_latest(out: Path, folder: Path) -> None:
    """Let `out/latest` point to a run's folder, in one step."""
    link = out / ("latest" + PART)
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(folder, out), target_is_directory=True)
    link.replace(out / "latest")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
