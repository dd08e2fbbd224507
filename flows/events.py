"""Events that automations listen to: a run ended, inputs failed, something is unusual."""

from __future__ import annotations

from pathlib import Path

from prefect.events import emit_event

from flows.drift import Drift
from quality.summary import RunSummary, falling

SCORED = "quality.directory.scored"
FAILURES = "quality.failures"
DRIFT = "quality.drift"


def emit(source: Path, folder: Path, summary: RunSummary, drift: Drift) -> None:
    """Tell of a finished run. The resource is the directory, so automations can choose one."""
    resource = {
        "prefect.resource.id": f"quality.directory.{source.as_posix().strip('/')}",
        "prefect.resource.name": str(source),
    }
    figures = {
        "run": summary.run,
        "folder": str(folder),
        "documents": summary.documents,
        "seconds": round(summary.seconds, 1),
        "verdicts": falling(summary.verdicts),
    }
    emit_event(SCORED, resource, payload=figures)
    if summary.failures:
        failures = {"failures": falling(summary.failures), "inputs": summary.inputs}
        emit_event(FAILURES, resource, payload={**figures, **failures})
    if drift.alarms:
        alarms = [alarm.sentence() for alarm in drift.alarms]
        emit_event(DRIFT, resource, payload={**figures, "alarms": alarms})
