"""The flow `score-directory`: its states, its artifacts, and the same bytes as `quality score`."""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from flows.parameters import ScoreParameters
from tests.flows.conftest import write_pages

pytestmark = pytest.mark.usefixtures("prefect")


def score(here: Path, **given: Any) -> Any:
    """The final state of a run over `here/inbox`."""
    from flows.score_directory import score_directory

    # Absolute: worker processes of an earlier test are used again, in their directory.
    places = {"source": here / "inbox", "out": here / "out", "state": here / "out/state.db"}
    parameters = ScoreParameters(jobs=1, **{**places, **given})
    return score_directory(parameters, return_state=True)


def artifacts_of(state: Any) -> list[Any]:
    """The artifacts of the run that ended with this state."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

    run = FlowRunFilter(id=FlowRunFilterId(any_=[state.state_details.flow_run_id]))
    with get_client(sync_client=True) as client:
        return list(client.read_artifacts(flow_run_filter=run))


def test_a_run_ends_with_its_figures(tmp_path: Path) -> None:
    """Completed with documents and verdicts, and the folder that `latest` points to."""
    write_pages(tmp_path / "inbox", 3)
    state = score(tmp_path)
    assert (state.name, state.is_completed()) == ("Completed", True)
    assert state.message.startswith("3 documents in ")
    summary = orjson.loads((tmp_path / "out/latest/summary.json").read_bytes())
    assert summary["documents"] == 3


def test_a_run_with_nothing_new_leaves_no_folder(tmp_path: Path) -> None:
    """NothingToDo, and the list of runs does not grow."""
    write_pages(tmp_path / "inbox", 2)
    score(tmp_path)
    before = sorted((tmp_path / "out").iterdir())
    state = score(tmp_path)
    assert (state.name, state.message) == ("NothingToDo", "2 files known from earlier runs")
    assert sorted((tmp_path / "out").iterdir()) == before


def test_a_broken_file_is_an_error_of_a_completed_run(tmp_path: Path) -> None:
    """CompletedWithErrors; the others are scored, the bad one is a row."""
    write_pages(tmp_path / "inbox", 2)
    (tmp_path / "inbox" / "broken.html.gz").write_bytes(b"\x1f\x8b no gzip at all")
    state = score(tmp_path)
    assert state.name == "CompletedWithErrors"
    rows = (tmp_path / "out/latest/failures.jsonl").read_text().splitlines()
    assert [Path(orjson.loads(row)["path"]).name for row in rows] == ["broken.html.gz"]


def test_a_run_that_cannot_start_fails_with_the_cure(tmp_path: Path) -> None:
    """Failed, and the message is the one `quality score` prints."""
    write_pages(tmp_path / "inbox", 1)
    (tmp_path / "quality.toml").write_text("[verdict]\nthim = 0.5\n")
    state = score(tmp_path, settings=tmp_path / "quality.toml")
    assert (state.name, state.is_failed()) == ("Failed", True)
    assert "unknown setting 'verdict.thim'" in state.message


def test_a_busy_state_fails_and_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another writer is not waited for without end; no folder is left."""
    from flows import score_directory
    from quality.run import open_run
    from quality.state import writer_lock

    write_pages(tmp_path / "inbox", 1)
    monkeypatch.setattr(score_directory, "open_run", partial(open_run, wait_s=0.2))
    with writer_lock(tmp_path / "out/state.db"):
        state = score(tmp_path)
    assert state.is_failed()
    assert "out/state.db" in state.message
    assert not list((tmp_path / "out").glob("2*"))


def test_results_are_those_of_quality_score(tmp_path: Path) -> None:
    """Byte for byte, whatever the batches."""
    from quality.cli import main

    write_pages(tmp_path / "inbox", 7)
    score(tmp_path, batch_files=3)
    inbox, out, state = (str(tmp_path / name) for name in ("inbox", "cli", "cli.db"))
    assert main(["score", inbox, "--out", out, "--state", state, "--quiet"]) == 0
    flow, cli = (
        folder / "documents.jsonl" for folder in (tmp_path / "out/latest", tmp_path / "cli")
    )
    assert flow.read_bytes() == cli.read_bytes()


def test_the_run_page_has_report_tables_and_link(tmp_path: Path) -> None:
    """Artifacts keyed by the source, task runs named by batch."""
    from prefect.client.orchestration import get_client

    write_pages(tmp_path / "harbour", 4)
    state = score(tmp_path, source=tmp_path / "harbour", batch_files=2)
    artifacts = artifacts_of(state)
    with get_client(sync_client=True) as client:
        name = client.read_flow_run(state.state_details.flow_run_id).name
    assert {artifact.key for artifact in artifacts} >= {
        "harbour-progress",
        "harbour-report",
        "harbour-summary",
        "harbour-labels",
        "harbour-verdicts",
    }
    assert name.startswith("harbour ")
    progress = next(artifact for artifact in artifacts if artifact.key == "harbour-progress")
    assert progress.data == 100


def test_every_template_of_a_run_is_in_its_table(root: Path, tmp_path: Path) -> None:
    """Also where chrome stands before its heading; each with a heading or line of its own."""
    state = score(tmp_path, source=root / "seeds/pages/lanternreport.example")
    summary = orjson.loads((tmp_path / "out/latest/summary.json").read_bytes())
    found = {artifact.key: artifact.data for artifact in artifacts_of(state)}
    table = orjson.loads(found["lanternreport-example-templates"])
    assert {row["template"] for row in table} == set(summary["templates"]) != set()
    assert all(row["example"] for row in table)


def test_an_interrupted_run_is_carried_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C between two batches: the next run scores the rest, nothing twice."""
    from flows import score_directory as module

    write_pages(tmp_path / "inbox", 6)
    real = module.artifacts.Progress.judged

    def stop(self: Any, pages: int) -> None:
        real(self, pages)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module.artifacts.Progress, "judged", stop)
        with pytest.raises(KeyboardInterrupt):
            score(tmp_path, batch_files=2)
    assert score(tmp_path).message.startswith("4 documents")
    with sqlite3.connect(tmp_path / "out/state.db") as state:
        counts = state.execute("SELECT status, count(*) FROM runs GROUP BY 1").fetchall()
    assert sorted(counts) == [("finished", 1), ("interrupted", 1)]
    written = [
        Path(orjson.loads(line)["path"]).name
        for file in (tmp_path / "out").glob("2*/documents.jsonl")
        for line in file.read_text().splitlines()
    ]
    assert sorted(written) == [f"page-{number:04}.txt" for number in range(6)]
