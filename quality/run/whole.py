"""A run from its plan to its finished folder."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from operator import is_not
from pathlib import Path
from typing import Any, BinaryIO, cast

from quality.analysis import Analysis, analyzer_for
from quality.ledger import InputStatus, Ledger, RunEntry, RunStatus
from quality.pipeline import Scorer
from quality.read import Input
from quality.report import PageFailure
from quality.run.batches import Batch, BatchResult, plan_batches
from quality.run.folder import begin_run, finish_folder
from quality.run.plan import Plan, make_plan
from quality.run.spool import Spool
from quality.settings import Settings
from quality.state import LOCK_TIMEOUT_S, State, writer_lock
from quality.summary import RunSummary
from quality.write import folder as folders
from quality.write.jsonl import rows

# What the site says of one page changes which pages are copies of one another, and so what the site
# says. A second round finds what the first brought to light; a third has changed nothing yet.
SETTLING_ROUNDS = 2


class Run:
    """One run over a plan. `batches`, `analyze` and `add` for each; then `judge`; then `finish`."""

    def __init__(
        self, scorer: Scorer, ledger: Ledger, plan: Plan, *, entry: RunEntry, spool: Spool
    ) -> None:
        self.scorer = scorer
        self.ledger = ledger
        self.plan = plan
        self._entry = entry
        self._spool = spool
        self._with_pages: list[int] = []
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
        number = self._spool.append(result)
        if any(self._may_be_page(analysis) for analysis in result.analyses):
            self._with_pages.append(number)

    def judge(self) -> Iterator[tuple[int, Sequence[dict[str, Any]], Sequence[PageFailure]]]:
        """Judge, write and note batch after batch: number, documents' rows, failures."""
        self._write_failures()
        # What the last batch tells of a site holds for the first as well.
        self._settle()
        for result in self._spool.read(range(len(self._spool))):
            records = [report.as_record() for report in self.scorer.judge(result.analyses)]
            self._commit(result, records)
            yield result.number, records, result.failures

    def finish(self, *, status: RunStatus = RunStatus.FINISHED) -> RunSummary:
        """Write every file of the run's folder and note that the run ended."""
        plan = self.plan
        summary = finish_folder(
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

    def _may_be_page(self, analysis: Analysis) -> bool:
        return analysis.document.dense or self.scorer.may_be_situated(analysis)

    def _settle(self) -> None:
        pages = self._with_pages
        for number, result in zip(pages, self._spool.read(pages), strict=True):
            analyses = self.scorer.situate(result.analyses)
            if any(map(is_not, analyses, result.analyses)):
                self._spool.replace(number, replace(result, analyses=tuple(analyses)))
        self.scorer.settle()
        for _ in range(SETTLING_ROUNDS):
            if not sum(self.scorer.survey(result.analyses) for result in self._spool.read(pages)):
                break
            self.scorer.settle()
        self.scorer.index.tidy()

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
        entry = begin_run(ledger, analyzer, out=out, folder=folder, overwrite=overwrite)
        spool = stack.enter_context(tempfile.TemporaryFile())
        run = Run(scorer, ledger, plan, entry=entry, spool=Spool(cast(BinaryIO, spool)))
        stack.callback(run.close)
        yield run
