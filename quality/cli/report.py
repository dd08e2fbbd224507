"""`quality report`: (re)build the HTML report of a run."""

from __future__ import annotations

import argparse
from pathlib import Path

from quality.cli.parsing import add_command
from quality.errors import UsageError


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `report`."""
    parser = add_command(
        commands,
        "report",
        _report,
        help="build the HTML report of a run again",
        example="quality report out/latest",
    )
    parser.add_argument("folder", type=Path, metavar="RUN_DIR")


def _report(options: argparse.Namespace) -> int:
    from quality.write.folder import DOCUMENTS, rebuild

    folder: Path = options.folder
    if not (folder / DOCUMENTS).is_file():
        raise UsageError(
            f"{folder}: no {DOCUMENTS} here. Give the folder of a finished run, such as out/latest."
        )
    rebuild(folder, "report")
    print(folder / "report" / "index.html")
    return 0
