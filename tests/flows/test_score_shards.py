"""Shards of a directory: every page in one of them, and twins found across them."""

from __future__ import annotations

from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest

from flows.parameters import ScoreParameters
from tests.flows.conftest import write_pages


def test_every_input_belongs_to_one_shard() -> None:
    """By name alone, and about evenly."""
    shards = [ScoreParameters(shards=4, shard=number) for number in range(4)]
    names = [f"inbox/{number}.html" for number in range(2000)]
    takers = [[shard.shard for shard in shards if shard.takes(name)] for name in names]
    assert all(len(taker) == 1 for taker in takers)
    counts = [takers.count([number]) for number in range(4)]
    assert min(counts) > 400


@pytest.mark.usefixtures("prefect")
def test_shards_find_what_one_run_finds(tmp_path: Path) -> None:
    """Each page is scored once; the merge names pairs whose halves lie in different shards."""
    pytest.importorskip("duckdb", reason="needs the extra [merge]")
    from flows.score_shards import ShardsParameters, score_shards

    inbox = write_pages(tmp_path / "inbox", 6)
    twins = [ScoreParameters(shards=2, shard=0).takes(str(inbox / f"t{n}.txt")) for n in range(9)]
    one, other = twins.index(True), twins.index(False)
    story = "\n\n".join((inbox / "page-0000.txt").read_text().split("\n\n")[1:]) * 3
    for number in (one, other):
        (inbox / f"t{number}.txt").write_text(f"{story}\nCopy {number}\n")
    parameters = ShardsParameters(
        source=inbox, out=tmp_path / "out", shards=2, deployment=None, memory="200MB"
    )
    state = score_shards(parameters, return_state=True)
    assert state.is_completed()
    rows = [
        Path(orjson.loads(line)["path"]).name
        for file in (tmp_path / "out").glob("shard-*/2*/documents.jsonl")
        for line in file.read_bytes().splitlines()
    ]
    assert sorted(rows) == sorted(path.name for path in inbox.iterdir())
    pairs = pq.read_table(tmp_path / "out" / "merged" / "duplicates.parquet").to_pylist()
    assert any({f"t{one}.txt", f"t{other}.txt"} <= set(_names(pair)) for pair in pairs)


def _names(pair: dict[str, object]) -> list[str]:
    return [Path(value).name for value in pair.values() if isinstance(value, str)]
