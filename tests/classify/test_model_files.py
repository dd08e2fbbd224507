"""Model files never run code, and a model of another version is refused."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest

from quality.classify.classifier import ParagraphClassifier
from quality.errors import ModelError
from quality.modelfiles import update_manifest

_fired: list[str] = []


class _Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (_fired.append, ("boom",))


@pytest.fixture
def copied(small_folder: Path, tmp_path: Path) -> Path:
    """A copy of the small model that may be damaged."""
    shutil.copytree(small_folder.parent, tmp_path / "models")
    return tmp_path / "models" / "paragraph"


@pytest.mark.parametrize("name", ["weights.npz", "model.json", "model.pkl", "model.joblib"])
@pytest.mark.parametrize("listed", [False, True])
def test_malicious_pickle_is_never_run(copied: Path, name: str, listed: bool) -> None:  # noqa: FBT001
    """Under any model name, even where the manifest was made to fit."""
    _fired.clear()
    (copied / name).write_bytes(pickle.dumps(_Bomb()))
    if listed:
        update_manifest(copied.parent, "paragraph", {})
    with pytest.raises(ModelError):
        ParagraphClassifier.load(copied)
    assert _fired == []


def test_other_format_names_the_cure(copied: Path) -> None:
    """A model of another format is refused before a score is given."""
    path = copied / "model.json"
    path.write_text(path.read_text().replace('"format":2', '"format":99', 1))
    update_manifest(copied.parent, "paragraph", {})
    with pytest.raises(ModelError, match=r"format 99.*quality train"):
        ParagraphClassifier.load(copied)
