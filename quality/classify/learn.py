"""The numerical part of training: weights, folds by source, calibration, thresholds.

scikit-learn is imported inside functions: labelling must start without it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize

from quality.classify.fit import FittedSpace
from quality.classify.model import Linear, Matrix, Surroundings, Views

# Strength of the weights' penalty, chosen on 5 folds over training hosts.
FUNCTION_C = 3.0
GENERATED_C = 3.0
ORIGIN_C = 0.3
FOLDS = 5


def fit_linear(
    fitted: FittedSpace,
    matrix: sparse.csr_array,
    classes: NDArray[np.int64],
    weights: NDArray[np.float64],
    strength: float,
) -> Linear:
    """Multinomial (or, for two classes, binary) logistic regression as plain weights.

    Words by meaning are fitted through their vectors; each word's weight follows from its
    vector, so words without a label get one too.
    """
    from sklearn.linear_model import LogisticRegression

    space, vectors = fitted.space, fitted.vectors
    first, last = space.meant[0].start, len(space.keys)
    meant = [sparse.csr_array(matrix[:, part] @ vectors) for part in space.meant if last > first]
    model = LogisticRegression(C=strength, max_iter=400, tol=1e-3)
    columns = sparse.hstack([matrix[:, :first], matrix[:, last:], *meant])
    model.fit(sparse.csr_array(columns), classes, sample_weight=weights)
    words, steps, *by_vector = np.split(
        model.coef_, _ends(first, space.step_count, *[vectors.shape[1]] * len(meant)), axis=1
    )
    by_word = [some @ vectors.T for some in by_vector]
    return Linear.of(space, np.hstack([words, *by_word, steps]), model.intercept_)


def _ends(*sizes: int) -> list[int]:
    """Where parts of these sizes end, but for the last."""
    return [int(end) for end in np.cumsum(sizes[:-1])]


def folds_by_source(sources: Sequence[str], folds: int = FOLDS) -> NDArray[np.int64]:
    """A fold number for each row; all rows of a source share one, sizes are even.

    Sources go by size, then name, to the fold that is smallest so far: no chance in it.
    """
    names, inverse, counts = np.unique(np.asarray(sources), return_inverse=True, return_counts=True)
    sizes = np.zeros(folds)
    fold_of = np.zeros(len(names), dtype=np.int64)
    for number in np.lexsort((names, -counts)):
        fold_of[number] = int(sizes.argmin())
        sizes[fold_of[number]] += counts[number]
    return fold_of[inverse]


def fit_surroundings(views: Views, classes: NDArray[np.int64]) -> Surroundings:
    """How own scores and those of the lines around are best weighed, on held-out scores."""
    from sklearn.linear_model import LogisticRegression

    own, before, after = views
    size = own.shape[1]
    centre = np.eye(size) - 1.0 / size
    sides = [before.sum(axis=1, keepdims=True), after.sum(axis=1, keepdims=True)]
    fitted = LogisticRegression(C=1.0, max_iter=1000)
    fitted.fit(np.hstack([own @ centre, before, after, *sides]), classes)
    weights = fitted.coef_.T
    return Surroundings(
        own=centre @ weights[:size],
        before=weights[size : 2 * size],
        after=weights[2 * size : 3 * size],
        shifts=np.vstack([fitted.intercept_, weights[3 * size :]]),
    )


def calibrate(
    scores: Matrix, classes: NDArray[np.int64], weights: NDArray[np.float64]
) -> tuple[float, tuple[float, ...]]:
    """Temperature and class shifts with the least log loss on held-out scores."""
    rows = np.arange(len(classes))

    def loss(parameters: NDArray[np.float64]) -> float:
        scaled = scores / np.exp(parameters[0]) + parameters[1:]
        top = scaled.max(axis=1)
        total = top + np.log(np.exp(scaled - top[:, None]).sum(axis=1))
        # A whisker of ridge: shifts are only known up to a constant.
        ridge = 1e-3 * float(parameters @ parameters)
        return float(np.average(total - scaled[rows, classes], weights=weights)) + ridge

    best = minimize(loss, np.zeros(scores.shape[1] + 1), method="L-BFGS-B").x
    return round(float(np.exp(best[0])), 6), tuple(round(float(shift), 6) for shift in best[1:])


def logistic(
    evidence: Matrix, truth: NDArray[np.bool_], weights: NDArray[np.float64]
) -> tuple[float, ...]:
    """Weights and shift of a small logistic regression over a few columns of evidence."""

    def loss(parameters: NDArray[np.float64]) -> float:
        logit = evidence @ parameters[:-1] + parameters[-1]
        signed = np.where(truth, -logit, logit)
        ridge = 1e-3 * float(parameters[:-1] @ parameters[:-1])
        return float(np.average(np.logaddexp(0.0, signed), weights=weights)) + ridge

    best = minimize(loss, np.zeros(evidence.shape[1] + 1), method="L-BFGS-B").x
    return tuple(round(float(value), 6) for value in best)


def confidence_for(confidence: NDArray[np.float64], coverage: float) -> float:
    """The confidence that just that share of paragraphs reaches."""
    return round(float(np.quantile(confidence, 1.0 - coverage)), 4)


def generated_for(honest: NDArray[np.float64], false_alarms: float, least: float) -> float:
    """The generated evidence that only that share of honest advice reaches, at least `least`."""
    return round(max(least, float(np.quantile(honest, 1.0 - false_alarms))), 4)
