"""A model's weights from labelled rows; what is chosen on held-out rows comes after.

Calibration and thresholds of a model fitted here are placeholders (calibrating.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from quality.classify.fit import FittedSpace, fit_space
from quality.classify.labels import CLASSES, Label, Paragraph
from quality.classify.learn import FUNCTION_C, GENERATED_C, ORIGIN_C, fit_linear
from quality.classify.meaning import WordVectors
from quality.classify.model import (
    Calibration,
    Linear,
    Mixture,
    Model,
    Surroundings,
    Thresholds,
)
from quality.classify.rows import OriginRow, Row

GENERATED = CLASSES.index(Label.GENERATED_ADVICE)
HONEST = CLASSES.index(Label.ADVICE)
ADVICE_KINDS = (GENERATED, HONEST)
# Under five words even two careful readers go by the lines around.
MIN_WORDS = 5
# Prose has 2 to 15 % words outside the vocabulary; beyond this it is lists of names, code.
MAX_RARE = 0.5
# Essays by learners are for measuring false alarms, never for learning (data/README).
MEASURE_ONLY = frozenset({"toefl", "hewlett"})
# Rows of one source and origin that the origin score learns from.
MOST_ORIGIN = 400


def class_numbers(rows: Sequence[Row]) -> NDArray[np.int64]:
    """The place of each row's label in CLASSES."""
    return np.array([CLASSES.index(row.label) for row in rows], dtype=np.int64)


def row_weights(rows: Sequence[Row]) -> NDArray[np.float64]:
    """How much each row counts: gold web pages most, seeds least, doubtful labels less.

    On held-out web hosts seeds at full weight cost .01 macro-F1 of three functions, at .2
    they cost nothing and help telling generated from honest advice (AUC .941 to .942, on
    dev .907 to .918). Lines chosen for being hard and read once count half as much as gold
    rows: held-out macro-F1 .751 to .756, without other .875 to .870, AUC .963 to .965.
    """
    seed = 0.2 if any(row.kind != "seed" for row in rows) else 1.0
    return np.array([_kind_weight(row, seed) * _label_weight(row) for row in rows])


def _kind_weight(row: Row, seed: float) -> float:
    if row.kind == "seed":
        return seed
    if not row.is_web:
        return 0.8
    return 1.5 if row.drawn else 0.75


def _label_weight(row: Row) -> float:
    if row.confidence == 1:
        return 0.6 if row.drawn else 0.4
    return 1.2 if row.confidence == 3 else 1.0


def fit_model(
    rows: Sequence[Row],
    weights: NDArray[np.float64],
    meaning: WordVectors | None,
    origin: Sequence[OriginRow] = (),
) -> Model:
    """Weights of functions, of generated against honest advice, and of the origin."""
    paragraphs = [row.paragraph for row in rows]
    fitted = fit_space(paragraphs, [row.source for row in rows], meaning)
    space = fitted.space
    matrix = space.matrix(space.read(paragraphs))
    classes = class_numbers(rows)
    functions = fit_linear(fitted, matrix, classes, weights, FUNCTION_C)
    advice = np.isin(classes, ADVICE_KINDS)
    machine = (classes == GENERATED).astype(np.int64)
    generated = fit_linear(fitted, matrix[advice], machine[advice], weights[advice], GENERATED_C)
    return Model(
        space=space,
        functions=functions,
        generated=generated,
        origin=_fit_origin(fitted, origin) if origin else _silent(generated),
        surroundings=Surroundings.none(),
        calibration=Calibration(1.0, (0.0,) * len(CLASSES)),
        mixture=Mixture.plain(),
        thresholds=Thresholds(0.0, 0.5, MAX_RARE, MIN_WORDS),
    )


def _fit_origin(fitted: FittedSpace, origin: Sequence[OriginRow]) -> Linear:
    space, rows = fitted.space, _some_of_each(origin)
    matrix = space.matrix(space.read([Paragraph(row.text) for row in rows]))
    machine = np.array([row.machine for row in rows], dtype=np.int64)
    counts = Counter((row.source, row.machine) for row in rows)
    weights = np.array([1.0 / counts[row.source, row.machine] for row in rows])
    return fit_linear(fitted, matrix, machine, weights * len(rows) / weights.sum(), ORIGIN_C)


def _some_of_each(origin: Sequence[OriginRow]) -> list[OriginRow]:
    """The first rows of each source and origin: enough for evidence with that little weight."""
    taken: Counter[tuple[str, bool]] = Counter()
    kept = []
    for row in origin:
        taken[row.source, row.machine] += 1
        if row.source not in MEASURE_ONLY and taken[row.source, row.machine] <= MOST_ORIGIN:
            kept.append(row)
    return kept


def _silent(like: Linear) -> Linear:
    return Linear(like.words * 0, like.steps * 0, like.intercept * 0)
