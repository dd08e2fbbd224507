"""`quality train` and `quality evaluate`: fit the models, measure a model."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from quality import modelfiles
from quality.cli.parsing import add_command
from quality.cli.render import print_evaluation
from quality.errors import UsageError

# Exit code where a gate holds something back.
ALARM = 3


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `train` and `evaluate`."""
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
        "--more",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="more labelled paragraphs, such as those of a review (repeatable)",
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
        "--only",
        choices=("paragraph", "line", "block"),
        help="fit one model, leave the others as they are",
    )
    train.add_argument(
        "--anyway",
        action="store_true",
        help="use the new paragraph model even where it is worse than the one in use",
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
    def progress(what: str, done: int, of: int) -> None:
        print(f"{what}: {done} of {of}", file=sys.stderr, flush=True)

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    shared: Path = options.shared
    if options.only in (None, "block"):
        _train_blocks(shared / "pages", options, say)
    if options.only in (None, "line"):
        _train_lines(shared, options, say)
    if options.only in (None, "paragraph"):
        return _train_paragraphs(options, progress)
    return 0


def _train_lines(shared: Path, options: argparse.Namespace, say: Callable[[str], None]) -> None:
    from quality.chrome.train import train_line_model

    names = ("chrome_lines", "gold_lines", "site_posts", "origin_paragraphs")
    lines, gold_lines, *posts = paths = [shared / f"{name}.jsonl.gz" for name in names]
    missing = next((path for path in paths if not path.is_file()), None)
    if missing is None:
        out = options.out / "line"
        train_line_model(lines, gold_lines, out, posts_paths=(posts[0], posts[1]), progress=say)
    elif options.only == "line":
        raise UsageError(f"{missing}: not there. Name the folder that has it with --shared.")
    else:
        say(f"{missing}: not there; the line model is left as it is.")


def _train_blocks(pages: Path, options: argparse.Namespace, say: Callable[[str], None]) -> None:
    from quality.extract.train import train_block_model

    if pages.is_dir():
        train_block_model(pages, options.out, progress=say)
    elif options.only == "block":
        raise UsageError(f"{pages}: not there. Name the folder that has it with --shared.")
    else:
        say(f"{pages}: not there; the block model is left as it is.")


def _train_paragraphs(
    options: argparse.Namespace, progress: Callable[[str, int, int], None]
) -> int:
    """Fit beside the models in use; take their place if no worse on rows not learnt from."""
    from quality.classify.train import train

    _there(options.seeds)
    gold = _if_there(options.shared / "gold_paragraphs.jsonl.gz")
    origin = _if_there(options.shared / "origin_paragraphs.jsonl.gz")
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".train-", dir=out) as place:
        candidate = Path(place) / "models"
        report = train(
            options.seeds,
            gold,
            origin,
            candidate / "paragraph",
            more=[_there(path) for path in options.more],
            progress=progress,
        )
        print(report.message)
        if not _is_promoted(options, gold, candidate / "paragraph"):
            return ALARM
        modelfiles.adopt(candidate, out, "paragraph")
    return 0


def _is_promoted(options: argparse.Namespace, gold: Path | None, candidate: Path) -> bool:
    from quality.classify.promote import compare
    from quality.classify.rows import load_rows

    rows = [row for row in load_rows(gold) if row.split == "dev"] if gold else []
    if not rows:
        print("No rows to compare it with the model in use: it is used as it is.")
        return True
    in_use = options.out / "paragraph"
    found = compare(in_use if in_use.is_dir() else None, candidate, rows)
    print(f"On the dev split: {found.message}")
    if found.accepted or options.anyway:
        return True
    print("The model in use stays; --anyway takes the new one all the same.", file=sys.stderr)
    return False


def _evaluate(options: argparse.Namespace) -> int:
    import orjson

    from quality.classify.evaluate import evaluate
    from quality.classify.rows import load_rows

    root = options.models or modelfiles.default_root()
    modelfiles.verify(root, "paragraph")
    everything = load_rows(_there(options.rows))
    rows = [row for row in everything if options.split in (None, row.split)]
    if everything and not rows:
        known = ", ".join(sorted({str(row.split) for row in everything}))
        raise UsageError(f"{options.rows}: no row of split {options.split!r}; known: {known}.")
    found = evaluate(root / "paragraph", rows)
    if options.plots is not None:
        from quality.classify.plots import draw

        draw(found, options.plots)
    if options.json:
        print(orjson.dumps(found.to_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        print_evaluation(found)
    return 0


def _there(path: Path) -> Path:
    if not path.is_file():
        raise UsageError(f"{path}: no such file. Give a file of labelled rows (.jsonl, .jsonl.gz).")
    return path


def _if_there(path: Path) -> Path | None:
    return path if path.is_file() else None
