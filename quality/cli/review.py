"""`quality review`: label what the model was unsure of, in the browser."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from quality.cli.parsing import add_command, counted
from quality.errors import UsageError

DOCUMENTS = "documents.jsonl"


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `review`."""
    parser = add_command(
        commands,
        "review",
        _review,
        help="label uncertain paragraphs of a run in the browser, and have the model learn them",
        example="quality review out/latest",
    )
    parser.add_argument("folder", type=Path, metavar="RUN", help="run folder, such as out/latest")
    parser.add_argument(
        "--labels",
        type=Path,
        default=Path("out/reviewed.jsonl"),
        metavar="FILE",
        help="where the answers are kept (default: %(default)s)",
    )
    parser.add_argument(
        "--ask",
        default="uncertain",
        metavar="LABEL,…",
        help="labels of the paragraphs to ask about (default: %(default)s)",
    )
    parser.add_argument(
        "--port", type=int, default=0, help="port of the page (default: a free one)"
    )
    parser.add_argument("--models", type=Path, default=Path("models"), metavar="DIR")
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"), metavar="DIR")


def _review(options: argparse.Namespace) -> int:
    from quality.review import Answers, ReviewServer, load_items

    answers = Answers(options.labels)
    wanted = {name.strip() for name in options.ask.split(",")}
    items = load_items(_documents(options.folder), labels=wanted, answered=answers.ids)
    if not items:
        print(f"Nothing to ask: no paragraph in {options.folder} is {options.ask}.")
        return 0
    train = [sys.executable, "-m", "quality", "train", "--only", "paragraph"]
    train += ["--more", str(options.labels), "--out", str(options.models)]
    train += ["--shared", str(options.shared)]
    with ReviewServer(items, answers, train, options.port) as server:
        print(f"{counted(len(items), 'paragraph')} to label at {server.url} (Ctrl-C ends it)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print(f"\n{counted(len(answers), 'answer')} in {options.labels}")
    return 0


def _documents(folder: Path) -> Iterator[dict[str, Any]]:
    import orjson

    path = folder / DOCUMENTS
    if not path.is_file():
        raise UsageError(f"{path}: not there. Give a run folder, such as out/latest.")
    with path.open("rb") as lines:
        for line in lines:
            yield orjson.loads(line)
