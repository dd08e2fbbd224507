"""Progress of a run on the terminal: a bar for people, a line a batch for logs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Tell(Protocol):
    """Takes note of batches as they pass the two phases."""

    def analysed(self, number: int, pages: int) -> None:
        """A batch was analysed and remembered."""

    def judged(self, number: int, documents: int, failures: int) -> None:
        """A batch was judged and written."""


class _Lines:
    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def analysed(self, number: int, pages: int) -> None:
        self._print(f"batch {number}: {pages} pages analysed")

    def judged(self, number: int, documents: int, failures: int) -> None:
        failed = f", {failures} failed" if failures else ""
        self._print(f"batch {number}: {documents} documents written{failed}")

    def _print(self, line: str) -> None:
        if not self._quiet:
            print(line, file=sys.stderr, flush=True)


@contextmanager
def batch_lines(inputs: int, *, quiet: bool) -> Iterator[Tell]:
    """One line a batch and phase on stderr; nothing when quiet."""
    if not quiet:
        print(f"{inputs} new files", file=sys.stderr, flush=True)
    yield _Lines(quiet=quiet)


@contextmanager
def progress_bar(inputs: int, *, quiet: bool = False) -> Iterator[Tell]:
    """A bar over both phases on stderr, gone when the run ends."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True, quiet=quiet)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as progress:
        analysing = progress.add_task("reading and analysing", total=inputs)
        judging = progress.add_task("comparing and labelling", total=inputs)

        class _Bar:
            def analysed(self, number: int, pages: int) -> None:  # noqa: ARG002
                progress.advance(analysing, pages)

            def judged(self, number: int, documents: int, failures: int) -> None:  # noqa: ARG002
                progress.advance(judging, documents + failures)

        yield _Bar()
