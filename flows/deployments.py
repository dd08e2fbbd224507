"""The deployments that `serve` runs: what the four flows are in Prefect's eyes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import yaml  # type: ignore[import-untyped]
from prefect import serve
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.events import DeploymentEventTrigger
from prefect.events.schemas.automations import AutomationCore
from prefect.types.entrypoint import EntrypointType

from flows import events
from flows.parameters import ScoreParameters
from flows.publish_report import publish_report
from flows.rebuild_index import rebuild_index
from flows.score_directory import score_directory
from flows.sweep import sweep
from flows.train_classifier import train_classifier

AUTOMATIONS = Path(__file__).parent / "automations"
_TAGS = ["quality"]

# A run that is due while one is going is dropped: the one that is going, or the next, takes
# its files. Queued runs would pile up behind a long one and find nothing to do.
_ONE_AT_A_TIME = ConcurrencyLimitConfig(
    limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
)
# Reports of runs that end close together all have to be published.
_ONE_AFTER_ANOTHER = ConcurrencyLimitConfig(
    limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE
)


def deployments(
    parameters: ScoreParameters, *, every: timedelta | None, cron: str | None
) -> list[RunnerDeployment]:
    """All four, the first with its schedule."""
    out, state = parameters.out, parameters.state.as_posix()
    site = {"target": (out / "published").as_posix()}
    finished = DeploymentEventTrigger(
        name="quality-publish",
        expect={events.SCORED},
        parameters={"parameters": {"run": "{{ event.payload.folder }}", **site}},
    )
    return [
        _deployment(
            score_directory,
            interval=every,
            cron=cron,
            parameters={"parameters": parameters.model_dump(mode="json")},
            concurrency_limit=_ONE_AT_A_TIME,
        ),
        _deployment(
            publish_report,
            triggers=[finished],
            parameters={"parameters": {"run": (out / "latest").as_posix(), **site}},
            concurrency_limit=_ONE_AFTER_ANOTHER,
        ),
        _deployment(
            rebuild_index,
            parameters={"parameters": {"state": state}},
            concurrency_limit=_ONE_AT_A_TIME,
        ),
        _deployment(train_classifier, concurrency_limit=_ONE_AT_A_TIME),
    ]


def run_deployments(
    parameters: ScoreParameters, *, every: timedelta | None, cron: str | None
) -> None:
    """Serve until stopped: runs left behind are swept first, automations renewed."""
    for name in sweep(late=True):
        print(f"left behind by a crash or overdue: {name}", flush=True)
    for path in sorted(AUTOMATIONS.glob("*.yaml")):
        if not path.name.endswith(".example.yaml"):
            apply_automation(path)
    made = deployments(parameters, every=every, cron=cron)
    if every is not None:
        _run_at_once(made[0])
    serve(
        *made,
        # A pause would outlast us, and the next start begins with the schedule in any case.
        pause_on_shutdown=False,
        print_starting_message=False,
    )


def _run_at_once(deployment: RunnerDeployment) -> None:
    """Not only an interval from now: there may be files, and something to mend.

    Nor as the first of the schedule. Prefect 3.8.8 tells automations of the states of a
    scheduled run fifteen minutes late where that was scheduled less than five before.
    """
    deployment_id = deployment.apply()
    with get_client(sync_client=True) as client:
        client.create_flow_run_from_deployment(cast(UUID, deployment_id))


def apply_automation(path: Path) -> None:
    """Make an automation, or bring the one of this name up to date."""
    wanted = AutomationCore.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    with get_client(sync_client=True) as client:
        known = client.read_automations_by_name(name=wanted.name)
        if known:
            client.update_automation(known[0].id, wanted)
        else:
            client.create_automation(wanted)


def _deployment(flow: Any, **given: Any) -> RunnerDeployment:
    made = flow.to_deployment(
        name=flow.name,
        description=flow.description,
        tags=_TAGS,
        # By module, as `flows` imports its own parts by name.
        entrypoint_type=EntrypointType.MODULE_PATH,
        **given,
    )
    assert isinstance(made, RunnerDeployment)
    return made
