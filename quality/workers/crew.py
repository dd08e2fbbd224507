"""The processes that work, watched from outside: what hangs or dies is found and ended.

Items go to loky processes in chunks, never more chunks at once than processes. The parent
watches a small file in which the worker notes the item it is at: a worker that does not react
to its own alarm is killed, and after a crash the item that was running is tried once more on
its own before it is called the culprit.
"""

from __future__ import annotations

import signal
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

from quality.errors import PageError, QualityError
from quality.workers.work import TOGETHER, Work, WorkerFailure, over_time, run, run_chunk

Item = TypeVar("Item")
Result = TypeVar("Result")

# The alarm comes first; only code that never comes back to the interpreter lasts longer.
GRACE_S = 5.0
# Starting a process and importing everything took up to 6 s on a busy machine of 2 cores.
START_S = 120.0
# Workers idle this long go away, so that a served flow holds no memory between runs.
IDLE_S = 60
POLL_S = 0.1
_NOT_STARTED = -1


def run_in_workers(
    work: Work[Item, Any, Result],
    items: Iterable[Item],
    *,
    jobs: int = 1,
    timeout_s: float | None = None,
    chunk: int = 16,
    initializer: Callable[..., object] | None = None,
    initargs: tuple[Any, ...] = (),
) -> Iterator[Result | PageError | WorkerFailure]:
    """The result of each item, in order; PageErrors that are raised are returned, not raised.

    Items are taken as they are needed. `timeout_s` is for each step of an item;
    `initializer(*initargs)` runs once in each process. With one job and no time limit all
    runs in this process. StartErrors are raised: they would hit every page.
    """
    if jobs == 1 and timeout_s is None:
        if initializer is not None:
            initializer(*initargs)
        stream = iter(items)
        while some := list(islice(stream, chunk)):
            yield from run(work, some, None, lambda _at: None)
        return
    with tempfile.TemporaryDirectory(prefix="quality-") as folder:
        crew = _Crew(work, jobs, timeout_s, (initializer, initargs), Path(folder))
        try:
            yield from crew.run(iter(items), chunk)
        except BaseException:
            crew.kill()
            raise


@dataclass(slots=True)
class _Chunk(Generic[Item, Result]):
    """Some consecutive items: what is known of them, and what is running."""

    items: list[Item]
    progress: Path
    done: dict[int, Result | PageError | WorkerFailure] = field(default_factory=dict)
    future: Future[list[Result | PageError | WorkerFailure]] | None = None
    running: list[int] = field(default_factory=list)
    at: int = _NOT_STARTED
    since: float = 0.0
    is_apart: bool = False
    """Whether its items are no longer worked on together, because that went wrong."""

    def is_done(self) -> bool:
        return len(self.done) == len(self.items)

    def todo(self) -> list[int]:
        return [number for number in range(len(self.items)) if number not in self.done]

    def collect(self) -> None:
        """Take in the results of the future. Raises what broke it."""
        assert self.future is not None
        future, self.future = self.future, None
        self.done.update(zip(self.running, future.result(), strict=True))

    def look(self) -> None:
        """Note the item the worker is at, and since when."""
        at = int(self.progress.read_text() or _NOT_STARTED)
        if at != self.at:
            self.at, self.since = at, time.monotonic()

    def has_begun(self) -> bool:
        """Whether the process came as far as the first item."""
        self.look()
        return self.at != _NOT_STARTED

    def suspect(self) -> int | None:
        """The item that was running when the process went; None where there is not one alone."""
        if not self.has_begun():
            return None
        if self.at == TOGETHER:
            self.is_apart = True
            return None
        return self.running[self.at]


class _Crew(Generic[Item, Result]):
    """The processes, and the chunks they work on."""

    def __init__(
        self,
        work: Work[Item, Any, Result],
        jobs: int,
        timeout_s: float | None,
        start: tuple[Callable[..., object] | None, tuple[Any, ...]],
        folder: Path,
    ) -> None:
        self._work = work
        self._jobs = jobs
        self._timeout_s = timeout_s
        self._start = start
        self._folder = folder
        self._chunks: deque[_Chunk[Item, Result]] = deque()
        self._count = 0

    def run(
        self, items: Iterator[Item], chunk: int
    ) -> Iterator[Result | PageError | WorkerFailure]:
        """Results in the order of the items."""
        while True:
            self._submit_more(items, chunk)
            if not self._chunks:
                return
            if self._chunks[0].is_done():
                first = self._chunks.popleft()
                first.progress.unlink()
                yield from (first.done[number] for number in range(len(first.items)))
            else:
                self._wait()

    def kill(self) -> None:
        """End all processes now, whatever they are doing."""
        # loky's manager thread trips over a kill that comes while it hands on a new chunk
        # (KeyError in add_call_item_to_queue, joblib 1.6): let it finish that first.
        for _ in range(20):
            if not any(_is_waiting(chunk.future) for chunk in self._running()):
                break
            time.sleep(0.05)
        self._executor().shutdown(wait=True, kill_workers=True)

    def _submit_more(self, items: Iterator[Item], chunk: int) -> None:
        for known in self._chunks:
            if not known.is_done() and known.future is None:
                self._submit(known, known.todo())
        # Finished chunks that wait for a slower one before them are kept, but not for ever.
        while len(self._running()) < self._jobs and len(self._chunks) < 4 * self._jobs:
            batch = list(islice(items, chunk))
            if not batch:
                return
            self._count += 1
            new: _Chunk[Item, Result] = _Chunk(batch, self._folder / str(self._count))
            self._chunks.append(new)
            self._submit(new, new.todo())

    def _submit(self, chunk: _Chunk[Item, Result], numbers: list[int]) -> None:
        chunk.progress.write_text("")
        chunk.running, chunk.at, chunk.since = numbers, _NOT_STARTED, time.monotonic()
        items = [chunk.items[number] for number in numbers]
        try:
            chunk.future = self._executor().submit(
                run_chunk,
                self._work,
                items,
                self._timeout_s,
                str(chunk.progress),
                is_apart=chunk.is_apart,
            )
        except BrokenExecutor:  # broke since the last look; the next round tries again
            chunk.future = None

    def _wait(self) -> None:
        running = self._running()
        wait([c.future for c in running if c.future], POLL_S, FIRST_COMPLETED)
        try:
            for chunk in running:
                if chunk.future is not None and chunk.future.done():
                    chunk.collect()
        except BrokenExecutor as error:
            self._try_suspects(running, error)
            return
        for chunk in self._running():
            if self._is_stalled(chunk):
                self._end_stalled(chunk)
                return

    def _running(self) -> list[_Chunk[Item, Result]]:
        return [chunk for chunk in self._chunks if chunk.future is not None]

    def _is_stalled(self, chunk: _Chunk[Item, Result]) -> bool:
        if self._timeout_s is None:
            return False
        chunk.look()
        limit_s = START_S if chunk.at == _NOT_STARTED else self._timeout_s + GRACE_S
        return time.monotonic() - chunk.since > limit_s

    def _end_stalled(self, chunk: _Chunk[Item, Result]) -> None:
        suspect = chunk.suspect()
        self._release()
        if not chunk.has_begun():
            raise _cannot_start(f"no page begun within {START_S:.0f} s")
        if suspect is not None:
            chunk.done[suspect] = over_time(self._timeout_s)

    def _try_suspects(self, chunks: list[_Chunk[Item, Result]], error: BrokenExecutor) -> None:
        """Judge, each alone, the items that were running when a process died."""
        unfinished = [chunk for chunk in chunks if not chunk.is_done()]
        suspects = [(chunk, chunk.suspect()) for chunk in unfinished]
        self._release()
        if not any(chunk.has_begun() for chunk in unfinished):
            raise _cannot_start(str(error)) from error
        for chunk, number in suspects:
            if number is not None:
                self._try_alone(chunk, number)

    def _try_alone(self, chunk: _Chunk[Item, Result], number: int) -> None:
        self._submit(chunk, [number])
        try:
            while chunk.future is not None:
                wait([chunk.future], POLL_S)
                if chunk.future.done():
                    chunk.collect()
                elif self._is_stalled(chunk):
                    self._end_stalled(chunk)
        except BrokenExecutor:
            chunk.done[number] = WorkerFailure(
                "WorkerDied",
                "its worker process crashed or ran out of memory, twice. Remove the page.",
            )
            self._release()

    def _release(self) -> None:
        """End all processes; what they were at is to be done again."""
        self.kill()
        for chunk in self._chunks:
            chunk.future = None

    def _executor(self) -> Any:
        from joblib.externals.loky import get_reusable_executor

        return get_reusable_executor(
            max_workers=self._jobs,
            timeout=IDLE_S,
            initializer=_initialise,
            initargs=self._start,
        )


def _is_waiting(future: Future[Any] | None) -> bool:
    return future is not None and not future.running() and not future.done()


def _initialise(initializer: Callable[..., object] | None, initargs: tuple[Any, ...]) -> None:
    # Ctrl-C reaches the whole process group; the parent decides what ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if initializer is not None:
        initializer(*initargs)


def _cannot_start(why: str) -> QualityError:
    return QualityError(
        f"worker processes end before their first page ({why}). "
        "Check memory and the installation, or run with one job."
    )
