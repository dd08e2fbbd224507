"""What a worker does with a chunk of items: each, then together, an alarm over each step.

When the step together goes wrong, it is done for each item apart, so that there too only
the culprit fails.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from quality.errors import LimitError, PageError, StartError

Item = TypeVar("Item")
Part = TypeVar("Part")
Result = TypeVar("Result")

# What is noted instead of an item's number while the second step is done for all of them.
TOGETHER = -2


@dataclass(frozen=True, slots=True)
class WorkerFailure:
    """An item whose function raised, took too long or killed its process."""

    error: str
    message: str
    stage: str = "score"


@dataclass(frozen=True, slots=True)
class Work(Generic[Item, Part, Result]):
    """What is done: `each(item)`, then `together` on what came of several items, one result each.

    `together` must give an item the same result whatever it is given with. Both must pickle.
    """

    each: Callable[[Item], Part]
    together: Callable[[list[Part]], list[Result]]


def run_chunk(
    work: Work[Item, Any, Result],
    items: list[Item],
    timeout_s: float | None,
    progress: str,
    *,
    is_apart: bool,
) -> list[Result | PageError | WorkerFailure]:
    """`run` in a worker process, noting in the file `progress` what it is at."""
    with Path(progress).open("r+b", buffering=0) as note:
        # As wide as any other: a shorter number must not leave digits of a longer one.
        return run(
            work,
            items,
            timeout_s,
            lambda at: os.pwrite(note.fileno(), b"%12d" % at, 0),
            is_apart=is_apart,
        )


def run(
    work: Work[Item, Part, Result],
    items: list[Item],
    timeout_s: float | None,
    note: Callable[[int], object],
    *,
    is_apart: bool = False,
) -> list[Result | PageError | WorkerFailure]:
    """Both steps for some items; `note` is told the number of the item at work."""

    def alone(part: Part) -> Result | PageError | WorkerFailure:
        found = _outcome(work.together, [part], timeout_s)
        return found if isinstance(found, PageError | WorkerFailure) else found[0]

    parts: dict[int, Part] = {}
    outcomes: dict[int, Result | PageError | WorkerFailure] = {}
    for number, item in enumerate(items):
        note(number)
        part = _outcome(work.each, item, timeout_s)
        if isinstance(part, PageError | WorkerFailure):
            outcomes[number] = part
        elif is_apart:
            outcomes[number] = alone(part)
        else:
            parts[number] = part
    found = None
    if len(parts) > 1:
        note(TOGETHER)
        found = _outcome(work.together, list(parts.values()), timeout_s)
    if isinstance(found, list):
        outcomes |= zip(parts, found, strict=True)
    else:
        for number, part in parts.items():
            note(number)
            outcomes[number] = alone(part)
    return [outcomes[number] for number in range(len(items))]


def _outcome(
    function: Callable[[Item], Part], item: Item, timeout_s: float | None
) -> Part | PageError | WorkerFailure:
    try:
        with _alarm(timeout_s):
            return function(item)
    except PageError as error:
        return error
    except StartError:
        raise
    except _OverTime:
        return over_time(timeout_s)
    except Exception as error:
        # A fault of ours on one page must not cost the others; its row names it.
        return WorkerFailure(type(error).__name__, f"{error or 'no message'} (a fault; report it)")


class _OverTime(BaseException):
    """Not an Exception, so that no library takes it for one of its own."""


@contextmanager
def _alarm(timeout_s: float | None) -> Iterator[None]:
    if timeout_s is None or not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, _raise_over_time)
    # Again every second, in case it is raised where Python cannot pass it on.
    signal.setitimer(signal.ITIMER_REAL, timeout_s, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def _raise_over_time(_signal: int, _frame: object) -> None:
    raise _OverTime


def over_time(timeout_s: float | None) -> WorkerFailure:
    """The failure of an item that took too long."""
    return WorkerFailure(
        LimitError.__name__,
        f"took more than {timeout_s:g} s. Raise the time limit or remove the page.",
    )
