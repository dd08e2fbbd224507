"""`quality index`: look after the near-duplicate index."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from quality.cli.parsing import add_command, counted
from quality.cli.shards import add_export, add_merge
from quality.errors import UsageError

if TYPE_CHECKING:
    from quality.neardup.index import SectionIndex
    from quality.state import State


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `index` with its actions."""
    parser = add_command(
        commands,
        "index",
        _stats,
        help="look after the near-duplicate index",
        example="quality index stats --state out/state.db",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    add_command(
        actions, "stats", _stats, help="say what the index holds", example="quality index stats"
    )
    add_command(
        actions,
        "rebuild",
        _rebuild,
        help="make the index anew from its stored signatures",
        example="quality index rebuild",
    )
    remove = add_command(
        actions,
        "remove",
        _remove,
        help="forget documents by path, so that the next run scores them again",
        example="quality index remove inbox/old.html",
    )
    remove.add_argument("paths", nargs="+", metavar="PATH")
    add_export(actions)
    for action in actions.choices.values():
        action.add_argument(
            "--state",
            type=Path,
            metavar="FILE",
            default=Path("out/state.db"),
            help="the state database (default: %(default)s)",
        )
    add_merge(actions)


def _stats(options: argparse.Namespace) -> int:
    def show(index: SectionIndex, state: State) -> None:
        from quality.ledger import Ledger

        for name, value in index.stats().items():
            print(f"{name:>24}  {value}")
        for status, count in Ledger(state).counts().items():
            print(f"{'inputs ' + status:>24}  {count}")

    return _with_index(options.state, show)


def _rebuild(options: argparse.Namespace) -> int:
    def rebuild(index: SectionIndex, _: State) -> None:
        index.rebuild()
        print(f"{counted(len(index), 'document')} in the index")

    return _with_index(options.state, rebuild, write=True)


def _remove(options: argparse.Namespace) -> int:
    def remove(index: SectionIndex, state: State) -> None:
        from quality.chrome.sites import SiteLines
        from quality.ledger import Ledger
        from quality.neardup.template import TemplateRegistry

        with state.transaction():
            removed = index.remove(options.paths)
            Ledger(state).forget(removed, options.paths)
            for document in removed:
                SiteLines(state).remove(document)
                TemplateRegistry(state).remove(document)
        print(f"{counted(len(removed), 'document')} removed")
        if not removed:
            print(
                "quality: none of these paths is in the index. "
                "Give them as documents.jsonl has them.",
                file=sys.stderr,
            )

    return _with_index(options.state, remove, write=True)


def _with_index(
    path: Path, act: Callable[[SectionIndex, State], None], *, write: bool = False
) -> int:
    from quality.neardup.index import SectionIndex
    from quality.state import State, writer_lock

    if not path.is_file():
        raise UsageError(
            f"{path}: no state here. `quality score` makes one; name another with --state."
        )
    with ExitStack() as stack:
        if write:  # who only looks is not held up by a run that goes on
            stack.enter_context(writer_lock(path))
        state = stack.enter_context(State.open(path))
        act(SectionIndex.open(state), state)
    return 0
