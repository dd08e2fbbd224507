"""One command run in this process, with the processor time it spends in the core and outside.

    python -m benchmarks.flow_inside FILE quality score inbox …
    python -m benchmarks.flow_inside FILE flows score inbox …

The core is what both do with pages: listing, analysing, remembering, judging, writing. What a
process spends outside it (start, imports, waiting for workers, Prefect) is a second or two
beside a minute, and can be told to a hundredth of the whole where two totals cannot.
"""

from __future__ import annotations

import atexit
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import quality.run as core
from flows import environment

_SPENT = [0.0]


def main(file: Path, program: str, arguments: list[str]) -> int:
    """Run the command; its exit code. The figures are written when the process ends."""
    # Registered first, so called last: after Prefect has sent its logs.
    atexit.register(_write, file)
    for owner, name in ((core, "analyze_batch"), (core.Run, "add"), (core.Run, "finish")):
        setattr(owner, name, _timed(getattr(owner, name)))
    for name in ("batches", "judge"):
        setattr(core.Run, name, _timed_steps(getattr(core.Run, name)))
    core.open_run = _timed_opening(core.open_run)
    if program == "quality":
        from quality.cli import main as run
    else:
        environment.prepare()
        from flows.command import main as run
    return run(arguments)


def _write(file: Path) -> None:
    # Of all threads of this process, without its workers.
    spent = {
        "core_s": _SPENT[0],
        "outside_s": time.process_time() - _SPENT[0],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    file.write_text(json.dumps(spent), encoding="utf-8")


@contextmanager
def _counted() -> Iterator[None]:
    began = time.thread_time()
    try:
        yield
    finally:
        _SPENT[0] += time.thread_time() - began


def _timed(work: Callable[..., Any]) -> Callable[..., Any]:
    def timed(*given: Any, **named: Any) -> Any:
        with _counted():
            return work(*given, **named)

    return timed


def _timed_steps(work: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    def timed(*given: Any, **named: Any) -> Iterator[Any]:
        steps = work(*given, **named)
        while True:
            with _counted():
                step = next(steps, None)
            if step is None:
                return
            yield step

    return timed


def _timed_opening(work: Callable[..., Any]) -> Callable[..., Any]:
    @contextmanager
    def timed(*given: Any, **named: Any) -> Iterator[Any]:
        opening = work(*given, **named)
        with _counted():
            run = opening.__enter__()
        try:
            yield run
        finally:
            opening.__exit__(*sys.exc_info())

    return timed


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))
