"""The flow `score-directory`: what `quality score` does, with a page in Prefect's UI.

A task run is a batch of hundreds of pages, never a page. What was found goes into the
run's folder; Prefect gets the figures, the state and the artifacts.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from flows import artifacts, drift, events
from flows.analysts import analysts
from flows.outcome import outcome
from flows.parameters import ScoreParameters
from flows.sealed import Sealed
from flows.watch import watcher
from quality.report import PageFailure
from quality.run import Run, open_run
from quality.settings import Settings
from quality.summary import RunSummary
from quality.write.folder import point_latest

# A batch is at most two task runs, and some 200 task runs a flow run is what Prefect on
# SQLite takes without falling behind.
MOST_BATCHES = 100
MOST_BATCH_FILES = 10_000

Judged = Iterator[tuple[int, Sequence[dict[str, Any]], Sequence[PageFailure]]]


def run_name() -> str:
    """The end of the source's path and the time, such as `inbox 22 Nov 05:42`."""
    given = flow_run.parameters.get("parameters")
    asked = given if isinstance(given, ScoreParameters) else ScoreParameters()
    source = asked.source.name or asked.source.resolve().name
    shard = f" {asked.shard + 1}/{asked.shards}" if asked.shards > 1 else ""
    return f"{source}{shard} {flow_run.scheduled_start_time:%d %b %H:%M}"


@flow(name="score-directory", flow_run_name=run_name, persist_result=False)
def score_directory(parameters: ScoreParameters = ScoreParameters()) -> State[Any]:  # noqa: B008
    """Score what is new in a directory, and say what was found."""
    return outcome(partial(_open_and_score, parameters))


def _open_and_score(parameters: ScoreParameters) -> State[Any]:
    settings = Settings.load(parameters.settings)
    with (
        _imports_left_alone(),
        open_run(
            [parameters.source],
            settings=settings,
            out=parameters.out,
            state=parameters.state,
            rescore=parameters.rescore,
            takes=parameters.takes if parameters.shards > 1 else None,
        ) as run,
    ):
        return _score(run, parameters, settings)


@contextmanager
def _imports_left_alone() -> Iterator[None]:
    """Without looking for garbage in what Prefect has imported.

    Full collections took 1.6 s of 2,000 pages, so 0.6 s (quality score: 0.9 s; gc.callbacks).
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _score(run: Run, parameters: ScoreParameters, settings: Settings) -> State[Any]:
    plan = run.plan
    if plan.is_empty:
        run.drop()
        watcher().idle(plan, run.ledger.last_folder())
        return Completed(name="NothingToDo", message=artifacts.nothing_line(plan))
    watcher().planned(plan)
    progress = artifacts.Progress(parameters.source, pages=len(plan.new))
    batches = _analyze(run, parameters, settings, progress)
    _judge(run, batches, progress)
    summary: RunSummary = write_folder(Sealed(run))
    point_latest(parameters.out, run.folder)
    progress.ended()
    found = drift.compare(run.folder, str(parameters.source), window=parameters.drift_window)
    artifacts.publish(parameters, run.folder, summary, plan, found)
    events.emit(parameters.source, run.folder, summary, found)
    watcher().ended(plan, summary, run.folder, found)
    return Completed(
        name="CompletedWithErrors" if summary.failures else None,
        message=artifacts.figures_line(summary, found),
    )


def _analyze(
    run: Run, parameters: ScoreParameters, settings: Settings, progress: artifacts.Progress
) -> list[int]:
    numbers: list[int] = []
    size = batch_size(parameters.batch_files, settings.run.batch_files, len(run.plan.new))
    with analysts(parameters, settings) as analyzed:
        for batch, result in analyzed(run.batches(size=size)):
            run.add(result)
            numbers.append(batch.number)
            progress.analysed(len(batch.items))
            watcher().analysed(batch.number, len(batch.items))
    return numbers


def _judge(run: Run, numbers: Sequence[int], progress: artifacts.Progress) -> None:
    judged = run.judge()
    for number in numbers:
        named = judge.with_options(task_run_name=f"judge batch {number:04d}")
        documents, failures = named(Sealed(judged))
        progress.judged(documents + failures)
        watcher().judged(number, documents, failures)
    # Runs to its end: with no batch at all, what could not be opened is still to be written.
    for _ in judged:
        get_run_logger().error("a batch was judged that nobody analysed")


@task(name="judge", cache_policy=NO_CACHE, persist_result=False)
def judge(judged: Sealed[Judged]) -> tuple[int, int]:
    """The next batch judged, written and noted: how many documents and failures."""
    number, documents, failures = next(judged.value)
    line = f"batch {number:04d}: {len(documents)} documents, {len(failures)} failures"
    get_run_logger().info(line)
    return len(documents), len(failures)


@task(name="write", task_run_name="write folder", cache_policy=NO_CACHE, persist_result=False)
def write_folder(run: Sealed[Run]) -> RunSummary:
    """The run's folder completed: every view, the report, the summary."""
    return run.value.finish()


def batch_size(asked: int, usual: int, pages: int) -> int:
    """Pages a batch: as asked, or the usual and more where that makes too many batches.

    >>> batch_size(0, 500, 2_000), batch_size(0, 500, 200_000), batch_size(50, 500, 200_000)
    (500, 2000, 50)
    """
    return asked or min(MOST_BATCH_FILES, max(usual, -(-pages // MOST_BATCHES)))
