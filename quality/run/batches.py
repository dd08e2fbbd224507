"""Pages in batches, and a batch through the worker processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from quality.analysis import Analysis, analyze_page, analyzer_for, extract_page
from quality.document import Document, Markup, Page
from quality.errors import PageError
from quality.read import Input, ReadFailure, read
from quality.read.inputs import PAGE_SUFFIXES, full_suffix
from quality.report import PageFailure
from quality.settings import Settings
from quality.workers import Work, WorkerFailure, run_in_workers

# Pages a worker takes at a time, at most: some 0.7 s of work, beside which the hand-over (about
# 1 ms) is small. Page by page labels and line scores take twice the time; 24 pages gain no more.
CHUNK = 16
# Start-up of a worker process (imports, models) is allowed for on top of the page limit.
_WORKER_START_S = 60.0
# Below this many pages in a batch a second worker process costs more than it saves.
_MIN_PAGES_A_JOB = 12


@dataclass(frozen=True, slots=True)
class Batch:
    """Pages to analyse together. `inputs` end with this batch: all their pages are in."""

    number: int
    items: tuple[Input | Page, ...]
    failures: tuple[PageFailure, ...]
    inputs: tuple[Input, ...]


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What came of a batch: analyses and failures, each in the order of the pages."""

    number: int
    analyses: tuple[Analysis, ...]
    failures: tuple[PageFailure, ...]
    inputs: tuple[Input, ...]


def plan_batches(
    inputs: Iterable[Input],
    *,
    size: int,
    max_bytes: int,
    is_done: Callable[[Page], bool],
) -> Iterator[Batch]:
    """Inputs as batches of at most `size` pages; single files are read by the workers."""
    items: list[Input | Page] = []
    failures: list[PageFailure] = []
    ended: list[Input] = []
    number = 0
    for item in inputs:
        for page in _pages_of(item, max_bytes=max_bytes):
            # Full batches leave before the next page, not after their last: an input must
            # end in the batch that has its last page, or a kill in between repeats it.
            if len(items) >= size:
                number += 1
                yield Batch(number, tuple(items), tuple(failures), tuple(ended))
                items, failures, ended = [], [], []
            if isinstance(page, ReadFailure):
                failures.append(_as_page_failure(page))
            elif isinstance(page, Input) or not is_done(page):
                items.append(page)
        ended.append(item)
    if items or failures or ended:
        yield Batch(number + 1, tuple(items), tuple(failures), tuple(ended))


def analyze_batch(batch: Batch, settings: Settings, *, jobs: int | None = None) -> BatchResult:
    """Analyse a batch in worker processes. Pure: the same batch gives the same result."""
    limit = jobs or settings.run.jobs or len(os.sched_getaffinity(0))
    workers = max(1, min(limit, len(batch.items) // _MIN_PAGES_A_JOB))
    results = run_in_workers(
        Work(_Extract(settings), _Examine(settings)),
        batch.items,
        jobs=workers,
        timeout_s=settings.extract.timeout_s,
        # Three chunks a process at least, or one of them waits for the other at the end.
        chunk=max(1, min(CHUNK, -(-len(batch.items) // (3 * workers)))),
        initializer=_warm_up,
        initargs=(settings,),
    )
    analyses: list[Analysis] = []
    failures = list(batch.failures)
    for item, result in zip(batch.items, results, strict=True):
        if not isinstance(result, list):
            failures.append(_worker_failure(item, result))
            continue
        for found in result:
            if isinstance(found, Analysis):
                analyses.append(found)
            else:
                failures.append(found)
    failures.sort(key=lambda failure: (failure.path, failure.record))
    return BatchResult(batch.number, tuple(analyses), tuple(failures), batch.inputs)


def _warm_up(settings: Settings) -> None:
    """Load rules and models, and what is imported late: not to count as the first page's time.

    On a busy machine that took over 10 s.
    """
    for markup in Markup:
        analyze_page(Page("", "", "<p>One line.</p>", markup), settings)


@dataclass(frozen=True, slots=True)
class _Extract:
    """The documents of a batch's item: of a file, or of a record of a container. Picklable."""

    settings: Settings

    def __call__(self, item: Input | Page) -> list[Document | PageFailure]:
        if isinstance(item, Page):
            return [extract_page(item, self.settings)]
        return [
            _as_page_failure(page)
            if isinstance(page, ReadFailure)
            else extract_page(page, self.settings)
            for page in read(item, max_bytes=self.settings.read.max_bytes)
        ]


@dataclass(frozen=True, slots=True)
class _Examine:
    """The analyses of the documents of several items, failures as they came. Picklable."""

    settings: Settings

    def __call__(
        self, items: list[list[Document | PageFailure]]
    ) -> list[list[Analysis | PageFailure]]:
        documents = [one for item in items for one in item if isinstance(one, Document)]
        found = iter(analyzer_for(self.settings).examine(documents))
        return [
            [one if isinstance(one, PageFailure) else next(found) for one in item] for item in items
        ]


def _pages_of(item: Input, *, max_bytes: int) -> Iterator[Input | Page | ReadFailure]:
    suffix = full_suffix(item.name).removesuffix(".gz").removesuffix(".zst")
    if suffix in PAGE_SUFFIXES:
        yield item
    else:
        yield from _guarded(item, max_bytes=max_bytes)


def _guarded(item: Input, *, max_bytes: int) -> Iterator[Page | ReadFailure]:
    """The records of a container. It is read in this process, so a fault must end it alone."""
    try:
        yield from read(item, max_bytes=max_bytes)
    except Exception as error:
        message = f"{item.name}: {error or 'no message'} (a fault in reading it; report it)"
        yield ReadFailure(item.name, 0, type(error).__name__, message)


def _as_page_failure(failure: ReadFailure) -> PageFailure:
    return PageFailure(failure.path, failure.record, failure.stage, failure.error, failure.message)


def _worker_failure(item: Input | Page, failure: WorkerFailure | PageError) -> PageFailure:
    name, record = (item.path, item.record) if isinstance(item, Page) else (item.name, 0)
    if isinstance(failure, PageError):
        return PageFailure(name, record, failure.stage, type(failure).__name__, str(failure))
    return PageFailure(name, record, failure.stage, failure.error, f"{name}: {failure.message}")
