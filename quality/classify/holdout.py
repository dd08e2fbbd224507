"""What a model says of rows whose sources it has not seen: the ground for every choice after.

Five folds by source; and because labels slip, a measure of how far each is to be believed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quality.classify.fitting import class_numbers, fit_model
from quality.classify.labels import CLASSES
from quality.classify.learn import FOLDS, fit_surroundings, folds_by_source
from quality.classify.meaning import WordVectors
from quality.classify.measure import Measure, softmax
from quality.classify.model import Matrix, Surroundings, Views
from quality.classify.rows import Row

# Below so many rows a fold holds too few of a class to learn anything.
LEAST_ROWS = 200


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What weights that did not see a row's source say of it, row by row."""

    views: Views
    generated: NDArray[np.float64]
    generated_around: NDArray[np.float64]
    folds: NDArray[np.int64]

    @classmethod
    def blank(cls, folds: NDArray[np.int64]) -> HeldOut:
        """Zeros, to be filled fold by fold."""
        size = (len(folds), len(CLASSES))
        views = Views(np.zeros(size), np.zeros(size), np.zeros(size))
        return cls(views, np.zeros(len(folds)), np.zeros(len(folds)), folds)


def hold_out(
    rows: Sequence[Row],
    weights: NDArray[np.float64],
    meaning: WordVectors | None,
    progress: Callable[[int], None],
) -> HeldOut:
    """What models say of each fold that were fitted on the others."""
    fold_of = folds_by_source([row.source for row in rows])
    found = HeldOut.blank(fold_of)
    for fold in range(FOLDS):
        progress(fold)
        outside, inside = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        learnt = [rows[number] for number in outside.tolist()]
        measure = Measure(fit_model(learnt, weights[outside], meaning))
        measured = measure.of([rows[number].paragraph for number in inside.tolist()])
        for blank, filled in zip(found.views, measured.views, strict=True):
            blank[inside] = filled
        found.generated[inside] = measured.generated
        found.generated_around[inside] = measured.generated_around
    return found


def web_rows(rows: Sequence[Row]) -> NDArray[np.bool_]:
    """Rows like those that will be scored: of web pages, where there are enough."""
    return _enough(np.array([row.is_web for row in rows]))


def fair_sample(rows: Sequence[Row]) -> NDArray[np.bool_]:
    """Those of them that are a fair sample, as shares and thresholds need it."""
    return _enough(np.array([row.is_web and row.drawn for row in rows]))


def _enough(chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return chosen if chosen.sum() >= LEAST_ROWS else np.ones(len(chosen), dtype=bool)


def weigh_surroundings(
    held_out: HeldOut, classes: NDArray[np.int64], web: NDArray[np.bool_]
) -> tuple[Surroundings, Matrix]:
    """How to weigh the lines around, and held-out class scores of all rows by such weights."""
    views = held_out.views
    scores = np.zeros_like(views.own)
    for fold in range(FOLDS):
        inside = held_out.folds == fold
        learnt = web & ~inside
        fitted = fit_surroundings(views.take(learnt), classes[learnt])
        scores[inside] = fitted.scores(views.take(inside))
    return fit_surroundings(views.take(web), classes[web]), scores


def trust(rows: Sequence[Row], held_out: HeldOut) -> NDArray[np.float64]:
    """How far each label is believed: less where weights that never saw it think it unlikely.

    Readers slip, and borders are soft: with one reader against another four functions agree
    to a macro-F1 of .77 only. Against equal weights: macro-F1 of the dev split's web pages
    .788 to .797, without other .872 to .880.
    """
    classes = class_numbers(rows)
    _, scores = weigh_surroundings(held_out, classes, web_rows(rows))
    given = softmax(scores)[np.arange(len(rows)), classes]
    return np.asarray(np.clip(0.4 + 1.5 * given, 0.0, 1.2))
