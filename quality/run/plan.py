"""What a run has to do: which inputs are new, known, or still being written."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from quality.errors import ReadError
from quality.ledger import InputStatus, Ledger
from quality.pipeline import Scorer
from quality.read import Input, find_inputs, find_waiting
from quality.report import PageFailure


@dataclass(frozen=True, slots=True)
class Plan:
    """The inputs of a run, sorted by path."""

    new: tuple[Input, ...]
    """To be scored."""
    known: tuple[Input, ...]
    """Ended before under the same fingerprint, and skipped."""
    known_failures: int
    """How many of `known` had failed."""
    waiting: tuple[Input, ...]
    """Still being written; the next run takes them."""
    failures: tuple[PageFailure, ...]
    """What could not even be opened, and was not in the same way before."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """Hash of each settled input by name, as it was when the run began: a file that changes
    or goes meanwhile is another input, for the next run."""

    @property
    def found(self) -> int:
        """How many inputs there are."""
        return len(self.new) + len(self.known) + len(self.waiting) + len(self.failures)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to score and nothing new to say."""
        return not self.new and not self.failures


def make_plan(
    paths: Sequence[Path],
    scorer: Scorer,
    ledger: Ledger,
    *,
    rescore: bool = False,
    takes: Callable[[str], bool] | None = None,
) -> Plan:
    """Which inputs under `paths` are new to the state, known, or not settled yet."""
    inputs, waiting = settled_inputs(paths, settle_s=scorer.settings.read.settle_s)
    if takes is not None:
        inputs = [item for item in inputs if takes(item.name)]
        waiting = [item for item in waiting if takes(item.name)]
    failures: dict[str, PageFailure] = {}
    digests: dict[str, str] = {}
    for item in inputs:
        try:
            digests[item.name] = _digest(item)
        except (OSError, ReadError) as error:
            failures[item.name] = _unopened(item, error)
            digests[item.name] = _stand_in(item, failures[item.name])
    pairs = ((digest, name) for name, digest in digests.items())
    before = {} if rescore else ledger.known_inputs(pairs, scorer.fingerprint)
    known = tuple(item for item in inputs if item.name in before)
    unknown = [item for item in inputs if item.name not in before]
    return Plan(
        new=tuple(item for item in unknown if item.name not in failures),
        known=known,
        known_failures=sum(before[item.name] is InputStatus.FAILED for item in known),
        waiting=tuple(waiting),
        failures=tuple(failures[item.name] for item in unknown if item.name in failures),
        digests=digests,
    )


def _unopened(item: Input, error: OSError | ReadError) -> PageFailure:
    message = str(error)
    if isinstance(error, OSError):
        is_link = error.errno in (errno.ENOENT, errno.ELOOP)
        cure = "Remove the broken link." if is_link else "Check its permissions."
        message = f"{item.name}: cannot be read ({error.strerror}). {cure}"
    return PageFailure(item.name, 0, "read", "ReadError", message)


def _stand_in(item: Input, failure: PageFailure) -> str:
    """What the ledger knows a file by that cannot be opened: until it changes, or can be.

    Else it would be news in each run, and a schedule fill the disk with runs of nothing else.
    """
    told = f"{failure.message}\0{item.size}\0{item.mtime}"
    return "unread-" + hashlib.sha256(told.encode(errors="surrogateescape")).hexdigest()


def _digest(item: Input) -> str:
    # Whoever opens a named pipe waits for its writer, for ever where there is none.
    kind = item.path.stat().st_mode
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        raise ReadError(f"{item.name}: a pipe, socket or device, not a file. Remove it.")
    return item.digest()


def settled_inputs(paths: Sequence[Path], *, settle_s: float) -> tuple[list[Input], list[Input]]:
    """The inputs under `paths`, and those that are still being written.

    Files changed within the settle time are looked at again after it: who writes a file and
    scores it at once waits a moment; a file that has changed meanwhile waits for the next run.
    """
    fresh = find_waiting(paths, settle_s=settle_s, now=time.time())
    if not fresh:
        return _named(find_inputs(paths, settle_s=0.0, now=time.time())), []
    time.sleep(settle_s)
    before = {item.name: (item.size, item.mtime) for item in fresh}
    inputs: list[Input] = []
    waiting: list[Input] = []
    for item in find_inputs(paths, settle_s=0.0, now=time.time()):
        changed = before.get(item.name, (item.size, item.mtime)) != (item.size, item.mtime)
        (waiting if changed else inputs).append(item)
    return _named(inputs), _named(waiting)


def _named(inputs: Iterable[Input]) -> list[Input]:
    """Inputs whose names can be written as UTF-8 (other bytes appear escaped).

    Paths are absolute: worker processes outlive a change of this process's directory.
    """
    return [
        replace(
            item,
            path=item.path.absolute(),
            sidecar=None if item.sidecar is None else item.sidecar.absolute(),
            name=os.fsencode(item.name).decode("utf-8", "backslashreplace"),
        )
        for item in inputs
    ]
