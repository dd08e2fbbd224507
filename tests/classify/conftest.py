"""A small model of a few hundred of our own seeds, fitted once for all tests of the room."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from quality.classify.classifier import ParagraphClassifier
from quality.classify.train import train
from quality.modelfiles import default_root

SEEDS = Path(__file__).parents[2] / "seeds" / "paragraphs.jsonl"
# Enough for every class, few enough for a fit in a second or two.
SOME_ROWS = 450


@pytest.fixture(scope="session")
def some_seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every few rows of the seeds, so that all labels and sites are there."""
    with SEEDS.open(encoding="utf-8") as lines:
        rows = [line for line in lines if line.strip()]
    step = len(rows) // SOME_ROWS
    path = tmp_path_factory.mktemp("seeds") / "paragraphs.jsonl"
    path.write_text("".join(itertools.islice(rows, 0, None, step)), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def small_folder(some_seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small model."""
    folder = tmp_path_factory.mktemp("models") / "paragraph"
    train(some_seeds, None, None, folder)
    return folder


@pytest.fixture(scope="session")
def small(small_folder: Path) -> ParagraphClassifier:
    """The small model, loaded."""
    return ParagraphClassifier.load(small_folder)


@pytest.fixture(scope="session")
def shipped() -> ParagraphClassifier:
    """The model that comes with the package."""
    return ParagraphClassifier.load(default_root() / "paragraph")


@pytest.fixture(scope="session")
def seed_texts(some_seeds: Path) -> list[str]:
    """The texts of the small model's seeds."""
    with some_seeds.open(encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]
