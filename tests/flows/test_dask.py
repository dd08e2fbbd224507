"""A Dask cluster analyses as one machine does, byte for byte."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.parameters import Runner, ScoreParameters

dask = pytest.importorskip("dask", reason="needs the extra [dask]")
distributed = pytest.importorskip("distributed", reason="needs the extra [dask]")
pytest.importorskip("prefect_dask", reason="needs the extra [dask]")


@pytest.fixture
def cluster() -> Iterator[str]:
    """The address of a cluster of two worker processes."""
    from flows.analysts import DAEMON

    with dask.config.set({DAEMON: False}), warnings.catch_warnings():
        # A port for the dashboard may be taken; we have none.
        warnings.simplefilter("ignore")
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as made:
            yield made.scheduler_address


@pytest.mark.usefixtures("prefect")
def test_a_cluster_gives_the_bytes_of_one_machine(root: Path, tmp_path: Path, cluster: str) -> None:
    """Sample pages in batches of five, on two workers and in one process."""
    from flows.score_directory import score_directory

    for name in ("containers", "twins", "damaged", "wire"):
        shutil.copytree(root / "seeds" / "pages" / name, tmp_path / "inbox" / name)
    written = []
    for runner, address in ((Runner.PROCESSES, None), (Runner.DASK, cluster)):
        out = tmp_path / runner.value
        parameters = ScoreParameters(
            source=tmp_path / "inbox",
            out=out,
            state=out / "state.db",
            batch_files=5,
            jobs=1,
            runner=runner,
            dask_address=address,
        )
        state = score_directory(parameters, return_state=True)
        assert state.is_completed()
        written.append(out / "latest")
    for name in ("documents.jsonl", "failures.jsonl", "blocks.parquet"):
        assert (written[0] / name).read_bytes() == (written[1] / name).read_bytes()
