"""How every flow of ours ends: with its own state, or failed with the cause and the cure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Failed

from flows.alive import hold
from quality.errors import QualityError

_CURE = "Make room or correct the permissions; the next run carries on from what was saved."


def outcome(work: Callable[[], State[Any]]) -> State[Any]:
    """The state the work returns. What goes wrong outside any page is a failed state.

    Other exceptions are faults of ours: Prefect shows them with their traceback.
    """
    try:
        hold(str(flow_run.id))
        return work()
    except QualityError as error:
        return Failed(message=str(error))
    except OSError as error:
        place = "" if error.filename is None else f"{error.filename}: "
        return Failed(message=f"{place}{error.strerror or error}. {_CURE}")


def run_name() -> str:
    """The flow's name and when it was due, such as `publish-report 22 Nov 05:42`."""
    return f"{flow_run.flow_name} {flow_run.scheduled_start_time:%d %b %H:%M}"
