"""Settings say what is wrong, where, and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from quality.errors import SettingsError
from quality.settings import Settings


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[chrome]\nsite_repitition = false", "site_repitition.*site_repetition"),
        ("[neardup]\nsimilarity = 1.5", "neardup.similarity = 1.5.*less than or equal"),
        ("[run]\njobs = 'many'", "run.jobs = 'many'"),
        ("colour = 'red'", "'colour'.*known here: read"),
        ("[run\njobs = 2", "not valid TOML"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, toml: str, words: str) -> None:
    """The message has the file, the field, the value and what is known."""
    path = tmp_path / "quality.toml"
    path.write_text(toml)
    with pytest.raises(SettingsError, match=f"(?s)quality.toml.*{words}"):
        Settings.load(path)


def test_missing_file_names_the_option(tmp_path: Path) -> None:
    """A settings file that is not there is an error, not a default."""
    with pytest.raises(SettingsError, match="--settings"):
        Settings.load(tmp_path / "no.toml")


def test_fingerprint_follows_results_only(tmp_path: Path) -> None:
    """Processes and batch sizes change nothing; a threshold does."""
    path = tmp_path / "quality.toml"
    path.write_text("[run]\njobs = 3\nbatch_files = 7")
    assert Settings.load(path).fingerprint == Settings().fingerprint
    path.write_text("[verdict]\nthin = 0.7")
    assert Settings.load(path).fingerprint != Settings().fingerprint
