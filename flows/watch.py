"""Who looks on while a scoring run goes: the terminal of `python -m flows score`, or nobody.

The flow runs in the process that calls it, so a context variable reaches it; parameters
cannot, as Prefect stores them as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Protocol

from flows.drift import Drift
from quality.run import Plan
from quality.summary import RunSummary


class Watcher(Protocol):
    """Is told how far a run is."""

    def planned(self, plan: Plan) -> None:
        """The inputs are listed; scoring begins."""

    def analysed(self, number: int, pages: int) -> None:
        """A batch was analysed and remembered."""

    def judged(self, number: int, documents: int, failures: int) -> None:
        """A batch was judged and written."""

    def idle(self, plan: Plan, last: str | None) -> None:
        """Nothing was new; `last` is the folder of the last run that scored something."""

    def ended(self, plan: Plan, summary: RunSummary, folder: Path, drift: Drift) -> None:
        """The run's folder is complete."""


class Nobody:
    """Looks at nothing."""

    def planned(self, plan: Plan) -> None:
        """Nothing."""

    def analysed(self, number: int, pages: int) -> None:
        """Nothing."""

    def judged(self, number: int, documents: int, failures: int) -> None:
        """Nothing."""

    def idle(self, plan: Plan, last: str | None) -> None:
        """Nothing."""

    def ended(self, plan: Plan, summary: RunSummary, folder: Path, drift: Drift) -> None:
        """Nothing."""


_WATCHER: ContextVar[Watcher] = ContextVar("watcher", default=Nobody())  # noqa: B039


def watcher() -> Watcher:
    """Who looks on now."""
    return _WATCHER.get()


@contextmanager
def watched_by(one: Watcher) -> Iterator[None]:
    """Let `one` look on at runs inside the block."""
    token = _WATCHER.set(one)
    try:
        yield
    finally:
        _WATCHER.reset(token)
