"""The flow `rebuild-index`: the near-duplicate index made anew from its signatures."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import BaseModel, ConfigDict, Field

from flows.outcome import outcome, run_name
from quality.errors import UsageError


class IndexParameters(BaseModel):
    """Whose index to rebuild."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="Index")

    state: Path = Field(
        default=Path("out/state.db"), title="State", description="The state database."
    )


@flow(name="rebuild-index", flow_run_name=run_name, persist_result=False)
def rebuild_index(parameters: IndexParameters = IndexParameters()) -> State[Any]:  # noqa: B008
    """Make the near-duplicate index anew from its stored signatures."""
    return outcome(partial(_rebuild, parameters.state))


def _rebuild(path: Path) -> State[Any]:
    # Late: numpy and the index, which nobody else here needs.
    from quality.neardup.index import SectionIndex
    from quality.state import State as Database
    from quality.state import writer_lock

    if not path.is_file():
        raise UsageError(f"{path}: no state here. Score something first, or name another.")
    with writer_lock(path), Database.open(path) as state:
        index = SectionIndex.open(state)
        index.rebuild()
        figures = ", ".join(f"{name} {value}" for name, value in index.stats().items())
    return Completed(message=figures)
