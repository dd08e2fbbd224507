"""READERS: the formats by suffix, and `read`, which never lets one bad file stop the others.

A format is one module with one function and one line in `FORMATS`. The function is given
the input and an open, already decompressed stream, and yields pages; for a record that is
broken it yields a ReadFailure and goes on.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from typing import BinaryIO

from quality.document import Page
from quality.errors import ReadError
from quality.read.inputs import COMPRESSIONS, Input, ReadFailure, full_suffix
from quality.read.jsonl import read_jsonl
from quality.read.parquet import read_parquet
from quality.read.plain import read_html, read_markdown, read_text
from quality.read.streams import open_stream
from quality.read.warc import read_warc

Reader = Callable[[Input, BinaryIO, int], Iterator[Page | ReadFailure]]

FORMATS: dict[str, Reader] = {
    ".htm": read_html,
    ".html": read_html,
    ".jsonl": read_jsonl,
    ".md": read_markdown,
    ".parquet": read_parquet,
    ".txt": read_text,
    ".warc": read_warc,
    ".wet": read_warc,
}
# Parquet compresses its own columns and must be read at random.
READERS: dict[str, Reader] = FORMATS | {
    suffix + compression: reader
    for suffix, reader in FORMATS.items()
    for compression in COMPRESSIONS
    if suffix != ".parquet"
}
# The largest of 1,162 web pages had 2.2 million characters; the settings' default too.
MAX_BYTES = 20_000_000


def read(source: Input, *, max_bytes: int = MAX_BYTES) -> Iterator[Page | ReadFailure]:
    """The pages of an input, and a ReadFailure for each record that cannot be read.

    `max_bytes` bounds one page (or record) after decompression, so that a small file
    cannot unpack into all of memory.
    """
    record = -1
    try:
        reader = _reader(source)
        with open_stream(source) as stream:
            for item in reader(source, stream, max_bytes):
                record = max(record, item.record)
                yield item
    except ReadError as error:
        yield ReadFailure(source.name, record + 1, type(error).__name__, str(error))
    except (OSError, EOFError) as error:
        problem = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        message = f"{source.name}: cannot be read ({problem}). Check the file and its permissions."
        yield ReadFailure(source.name, record + 1, ReadError.__name__, message)


def _reader(source: Input) -> Reader:
    mode = source.path.stat().st_mode
    if stat.S_ISDIR(mode):
        next(source.path.iterdir(), None)  # says why the directory could not be listed
    if not stat.S_ISREG(mode):
        raise ReadError(f"{source.name}: not a regular file. Copy its content into a file.")
    suffix = full_suffix(source.path.name)
    if suffix not in READERS:
        raise ReadError(f"{source.name}: {_why_unknown(suffix)}{_hint(suffix)}")
    return READERS[suffix]


def _why_unknown(suffix: str) -> str:
    if suffix.removesuffix(".gz").removesuffix(".zst"):
        return f"no reader for {suffix!r}; known: {_known()}."
    return (
        "its name does not say what is in it. Give it one of the known suffixes, "
        f".txt for plain text: {_known()}."
    )


def _known() -> str:
    return ", ".join(f"{suffix}" for suffix in FORMATS) + " (also with .gz or .zst)"


def _hint(suffix: str) -> str:
    if suffix == ".json":
        return " As a sidecar it needs its page beside it; records go one a line into a .jsonl."
    return ""
