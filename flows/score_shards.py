"""The flow `score-shards`: inputs shared out over several workers, then joined.

Each shard is a run of `score-directory` with a state of its own: nothing is shared but the
inputs and the directory of the output. What the shards cannot know of each other, documents
near to one another in different shards, comes from the merge of their indexes at the end.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.deployments import run_deployment
from prefect.states import Completed, Failed
from pydantic import BaseModel, ConfigDict, Field

from flows.outcome import outcome, run_name
from flows.parameters import ScoreParameters
from flows.sealed import Sealed
from quality.errors import UsageError

_POLL_S = 5.0


class ShardsParameters(BaseModel):
    """What to share out, and to whom."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="Sharding")

    source: Path = Field(
        title="Source", description="Directory to score, at the same path on every worker."
    )
    out: Path = Field(
        title="Output",
        description="Directory on shared storage; each shard has a folder in it, and the merge.",
    )
    shards: int = Field(
        default=8,
        ge=1,
        le=10_000,
        title="Shards",
        description="Runs to share the inputs among: more than workers, so that none waits long.",
    )
    deployment: str | None = Field(
        default="score-directory/score-shard",
        title="Deployment",
        description="Who runs a shard. Empty: this process, one after another.",
    )
    settings: Path | None = Field(default=None, title="Settings", description="A quality.toml.")
    merge: bool = Field(
        default=True, title="Merge", description="Join the indexes of all shards at the end."
    )
    memory: str = Field(
        default="2GB",
        pattern=r"^\d+(MB|GB)$",
        title="Memory",
        description="Of the merge; it spills to the output directory beyond.",
    )


@flow(name="score-shards", flow_run_name=run_name, persist_result=False)
def score_shards(parameters: ShardsParameters) -> State[Any]:
    """Score a directory in shards on several workers, and join what they found."""
    return outcome(partial(_score, parameters))


def _score(parameters: ShardsParameters) -> State[Any]:
    shards = [_shard(parameters, number) for number in range(parameters.shards)]
    if parameters.deployment is None:
        states = _here(shards)
    else:
        states = _elsewhere(parameters.deployment, shards)
    failed = [f"{number}: {s.message}" for number, s in enumerate(states) if not s.is_completed()]
    if failed:
        return Failed(message=f"{len(failed)} of {len(shards)} shards failed; {failed[0]}")
    if not parameters.merge:
        return Completed(message=f"{len(shards)} shards")
    figures = merge(Sealed([shard.state for shard in shards]), parameters.out, parameters.memory)
    return Completed(message=f"{len(shards)} shards, {figures}")


def _shard(parameters: ShardsParameters, number: int) -> ScoreParameters:
    place = parameters.out / f"shard-{number:04d}"
    return ScoreParameters(
        source=parameters.source,
        out=place,
        state=place / "state.db",
        settings=parameters.settings,
        shard=number,
        shards=parameters.shards,
    )


def _here(shards: Sequence[ScoreParameters]) -> list[State[Any]]:
    from flows.score_directory import score_directory

    return [score_directory(shard, return_state=True) for shard in shards]


def _elsewhere(deployment: str, shards: Sequence[ScoreParameters]) -> list[State[Any]]:
    """Runs of a deployment, all submitted at once: workers take them as they can."""
    runs = []
    for shard in shards:
        given = {"parameters": shard.model_dump(mode="json")}
        made = run_deployment(deployment, parameters=given, timeout=0)
        assert isinstance(made, FlowRun)
        runs.append(made)
    states: dict[Any, State[Any]] = {}
    with get_client(sync_client=True) as client:
        while len(states) < len(runs):
            for run in runs:
                state = None if run.id in states else client.read_flow_run(run.id).state
                if state is not None and state.is_final():
                    states[run.id] = state
                    get_run_logger().info(f"{len(states)} of {len(runs)}: {state.message}")
            time.sleep(_POLL_S)
    return [states[run.id] for run in runs]


@task(name="merge", task_run_name="merge indexes", cache_policy=NO_CACHE, persist_result=False)
def merge(states: Sealed[list[Path]], out: Path, memory: str) -> str:
    """The indexes of all shards joined in `out/merged`; what came out, in words."""
    from quality.neardup.index import SCHEME_KEY
    from quality.neardup.merge import merge_shards
    from quality.neardup.shards import export_shard
    from quality.state import State as Database

    exported = []
    for path in states.value:
        if not path.is_file():
            raise UsageError(f"{path}: no state here. Let its shard run again.")
        with Database.open(path) as state:
            # A shard of few inputs may have got none.
            if state.meta(SCHEME_KEY) is None:
                continue
            folder = path.parent / "index"
            export_shard(state, folder)
            exported.append(folder)
    merged = out / "merged"
    merged.mkdir(parents=True, exist_ok=True)
    merge_shards(exported, merged, memory=memory)
    return _figures(merged)


def _figures(merged: Path) -> str:
    import pyarrow.parquet as pq

    clusters = pq.read_metadata(merged / "clusters.parquet").num_rows
    duplicates = pq.read_metadata(merged / "duplicates.parquet").num_rows
    return f"{clusters:,} documents, {duplicates:,} duplicate pairs in {merged}"
