"""A run over a directory: what is new is analysed, remembered, judged, written and noted.

Two phases over batches. First every batch is analysed and added to the state; then every
batch is judged, its rows are synced to the run's part files, and the ledger notes them in
one transaction with the sizes of those files. After `kill -9` the next run over the same
state cuts the part files back to what was noted and carries on (same folder) or completes
the old folder with what it had (another folder); nothing is lost, nothing is scored twice.
"""

from __future__ import annotations

import errno
import hashlib
import os
import pickle
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson

from quality.analysis import Analysis, Analyzer, analyze_page, analyzer_for, extract_page
from quality.document import Document, Markup, Page
from quality.errors import PageError, ReadError
from quality.ledger import InputStatus, Ledger, RunEntry, RunStatus
from quality.pipeline import Scorer
from quality.read import Input, ReadFailure, find_inputs, find_waiting, read
from quality.read.inputs import PAGE_SUFFIXES, full_suffix
from quality.report import PageFailure
from quality.settings import Settings
from quality.state import LOCK_TIMEOUT_S, State, writer_lock
from quality.summary import RunSummary
from quality.workers import Work, WorkerFailure, run_in_workers
from quality.write import folder as folders
from quality.write.jsonl import rows

MANIFEST_SCHEMA = "quality.manifest/1"

# Pages a worker takes at a time, at most: some 0.7 s of work, beside which the hand-over (about
# 1 ms) is small. Page by page labels and line scores take twice the time; 24 pages gain no more.
CHUNK = 16
# Start-up of a worker process (imports, models) is allowed for on top of the page limit.
_WORKER_START_S = 60.0
# Below this many pages in a batch a second worker process costs more than it saves.
_MIN_PAGES_A_JOB = 12


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


class Run:
    """One run over a plan. `batches`, `analyze` and `add` for each; then `judge`; then `finish`."""

    def __init__(
        self, scorer: Scorer, ledger: Ledger, plan: Plan, *, entry: RunEntry, spool: BinaryIO
    ) -> None:
        self.scorer = scorer
        self.ledger = ledger
        self.plan = plan
        self._entry = entry
        self._spool = spool
        self._spooled: list[int] = []
        self._began = time.monotonic()
        self._folder = folders.reopen(
            Path(entry.folder),
            documents_bytes=entry.documents_bytes,
            failures_bytes=entry.failures_bytes,
        )

    @property
    def id(self) -> str:
        """The run's id: UTC time of its start."""
        return self._entry.run

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return Path(self._entry.folder)

    def batches(self, *, size: int | None = None) -> Iterator[Batch]:
        """The new pages in batches of `size`; containers are read record by record on the way."""
        settings = self.scorer.settings
        yield from plan_batches(
            self.plan.new,
            size=size or settings.run.batch_files,
            max_bytes=settings.read.max_bytes,
            is_done=lambda page: self.ledger.is_scored(page.id, self.scorer.fingerprint),
        )

    def add(self, result: BatchResult) -> None:
        """Remember a batch's analyses and keep them for judging."""
        self.scorer.add(result.analyses)
        self._spooled.append(self._spool.tell())
        pickle.dump(result, self._spool, protocol=pickle.HIGHEST_PROTOCOL)

    def judge(self) -> Iterator[tuple[int, Sequence[dict[str, Any]], Sequence[PageFailure]]]:
        """Judge, write and note batch after batch: number, documents' rows, failures."""
        self._write_failures()
        for place in self._spooled:
            self._spool.seek(place)
            # Written by this very process into an unnamed temporary file.
            result = cast(BatchResult, pickle.load(self._spool))
            records = [report.as_record() for report in self.scorer.judge(result.analyses)]
            self._commit(result, records)
            yield result.number, records, result.failures

    def finish(self, *, status: RunStatus = RunStatus.FINISHED) -> RunSummary:
        """Write every file of the run's folder and note that the run ended."""
        plan = self.plan
        summary = _finish_folder(
            self._folder,
            self._entry,
            status=status,
            seconds=time.monotonic() - self._began,
            found=plan.found,
            known=len(plan.known),
            waiting=len(plan.waiting),
            inputs=self._input_rows(),
        )
        self.ledger.update_run(replace(self._entry, status=status))
        return summary

    def drop(self) -> None:
        """End a run that has written nothing: no folder stays, the ledger forgets it."""
        self._folder.close()
        folders.drop(self._folder)
        self.ledger.forget_run(self.id)

    def close(self) -> None:
        """Let go of the part files; an unfinished run can be carried on by the next."""
        self._folder.close()

    def _commit(self, result: BatchResult, records: Sequence[dict[str, Any]]) -> None:
        self._folder.documents.append(records)
        self._folder.failures.append(failure.as_record() for failure in result.failures)
        self._entry = replace(
            self._entry,
            documents_bytes=self._folder.documents.commit(),
            failures_bytes=self._folder.failures.commit(),
        )
        fingerprint = self.scorer.fingerprint
        good = {analysis.document.path for analysis in result.analyses}
        with self.scorer.state.transaction():
            self.ledger.record_documents(
                (a.document.id for a in result.analyses), fingerprint, self.id
            )
            self.ledger.record_inputs(
                ((self.plan.digests[i.name], i.name, self._status(i, good)) for i in result.inputs),
                fingerprint=fingerprint,
                run=self.id,
            )
            self.ledger.update_run(self._entry)

    def _status(self, item: Input, good: set[str]) -> InputStatus:
        # A container counts as scored when its last batch gave a document: its bad records
        # are rows of failures.jsonl either way.
        return InputStatus.SCORED if item.name in good else InputStatus.FAILED

    def _write_failures(self) -> None:
        """What could not be opened; not again where a run that was cut off wrote it."""
        part = self.folder / (folders.FAILURES + folders.PART)
        written = {row["path"] for row in rows(part)} if self._entry.failures_bytes else set()
        self._folder.failures.append(
            failure.as_record() for failure in self.plan.failures if failure.path not in written
        )
        self._entry = replace(self._entry, failures_bytes=self._folder.failures.commit())
        with self.scorer.state.transaction():
            self.ledger.record_inputs(
                (
                    (self.plan.digests[failure.path], failure.path, InputStatus.FAILED)
                    for failure in self.plan.failures
                ),
                fingerprint=self.scorer.fingerprint,
                run=self.id,
            )
            self.ledger.update_run(self._entry)

    def _input_rows(self) -> list[dict[str, Any]]:
        rows = [(item, "new") for item in self.plan.new]
        rows += [(item, "known") for item in self.plan.known]
        rows += [(item, "waiting") for item in self.plan.waiting]
        rows.sort(key=lambda row: row[0].name)
        return [
            {
                "path": item.name,
                "bytes": item.size,
                "digest": self.plan.digests.get(item.name),
                "status": status,
            }
            for item, status in rows
        ]


@contextmanager
def open_run(
    paths: Sequence[Path],
    *,
    settings: Settings,
    out: Path,
    state: Path | None,
    folder: Path | None = None,
    rescore: bool = False,
    overwrite: bool = False,
    wait_s: float = LOCK_TIMEOUT_S,
    takes: Callable[[str], bool] | None = None,
) -> Iterator[Run]:
    """A run ready to go: models and state checked, leftovers repaired, inputs listed.

    `state=None` keeps no memory. `folder=None` makes `out/<UTC run id>`. `takes` says by
    name which inputs are this run's, where several share them out. Raises StartError
    before anything is processed, also where another run has held the state for `wait_s`.
    """
    with ExitStack() as stack:
        analyzer = analyzer_for(settings)
        if state is not None:
            stack.enter_context(writer_lock(state, timeout_s=wait_s))
        database = State.in_memory() if state is None else State.open(state)
        stack.callback(database.close)
        scorer, ledger = Scorer(analyzer, database), Ledger(database)
        plan = make_plan(paths, scorer, ledger, rescore=rescore, takes=takes)
        entry = _begin(ledger, analyzer, out=out, folder=folder, overwrite=overwrite)
        spool = stack.enter_context(tempfile.TemporaryFile())
        run = Run(scorer, ledger, plan, entry=entry, spool=cast(BinaryIO, spool))
        stack.callback(run.close)
        yield run


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


def _begin(
    ledger: Ledger,
    analyzer: Analyzer,
    *,
    out: Path,
    folder: Path | None,
    overwrite: bool,
) -> RunEntry:
    """A new run's entry, or the entry of a run in this folder that was cut off."""
    for left_over in ledger.unfinished_runs():
        there = Path(left_over.folder)
        if folder is not None and there == folder.absolute() and there.is_dir():
            return left_over
        _complete(ledger, left_over)
    started = datetime.now(UTC)
    if folder is None:
        folder = _fresh_folder(out, started)
    folders.make_folder(folder, overwrite=overwrite)
    entry = RunEntry(
        run=folder.name if folder.parent == out else started.strftime("%Y%m%dT%H%M%SZ"),
        folder=str(folder.absolute()),
        status=RunStatus.RUNNING,
        started=started.isoformat(timespec="seconds"),
        documents_bytes=0,
        failures_bytes=0,
        manifest=orjson.dumps(_versions(analyzer)).decode(),
    )
    ledger.begin_run(entry)
    return entry


def _complete(ledger: Ledger, entry: RunEntry) -> None:
    """Give a run that was cut off its whole files, with what it had committed."""
    folder = Path(entry.folder)
    if folder.is_dir():
        parts = folders.reopen(
            folder, documents_bytes=entry.documents_bytes, failures_bytes=entry.failures_bytes
        )
        _finish_folder(parts, entry, status=RunStatus.INTERRUPTED)
    ledger.update_run(replace(entry, status=RunStatus.INTERRUPTED))


def _finish_folder(
    parts: folders.RunFolder,
    entry: RunEntry,
    *,
    status: RunStatus,
    seconds: float = 0.0,
    found: int = 0,
    known: int = 0,
    waiting: int = 0,
    inputs: Sequence[dict[str, Any]] = (),
) -> RunSummary:
    summary = RunSummary(entry.run, status.value, entry.started, seconds, {})
    good: set[str] = set()
    bad: set[str] = set()

    def on_document(row: Mapping[str, Any]) -> None:
        summary.add_document(row)
        good.add(row["path"])

    def on_failure(row: Mapping[str, Any]) -> None:
        summary.add_failure(row)
        bad.add(row["path"])

    folders.finish(parts, on_document=on_document, on_failure=on_failure)
    summary.inputs = {
        "found": found or len(good | bad),
        "scored": len(good),
        "known": known,
        "failed": len(bad - good),
        "waiting": waiting,
    }
    manifest = {
        "schema": MANIFEST_SCHEMA,
        "run": entry.run,
        "started": entry.started,
        "status": status.value,
        **orjson.loads(entry.manifest),
        "inputs": [_with_status(row, good) for row in inputs],
    }
    folders.write_json(parts.folder / folders.SUMMARY, summary.as_record())
    folders.write_json(parts.folder / folders.MANIFEST, manifest)
    return summary


def _with_status(row: dict[str, Any], good: set[str]) -> dict[str, Any]:
    if row["status"] != "new":
        return row
    return {**row, "status": "scored" if row["path"] in good else "failed"}


def _fresh_folder(out: Path, started: datetime) -> Path:
    name = started.strftime("%Y%m%dT%H%M%SZ")
    folder = out / name
    for number in range(2, 1000):
        if not folder.exists():
            break
        folder = out / f"{name}-{number}"
    return folder


def _versions(analyzer: Analyzer) -> dict[str, Any]:
    from importlib.metadata import version

    from quality import __version__

    packages = ("numpy", "scikit-learn", "trafilatura", "datasketch", "pyarrow")
    return {
        "version": __version__,
        "packages": {name: version(name) for name in packages},
        "settings": analyzer.settings.model_dump(mode="json"),
        "settings_hash": analyzer.settings.fingerprint,
        "rules_hash": analyzer.rules.fingerprint,
        "model_hash": analyzer.models_fingerprint,
    }
