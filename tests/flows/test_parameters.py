"""The form in the UI: every field with title, description and bounds; nonsense is refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from flows.command import main, make_parser, parameters_of
from flows.parameters import Runner, ScoreParameters
from quality.errors import UsageError


def test_every_field_explains_itself() -> None:
    """A title and a description each; numbers have bounds."""
    schema = ScoreParameters.model_json_schema()
    for name, field in schema["properties"].items():
        assert field.get("title"), name
        assert field.get("description"), name
        if field.get("type") == "integer":
            assert "minimum" in field, name


@pytest.mark.parametrize(
    "given",
    [
        {"jobs": -1},
        {"jobs": 1000},
        {"batch_files": 10_001},
        {"drift_window": 2},
        {"runner": "dask", "dask_address": "host:8786"},
        {"dask_address": "tcp://host:8786"},
        {"shards": 2, "shard": 2},
        {"unknown": 1},
    ],
    ids=str,
)
def test_nonsense_is_refused(given: dict[str, object]) -> None:
    """Before any run exists."""
    with pytest.raises(ValidationError):
        ScoreParameters.model_validate(given)


def test_options_become_parameters() -> None:
    """Those given; all others keep their defaults."""
    options = make_parser().parse_args(["score", "in", "--jobs", "2", "--task-runner", "dask"])
    parameters = parameters_of(options)
    assert (str(parameters.source), parameters.jobs, parameters.runner) == ("in", 2, Runner.DASK)
    assert parameters.model_dump(exclude={"source", "jobs", "runner"}) == (
        ScoreParameters().model_dump(exclude={"source", "jobs", "runner"})
    )


def test_a_wrong_option_names_itself_and_its_bounds() -> None:
    """As a usage error, exit code 1."""
    options = make_parser().parse_args(["score", "--jobs", "1000"])
    with pytest.raises(UsageError, match=r"jobs = 1000: .* less than or equal to 256"):
        parameters_of(options)
    assert main(["score", "--jobs", "1000"]) == 1


def test_what_cannot_start_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Before a server is started for it."""
    assert main(["score", "not-there"]) == 1
    assert capsys.readouterr().err == (
        "flows: not-there: no such file or directory. Check the path.\n"
    )
    assert main(["score", ".", "--settings", "none.toml"]) == 1


@pytest.mark.parametrize("every", ["0", "9", "soon", "-60"])
def test_intervals_below_ten_seconds_are_refused(every: str) -> None:
    """Prefect looks for due runs every ten seconds."""
    with pytest.raises(SystemExit) as caught:
        make_parser().parse_args(["serve", "--every", every])
    assert caught.value.code == 1
