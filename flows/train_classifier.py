"""The flow `train-classifier`: a new paragraph model, put to use only behind a gate."""

from __future__ import annotations

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
from quality.classify.promote import MAX_LOSS, Comparison, compare
from quality.classify.rows import Row, load_rows
from quality.errors import UsageError

_MODEL = "paragraph"


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
        default=MAX_LOSS,
        ge=0,
        le=0.1,
        title="Largest loss",
        description="How much of any figure the new model may lose against the one in use.",
    )


@flow(name="train-classifier", flow_run_name=run_name, persist_result=False)
def train_classifier(parameters: TrainParameters = TrainParameters()) -> State[Any]:  # noqa: B008
    """Fit the paragraph model, compare it with the one in use, and replace that if no worse."""
    return outcome(partial(_train, parameters))


def _train(parameters: TrainParameters) -> State[Any]:
    # Late: scikit-learn takes seconds to import.
    from quality import modelfiles
    from quality.classify.train import train

    rows = _gate_rows(parameters)
    gold = _if_there(parameters.shared, "gold_paragraphs.jsonl.gz")
    origin = _if_there(parameters.shared, "origin_paragraphs.jsonl.gz")
    with tempfile.TemporaryDirectory(prefix=".train-", dir=parameters.models.parent) as place:
        candidate = Path(place)
        folder = candidate / _MODEL
        report = train(parameters.seeds, gold, origin, folder, progress=_log_progress)
        in_use = parameters.models / _MODEL if (parameters.models / _MODEL).is_dir() else None
        found = compare(in_use, folder, rows, max_loss=parameters.max_loss)
        create_table_artifact(table=_table(found), key="model-gate", description=report.message)
        if not found.accepted:
            return Failed(name="Rejected", message=f"{found.message} The model in use stays.")
        modelfiles.adopt(candidate, parameters.models, _MODEL)
    return Completed(name="Accepted", message=f"{found.message}: in use from the next run on.")


def _gate_rows(parameters: TrainParameters) -> list[Row]:
    """Before anything is trained: without them nobody can say that a model is better."""
    if not parameters.gate.is_file():
        raise UsageError(
            f"{parameters.gate}: no gate rows. Without rows that were not trained on nobody can "
            "say that a model is better; name a file with labelled rows."
        )
    rows = [row for row in load_rows(parameters.gate) if row.split == parameters.gate_split]
    if not rows:
        raise UsageError(
            f"{parameters.gate}: no row of split {parameters.gate_split!r}. Name one it has."
        )
    return rows


def _table(found: Comparison) -> list[dict[str, str]]:
    return [
        {"figure": name, "in use": "none" if old is None else f"{old:.3f}", "new": f"{new:.3f}"}
        for name, (old, new) in found.figures.items()
    ]


def _log_progress(what: str, done: int, of: int) -> None:
    get_run_logger().info(f"{what}: {done} of {of}")


def _if_there(folder: Path | None, name: str) -> Path | None:
    path = None if folder is None else folder / name
    return path if path is not None and path.is_file() else None
