"""Where batches are analysed: in processes of this machine, or on a Dask cluster.

Either way results come back in the order of the batches, so what is remembered, and with
it every result, is the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.utilities.annotations import quote

from flows.parameters import Runner, ScoreParameters
from quality.run import Batch, BatchResult, analyze_batch
from quality.settings import Settings

Analysts = Callable[[Iterable[Batch]], Iterator[tuple[Batch, BatchResult]]]

# Batches on the way for each thread of a cluster: one at work, one waiting beside it.
_AHEAD = 2


@task(cache_policy=NO_CACHE, persist_result=False)
def analyze(batch: Batch, settings: Settings, jobs: int | None) -> BatchResult:
    """A batch analysed; pages that fail are rows, never exceptions."""
    return analyze_batch(batch, settings, jobs=jobs)


@contextmanager
def analysts(parameters: ScoreParameters, settings: Settings) -> Iterator[Analysts]:
    """Those who analyse the batches of a run."""
    if parameters.runner is Runner.DASK:
        # Late: distributed is an extra and takes a second to import.
        from prefect_dask.task_runners import DaskTaskRunner

        with DaskTaskRunner(address=parameters.dask_address) as runner:
            yield partial(_on_dask, runner, settings)
    else:
        yield partial(_in_processes, settings, parameters.jobs or None)


def _in_processes(
    settings: Settings, jobs: int | None, batches: Iterable[Batch]
) -> Iterator[tuple[Batch, BatchResult]]:
    for batch in batches:
        # quote: Prefect would look through every page of the batch for futures.
        yield batch, _named(batch)(quote(batch), quote(settings), jobs)


def _on_dask(
    runner: Any, settings: Settings, batches: Iterable[Batch]
) -> Iterator[tuple[Batch, BatchResult]]:
    ahead = _AHEAD * max(1, sum(runner.client.nthreads().values()))
    waiting: deque[tuple[Batch, Any]] = deque()
    for batch in batches:
        # One process a batch: the cluster's own threads are the parallelism.
        given = {"batch": quote(batch), "settings": quote(settings), "jobs": 1}
        waiting.append((batch, runner.submit(_named(batch), parameters=given)))
        if len(waiting) > ahead:
            yield _taken(waiting)
    while waiting:
        yield _taken(waiting)


def _taken(waiting: deque[tuple[Batch, Any]]) -> tuple[Batch, BatchResult]:
    batch, future = waiting.popleft()
    return batch, future.result()


def _named(batch: Batch) -> Any:
    return analyze.with_options(name="analyze", task_run_name=f"analyze batch {batch.number:04d}")
