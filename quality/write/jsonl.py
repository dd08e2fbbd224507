"""JSON lines that survive a kill: appended, synced, cut back to the last commit."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson


def encode(record: Mapping[str, Any]) -> bytes:
    """One line of JSON, keys in the order given."""
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON lines file, in order."""
    with path.open("rb") as stream:
        for line in stream:
            if line.strip():
                yield orjson.loads(line)


class JsonLines:
    """An appendable JSON lines file. `size` is what `commit` has made safe, in bytes."""

    def __init__(self, path: Path, *, keep: int = 0) -> None:
        """Open for appending; what stands behind the first `keep` bytes is cut off."""
        self._stream = path.open("r+b" if path.exists() else "w+b")
        self._stream.truncate(keep)
        self._stream.seek(keep)
        self.size = keep

    def append(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Add rows; they are safe only after `commit`."""
        self._stream.writelines(encode(record) for record in records)

    def commit(self) -> int:
        """Bring all rows to the disk; returns the file's size."""
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self.size = self._stream.tell()
        return self.size

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def __enter__(self) -> JsonLines:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
