"""`python -m flows score`: one run of the flow, watched on the terminal."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

from flows.drift import Drift
from flows.parameters import ScoreParameters
from flows.server import any_server
from quality.cli.progress import Tell, batch_lines, progress_bar
from quality.cli.render import print_idle, print_summary
from quality.errors import UsageError
from quality.run import Plan
from quality.settings import Settings
from quality.summary import RunSummary


def score(parameters: ScoreParameters) -> int:
    """Score as asked; returns the exit code."""
    # What cannot start is told before a server has taken its seconds to.
    if not parameters.source.exists():
        raise UsageError(f"{parameters.source}: no such file or directory. Check the path.")
    Settings.load(parameters.settings)
    with any_server():
        # Late: Prefect reads its environment on import, and the server's address is new.
        from flows.score_directory import score_directory
        from flows.watch import watched_by

        with ExitStack() as stack:
            terminal = _Terminal(parameters.source, stack)
            with watched_by(terminal):
                state = score_directory(parameters, return_state=True)
    if state.is_completed():
        return terminal.exit_code
    print(f"flows: {state.message}", file=sys.stderr)
    return 1


class _Terminal:
    """A bar while the run goes (lines where nobody watches), its figures at the end."""

    def __init__(self, source: Path, stack: ExitStack) -> None:
        self._source = source
        self._stack = stack
        self._tell: Tell | None = None
        self.exit_code = 0

    def planned(self, plan: Plan) -> None:
        show = progress_bar if sys.stderr.isatty() else batch_lines
        self._tell = self._stack.enter_context(show(len(plan.new), quiet=False))

    def analysed(self, number: int, pages: int) -> None:
        assert self._tell is not None
        self._tell.analysed(number, pages)

    def judged(self, number: int, documents: int, failures: int) -> None:
        assert self._tell is not None
        self._tell.judged(number, documents, failures)

    def idle(self, plan: Plan, last: str | None) -> None:
        self._stack.close()
        print_idle([self._source], plan, last=last)

    def ended(self, plan: Plan, summary: RunSummary, folder: Path, drift: Drift) -> None:
        self._stack.close()
        print_summary(summary, folder, plan)
        for alarm in drift.alarms:
            print(f"unusual     {alarm.sentence()}")
        self.exit_code = 3 if drift.alarms else 2 if summary.failures else 0
