"""The plain way to a line model, as a yardstick: it says how hard a set of pages is.

Character n-grams into a linear model, whose scores go with length and place of a line and its
neighbours into boosted trees. That is the baseline the bars for full pages were set from (F1 .86
at .5 % of the content lost, .944 without a limit, on pages kept elsewhere), built anew from its
description; on which pages it does better or worse than that, so do the bars.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality.chrome.labelled import CHROME, FOLDS, UNKNOWN, LabelledPage, fold

Rows = NDArray[np.float64]
Scorer = Callable[[LabelledPage], Rows]

NEIGHBOURS = 4
WINDOWS = (5, 10, 20)
FEATURES = 1 << 20


def fit_baseline(pages: Sequence[LabelledPage], outside: Sequence[LabelledPage]) -> dict[str, Rows]:
    """Log-odds of chrome of the lines of each page, by page.

    `pages` are scored by folds without their hosts, `outside` (of other hosts) by all of them.
    """
    from scipy.sparse import vstack
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import SGDClassifier

    cut = HashingVectorizer(
        analyzer="char_wb", ngram_range=(2, 5), n_features=FEATURES, lowercase=False
    )
    grams = {page.page: cut.transform(page.lines) for page in [*pages, *outside]}

    def linear(own: Sequence[LabelledPage]) -> Scorer:
        label = np.concatenate([page.compared for page in own])
        known = label != UNKNOWN
        model = SGDClassifier(
            loss="log_loss", alpha=1e-6, max_iter=15, tol=None, average=True, random_state=0
        )
        rows = vstack([grams[page.page] for page in own]).tocsr()
        model.fit(rows[known], label[known] == CHROME)
        return lambda page: np.asarray(model.decision_function(grams[page.page]), np.float64)

    first = _left_out(pages, outside, linear)
    rows = {page.page: _in_context(first[page.page], page) for page in [*pages, *outside]}

    def boosted(own: Sequence[LabelledPage]) -> Scorer:
        label = np.concatenate([page.compared for page in own])
        known = label != UNKNOWN
        model: Any = HistGradientBoostingClassifier(max_iter=200, learning_rate=0.1, random_state=0)
        model.fit(np.concatenate([rows[page.page] for page in own])[known], label[known] == CHROME)
        return lambda page: np.asarray(model.decision_function(rows[page.page]), np.float64)

    return _left_out(pages, outside, boosted)


def _left_out(
    pages: Sequence[LabelledPage],
    outside: Sequence[LabelledPage],
    fit: Callable[[Sequence[LabelledPage]], Scorer],
) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    for number in range(FOLDS):
        score = fit([page for page in pages if fold(page.host) != number])
        found |= {page.page: score(page) for page in pages if fold(page.host) == number}
    score = fit(pages)
    return found | {page.page: score(page) for page in outside}


def _in_context(scores: Rows, page: LabelledPage) -> Rows:
    """Scores and lengths of a line and its neighbours, their means around it, and its place."""
    count = len(scores)
    place = np.arange(count)
    length = np.log1p(page.chars.astype(np.float64))
    columns: list[Rows] = []
    for values in (scores, length):
        padded = np.pad(values, NEIGHBOURS, constant_values=np.nan)
        columns += [padded[step : step + count] for step in range(2 * NEIGHBOURS + 1)]
        sums = np.concatenate([[0.0], np.cumsum(values)])
        for width in WINDOWS:
            begin, end = np.maximum(place - width, 0), np.minimum(place + width + 1, count)
            columns.append((sums[end] - sums[begin]) / (end - begin))
        columns.append(np.full(count, values.mean()))
    columns += [place / count, np.minimum(place, 200), np.minimum(count - place, 200)]
    columns.append(np.full(count, count))
    columns.append(np.array([line.rstrip()[-1:] in ".!?" for line in page.lines]))
    return np.stack(columns, 1).astype(np.float64)
