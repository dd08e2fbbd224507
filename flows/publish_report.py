"""The flow `publish-report`: a run's report copied to a static site."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import orjson
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import BaseModel, ConfigDict, Field

from flows.outcome import outcome, run_name
from quality.errors import UsageError
from quality.summary import falling
from quality.write.folder import DOCUMENTS, PART, SUMMARY, rebuild


class PublishParameters(BaseModel):
    """Which report to publish, and where."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="Publishing")

    run: Path = Field(
        default=Path("out/latest"), title="Run", description="Folder of a finished run."
    )
    target: Path = Field(
        default=Path("out/published"),
        title="Target",
        description="Directory of a static site: one folder a run, and a list of all.",
    )
    again: bool = Field(
        default=False, title="Build again", description="Make the report anew from documents.jsonl."
    )


@flow(name="publish-report", flow_run_name=run_name, persist_result=False)
def publish_report(parameters: PublishParameters = PublishParameters()) -> State[Any]:  # noqa: B008
    """Copy a run's report to a static site, and renew its list of runs."""
    return outcome(partial(_publish, parameters))


def _publish(parameters: PublishParameters) -> State[Any]:
    run = parameters.run.resolve()
    if not (run / DOCUMENTS).is_file():
        raise UsageError(f"{run}: no {DOCUMENTS} here. Give the folder of a finished run.")
    if parameters.again or not (run / "report").is_dir():
        rebuild(run, "report")
    place = parameters.target / run.name
    part = place.with_name(place.name + PART)
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(run / "report", part)
    shutil.copy(run / SUMMARY, part / SUMMARY)
    shutil.rmtree(place, ignore_errors=True)
    part.rename(place)
    return Completed(message=f"{place}, one of {_write_index(parameters.target)} reports")


def _write_index(target: Path) -> int:
    """The list of all published runs, newest first; how many there are."""
    found = sorted(target.glob(f"*/{SUMMARY}"), reverse=True)
    part = target / f"index.html{PART}"
    part.write_text("\n".join(_page(found)), encoding="utf-8")
    part.replace(target / "index.html")
    return len(found)


def _page(summaries: list[Path]) -> Iterator[str]:
    yield "<!doctype html><html lang=en><meta charset=utf-8><title>Runs</title>"
    yield "<meta name=viewport content='width=device-width'>"
    yield "<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui;margin:2rem auto;"
    yield "max-width:60rem;padding:0 1rem}td,th{padding:.2rem 1rem .2rem 0;text-align:left}"
    yield ".n{text-align:right}</style><h1>Runs</h1><table>"
    yield "<tr><th>run<th class=n>documents<th class=n>failures<th>verdicts"
    for path in summaries:
        yield _row(path.parent.name, orjson.loads(path.read_bytes()))
    yield "</table>"


def _row(name: str, summary: Mapping[str, Any]) -> str:
    verdicts = ", ".join(f"{n} {verdict}" for verdict, n in falling(summary["verdicts"]).items())
    failures = sum(summary["failures"].values())
    return (
        f"<tr><td><a href='{escape(name)}/index.html'>{escape(name)}</a>"
        f"<td class=n>{summary['documents']:,}<td class=n>{failures:,}<td>{escape(verdicts)}"
    )
