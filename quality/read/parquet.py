"""Parquet: one record a row, with the same keys as JSON lines for columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from quality.document import Page
from quality.errors import ReadError
from quality.read.inputs import Input, ReadFailure
from quality.read.jsonl import page_of_record
from quality.read.keys import COLUMNS, HTML_KEYS, TEXT_KEYS
from quality.read.streams import too_large

# Rows held at a time: web pages are 10 to 100 kB, so a batch stays under some 30 MB.
BATCH_ROWS = 256


def read_parquet(source: Input, stream: BinaryIO, max_bytes: int) -> Iterator[Page | ReadFailure]:
    """A page for each row; its record is the row's number, from 0."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(stream)
        columns = _columns(source, table.schema_arrow.names)
        number = 0
        for batch in table.iter_batches(batch_size=BATCH_ROWS, columns=columns):
            for row in batch.to_pylist():
                yield _page(source, number, row, max_bytes)
                number += 1
    except pa.ArrowException as error:
        raise ReadError(
            f"{source.name}: not a readable Parquet file ({error}). Write or fetch it again."
        ) from error


def _columns(source: Input, names: list[str]) -> list[str]:
    wanted = {key.split(".")[0] for key in COLUMNS}
    found = [name for name in names if name in wanted]
    if not set(found) & set(TEXT_KEYS + HTML_KEYS):
        known = ", ".join(TEXT_KEYS + HTML_KEYS)
        raise ReadError(
            f"{source.name}: no text column; it has {', '.join(names)}, known: {known}. "
            "Rename the column that has the text."
        )
    return found


def _page(source: Input, number: int, row: dict[str, Any], max_bytes: int) -> Page | ReadFailure:
    place = f"{source.name}, record {number}"
    try:
        # One form for a row whatever the file's own encoding and compression.
        data = orjson.dumps(row, option=orjson.OPT_SORT_KEYS, default=str)
        if len(data) > max_bytes:
            raise too_large(place, max_bytes)
        return page_of_record(source, number, data, row)
    except ReadError as error:
        return ReadFailure(source.name, number, type(error).__name__, str(error))
