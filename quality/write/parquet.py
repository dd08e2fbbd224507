"""`blocks.parquet`: one row a block, for DuckDB, Polars and pandas."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from quality.tokens import count_words

SCHEMA = pa.schema(
    [
        ("document", pa.string()),
        ("path", pa.string()),
        ("record", pa.int32()),
        ("host", pa.string()),
        ("language", pa.string()),
        ("block", pa.int32()),
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("kind", pa.string()),
        ("label", pa.string()),
        ("words", pa.int32()),
        ("reporting", pa.float32()),
        ("filler", pa.float32()),
        ("advice", pa.float32()),
        ("other", pa.float32()),
        ("generated", pa.float32()),
        ("reason", pa.string()),
        ("evidence", pa.list_(pa.string())),
        ("template", pa.string()),
        ("text", pa.string()),
    ]
)

# Rows held before a row group is written: some 20 MB of text.
_ROWS_PER_GROUP = 50_000


class BlocksParquet:
    """Writes the blocks of documents into one Parquet file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = pq.ParquetWriter(path, SCHEMA, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def add(self, record: Mapping[str, Any]) -> None:
        """Take one row of documents.jsonl."""
        templates = _template_by_block(record)
        for number, block in enumerate(record["blocks"]):
            self._rows.append(_row(record, number, block, templates.get(number)))
        if len(self._rows) >= _ROWS_PER_GROUP:
            self._flush()

    def close(self) -> None:
        """Write what is left and close the file."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=SCHEMA))
            self._rows = []


def _row(
    record: Mapping[str, Any], number: int, block: Mapping[str, Any], template: str | None
) -> dict[str, Any]:
    text = record["text"][block["start"] : block["end"]]
    scores = block["scores"] or {}
    return {
        "document": record["id"],
        "path": record["path"],
        "record": record["record"],
        "host": record["host"],
        "language": record["language"],
        "block": number,
        "start": block["start"],
        "end": block["end"],
        "kind": block["kind"],
        "label": block["label"],
        "words": count_words(text),
        **{name: scores.get(name) for name in ("reporting", "filler", "advice", "other")},
        "generated": block["generated"],
        "reason": block["reason"],
        "evidence": [item["name"] for item in block["evidence"]],
        "template": template,
        "text": text,
    }


def _template_by_block(record: Mapping[str, Any]) -> dict[int, str]:
    return {
        number: section["template"]["id"]
        for section in record["sections"]
        if section["template"] is not None
        for number in range(section["first"], section["last"] + 1)
    }
