"""The commands of `python -m flows`; the exit codes are those of `quality`."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from quality.cli import Parser
from quality.cli.parsing import add_command
from quality.errors import QualityError


def make_parser() -> Parser:
    """The parser with all commands."""
    parser = Parser(
        prog="python -m flows",
        description="Score directories as Prefect flow runs: once, or on a schedule.",
        epilog="Start with: python -m flows score seeds/pages",
    )
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=Parser
    )
    _add_score(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    options = make_parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    # A service manager's SIGTERM ends a run as Ctrl-C does: saved, and told to Prefect.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return run(options)
    except QualityError as error:
        print(f"flows: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("flows: interrupted; everything finished so far is saved.", file=sys.stderr)
        return 130


def _add_score(commands: argparse._SubParsersAction[Parser]) -> None:
    parser = add_command(
        commands,
        "score",
        _score,
        help="score a directory as a flow run, on the server that answers or an embedded one",
        example="python -m flows score inbox --jobs 2",
    )
    parser.add_argument("source", nargs="?", type=Path, metavar="DIR", help="default: inbox")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where runs are (default: out)")
    parser.add_argument("--state", type=Path, metavar="FILE", help="default: out/state.db")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="settings in TOML")
    parser.add_argument("--rescore", action="store_true", help="score known files too")
    parser.add_argument("--jobs", type=int, metavar="N", help="worker processes (default: cores)")
    parser.add_argument("--batch-files", type=int, metavar="N", help="pages a batch")
    parser.add_argument(
        "--task-runner", dest="runner", choices=("processes", "dask"), help="where to analyse"
    )
    parser.add_argument("--dask-address", metavar="URL", help="scheduler, such as tcp://host:8786")


def _score(options: argparse.Namespace) -> int:
    # Late: these import Prefect, which has to find its environment set.
    from flows.score import score

    given = {
        name: value for name, value in vars(options).items() if name != "run" and value is not None
    }
    return score(given)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
