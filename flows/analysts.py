"""Where batches are analysed: in processes of this machine, or on a Dask cluster.

Either way results come back in the order of the batches, so what is remembered, and with
it every result, is the same.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.parameters import Runner, ScoreParameters
from flows.sealed import Sealed
from quality.errors import UsageError
from quality.run import Batch, BatchResult, analyze_batch
from quality.settings import Settings

Analysts = Callable[[Iterable[Batch]], Iterator[tuple[Batch, BatchResult]]]

# Dask's own setting: whether its workers may have no processes below them.
DAEMON = "distributed.worker.daemon"
# Batches on the way for each thread of a cluster: one at work, one waiting beside it.
_AHEAD = 2


@task(cache_policy=NO_CACHE, persist_result=False)
def analyze(
    batch: Sealed[Batch], settings: Sealed[Settings], jobs: int | None
) -> Sealed[BatchResult]:
    """A batch analysed; pages that fail are rows, never exceptions."""
    return Sealed(analyze_batch(batch.value, settings.value, jobs=jobs))


@contextmanager
def analysts(parameters: ScoreParameters, settings: Settings) -> Iterator[Analysts]:
    """Those who analyse the batches of a run."""
    if parameters.runner is Runner.DASK:
        with _dask(parameters.dask_address) as runner:
            yield partial(_on_dask, runner, settings)
    else:
        yield partial(_in_processes, settings, parameters.jobs or None)


@contextmanager
def _dask(address: str | None) -> Iterator[Any]:
    """A runner on the cluster at the address, or on a temporary one on this machine."""
    # Late: an extra, and a second to import.
    try:
        import dask
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError as error:
        raise UsageError(f"no {error.name} here. Install quality-pipeline[flows,dask].") from error
    with dask.config.set({DAEMON: False}), DaskTaskRunner(address=address) as runner:
        if any(runner.client.run(is_daemon).values()):
            raise UsageError(
                f"{address}: workers may not start processes, without which a page that hangs "
                f"cannot be ended. Start them with DASK_DISTRIBUTED__WORKER__DAEMON=False."
            )
        yield runner


def is_daemon() -> bool:
    """Whether this process may have no children."""
    return multiprocessing.current_process().daemon


def _in_processes(
    settings: Settings, jobs: int | None, batches: Iterable[Batch]
) -> Iterator[tuple[Batch, BatchResult]]:
    for batch in batches:
        yield batch, _named(batch)(Sealed(batch), Sealed(settings), jobs).value


def _on_dask(
    runner: Any, settings: Settings, batches: Iterable[Batch]
) -> Iterator[tuple[Batch, BatchResult]]:
    ahead = _AHEAD * max(1, sum(runner.client.nthreads().values()))
    waiting: deque[tuple[Batch, Any]] = deque()
    for batch in batches:
        # One process a batch: the cluster's own threads are the parallelism.
        given = {"batch": Sealed(batch), "settings": Sealed(settings), "jobs": 1}
        waiting.append((batch, runner.submit(_named(batch), parameters=given)))
        if len(waiting) > ahead:
            yield _taken(waiting)
    while waiting:
        yield _taken(waiting)


def _taken(waiting: deque[tuple[Batch, Any]]) -> tuple[Batch, BatchResult]:
    batch, future = waiting.popleft()
    return batch, future.result().value


def _named(batch: Batch) -> Any:
    return analyze.with_options(name="analyze", task_run_name=f"analyze batch {batch.number:04d}")
