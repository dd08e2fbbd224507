"""The command line of benches that have a quick form and figures for programs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

Figures = dict[str, float]


def run(measure: Callable[..., Figures], *, description: str | None, quick: str) -> None:
    """Measure (`measure(quick=...)` prints its tables) and write the figures where wanted.

    `quick` says what the quick form leaves out.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    options = parser.parse_args()
    figures = measure(quick=options.quick)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2, sort_keys=True) + "\n")
