"""The flows besides scoring: train behind a gate, rebuild the index, publish a report."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from flows.parameters import ScoreParameters
from quality.modelfiles import default_root, verify
from tests.flows.conftest import write_pages

pytestmark = pytest.mark.usefixtures("prefect")


@pytest.fixture(scope="module")
def rows(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a few hundred of our seeds to learn, and a hundred others to judge by."""
    folder = tmp_path_factory.mktemp("rows")
    lines = (root / "seeds/paragraphs.jsonl").read_text(encoding="utf-8").splitlines()
    step = len(lines) // 450
    (folder / "seeds.jsonl").write_text("\n".join(itertools.islice(lines, 0, None, step)))
    gate = [{**json.loads(line), "split": "dev"} for line in lines[1 :: step * 4]]
    (folder / "gate.jsonl").write_text("\n".join(map(json.dumps, gate)))
    return folder


def train(models: Path, rows: Path, **given: Any) -> Any:
    """The final state of a training on those rows alone."""
    from flows.train_classifier import TrainParameters, train_classifier

    files = {"seeds": rows / "seeds.jsonl", "gate": rows / "gate.jsonl", "shared": None}
    parameters = TrainParameters.model_validate({**files, "models": models, **given})
    return train_classifier(parameters, return_state=True)


@pytest.fixture
def fitted_once(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second training takes the files of the first: the same rows give the same bytes."""
    from quality.classify import train as module

    fit, kept, reports = module.train, tmp_path_factory.mktemp("fitted"), []

    def fit_once(*files: Any, progress: Any) -> Any:
        root: Path = files[-1].parent
        if reports:
            shutil.copytree(kept, root, dirs_exist_ok=True)
        else:
            reports.append(fit(*files, progress=progress))
            shutil.copytree(root, kept, dirs_exist_ok=True)
        return reports[0]

    monkeypatch.setattr(module, "train", fit_once)


@pytest.mark.usefixtures("fitted_once")
def test_a_model_is_replaced_only_by_one_that_is_no_worse(rows: Path, tmp_path: Path) -> None:
    """Of a few hundred rows it is worse than ours, and better than none."""
    models = tmp_path / "models"
    shutil.copytree(default_root(), models)
    before = (models / "manifest.json").read_bytes()
    state = train(models, rows)
    assert (state.name, state.is_failed()) == ("Rejected", True)
    assert "The model in use stays." in state.message
    assert (models / "manifest.json").read_bytes() == before
    shutil.rmtree(models / "paragraph")
    state = train(models, rows)
    assert (state.name, state.is_completed()) == ("Accepted", True), state.message
    assert verify(models, "paragraph")["rows"] > 400
    assert [path.name for path in tmp_path.iterdir()] == ["models"]


def test_training_without_a_gate_fails_with_the_cure(rows: Path, tmp_path: Path) -> None:
    """Before a minute is spent."""
    state = train(tmp_path, rows, gate=tmp_path / "none.jsonl")
    assert state.is_failed()
    assert "no gate rows" in state.message
    assert "no row of split 'test'" in train(tmp_path, rows, gate_split="test").message


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    """The output of a run over three pages."""
    from flows.score_directory import score_directory

    write_pages(tmp_path / "inbox", 3)
    places = {"source": tmp_path / "inbox", "out": tmp_path / "out"}
    parameters = ScoreParameters(**places, state=tmp_path / "out/state.db", jobs=1)
    assert score_directory(parameters, return_state=True).is_completed()
    return tmp_path / "out"


def test_the_index_is_rebuilt(scored: Path) -> None:
    """With its figures; without a state the run fails with the cure."""
    from flows.rebuild_index import IndexParameters, rebuild_index

    state = rebuild_index(IndexParameters(state=scored / "state.db"), return_state=True)
    assert state.is_completed()
    assert "documents 3" in state.message
    state = rebuild_index(IndexParameters(state=scored / "none.db"), return_state=True)
    assert state.is_failed()
    assert "Score something first" in state.message


def test_a_report_is_published_once(scored: Path) -> None:
    """Also when built again; the list of runs names it with its figures."""
    from flows.publish_report import PublishParameters, publish_report

    for again in (False, True):
        parameters = PublishParameters(
            run=scored / "latest", target=scored / "published", again=again
        )
        state = publish_report(parameters, return_state=True)
        assert state.is_completed()
        assert state.message.endswith("one of 1 reports")
    run = (scored / "latest").resolve().name
    index = (scored / "published/index.html").read_text(encoding="utf-8")
    assert index.count(f"<a href='{run}/index.html'>") == 1
    assert (scored / "published" / run / "index.html").is_file()
