"""The merge of shards across machines: pairs are joined and compared in Dask.

Give it shards on storage that all workers see and a running Dask client (LocalCluster, SSH,
Kubernetes); without a client it runs here. The rest (representatives and ranks, a few numbers a
pair, and the passages of sections) is done by `quality.neardup.merge` in this process, and the
answer is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from quality.errors import UsageError
from quality.neardup.bands import BUCKET_CAP
from quality.neardup.candidates import ANCHORS_A_BAND, ANCHORS_A_SHARED_ONE, LEAST_ANCHORS
from quality.neardup.judging import Limits
from quality.neardup.merge import (
    COMPARED,
    DEFAULT_LIMITS,
    SHARD_STEP,
    compare,
    finish,
    load_shards,
    open_engine,
)
from quality.neardup.shards import ANCHOR, check_shards

if TYPE_CHECKING:
    import pandas as pd

_KEY_BITS = 32
_COMPARED_TYPES = dict.fromkeys(COMPARED.names, "int64") | {"spread": "float64"}


def merge_with_dask(
    shards: Sequence[Path],
    out: Path,
    *,
    limits: Limits = DEFAULT_LIMITS,
    partitions: int = 16,
    memory: str = "2GB",
) -> None:
    """Write `duplicates`, `clusters` and `sections.parquet` of all shards into `out`.

    `out` must be seen by all workers. Raises UsageError where Dask is not installed.
    """
    check_shards(shards)
    _, config = _dask()
    with open_engine(out, memory) as engine, TemporaryDirectory(dir=out, prefix=".dask-") as work:
        # Dask would else make strings of the bytes of words.
        with config.set({"dataframe.convert-string": False}):
            compared = _compared(shards, partitions)
            compared.to_parquet(work, write_index=False, schema=COMPARED)
        load_shards(engine, shards)
        engine.execute(
            f"CREATE TABLE compared AS SELECT * FROM read_parquet('{Path(work) / '*.parquet'}')"
        )
        finish(engine, out, limits)


def _compared(shards: Sequence[Path], partitions: int) -> Any:
    """The Dask frame with the columns of `COMPARED`."""
    texts, keys = _numbered(shards, partitions)
    pairs = keys.shuffle("code", npartitions=partitions).map_partitions(
        _pairs, meta=_like(source="int64", target="int64", shared="int64", kind="int64")
    )
    sums = pairs.groupby(["source", "target"]).agg(
        {"shared": "sum", "kind": "min"}, split_out=partitions
    )
    pairs = sums.reset_index()
    for side in ("source", "target"):
        facts = texts.rename(columns={name: f"{side}_{name}" for name in ("anchors", "word_bytes")})
        pairs = pairs.merge(facts.rename(columns={"text": side}), on=side)
    least = pairs[["source_anchors", "target_anchors"]].min(axis=1)
    many = (pairs.shared >= LEAST_ANCHORS) & (pairs.shared * ANCHORS_A_SHARED_ONE >= least)
    alike = (pairs.kind < ANCHOR) & (pairs.shared >= least // ANCHORS_A_BAND)
    return (
        pairs[many | alike]
        .shuffle("source", npartitions=partitions)
        .map_partitions(_compare, meta=_like(**_COMPARED_TYPES))
    )


def _numbered(shards: Sequence[Path], partitions: int) -> tuple[Any, Any]:
    """Texts and keys of all shards, equal texts as the earliest of them."""
    frame, _ = _dask()
    texts, keys = (
        frame.concat(
            [
                frame.read_parquet(folder / f"{name}.parquet", columns=columns).map_partitions(
                    _number, shard
                )
                for shard, folder in enumerate(shards)
            ]
        )
        for name, columns in (
            ("texts", ["number", "exact", "word_bytes", "anchors"]),
            ("keys", ["number", "kind", "key"]),
        )
    )
    first = texts.groupby("exact").text.min(split_out=partitions).to_frame()
    texts = texts[["text", "word_bytes", "anchors"]].merge(first.reset_index()[["text"]], on="text")
    keys = keys.merge(texts[["text"]], on="text")
    keys["code"] = keys.kind * (1 << _KEY_BITS) + keys.key
    return texts, keys[["text", "kind", "code"]]


def _number(part: pd.DataFrame, shard: int) -> pd.DataFrame:
    return part.assign(text=shard * SHARD_STEP + part.number).drop(columns="number")


def _pairs(part: pd.DataFrame) -> pd.DataFrame:
    """Who shares a key with whom, among all the carriers of some keys."""
    carriers = part.drop_duplicates().sort_values(["code", "text"])
    earliest = carriers[carriers.groupby("code").cumcount() < BUCKET_CAP]
    pairs = part.merge(earliest[["code", "text"]], on="code", suffixes=("", "_other"))
    pairs = pairs[pairs.text != pairs.text_other]
    grouped = pairs.groupby(["text", "text_other"]).kind.agg(["sum", "min"]).reset_index()
    grouped.columns = ["source", "target", "shared", "kind"]
    return grouped.astype("int64")


def _compare(part: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    ordered = part.sort_values(["source", "shared", "target"], ascending=[True, False, True])
    columns = ("source", "target", "source_word_bytes", "target_word_bytes")
    rows: list[tuple[float, ...]] = []
    for source, group in groupby(
        zip(*(ordered[name] for name in columns), strict=True), key=itemgetter(0)
    ):
        candidates = list(group)
        rows += compare(source, candidates[0][2], [(row[1], row[3]) for row in candidates])
    return pd.DataFrame(rows, columns=COMPARED.names).astype(_COMPARED_TYPES)


def _like(**columns: str) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})


def _dask() -> tuple[Any, Any]:
    """The modules dask.dataframe and dask.config."""
    try:
        import dask
        import dask.dataframe as frame
    except ImportError as error:
        raise UsageError(
            "Merging across machines needs Dask. "
            "Install it with `pip install 'quality-pipeline[dask,merge]'`."
        ) from error
    return frame, dask.config
