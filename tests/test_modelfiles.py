"""Model files: hashed, plain, never executed."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quality.errors import ModelError
from quality.modelfiles import MANIFEST, load_arrays, load_json, update_manifest, verify

_fired: list[str] = []


class _Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (_fired.append, ("boom",))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A models folder with one small model."""
    folder = tmp_path / "paragraph"
    folder.mkdir()
    np.savez(folder / "weights.npz", w=np.arange(3, dtype=np.float32))
    (folder / "model.json").write_text('{"labels": ["a"]}')
    (folder / "CARD.md").write_text("# card\n")
    update_manifest(tmp_path, "paragraph", {"rows": 3})
    return tmp_path


def test_facts_come_back_after_verification(root: Path) -> None:
    """What was written into the manifest is what `verify` returns."""
    facts = verify(root, "paragraph")
    assert facts["rows"] == 3
    assert sorted(facts["files"]) == ["model.json", "weights.npz"]


def test_manifest_keeps_other_models(root: Path) -> None:
    """Training one model does not forget another."""
    (root / "line").mkdir()
    update_manifest(root, "line", {})
    assert verify(root, "paragraph")["rows"] == 3


@pytest.mark.parametrize("name", ["weights.npz", "model.json"])
def test_changed_file_is_refused_with_the_cure(root: Path, name: str) -> None:
    """One changed byte is enough."""
    path = root / "paragraph" / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ModelError, match=r"damaged or changed.*quality train"):
        verify(root, "paragraph")


@pytest.mark.parametrize("name", ["weights.npz", "model.json", "model.pkl", "extra.joblib"])
def test_malicious_pickle_never_runs(root: Path, name: str) -> None:
    """A pickle under any model name is refused, even when the manifest was changed to fit."""
    _fired.clear()
    (root / "paragraph" / name).write_bytes(pickle.dumps(_Bomb()))
    with pytest.raises(ModelError):
        verify(root, "paragraph")
    update_manifest(root, "paragraph", {})
    with pytest.raises(ModelError):
        _load_everything(root)
    assert _fired == []


def _load_everything(root: Path) -> None:
    verify(root, "paragraph")
    load_arrays(root / "paragraph" / "weights.npz")
    load_json(root / "paragraph" / "model.json")


def test_object_arrays_are_refused(tmp_path: Path) -> None:
    """An array file may hold a pickle inside; it is not opened."""
    _fired.clear()
    np.savez(tmp_path / "weights.npz", w=np.array([_Bomb()], dtype=object))
    with pytest.raises(ModelError, match="plain arrays"):
        load_arrays(tmp_path / "weights.npz")
    assert _fired == []


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [('"format": 1', '"format": 9', "format 9"), ('"tokens": 1', '"tokens": 0', "tokens version")],
)
def test_other_version_is_refused(root: Path, old: str, new: str, match: str) -> None:
    """A model of another version names the cure instead of giving wrong scores."""
    path = root / MANIFEST
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ModelError, match=match):
        verify(root, "paragraph")


def test_missing_manifest_names_the_cure(tmp_path: Path) -> None:
    """Without a manifest nothing is loaded."""
    with pytest.raises(ModelError, match="quality train"):
        verify(tmp_path, "paragraph")
