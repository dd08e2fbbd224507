"""The commands of `python -m flows`; the exit codes are those of `quality`."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import NoReturn

from pydantic import ValidationError

from flows.environment import quieten
from flows.parameters import ScoreParameters
from quality.cli import Parser
from quality.cli.parsing import add_command
from quality.errors import QualityError, UsageError


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
    _add_serve(commands)
    _add_run_deployments(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    options = make_parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
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
    _add_parameters(parser)


def _add_serve(commands: argparse._SubParsersAction[Parser]) -> None:
    parser = add_command(
        commands,
        "serve",
        _serve,
        help="score a directory on a schedule, with Prefect's server and UI",
        example="python -m flows serve inbox --every 300",
    )
    _add_parameters(parser)
    _add_schedule(parser)
    parser.add_argument(
        "--port", type=int, default=4200, metavar="N", help="of the UI (default: %(default)s)"
    )
    parser.add_argument(
        "--reports-port",
        type=int,
        default=4280,
        metavar="N",
        help="of the reports (default: %(default)s)",
    )


def _add_run_deployments(commands: argparse._SubParsersAction[Parser]) -> None:
    parser = add_command(
        commands,
        "run-deployments",
        _run_deployments,
        help="only the runner of `serve`, on the server of PREFECT_API_URL",
        example="PREFECT_API_URL=http://prefect:4200/api python -m flows run-deployments",
    )
    _add_parameters(parser)
    _add_schedule(parser)
    parser.add_argument("--reports-url", metavar="URL", help="where the output is served")


def _add_schedule(parser: argparse.ArgumentParser) -> None:
    when = parser.add_mutually_exclusive_group()
    when.add_argument(
        "--every", type=_seconds, default=300.0, metavar="SECONDS", help="default: %(default)g"
    )
    when.add_argument("--cron", metavar="EXPR", help='such as "0 * * * *", every hour')


def _add_parameters(parser: argparse.ArgumentParser) -> None:
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

    quieten()
    return score(parameters_of(options))


def _serve(options: argparse.Namespace) -> int:
    from flows.serve import serve

    parameters = parameters_of(options)
    return serve(
        parameters,
        _runner_options(options, parameters),
        port=options.port,
        reports_port=options.reports_port,
    )


def _run_deployments(options: argparse.Namespace) -> int:
    from flows.deployments import run_deployments

    every = None if options.cron else timedelta(seconds=options.every)
    run_deployments(parameters_of(options), every=every, cron=options.cron)
    return 0


def parameters_of(options: argparse.Namespace) -> ScoreParameters:
    """The parameters given as options. Raises UsageError."""
    given = {
        name: value
        for name, value in vars(options).items()
        if name in ScoreParameters.model_fields and value is not None
    }
    try:
        return ScoreParameters.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "parameters"
        raise UsageError(f"{name} = {first['input']!r}: {first['msg']}. Correct it.") from error


def _runner_options(options: argparse.Namespace, parameters: ScoreParameters) -> list[str]:
    """The options of `run-deployments` that say the same."""
    given = [str(parameters.source)]
    for name, value in parameters.model_dump(mode="json", exclude_defaults=True).items():
        if name == "rescore":
            given.append("--rescore")
        elif name != "source":
            option = "task-runner" if name == "runner" else name.replace("_", "-")
            given += [f"--{option}", str(value)]
    schedule = ["--cron", options.cron] if options.cron else ["--every", str(options.every)]
    return given + schedule


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    # Prefect looks for due runs every ten seconds.
    if number < 10:
        raise argparse.ArgumentTypeError(f"{text!r}: expected seconds, from 10 up")
    return number


def listen_to_signals() -> None:
    """End on SIGTERM, as service managers send it, as on Ctrl-C: saved, and told to Prefect."""
    signal.signal(signal.SIGTERM, _interrupt)
    # Started in the background of a script we would inherit that it is ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
