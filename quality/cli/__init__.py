"""The console script `quality`: one module a command or a few that belong together.

Exit codes: 0 done; 1 cannot start; 2 done, but some inputs failed; 3 a gate or alarm
fired; 130 interrupted, with everything finished so far saved.
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from quality import __version__
from quality.cli import index, label, look, models, report, review, rules, score
from quality.errors import QualityError

# Each adds its parsers to the subparsers; a parser's `run` default takes the arguments.
COMMANDS = (score, look, label, models, review, index, rules, report)


class Parser(argparse.ArgumentParser):
    """A parser whose usage errors exit with 1, as all errors before a start do."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and what was wrong, and exit with 1."""
        self.print_usage(sys.stderr)
        self.exit(1, f"{self.prog}: {message}\nSee `{self.prog} --help` for an example.\n")


def make_parser() -> Parser:
    """The parser with all commands."""
    parser = Parser(
        prog="quality",
        description="Say of scraped text, paragraph by paragraph, what it is and why.",
        epilog="Start with: quality score seeds/pages, then open out/latest/report/index.html",
    )
    parser.add_argument("--version", action="version", version=f"quality {__version__}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=Parser
    )
    for module in COMMANDS:
        module.add_parsers(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    options = make_parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        with _terminated_like_interrupted():
            code = run(options)
            sys.stdout.flush()  # here, where a closed pipe is caught, not at exit
        return code
    except QualityError as error:
        print(f"quality: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output (head, less) has gone; nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (OSError, sqlite3.Error) as error:
        print(f"quality: {_disk_trouble(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("quality: interrupted; everything finished so far is saved.", file=sys.stderr)
        return 130


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM, from a service manager or `timeout`, ends a command as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _disk_trouble(error: OSError | sqlite3.Error) -> str:
    """What the disk refused, and what to do; what was committed before stays."""
    if isinstance(error, OSError):
        what = error.strerror or str(error)
        where = (
            f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
        )
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    else:
        what, where, full = str(error), "the state database: ", "full" in str(error)
    cure = "Make room on the disk" if full else "Check the path and its permissions"
    return f"{where}{what}. {cure} and run the command again; what was finished is kept."
