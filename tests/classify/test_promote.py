"""A new model takes the place of the old one only if nothing users rely on got worse."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from quality import modelfiles
from quality.classify.promote import compare
from quality.classify.rows import Row, load_rows
from quality.errors import ModelError
from quality.modelfiles import default_root

SEEDS = Path(__file__).parents[2] / "seeds" / "paragraphs.jsonl"


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Rows enough for figures that mean something."""
    return load_rows(SEEDS)[:600]


@pytest.fixture
def scrambled(tmp_path: Path) -> Path:
    """A models directory whose paragraph model has its words mixed up, under its own hashes."""
    root = tmp_path / "models"
    shutil.copytree(default_root(), root)
    path = root / "paragraph" / "weights.npz"
    arrays = modelfiles.load_arrays(path)
    name = max(arrays, key=lambda key: arrays[key].size)
    arrays[name] = np.random.default_rng(0).permutation(arrays[name], axis=-1)
    np.savez_compressed(path, **arrays)
    modelfiles.update_manifest(root, "paragraph", {})
    return root


def test_the_same_model_is_accepted(rows: list[Row]) -> None:
    """Nothing lost, nothing to object to."""
    folder = default_root() / "paragraph"
    assert compare(folder, folder, rows).accepted


def test_a_worse_model_is_rejected_and_told_why(rows: list[Row], scrambled: Path) -> None:
    """Each figure that fell is named."""
    found = compare(default_root() / "paragraph", scrambled / "paragraph", rows)
    assert not found.accepted
    assert "macro-F1 lost" in found.message


def test_an_adopted_model_is_verified_and_listed(tmp_path: Path) -> None:
    """Model, card and hashes come together; the other models' entries stay."""
    root = tmp_path / "models"
    shutil.copytree(default_root(), root)
    before = modelfiles.fingerprint(root)
    (root / "paragraph" / "weights.npz").write_bytes(b"damaged")
    modelfiles.adopt(default_root(), root, "paragraph")
    assert modelfiles.verify(root, "paragraph")["rows"]
    assert modelfiles.fingerprint(root) == before


def test_a_damaged_candidate_is_not_adopted(tmp_path: Path) -> None:
    """What does not match its own manifest never comes near the models in use."""
    source = tmp_path / "candidate"
    shutil.copytree(default_root(), source)
    (source / "paragraph" / "weights.npz").write_bytes(b"damaged")
    with pytest.raises(ModelError):
        modelfiles.adopt(source, tmp_path / "models", "paragraph")
