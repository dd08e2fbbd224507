"""Which flow runs have a living process on this machine: each holds a lock named by its id."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.processes import holder, holding


def home() -> Path:
    """Prefect's directory."""
    return Path(os.environ.get("PREFECT_HOME", Path.home() / ".prefect"))


def lock_of(run: str) -> Path:
    """The lock of a flow run."""
    return home() / "runs" / run


@contextmanager
def alive(run: str) -> Iterator[None]:
    """Hold the lock of a flow run for as long as its process lives."""
    with holding(lock_of(run)):
        yield


def living() -> list[Path]:
    """The locks that a process holds."""
    return [lock for lock in sorted(lock_of("x").parent.glob("*")) if holder(lock) is not None]
