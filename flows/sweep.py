"""Runs that a crash left behind: marked crashed, so that the next may start.

A run started here holds a lock for as long as its process lives (flows.alive). One that is
running in Prefect's eyes, with a lock file that nobody holds, has no process any more.
Runs of other machines have no lock file here and are left alone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Cancelled, Crashed

from flows.alive import lock_of
from flows.processes import holder

FLOWS = ("score-directory", "train-classifier", "rebuild-index", "publish-report")
_CRASHED = (
    "The process of this run ended without a word. The next run carries on from what was saved."
)
_LATE = "Nothing was serving when this run was due. The next one takes all that is new."
# From being handed out to the flow's first line takes 7 s, on a busy machine 30.
_STARTING = timedelta(minutes=2)


def sweep(*, late: bool = False) -> list[str]:
    """Mark dead runs crashed, with `late` also cancel overdue ones; the names of all those."""
    with get_client(sync_client=True) as client:
        swept = [
            run.name
            for run in _runs(client, StateType.RUNNING, StateType.PENDING, StateType.CANCELLING)
            if _is_dead(run) and _end(client, run, Crashed(message=_CRASHED))
        ]
        if late:
            swept += [
                run.name
                for run in _runs(client, StateType.SCHEDULED)
                if _is_late(run) and _end(client, run, Cancelled(name="Missed", message=_LATE))
            ]
        return swept


def _runs(client: SyncPrefectClient, *types: StateType) -> list[FlowRun]:
    return client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=list(FLOWS))),
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(types)))
        ),
    )


def _is_dead(run: FlowRun) -> bool:
    lock = lock_of(str(run.id))
    if lock.exists():
        return holder(lock) is None
    # Died before it could take its lock: handed out long ago, and never begun.
    assert run.state is not None
    return run.state.type is StateType.PENDING and _age(run.state.timestamp) > _STARTING


def _is_late(run: FlowRun) -> bool:
    due = run.expected_start_time
    return run.auto_scheduled and due is not None and _age(due) > timedelta(0)


def _end(client: SyncPrefectClient, run: FlowRun, state: State[Any]) -> bool:
    client.set_flow_run_state(UUID(str(run.id)), state, force=True)
    lock_of(str(run.id)).unlink(missing_ok=True)
    return True


def _age(moment: datetime) -> timedelta:
    return datetime.now(UTC) - moment
