"""Worker processes: failures stay with the item that caused them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from quality.errors import ExtractError, ModelError, PageError
from quality.workers import Work, WorkerFailure, run_in_workers

EXPECTED: list[Any] = [number * number for number in range(14)]
EXPECTED[3] = "WorkerDied"
EXPECTED[6] = EXPECTED[11] = "LimitError"
EXPECTED[8], EXPECTED[9] = "ExtractError", "ZeroDivisionError"


def square(number: int) -> int:
    """The well-behaved function."""
    return number * number


def misbehave(number: int) -> int:
    """One item of each kind of trouble."""
    if number == 3:
        os._exit(1)
    if number == 6:
        time.sleep(60)
    if number == 8:
        raise ExtractError("no text")
    if number == 9:
        raise ZeroDivisionError("a fault")
    if number == 11:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        time.sleep(60)
    return number * number


def process_of(number: int) -> int:
    """Which process an item was in."""
    return os.getpid() + 0 * number


def need_model(number: int) -> int:
    """A function whose model is missing."""
    raise ModelError(f"no model for {number}")


def alone(function: Callable[[int], int]) -> Work[int, int, int]:
    """Work whose second step does nothing."""
    return Work(function, list)


def misbehave_together(numbers: list[int]) -> list[int]:
    """The second step, in which one item of each kind of trouble spoils it for all."""
    return [misbehave(number) for number in numbers]


def same(number: int) -> int:
    """A first step that does nothing."""
    return number


def one_fails(number: int) -> int:
    """A first step in which one item fails."""
    if number == 2:
        raise ExtractError("no text")
    return number


def how_many(numbers: list[int]) -> list[int]:
    """A second step that tells how many items came together."""
    return [len(numbers)] * len(numbers)


def named(results: Iterator[Any]) -> list[Any]:
    """Results with failures as their names."""
    return [
        item.error
        if isinstance(item, WorkerFailure)
        else type(item).__name__
        if isinstance(item, PageError)
        else item
        for item in results
    ]


@pytest.mark.parametrize("chunk", [1, 4, 100])
def test_results_come_in_the_order_of_the_items(chunk: int) -> None:
    """However the items are cut into chunks."""
    results = run_in_workers(alone(square), range(30), jobs=2, timeout_s=20, chunk=chunk)
    assert list(results) == [number * number for number in range(30)]


def test_only_the_culprits_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash, two kinds of hanging, a page error and a fault cost one item each."""
    monkeypatch.setattr("quality.workers.crew.GRACE_S", 0.5)
    results = named(run_in_workers(alone(misbehave), range(14), jobs=2, timeout_s=0.5, chunk=4))
    assert results == EXPECTED


@pytest.mark.parametrize("chunk", [6])
def test_only_the_culprits_of_the_step_together_fail(
    monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    """The same trouble in the step together costs the same items, and no others."""
    monkeypatch.setattr("quality.workers.crew.GRACE_S", 0.5)
    work = Work(same, misbehave_together)
    assert named(run_in_workers(work, range(14), jobs=2, timeout_s=0.5, chunk=chunk)) == EXPECTED


@pytest.mark.parametrize(("jobs", "timeout_s"), [(1, None), (2, 20)])
def test_items_of_a_chunk_come_together(jobs: int, timeout_s: float | None) -> None:
    """What failed by itself is left out of the step together."""
    work = Work(one_fails, how_many)
    results = named(run_in_workers(work, range(6), jobs=jobs, timeout_s=timeout_s, chunk=4))
    assert results == [3, 3, "ExtractError", 3, 2, 2]


def test_one_job_without_a_limit_stays_in_this_process() -> None:
    """Nothing is started where nothing needs guarding."""
    assert set(run_in_workers(alone(process_of), range(3), jobs=1)) == {os.getpid()}


def test_one_job_with_a_limit_has_a_process_of_its_own() -> None:
    """A page that must be cut off can only be killed elsewhere."""
    pids = set(run_in_workers(alone(process_of), range(6), jobs=1, timeout_s=20, chunk=2))
    assert len(pids) == 1
    assert os.getpid() not in pids


def test_items_are_taken_only_as_they_are_needed() -> None:
    """A long input is not read into memory ahead of the results."""
    taken = []

    def items() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    results = run_in_workers(alone(square), items(), jobs=1, timeout_s=20, chunk=5)
    assert next(results) == 0
    assert len(taken) <= 5 * 4
    results.close()


def test_a_missing_model_stops_the_run() -> None:
    """What would fail every page is raised, not counted page by page."""
    with pytest.raises(ModelError, match="no model for 0"):
        list(run_in_workers(alone(need_model), range(4), jobs=2, timeout_s=20))
