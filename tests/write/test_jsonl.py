"""Part files can be cut back to the last commit."""

from __future__ import annotations

from pathlib import Path

from quality.write.jsonl import JsonLines, rows


def test_rows_behind_the_last_commit_are_cut_off(tmp_path: Path) -> None:
    """After a kill the file is brought back to what the ledger knows."""
    path = tmp_path / "documents.jsonl.part"
    with JsonLines(path) as lines:
        lines.append([{"n": 1}])
        kept = lines.commit()
        lines.append([{"n": 2}])
        lines.commit()
    with JsonLines(path, keep=kept) as lines:
        lines.append([{"n": 3}])
        lines.commit()
    assert list(rows(path)) == [{"n": 1}, {"n": 3}]
