"""The paragraph model as numbers: written to and read from plain arrays and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quality.classify.encode import Encoder
from quality.classify.features import STEP_SCALE, FeatureSpace
from quality.classify.labels import CLASSES
from quality.classify.reading import Reading
from quality.classify.style import Style
from quality.errors import ModelError
from quality.modelfiles import load_arrays, load_json, update_manifest, verify

MODEL_NAME = "paragraph"
FORMAT = 2
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights over a feature space: one row a class for word features and for steps."""

    words: NDArray[np.float32]
    steps: NDArray[np.float32]
    intercept: NDArray[np.float64]

    @classmethod
    def of(cls, space: FeatureSpace, weights: Matrix, intercept: Matrix) -> Linear:
        """Weights over `space.matrix` columns, with the scale of steps worked in."""
        size = len(space.keys)
        return cls(
            weights[:, :size].astype(np.float32),
            (weights[:, size:] * STEP_SCALE).astype(np.float32),
            np.asarray(intercept, dtype=np.float64),
        )


class Views(NamedTuple):
    """Paragraphs seen three ways, row by row: raw class scores of the text itself, class
    probabilities of the line before and of the line after (zeros where there is none).
    """

    own: Matrix
    before: Matrix
    after: Matrix

    def take(self, rows: NDArray[Any]) -> Views:
        """Some of the rows."""
        return Views(self.own[rows], self.before[rows], self.after[rows])


@dataclass(frozen=True, slots=True)
class Surroundings:
    """How the lines around speak with: a paragraph among advice is likelier advice.

    Scores of the classes are `own` times the raw scores of the paragraph, plus, where there
    is a line before, `before` times its class probabilities; the same for the line after.
    `shifts` holds what is added always, with a line before, with a line after.
    """

    own: NDArray[np.float64]
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    shifts: NDArray[np.float64]

    @classmethod
    def none(cls) -> Surroundings:
        """The paragraph's own scores, whatever stands around."""
        size = len(CLASSES)
        nothing = np.zeros((size, size))
        return cls(np.eye(size), nothing, nothing, np.zeros((3, size)))

    def scores(self, views: Views) -> Matrix:
        """Class scores of paragraphs with the lines around worked in."""
        return np.asarray(
            times(views.own, self.own)
            + self.shifts[0]
            + times(views.before, self.before + self.shifts[1])
            + times(views.after, self.after + self.shifts[2])
        )

    def effective(self, linear: Linear) -> Linear:
        """The weights with `own` and the constant shift worked in."""
        return Linear(
            (self.own.T @ linear.words).astype(np.float32),
            (self.own.T @ linear.steps).astype(np.float32),
            self.own.T @ linear.intercept + self.shifts[0],
        )


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where decisions fall; chosen by `train` on hosts the weights were not fitted on.

    `confidence` is the least probability of the best function for a label to be given,
    `generated` that from which advice is called generated, `rare` the share of words outside
    the vocabulary up to which the model knows what it reads.
    """

    confidence: float
    generated: float
    rare: float
    min_words: int


@dataclass(frozen=True, slots=True)
class Mixture:
    """How evidence of being generated adds up to log-odds.

    For a paragraph alone: `own` weighs the score of generated against honest advice,
    `around` the same score of the lines around; `shift` is added. In a document `section`
    weighs the mean own score of the section instead of `around`, `origin` how much further
    than `origin_centre` the section reads as machine-made, `template` the section's template
    coverage.
    """

    own: float
    around: float
    shift: float
    section: float
    origin: float
    origin_centre: float
    template: float

    @classmethod
    def plain(cls) -> Mixture:
        """The paragraph's own score as it is."""
        return cls(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Calibration:
    """From class scores to probabilities: one temperature, one shift a class."""

    temperature: float
    shifts: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """All numbers of the paragraph model."""

    space: FeatureSpace
    functions: Linear
    generated: Linear
    origin: Linear
    surroundings: Surroundings
    calibration: Calibration
    mixture: Mixture
    thresholds: Thresholds


def times(rows: Matrix, table: Matrix) -> Matrix:
    """`rows @ table` for tables of few rows, the same whatever rows are multiplied together.

    The libraries behind `@` add in another order for other shapes.
    """
    total: Matrix = rows[:, :1] * table[0]
    for number in range(1, len(table)):
        total += rows[:, number, None] * table[number]
    return total


class Fast:
    """Linear models over one space side by side, ready to score.

    `words` has a row a word feature; `steps` a row for each step of each count, holding what
    standing there adds, those of count n from `bases[n]` on. Columns are classes.
    """

    def __init__(self, space: FeatureSpace, *models: Linear) -> None:
        self.words = np.ascontiguousarray(np.vstack([model.words for model in models]).T)
        self.intercept = np.concatenate([model.intercept for model in models])
        climbed = np.vstack([model.steps for model in models]).T.astype(np.float64)
        tables = [
            np.vstack([np.zeros((1, climbed.shape[1])), np.cumsum(climbed[start:end], axis=0)])
            for start, end in pairwise(space.step_bounds)
        ]
        self.steps = np.vstack([np.zeros((0, climbed.shape[1])), *tables])
        self.bases = np.cumsum([0, *map(len, tables)])[:-1].astype(np.int64)

    def of_words(self, reading: Reading) -> Matrix:
        """What the word features of each row add up to."""
        return np.asarray(reading.words @ self.words, dtype=np.float64)

    def of_counts(self, bins: NDArray[np.int64]) -> Matrix:
        """What the counts of each row add up to."""
        total = np.zeros((len(bins), self.steps.shape[1]))
        for base, column in zip(self.bases.tolist(), bins.T, strict=True):
            total += self.steps[base + column]
        return total


def save(model: Model, folder: Path, facts: Mapping[str, Any]) -> None:
    """Write the model into `folder` and its hashes into the manifest beside that."""
    folder.mkdir(parents=True, exist_ok=True)
    space = model.space
    arrays: dict[str, NDArray[Any]] = {"keys": space.keys, "rarity": space.rarity}
    for name in ("functions", "generated", "origin"):
        linear: Linear = getattr(model, name)
        arrays[f"{name}.words"] = linear.words.astype(np.float16)
        arrays[f"{name}.steps"] = linear.steps
        arrays[f"{name}.intercept"] = linear.intercept
    for name in ("own", "before", "after", "shifts"):
        arrays[f"surroundings.{name}"] = getattr(model.surroundings, name)
    np.savez_compressed(folder / "weights.npz", allow_pickle=False, **arrays)
    content = {
        "format": FORMAT,
        "classes": list(CLASSES),
        "calibration": asdict(model.calibration),
        "mixture": asdict(model.mixture),
        "thresholds": asdict(model.thresholds),
        "word_classes": {name: list(words) for name, words in space.style.classes.items()},
        "steps": space.steps,
        "vocabulary": space.encoder.vocabulary,
        "known": space.encoder.known,
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    (folder / "model.json").write_text(text + "\n", encoding="utf-8")
    update_manifest(folder.parent, folder.name, facts)


def load(folder: Path) -> Model:
    """The model in a folder whose files match the manifest beside it.

    Raises ModelError, naming the cure, for anything else.
    """
    verify(folder.parent, folder.name)
    content = load_json(folder / "model.json")
    if content.get("format") != FORMAT or content.get("classes") != list(CLASSES):
        raise ModelError(
            f"{folder}: paragraph model format {content.get('format')}, "
            f"this package reads {FORMAT}. Run `quality train`, or reinstall the package."
        )
    arrays = load_arrays(folder / "weights.npz")
    try:
        return _assemble(content, arrays)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"{folder}: incomplete paragraph model ({error!r}). Run `quality train`."
        ) from error


def _assemble(content: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Model:
    encoder = Encoder(content["vocabulary"], content["known"])
    style = Style(encoder, content["word_classes"])
    space = FeatureSpace(encoder, style, arrays["keys"], arrays["rarity"], content["steps"])
    linear = {
        name: Linear(
            arrays[f"{name}.words"].astype(np.float32),
            arrays[f"{name}.steps"],
            arrays[f"{name}.intercept"],
        )
        for name in ("functions", "generated", "origin")
    }
    calibration = content["calibration"]
    return Model(
        space=space,
        calibration=Calibration(calibration["temperature"], tuple(calibration["shifts"])),
        mixture=Mixture(**content["mixture"]),
        thresholds=Thresholds(**content["thresholds"]),
        surroundings=Surroundings(
            *(arrays[f"surroundings.{name}"] for name in ("own", "before", "after", "shifts"))
        ),
        **linear,
    )
