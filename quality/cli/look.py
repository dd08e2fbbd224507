"""`quality explain` and `quality strip`: look at one file, without memory."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from quality.cli.parsing import add_command, add_settings
from quality.errors import QualityError, ReadError, UsageError

if TYPE_CHECKING:
    from quality.document import Page
    from quality.report import DocumentReport, PageFailure
    from quality.settings import Settings


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `explain` and `strip`."""
    explain = add_command(
        commands,
        "explain",
        _explain,
        help="show every block of a file with its label, scores and why",
        example="quality explain seeds/pages/brightpulse.example/*.txt",
    )
    explain.add_argument("files", nargs="+", metavar="FILE")
    explain.add_argument("--json", action="store_true", help="print the document's record")
    add_settings(explain)
    strip = add_command(
        commands,
        "strip",
        _strip,
        help="print a file's text without site chrome",
        example="quality strip page.html > page.txt; quality strip --removed page.html",
    )
    strip.add_argument("files", nargs="+", metavar="FILE", help="a file, or - for stdin")
    strip.add_argument(
        "--removed", action="store_true", help="print what went instead, with rule and reason"
    )
    add_settings(strip)


def _explain(options: argparse.Namespace) -> int:
    from quality.cli.render import print_document
    from quality.write.jsonl import encode

    def show(report: DocumentReport) -> None:
        if options.json:
            sys.stdout.write(encode(report.as_record()).decode())
        else:
            print_document(report)

    return _each_report(options, show)


def _strip(options: argparse.Namespace) -> int:
    from quality.classify.labels import Label
    from quality.report import clean_text

    def show(report: DocumentReport) -> None:
        if not options.removed:
            sys.stdout.write(clean_text(report.document, [b.label for b in report.blocks]))
            return
        for block in report.blocks:
            if block.label is Label.CHROME:
                text = report.document.text[block.block.start : block.block.end]
                rules = [e.name for e in block.evidence if e.kind == "rule"]
                print(f"{text}\t{rules[0] if rules else '-'}\t{block.reason}")

    return _each_report(options, show)


def _each_report(options: argparse.Namespace, show: object) -> int:
    from quality.pipeline import Scorer, analyze_page, analyzer_for
    from quality.report import PageFailure
    from quality.settings import Settings
    from quality.state import State

    settings = Settings.load(options.settings)
    analyzer = analyzer_for(settings)
    failed = False
    for name in options.files:
        with State.in_memory() as state:
            scorer = Scorer(analyzer, state)
            for page in _pages(name, settings):
                result = page if isinstance(page, PageFailure) else analyze_page(page, settings)
                if isinstance(result, PageFailure):
                    print(f"quality: {result.message}", file=sys.stderr)
                    failed = True
                    continue
                scorer.add([result])
                for report in scorer.judge([result]):
                    show(report)  # type: ignore[operator]
    return 2 if failed else 0


def _pages(name: str, settings: Settings) -> Iterator[Page | PageFailure]:
    from quality.read import ReadFailure, find_inputs, page_from_bytes, read
    from quality.report import PageFailure

    if name == "-":
        yield page_from_bytes(sys.stdin.buffer.read(), name="-")
        return
    path = Path(name)
    if not path.is_file():
        raise UsageError(f"{name}: no such file. Give the path of an existing file, or - for stdin.")
    found = find_inputs([path], settle_s=0.0, now=0.0)
    for failure in found.failures:
        yield PageFailure(failure.path, failure.record, "read", failure.error, failure.message)
    for item in found.inputs:
        for page in read(item, max_bytes=settings.read.max_bytes):
            if isinstance(page, ReadFailure):
                yield PageFailure(page.path, page.record, page.stage, page.error, page.message)
            else:
                yield page


__all__ = ["QualityError", "ReadError", "add_parsers"]
