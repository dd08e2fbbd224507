"""Rows of tables in plain text: columns divided by bars or tabs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

# So many lines in a row with as many columns each, three and more, are a table; a menu in one line
# ("Home | News | Sport") stands alone, or over one more. Of 1,359 such lines of extractor output
# 1,282 are text; in the full pages of the shared data tables have no bars, and there are none.
TABLE_ROWS = 5
TABLE_BARS = 2
_BAR = re.compile(r"\t|(?<=\s)\|(?=\s)")


def table_rows(texts: Sequence[str]) -> frozenset[int]:
    """The numbers of the lines that are rows of tables."""
    found: set[int] = set()
    for bars, run in itertools.groupby(range(len(texts)), lambda number: _bars(texts[number])):
        rows = list(run)
        if bars >= TABLE_BARS and len(rows) >= TABLE_ROWS:
            found.update(rows)
    return frozenset(found)


def _bars(text: str) -> int:
    return len(_BAR.findall(text))
