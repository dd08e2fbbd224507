"""`quality classify`: label rows of paragraphs."""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from quality.cli.parsing import add_command, add_settings
from quality.errors import UsageError

if TYPE_CHECKING:
    from quality.analysis import Analyzer
    from quality.classify.labels import Paragraph

# Rows labelled at a time: enough for the arrays to pay, few enough to stream.
_ROWS = 2_000


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `classify`."""
    parser = add_command(
        commands,
        "classify",
        _classify,
        help="label rows of JSON lines, in order",
        example="""echo '{"text": "The council voted 7-2 on Monday."}' | quality classify -""",
    )
    parser.add_argument(
        "file",
        metavar="FILE.jsonl",
        help='rows {"text", "id"?, "before"?, "after"?, "headings"?}, or - for stdin',
    )
    add_settings(parser)


def _classify(options: argparse.Namespace) -> int:
    from quality.analysis import analyzer_for
    from quality.settings import Settings
    from quality.write.jsonl import encode

    settings = Settings.load(options.settings)
    analyzer = analyzer_for(settings)
    failed = False
    with ExitStack() as stack:
        lines = (line for line in _open(options.file, stack) if line.strip())
        for chunk in _chunks(enumerate(lines, start=1)):
            rows = [_row(number, line) for number, line in chunk]
            for row in _label(analyzer, rows):
                failed |= "error" in row
                sys.stdout.write(encode(row).decode())
    return 2 if failed else 0


def _label(analyzer: Analyzer, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    from quality.report import rounded_to_one

    good = [row for row in rows if "error" not in row]
    scored = iter(analyzer.classify([_paragraph(row) for row in good]))
    for row in rows:
        if "error" in row:
            yield row
            continue
        result = next(scored)
        yield {
            **row,
            "label": result.label.value,
            "scores": None if result.scores is None else rounded_to_one(result.scores),
            "generated": None if result.generated is None else round(result.generated, 4),
            "reason": result.reason,
            "evidence": [
                {
                    "kind": e.kind.value,
                    "name": e.name,
                    "weight": round(e.weight, 4),
                    "start": e.start,
                    "end": e.end,
                }
                for e in result.evidence
            ],
        }


def _row(number: int, line: bytes) -> dict[str, Any]:
    import orjson

    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return {"error": f"line {number}: not JSON ({error})"}
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        return {"error": f'line {number}: no "text"; expected an object with a string "text"'}
    return row


def _paragraph(row: dict[str, Any]) -> Paragraph:
    from quality.classify.labels import Paragraph
    from quality.document import BlockKind

    return Paragraph(
        text=row["text"],
        headings=_headings(row.get("headings") or row.get("heading")),
        before=_neighbour(row.get("before"), last=True),
        after=_neighbour(row.get("after"), last=False),
        kind=BlockKind.PARAGRAPH,
        position=None,
    )


def _headings(value: object) -> tuple[str, ...]:
    """The headings that are text; rows from elsewhere carry null, numbers and single strings."""
    found = value if isinstance(value, list) else [value]
    return tuple(heading for heading in found if isinstance(heading, str) and heading.strip())


def _neighbour(value: object, *, last: bool) -> str | None:
    if isinstance(value, list):
        value = value[-1 if last else 0] if value else None
    return value if isinstance(value, str) else None


def _open(name: str, stack: ExitStack) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    try:
        return stack.enter_context(Path(name).open("rb"))
    except OSError as error:
        raise UsageError(
            f"{name}: cannot be read ({error.strerror}). Give a .jsonl file, or - for stdin."
        ) from error


def _chunks(lines: Iterable[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    iterator = iter(lines)
    while chunk := list(itertools.islice(iterator, _ROWS)):
        yield chunk
