"""What the linear models say of paragraphs, before anything is decided.

A paragraph is scored by its own words, style, headings and form, and by what its
neighbouring lines read like: pages keep doing one thing for a while (on held-out web hosts
that raised macro-F1 from .674 to .706).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quality.classify.labels import CLASSES, FUNCTIONS, Label, Paragraph
from quality.classify.model import Calibration, Fast, Matrix, Model, Views, times
from quality.classify.reading import Reading, joined

# The start of a neighbouring line says what it does; gold rows hold no more of it either.
NEIGHBOUR_CHARS = 160
# Shorter lines around are headings and scraps; they say nothing as neighbours.
NEIGHBOUR_MIN_WORDS = 3

# From the five classes to the four functions.
_FUNCTION_OF = [Label.ADVICE if kind is Label.GENERATED_ADVICE else kind for kind in CLASSES]
SUM = np.array([[float(kind == function) for function in FUNCTIONS] for kind in _FUNCTION_OF])


# Columns of the models side by side.
_FUNCTIONS = slice(0, len(CLASSES))
_GENERATED, _ORIGIN = len(CLASSES), len(CLASSES) + 1


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


class Measure:
    """Scores paragraphs by a model. What is measured together makes no difference."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._all = Fast(model.space, model.functions, model.generated, model.origin)
        self.effective = Fast(model.space, model.surroundings.effective(model.functions))

    def of(self, paragraphs: Sequence[Paragraph]) -> Measured:
        """The raw results of paragraphs."""
        space, lines = self._model.space, _Lines(paragraphs)
        alone = space.read_alone(lines.texts)
        bins = space.bins(alone.counts)
        scores = self._all.of_words(alone) + self._all.of_counts(bins) + self._all.intercept
        around, contexts = space.read_around(paragraphs)
        own = scores[lines.own] + self._all.of_words(around)[contexts]
        views = Views(own[:, _FUNCTIONS], *lines.probabilities(scores[:, _FUNCTIONS]))
        return Measured(
            reading=joined((alone, lines.own), (around, contexts)),
            bins=bins[lines.own],
            views=views,
            classes=self._model.surroundings.scores(views),
            generated=own[:, _GENERATED],
            generated_around=lines.mean_around(scores[:, _GENERATED], own[:, _GENERATED]),
            origin=own[:, _ORIGIN],
        )


class _Lines:
    """The distinct lines of a batch: the paragraphs, and what of their neighbours is looked at.

    `own`, `before` and `after` are the places of each paragraph's lines in `texts`, -1 where
    there is none.
    """

    def __init__(self, paragraphs: Sequence[Paragraph]) -> None:
        places: dict[str, int] = {}
        self.own = _placed((paragraph.text for paragraph in paragraphs), places)
        self.before = _placed((neighbour(paragraph.before) for paragraph in paragraphs), places)
        self.after = _placed((neighbour(paragraph.after) for paragraph in paragraphs), places)
        self.texts = list(places)

    def probabilities(self, scores: Matrix) -> tuple[Matrix, Matrix]:
        """Class probabilities of the lines before and after, from the scores of all lines."""
        # One row more, for "no line": place -1 finds it.
        classes = np.vstack([softmax(scores), np.zeros((1, scores.shape[1]))])
        return classes[self.before], classes[self.after]

    def mean_around(
        self, scores: NDArray[np.float64], own: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The mean score of the lines around, or the paragraph's own where there are none."""
        padded = np.append(scores, 0.0)
        total = padded[self.before] + padded[self.after]
        count = (self.before >= 0).astype(np.float64) + (self.after >= 0)
        return np.asarray(np.where(count > 0, total / np.maximum(count, 1), own))


def _placed(lines: Iterable[str | None], places: dict[str, int]) -> NDArray[np.int64]:
    found = (-1 if line is None else places.setdefault(line, len(places)) for line in lines)
    return np.fromiter(found, np.int64)


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
    return np.asarray(times(class_probabilities(calibration, classes), SUM))


def softmax(scores: Matrix) -> Matrix:
    """Each row as probabilities."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
