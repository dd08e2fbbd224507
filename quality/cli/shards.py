"""`quality index export` and `quality index merge`: indexes of several machines, joined."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from quality.cli.parsing import add_command
from quality.errors import UsageError


def add_export(actions: Any) -> argparse.ArgumentParser:
    """Add `export`."""
    parser = add_command(
        actions,
        "export",
        _export,
        help="write the index as a shard of Parquet files, to be merged with others",
        example="quality index export shards/one --state out/state.db",
    )
    parser.add_argument("shard", type=Path, metavar="DIR")
    return parser


def add_merge(actions: Any) -> None:
    """Add `merge`."""
    parser = add_command(
        actions,
        "merge",
        _merge,
        help="join shards: duplicates, clusters and sections as one index over all would give",
        example="quality index merge shards/one shards/two --out merged",
    )
    parser.add_argument("shards", nargs="+", type=Path, metavar="SHARD")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--engine",
        choices=("duckdb", "dask"),
        default="duckdb",
        help="duckdb: out of core on this machine; dask: on a cluster (default: %(default)s)",
    )
    parser.add_argument(
        "--dask-address", metavar="URL", help="scheduler of a running cluster (default: local)"
    )
    parser.add_argument(
        "--memory", default="2GB", metavar="SIZE", help="of the join engine (default: %(default)s)"
    )


def _export(options: argparse.Namespace) -> int:
    from quality.neardup.shards import export_shard
    from quality.state import State

    if not options.state.is_file():
        raise UsageError(f"{options.state}: no state here. Name the one to export with --state.")
    with State.open(options.state) as state:
        export_shard(state, options.shard)
    print(options.shard)
    return 0


def _merge(options: argparse.Namespace) -> int:
    options.out.mkdir(parents=True, exist_ok=True)
    if options.engine == "duckdb":
        from quality.neardup.merge import merge_shards

        merge_shards(options.shards, options.out, memory=options.memory)
    else:
        _merge_with_dask(options)
    for name in ("duplicates.parquet", "clusters.parquet", "sections.parquet"):
        print(options.out / name)
    return 0


def _merge_with_dask(options: argparse.Namespace) -> None:
    from quality.neardup.dask_merge import merge_with_dask

    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError(
            "Dask is not installed. Install the extra: pip install 'quality-pipeline[dask,merge]'."
        ) from error
    connect: Any = Client  # untyped
    with connect(options.dask_address):
        merge_with_dask(options.shards, options.out, memory=options.memory)
