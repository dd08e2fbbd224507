"""What a run leaves behind: one module a format, listed in `WRITERS`.

documents.jsonl and failures.jsonl are appended while the run goes on; everything else is a
view of them, made in one pass at the end. So a run that was cut off can be completed from
what it had committed, and `quality report` can rebuild a report at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from quality.write.attributes import DolmaAttributes
from quality.write.html import HtmlReport
from quality.write.parquet import BlocksParquet


class Writer(Protocol):
    """Takes rows of documents.jsonl one by one and writes one file or folder."""

    def add(self, record: Mapping[str, Any]) -> None:
        """Take one row of documents.jsonl."""

    def close(self) -> None:
        """Write what is left."""


# Name in the run's folder -> writer, made with the (temporary) path to write to.
WRITERS: dict[str, Callable[[Path], Writer]] = {
    "blocks.parquet": BlocksParquet,
    "attributes": DolmaAttributes,
    "report": HtmlReport,
}
