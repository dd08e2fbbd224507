"""Tables in plain text stay, menus in one line do not become tables."""

from __future__ import annotations

import numpy as np
import pytest

from quality.chrome.decide import find_chrome
from quality.chrome.lines import Threshold
from quality.chrome.tables import TABLE_ROWS, table_rows
from tests.chrome import pages

THRESHOLDS = {"dense": Threshold(0.0, 0.005), "clean": Threshold(0.0, 0.005)}
ROWS = tuple(f"Pier {number} | {number * 7} m | oak" for number in range(TABLE_ROWS))


def test_a_run_of_rows_with_as_many_columns_is_a_table() -> None:
    """With bars or tabs between them."""
    assert table_rows(["Piers", *ROWS, "All of them"]) == set(range(1, TABLE_ROWS + 1))
    assert table_rows([row.replace(" | ", "\t") for row in ROWS]) == set(range(TABLE_ROWS))
    assert table_rows([*ROWS[1:], "Pier | | oak"]) == set(range(TABLE_ROWS))


@pytest.mark.parametrize(
    "lines",
    [
        ROWS[:-1],
        (*(f"{row} | sound" for row in ROWS[:2]), *ROWS[2:]),
        tuple(row.split(" | ")[0] + " | oak" for row in ROWS),
    ],
    ids=["too few", "of unlike columns", "of two columns"],
)
def test_other_lines_with_bars_are_not(lines: tuple[str, ...]) -> None:
    """They may be menus."""
    assert table_rows(lines) == frozenset()


@pytest.mark.parametrize("rows", [TABLE_ROWS, TABLE_ROWS - 1])
def test_the_model_alone_does_not_take_a_row_of_a_full_page(rows: int) -> None:
    """It learnt bars from footers."""
    lines = [*pages.MENU, *pages.BODY * 3, *ROWS[:rows], *pages.FOOTER]
    first = lines.index(ROWS[0])
    scores = np.full(len(lines), 0.01, np.float32)
    scores[first : first + rows] = 0.99
    document = pages.document(lines, dense=True)
    found = find_chrome(document, [None] * len(lines), scores, thresholds=THRESHOLDS)
    taken = [finding.block for finding in found.findings]
    assert taken == ([] if rows == TABLE_ROWS else [*range(first, first + rows)])
