"""Boosted trees as plain arrays say what scikit-learn says."""

from __future__ import annotations

import numpy as np

from quality.forest import Forest


def test_forests_say_what_sklearn_says():
    """Plain arrays give the margins of the fitted trees, missing values included."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2000, 6)).astype(np.float32)
    rows[rng.random(rows.shape) < 0.1] = np.nan
    label = np.nan_to_num(rows[:, 0]) + np.nan_to_num(rows[:, 1]) > rng.normal(size=2000) / 4
    model = HistGradientBoostingClassifier(max_iter=20, random_state=0).fit(rows, label)
    forest = Forest.from_sklearn(model)
    assert np.allclose(forest.margins(rows), model.decision_function(rows), atol=1e-4)


def test_contributions_add_up_to_the_margin():
    """What the columns add, on top of the mean of all trees, is the margin."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    rows = np.random.default_rng(1).normal(size=(500, 4)).astype(np.float32)
    model = HistGradientBoostingClassifier(max_iter=10, random_state=0)
    forest = Forest.from_sklearn(model.fit(rows, rows[:, 2] > 0))
    start = forest.baseline + forest.value[:, 0].sum()
    assert np.allclose(forest.contributions(rows).sum(1) + start, forest.margins(rows), atol=1e-3)
