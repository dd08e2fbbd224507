"""The flow `train-classifier`: a new paragraph model, put to use only behind a gate."""

from __future__ import annotations

import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from pydantic import BaseModel, ConfigDict, Field

from flows.outcome import outcome, run_name
from quality.errors import UsageError


class TrainParameters(BaseModel):
    """What to train on, and when to accept the result."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="Training")

    seeds: Path = Field(
        default=Path("seeds/paragraphs.jsonl"),
        title="Labelled paragraphs",
        description="Our own rows; those labelled in review are added here.",
    )
    shared: Path | None = Field(
        default=Path("../shared/data"),
        title="Larger data",
        description="Directory with gold_paragraphs.jsonl.gz and origin_paragraphs.jsonl.gz, "
        "used where present.",
    )
    gate: Path = Field(
        default=Path("../shared/data/gold_paragraphs.jsonl.gz"),
        title="Gate rows",
        description="Labelled rows that decide. Their split below is never trained on.",
    )
    gate_split: str = Field(default="dev", title="Gate split", description="Rows of this split.")
    models: Path = Field(
        default=Path("models"), title="Models", description="Directory of the models in use."
    )
    max_loss: float = Field(
        default=0.005,
        ge=0,
        le=0.1,
        title="Largest loss",
        description="How much macro-F1 the new model may lose against the one in use.",
    )


@flow(name="train-classifier", flow_run_name=run_name, persist_result=False)
def train_classifier(parameters: TrainParameters = TrainParameters()) -> State[Any]:  # noqa: B008
    """Fit the paragraph model, compare it with the one in use, and replace that if no worse."""
    return outcome(partial(_train, parameters))


def _train(parameters: TrainParameters) -> State[Any]:
    from quality.classify.train import train

    gold = _if_there(parameters.shared, "gold_paragraphs.jsonl.gz")
    origin = _if_there(parameters.shared, "origin_paragraphs.jsonl.gz")
    if not parameters.gate.is_file():
        raise UsageError(
            f"{parameters.gate}: no gate rows. Without rows that were not trained on nobody can "
            "say that a model is better; name a file with labelled rows."
        )
    with tempfile.TemporaryDirectory(dir=parameters.models.parent) as place:
        candidate = Path(place) / "models"
        # The line model stays: a models directory is whole or not at all.
        shutil.copytree(parameters.models, candidate)
        report = train(
            parameters.seeds, gold, origin, candidate / "paragraph", progress=_log_progress
        )
        old, new = (_macro_f1(folder, parameters) for folder in (parameters.models, candidate))
        table = [{"model": "in use", "macro-F1": old}, {"model": "new", "macro-F1": new}]
        create_table_artifact(table=table, key="model-gate", description=report.message)
        figures = f"macro-F1 {new:.3f}, in use {old:.3f}, on {parameters.gate_split} rows"
        if new < old - parameters.max_loss:
            return Failed(name="Rejected", message=f"{figures}: the model in use stays.")
        _replace(parameters.models, candidate)
    return Completed(name="Accepted", message=f"{figures}: in use from the next run on.")


def _macro_f1(models: Path, parameters: TrainParameters) -> float:
    from quality import modelfiles
    from quality.classify.evaluate import evaluate
    from quality.classify.rows import load_rows

    modelfiles.verify(models, "paragraph")
    rows = [row for row in load_rows(parameters.gate) if row.split == parameters.gate_split]
    return round(evaluate(models / "paragraph", rows).f1.value, 4)


def _replace(models: Path, candidate: Path) -> None:
    """Swap directories, so that a reader sees one whole set of models or the other."""
    before = models.with_name(models.name + ".before")
    shutil.rmtree(before, ignore_errors=True)
    models.rename(before)
    candidate.rename(models)
    shutil.rmtree(before)


def _log_progress(what: str, done: int, of: int) -> None:
    get_run_logger().info(f"{what}: {done} of {of}")


def _if_there(folder: Path | None, name: str) -> Path | None:
    path = None if folder is None else folder / name
    return path if path is not None and path.is_file() else None
