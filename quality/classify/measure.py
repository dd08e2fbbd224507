"""What the linear models say of paragraphs, before anything is decided.

A paragraph is scored by its own words, style, headings and form, and by what its
neighbouring lines read like: pages keep doing one thing for a while (on held-out web hosts
that raised macro-F1 from .674 to .706).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quality.classify.features import Reading
from quality.classify.labels import CLASSES, FUNCTIONS, Label, Paragraph
from quality.classify.model import (
    Calibration,
    Linear,
    Matrix,
    Model,
    Views,
    climb,
    raw_scores,
)

# The start of a neighbouring line says what it does; gold rows hold no more of it either.
NEIGHBOUR_CHARS = 160
# Shorter lines around are headings and scraps; they say nothing as neighbours.
NEIGHBOUR_MIN_WORDS = 3

# From the five classes to the four functions.
_FUNCTION_OF = [Label.ADVICE if kind is Label.GENERATED_ADVICE else kind for kind in CLASSES]
SUM = np.array([[float(kind == function) for function in FUNCTIONS] for kind in _FUNCTION_OF])


@dataclass(frozen=True, slots=True)
class Measured:
    """Raw results of a batch, one row a paragraph.

    `classes` are the class scores with the lines around worked in. `generated` and `origin`
    are log-odds; `generated_around` is the mean of `generated` over the lines around, or the
    paragraph's own where there are none.
    """

    reading: Reading
    bins: NDArray[np.int64]
    views: Views
    classes: Matrix
    generated: NDArray[np.float64]
    generated_around: NDArray[np.float64]
    origin: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fast:
    """A linear model with its steps summed up, ready to score."""

    linear: Linear
    tables: tuple[Matrix, ...]


class Measure:
    """Scores paragraphs by a model. What is measured together makes no difference."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._functions = self._fast(model.functions)
        self._generated = self._fast(model.generated)
        self._origin = self._fast(model.origin)
        self.effective = self._fast(model.surroundings.effective(model.functions))

    def _fast(self, linear: Linear) -> Fast:
        return Fast(linear, climb(self._model.space, linear))

    def of(self, paragraphs: Sequence[Paragraph]) -> Measured:
        """The raw results of paragraphs."""
        space = self._model.space
        reading = space.read(paragraphs)
        bins = space.bins(reading.counts)
        own = _raw(self._functions, reading, bins)
        generated = _raw(self._generated, reading, bins)[:, 0]
        lines = _Lines(self, paragraphs)
        views = Views(own, lines.probabilities("before"), lines.probabilities("after"))
        return Measured(
            reading=reading,
            bins=bins,
            views=views,
            classes=self._model.surroundings.scores(views),
            generated=generated,
            generated_around=lines.generated(generated),
            origin=_raw(self._origin, reading, bins)[:, 0],
        )

    def alone(self, texts: Sequence[str]) -> tuple[Matrix, NDArray[np.float64]]:
        """Class probabilities and generated log-odds of lines by themselves."""
        reading = self._model.space.read_alone(texts)
        bins = self._model.space.bins(reading.counts)
        classes = softmax(_raw(self._functions, reading, bins))
        return classes, _raw(self._generated, reading, bins)[:, 0]


class _Lines:
    """The distinct neighbouring lines of a batch, each measured once."""

    def __init__(self, measure: Measure, paragraphs: Sequence[Paragraph]) -> None:
        places: dict[str, int] = {}
        self._rows: dict[str, NDArray[np.int64]] = {}
        for side in ("before", "after"):
            cuts = (neighbour(getattr(paragraph, side)) for paragraph in paragraphs)
            found = [-1 if cut is None else places.setdefault(cut, len(places)) for cut in cuts]
            self._rows[side] = np.array(found, dtype=np.int64)
        # One row more, for "no line": index -1 finds it.
        self._classes = np.zeros((len(places) + 1, len(CLASSES)))
        self._generated = np.zeros(len(places) + 1)
        if places:
            self._classes[:-1], self._generated[:-1] = measure.alone(list(places))

    def probabilities(self, side: str) -> Matrix:
        return np.asarray(self._classes[self._rows[side]])

    def generated(self, own: NDArray[np.float64]) -> NDArray[np.float64]:
        count = sum((rows >= 0).astype(np.float64) for rows in self._rows.values())
        total = sum(self._generated[rows] for rows in self._rows.values())
        return np.asarray(np.where(count > 0, total / np.maximum(count, 1), own))


def neighbour(line: str | None) -> str | None:
    """The part of a neighbouring line that is looked at, None where it says nothing.

    >>> neighbour("Read more") is None
    True
    """
    if line is None or len(line.split(maxsplit=NEIGHBOUR_MIN_WORDS)) < NEIGHBOUR_MIN_WORDS:
        return None
    return line.strip()[:NEIGHBOUR_CHARS]


def class_probabilities(calibration: Calibration, classes: Matrix) -> Matrix:
    """Calibrated probabilities of the five classes from their raw scores."""
    return softmax(classes / calibration.temperature + np.array(calibration.shifts))


def function_scores(calibration: Calibration, classes: Matrix) -> Matrix:
    """Calibrated probabilities of the four functions, in the order of FUNCTIONS."""
    return np.asarray(class_probabilities(calibration, classes) @ SUM)


def softmax(scores: Matrix) -> Matrix:
    """Each row as probabilities."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _raw(fast: Fast, reading: Reading, bins: NDArray[np.int64]) -> Matrix:
    return raw_scores(fast.linear, fast.tables, reading, bins)
