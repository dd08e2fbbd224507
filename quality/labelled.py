"""Files of labels: JSON objects, one a line, and lines that are known by a hash.

Labels of other people's text are ours, the text is not: such rows carry a hash of the line, and
training finds the line among the shared pages.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xxhash

from quality.errors import UsageError


def records(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects of a file with one a line, gzipped if it is named so.

    Raises UsageError, naming the line, where something else stands.
    """
    with path.open("rb") as raw, gzip.GzipFile(fileobj=raw) as unpacked:
        for number, line in enumerate(unpacked if path.suffix == ".gz" else raw, 1):
            if not line.strip():
                continue
            try:
                yield json.loads(line)
            except ValueError as error:
                raise UsageError(
                    f"{path}, line {number}: not JSON ({error}). One object a line is wanted."
                ) from error


def line_hash(line: str) -> str:
    """What a labelled line is known by.

    >>> line_hash(" Leave a Comment ") == line_hash("Leave a Comment")
    True
    """
    return f"{xxhash.xxh3_64_intdigest(line.strip().encode()):016x}"
