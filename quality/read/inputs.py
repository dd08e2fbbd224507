"""Which files are inputs: directories walked, sidecars paired, unfinished files left waiting.

Nothing is passed over in silence but what is clearly no input: dot files, names that
programs leave behind, and the assets a browser saves beside a page. Any other file is an
`Input`, and one without a reader becomes a `ReadFailure` when it is read.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from quality.errors import UsageError

COMPRESSIONS = (".gz", ".zst")
UNFINISHED = (".part", ".tmp", ".partial", ".crdownload", ".download", "~")
PAGE_SUFFIXES = (".html", ".htm", ".txt", ".md")
# What "Save page as, complete" and wget --page-requisites put beside a page, and what file
# managers leave behind. Only within directories: named on the command line they are inputs.
ASSETS = frozenset(
    (
        *(".avif", ".bmp", ".css", ".eot", ".gif", ".ico", ".jpeg", ".jpg", ".js", ".map", ".mjs"),
        *(".mp3", ".mp4", ".otf", ".png", ".svg", ".ttf", ".webm", ".webp", ".woff", ".woff2"),
    )
)
LEFTOVERS = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
# A clock this far ahead of ours is wrong; waiting for it would be waiting for ever.
MAX_CLOCK_SKEW_S = 60.0
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Input:
    """One file to score: where it is, and what it is called in the output.

    `name` is the path as the user gave it, with forward slashes. `sidecar` is the
    `NAME.json` beside it, where there is one.
    """

    path: Path
    name: str
    size: int
    mtime: float
    sidecar: Path | None = None

    def digest(self) -> str:
        """SHA-256 of the file's bytes, and the sidecar's, in hex.

        Raises OSError where a file cannot be read.
        """
        total = hashlib.sha256()
        for path in (self.path, self.sidecar):
            if path is None:
                continue
            with path.open("rb") as stream:
                while chunk := stream.read(_CHUNK_BYTES):
                    total.update(chunk)
        return total.hexdigest()


@dataclass(frozen=True, slots=True)
class ReadFailure:
    """A file or record that could not be read: a row for `failures.jsonl`.

    `record` is the number the record would have had, 0 for a file as a whole.
    """

    path: str
    record: int
    error: str
    message: str
    stage: str = "read"


def find_inputs(paths: Sequence[Path], *, settle_s: float, now: float) -> list[Input]:
    """The files to read under `paths` (directories recursively), sorted by name.

    Files changed within `settle_s` seconds before `now` (seconds since the epoch) wait for
    the next run. Raises UsageError for a path that is not there.
    """
    return [found for found in _scan(paths) if not _is_unsettled(found, settle_s, now)]


def find_waiting(paths: Sequence[Path], *, settle_s: float, now: float) -> list[Input]:
    """The files that `find_inputs` leaves for the next run, sorted by name."""
    return [found for found in _scan(paths) if _is_unsettled(found, settle_s, now)]


def full_suffix(name: str) -> str:
    """The suffix with its compression, lower case: `.html.gz`, `.jsonl`, `.docx` or nothing.

    >>> full_suffix("A.Story.HTML.gz")
    '.html.gz'
    """
    path = PurePath(name.lower())
    return "".join(path.suffixes[-2:] if path.suffix in COMPRESSIONS else path.suffixes[-1:])


def _scan(paths: Sequence[Path]) -> list[Input]:
    found: dict[str, Input] = {}
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: no such file or directory. Check the path.")
        for item in _walk(path, set()) if path.is_dir() else [_input(path, _sidecar_of(path))]:
            found.setdefault(os.path.realpath(item.path), item)
    return sorted(found.values(), key=lambda item: item.name)


def _walk(folder: Path, seen: set[str]) -> Iterator[Input]:
    real = os.path.realpath(folder)
    if real in seen:  # a link back to a folder above
        return
    seen.add(real)
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        yield _input(folder, None)  # reading it says why
        return
    names = {entry.name for entry in entries}
    sidecars = _sidecars(names)
    for entry in entries:
        path = folder / entry.name
        if _is_passed_over(entry.name) or entry.name in sidecars.values():
            continue
        if _is_folder(entry):
            yield from _walk(path, seen)
        elif full_suffix(entry.name) not in ASSETS:
            sidecar = sidecars.get(entry.name)
            yield _input(path, None if sidecar is None else folder / sidecar)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself: as an input, reading it says why
        return False


def _sidecars(names: set[str]) -> dict[str, str]:
    """Sidecar by page, among the names of one folder."""
    pairs = ((name, f"{_page_stem(name)}.json") for name in names if _page_stem(name))
    return {page: sidecar for page, sidecar in pairs if sidecar in names}


def _sidecar_of(path: Path) -> Path | None:
    stem = _page_stem(path.name)
    sidecar = path.with_name(f"{stem}.json")
    return sidecar if stem and sidecar.is_file() else None


def _page_stem(name: str) -> str | None:
    suffix = full_suffix(name)
    if suffix.removesuffix(".gz").removesuffix(".zst") not in PAGE_SUFFIXES:
        return None
    return name[: -len(suffix)]


def _is_passed_over(name: str) -> bool:
    lower = name.lower()
    return name.startswith(".") or lower.endswith(UNFINISHED) or lower in LEFTOVERS


def _input(path: Path, sidecar: Path | None) -> Input:
    try:
        status = path.stat()
        mtime = status.st_mtime if stat.S_ISREG(status.st_mode) else 0.0
        if sidecar is not None:
            mtime = max(mtime, sidecar.stat().st_mtime)
    except OSError:  # gone meanwhile, or a broken link: reading it says why
        return Input(path, path.as_posix(), 0, 0.0, sidecar)
    return Input(path, path.as_posix(), status.st_size, mtime, sidecar)


def _is_unsettled(found: Input, settle_s: float, now: float) -> bool:
    return now - settle_s < found.mtime <= now + MAX_CLOCK_SKEW_S
