"""Which flow runs have a living process on this machine: each holds a lock named by its id."""

from __future__ import annotations

import atexit
import os
from pathlib import Path

from flows.processes import holder, keep

_PART = ".part"


def home() -> Path:
    """Prefect's directory."""
    return Path(os.environ.get("PREFECT_HOME", Path.home() / ".prefect"))


def lock_of(run: str) -> Path:
    """The lock of a flow run."""
    return home() / "runs" / run


def hold(run: str) -> None:
    """Hold the lock of a flow run until this process ends, however it ends.

    Not only until the flow ends: who waits for the lock waits for what Prefect does after it.
    """
    lock = lock_of(run)
    part = lock.with_name(f"{run}{_PART}")
    if keep(part):
        # It appears held: nobody who looks may take it for that of a dead process.
        part.rename(lock)
        atexit.register(lock.unlink, missing_ok=True)


def living() -> list[Path]:
    """The locks that a process holds."""
    return [lock for lock in _locks() if holder(lock) is not None]


def dead() -> list[Path]:
    """The locks whose process ended without taking them away: it was killed."""
    return [lock for lock in _locks() if holder(lock) is None]


def _locks() -> list[Path]:
    return [lock for lock in sorted(lock_of("x").parent.glob("*")) if lock.suffix != _PART]
