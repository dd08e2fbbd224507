"""`quality explain` and `quality strip`: look at one file, without memory."""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from quality.cli.parsing import add_command, add_settings
from quality.errors import PageError, UsageError

if TYPE_CHECKING:
    from quality.document import Page
    from quality.report import DocumentReport, PageFailure
    from quality.settings import Settings


# Standard input has no name to tell by: a page says what it is within its first lines.
_LOOKS_LIKE_HTML = re.compile(rb"<(?:!doctype html|html|head|body|div|p|article)\b", re.IGNORECASE)


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


def _each_report(options: argparse.Namespace, show: Callable[[DocumentReport], None]) -> int:
    from quality.analysis import analyze_page, analyzer_for
    from quality.pipeline import Scorer
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
                    show(report)
    return 2 if failed else 0


def _pages(name: str, settings: Settings) -> Iterator[Page | PageFailure]:
    from quality.read import ReadFailure, find_inputs, read
    from quality.report import PageFailure

    if name == "-":
        try:
            yield _page_from_stdin()
        except PageError as error:
            yield PageFailure("-", 0, error.stage, type(error).__name__, str(error))
        return
    path = Path(name)
    if path.is_dir():
        raise UsageError(f"{name}: a directory. Give its files, or use `quality score {name}`.")
    if not path.is_file():
        raise UsageError(
            f"{name}: no such file. Give the path of an existing file, or - for stdin."
        )
    for item in find_inputs([path], settle_s=0.0, now=time.time()):
        for page in read(item, max_bytes=settings.read.max_bytes):
            if isinstance(page, ReadFailure):
                yield PageFailure(page.path, page.record, page.stage, page.error, page.message)
            else:
                yield page


def _page_from_stdin() -> Page:
    from quality.document import Markup, Page
    from quality.read.decode import decode

    data = sys.stdin.buffer.read()
    is_html = _LOOKS_LIKE_HTML.search(data[:4096]) is not None
    return Page(
        id=hashlib.sha256(data).hexdigest()[:32],
        path="-",
        content=decode(data, "-", is_html=is_html),
        markup=Markup.HTML if is_html else Markup.PLAIN,
    )
