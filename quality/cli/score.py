"""`quality score`: score files and directories."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from quality.cli.parsing import add_command, add_settings
from quality.cli.progress import batch_lines, progress_bar
from quality.cli.render import print_idle, print_summary


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `score`."""
    parser = add_command(
        commands,
        "score",
        _score,
        help="score files and directories; only what is new to the state is scored",
        example="quality score inbox --out out/today --jobs 2",
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="the run's folder (default: out/<UTC run id>)"
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        default=Path("out/state.db"),
        help="memory between runs (default: %(default)s)",
    )
    add_settings(parser)
    parser.add_argument(
        "--jobs", type=_jobs, metavar="N", help="worker processes (default: one for each core)"
    )
    parser.add_argument("--rescore", action="store_true", help="score known files too")
    parser.add_argument("--no-state", action="store_true", help="keep no memory between runs")
    parser.add_argument("--overwrite", action="store_true", help="replace the run in --out")
    parser.add_argument("--quiet", action="store_true", help="print errors only")


def _score(options: argparse.Namespace) -> int:
    # Late: these import trafilatura and the models.
    from quality.run import analyze_batch, open_run
    from quality.settings import Settings
    from quality.write.folder import point_latest

    settings = Settings.load(options.settings)
    out = Path("out")
    with open_run(
        options.paths,
        settings=settings,
        out=out,
        state=None if options.no_state else options.state,
        folder=options.out,
        rescore=options.rescore,
        overwrite=options.overwrite,
    ) as run:
        # A folder that was asked for is made all the same: whoever named it looks into it.
        if options.out is None and run.plan.is_empty:
            run.drop()
            if not options.quiet:
                print_idle(options.paths, run.plan, last=run.ledger.last_folder())
            return 0
        show = batch_lines if options.quiet or not sys.stderr.isatty() else progress_bar
        with show(len(run.plan.new), quiet=options.quiet) as tell:
            for batch in run.batches():
                run.add(analyze_batch(batch, settings, jobs=options.jobs))
                tell.analysed(batch.number, len(batch.items))
            for number, documents, failures in run.judge():
                tell.judged(number, len(documents), len(failures))
        summary = run.finish()
        if options.out is None:
            point_latest(out, run.folder)
        last = None if summary.documents else run.ledger.last_folder()
    if not options.quiet:
        print_summary(summary, run.folder, run.plan, last=last)
        if not run.plan.found:
            print(f"no files found in {', '.join(map(str, options.paths))}")
    return 2 if summary.failures else 0


def _jobs(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number from 1 up")
    return number
