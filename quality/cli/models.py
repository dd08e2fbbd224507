"""`quality train` and `quality evaluate`: fit the models, measure a model."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from quality.cli.parsing import add_command


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `train` and `evaluate`; wired to the rooms in their modules."""
    train = add_command(
        commands,
        "train",
        _train,
        help="fit the models from labelled rows",
        example="quality train --out models",
    )
    train.add_argument(
        "--seeds",
        type=Path,
        default=Path("seeds/paragraphs.jsonl"),
        metavar="FILE",
        help="our own labelled paragraphs (default: %(default)s)",
    )
    train.add_argument(
        "--shared",
        type=Path,
        default=Path("../shared/data"),
        metavar="DIR",
        help="larger labelled data, used where present (default: %(default)s)",
    )
    train.add_argument(
        "--out",
        type=Path,
        default=Path("models"),
        metavar="DIR",
        help="folder of the models (default: %(default)s)",
    )
    train.add_argument(
        "--only", choices=("paragraph", "line"), help="fit one model, leave the other as it is"
    )
    evaluate = add_command(
        commands,
        "evaluate",
        _evaluate,
        help="measure a paragraph model on labelled rows",
        example="quality evaluate ../shared/data/gold_paragraphs.jsonl.gz --split dev",
    )
    evaluate.add_argument("rows", type=Path, metavar="FILE.jsonl[.gz]")
    evaluate.add_argument("--split", metavar="NAME", help="rows of this split only")
    evaluate.add_argument("--models", type=Path, metavar="DIR", help="(default: the package's)")
    evaluate.add_argument("--json", action="store_true", help="print the figures as JSON")
    evaluate.add_argument("--plots", type=Path, metavar="DIR", help="write PNG plots here")


def _train(options: argparse.Namespace) -> int:
    print("not wired yet", file=sys.stderr)
    return 1


def _evaluate(options: argparse.Namespace) -> int:
    print("not wired yet", file=sys.stderr)
    return 1
