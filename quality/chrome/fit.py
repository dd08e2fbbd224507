"""Fit the two stages of the line model on pages of labelled lines, with scikit-learn.

Stage 1 scores of training lines come from models that did not see their host, or stage 2
would learn to trust them too much.

Chrome in extractor output is labelled by comparing, and four of ten of those labels are
gaps in the gold text. A small model of the labels, learnt from the lines that were read,
says how far to believe each; the line counts as both, with these weights.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from quality.chrome.context import context_names
from quality.chrome.features import TABLE_BITS, Floats, Ints, Tokens
from quality.chrome.labelled import (
    CHROME,
    CONTENT,
    FOLDS,
    UNKNOWN,
    WRITTEN,
    LabelledPage,
    Labels,
    fold,
)
from quality.chrome.lines import Situation
from quality.chrome.made import Post, furnished, thinned
from quality.chrome.pages import Bools
from quality.chrome.readers import Readers
from quality.forest import Forest
from quality.network import Network, scaled, windows

# 200 trees at .08 gain nothing over these at .12 on hosts left out, and cost time.
ROUNDS = 120
# The share of columns a split may choose from. Of 104 columns many say the same: on full pages of
# hosts left out F1 .931 becomes .935 at .5 % lost, and .950 becomes .953 without a limit. In
# extractor output, with a hundredth of the chrome, it orders lines worse (AUC .910 to .900).
FEATURE_SHARE: dict[Situation, float] = {"dense": 0.3, "clean": 1.0}
# The columns the trees see. In extractor output, with stretches of a line or two, those on the
# stretch of a line blur their order (of the chrome .634 to .596 taken at .5 % lost).
TREE_COLUMNS: dict[Situation, int] = {
    "dense": len(context_names()),
    "clean": context_names().index("lines of the stretch"),
}
# The networks: so many lines before and after a line are read with it (without any, in extractor
# output, AUC .939 for .946), by so many hidden units, each network from another start. They are
# stopped early and held small: after 12 rounds, or with a second layer, and hardly any decay,
# they have learnt the gaps of the gold texts (full pages, F1 .917 and .896 at .5 % lost, for
# .934).
REACH = 2
HIDDEN = 64
EPOCHS = 4
DECAY = 3.0
STARTS = (0, 1)
# Weights of lines: read, compared with a whole gold text, compared with one that has gaps.
READ_WEIGHT, SOUND_WEIGHT, DOUBTFUL_WEIGHT = 8.0, 1.0, 0.3
# Of pages that we wrote, which are few, and the only ones in other languages than English. With 8
# articles of dev hosts lose .005 of F1 at .5 % lost, with 2 nothing; but of train hosts left out,
# .938 without these pages, .930 remain.
WRITTEN_WEIGHT = 2.0
# How often such a page is thinned to clean text, each time to another rest of its furniture.
WRITTEN_DRAWS = 4
# In stage 1 the lines of the other situation help with words, but must not set the prior.
OTHER_SITUATION_WEIGHT = 0.3

Scorer = Callable[[LabelledPage], Floats]


def taught_in(
    situation: Situation, pages: Sequence[LabelledPage], posts: Sequence[Post]
) -> list[LabelledPage]:
    """All that a situation learns words from: its posts with them, if it is clean text."""
    return [*pages, *furnished(posts, pages)] if situation == "clean" else list(pages)


def pages_for(situation: Situation, pages: Sequence[LabelledPage]) -> list[LabelledPage]:
    """The pages of a situation; to clean text belong full pages thinned to nearly clean ones."""
    own = [page for page in pages if page.situation == situation]
    if situation == "clean":
        rng = np.random.default_rng(0)
        tokens = Tokens()
        for page in pages:
            has_text = page.sound and (page.compared == CONTENT).sum() > 2
            if page.situation == "dense" and has_text:
                draws = WRITTEN_DRAWS if page.page_type == WRITTEN else 1
                own += [thinned(page, rng, tokens) for _ in range(draws)]
    return own


# -- stage 1


@dataclass(frozen=True, slots=True)
class Linear:
    """Stage 1 as fitted."""

    table: Floats
    bias: float

    def scores(self, page: LabelledPage) -> Floats:
        """Stage 1 log-odds of a page's lines."""
        counts = np.maximum(np.diff(page.hashed.starts), 1)
        sums = np.add.reduceat(self.table.take(page.hashed.columns), page.hashed.starts[:-1])
        return np.asarray(sums / np.sqrt(counts) + self.bias, np.float32)


def linears_out_of_fold(own: Sequence[LabelledPage], pages: Sequence[LabelledPage]) -> list[Linear]:
    """Stage 1 over all `pages` but each fold's; each page of `own` gets scores from its fold's."""
    found = []
    for number in range(FOLDS):
        linear = fit_linear([page for page in pages if fold(page.host) != number], own[0].situation)
        for page in own:
            if fold(page.host) == number:
                page.look(linear.scores(page))
        found.append(linear)
    return found


def fit_linear(pages: Sequence[LabelledPage], situation: Situation) -> Linear:
    """Stage 1: logistic regression over hashed features."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import SGDClassifier

    counts = np.concatenate([np.diff(page.hashed.starts) for page in pages])
    columns = np.concatenate([page.hashed.columns for page in pages])
    values = np.repeat(1 / np.sqrt(np.maximum(counts, 1)), counts)
    starts = np.concatenate([[0], np.cumsum(counts)])
    matrix = csr_matrix((values, columns, starts), shape=(len(counts), 1 << TABLE_BITS))
    label = np.concatenate([page.label for page in pages])
    weight = np.concatenate(
        [
            weights(page) * (1.0 if page.situation == situation else OTHER_SITUATION_WEIGHT)
            for page in pages
        ]
    )
    known = label != UNKNOWN
    model = SGDClassifier(
        loss="log_loss", alpha=1e-6, max_iter=12, tol=None, average=True, random_state=0
    )
    model.fit(matrix[known], label[known], sample_weight=weight[known])
    return Linear(model.coef_[0].astype(np.float32), float(model.intercept_[0]))


def weights(page: LabelledPage) -> Floats:
    """How much each line of a page counts."""
    compared = SOUND_WEIGHT if page.sound else DOUBTFUL_WEIGHT
    read = WRITTEN_WEIGHT if page.page_type == WRITTEN else READ_WEIGHT
    return np.where(page.read == UNKNOWN, compared, read).astype(np.float32)


# -- stage 2


class Taught(NamedTuple):
    """What a page teaches: line numbers, each with a label and how much it counts."""

    lines: Ints
    label: Labels
    weight: Floats


def readers_out_of_fold(own: Sequence[LabelledPage], rounds: int = ROUNDS) -> list[Readers]:
    """Stage 2 over all pages of `own` but each fold's; they have been looked at."""
    return [
        fit_readers([page for page in own if fold(page.host) != number], rounds)
        for number in range(FOLDS)
    ]


def margins_out_of_fold(own: Sequence[LabelledPage], readers: Sequence[Readers]) -> list[Floats]:
    """Stage 2 log-odds of each page of `own`, from the fold without its host."""
    return [readers[fold(page.host)].margins(page.rows, [len(page.rows)]) for page in own]


def fit_readers(own: Sequence[LabelledPage], rounds: int = ROUNDS) -> Readers:
    """Stage 2: boosted trees and networks over the rows of `in_context`."""
    situation = own[0].situation
    believe = fit_label_model(own) if situation == "clean" else None
    taught = [_taught(page, believe) for page in own]
    return Readers(_fit_forest(own, taught, situation, rounds), _fit_network(own, taught))


def _fit_forest(
    own: Sequence[LabelledPage], taught: Sequence[Taught], situation: Situation, rounds: int
) -> Forest:
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=rounds,
        learning_rate=0.12,
        max_leaf_nodes=31,
        min_samples_leaf=60,
        l2_regularization=1.0,
        max_features=FEATURE_SHARE[situation],
        random_state=0,
    )
    rows = [page.rows[part.lines] for page, part in zip(own, taught, strict=True)]
    label, weight = _joined(taught)
    columns = TREE_COLUMNS[situation]
    model.fit(np.concatenate(rows)[:, :columns], label, sample_weight=weight)
    return Forest.from_sklearn(model)


def _fit_network(own: Sequence[LabelledPage], taught: Sequence[Taught]) -> Network:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    rows = np.concatenate([page.rows for page in own]).astype(np.float64)
    mean = np.nanmean(rows, 0).astype(np.float32)
    spread = np.maximum(np.nanstd(rows, 0), 1e-6).astype(np.float32)
    seen = []
    for page, part in zip(own, taught, strict=True):
        chunks = windows(scaled(page.rows, mean, spread), [len(page.rows)], REACH)
        seen.append(np.concatenate([chunk for _, chunk in chunks])[part.lines])
    inputs = np.concatenate(seen)
    label, weight = _joined(taught)
    models = []
    for start in STARTS:
        model = MLPClassifier(
            hidden_layer_sizes=(HIDDEN,),
            alpha=DECAY,
            max_iter=EPOCHS,
            batch_size=min(512, len(inputs)),
            random_state=start,
        )
        with warnings.catch_warnings():
            # That it is stopped early is meant.
            warnings.simplefilter("ignore", ConvergenceWarning)
            models.append(model.fit(inputs, label, sample_weight=weight))
    return Network.from_sklearn(models, mean, spread)


def _joined(taught: Sequence[Taught]) -> tuple[Labels, Floats]:
    label = np.concatenate([part.label for part in taught])
    return label, np.concatenate([part.weight for part in taught])


def _taught(page: LabelledPage, believe: Scorer | None) -> Taught:
    """Lines of known label; doubtful lines are taught as both, by how far each is believed."""
    label, weight = page.label, weights(page)
    known = np.flatnonzero(label != UNKNOWN)
    if believe is None:
        return Taught(known, label[known], weight[known])
    # Content is plenty in clean text: a third of what was only compared, at thrice the weight.
    easy = (label == CONTENT) & (page.read == UNKNOWN)
    dropped = easy & (np.arange(len(label)) % 3 != zlib.crc32(page.page.encode()) % 3)
    known = np.flatnonzero((label != UNKNOWN) & ~dropped)
    weight = np.where(easy, 3 * weight, weight).astype(np.float32)
    if page.made:
        return Taught(known, label[known], weight[known])
    doubtful = _is_doubtful(page)[known]
    chance = np.where(doubtful, believe(page)[known], 1.0).astype(np.float32)
    as_said = np.where(doubtful, chance, weight[known])
    return Taught(
        np.concatenate([known, known[doubtful]]),
        np.concatenate([label[known], np.zeros(doubtful.sum(), np.int8)]),
        np.concatenate([as_said, 1 - chance[doubtful]]).astype(np.float32),
    )


def _is_doubtful(page: LabelledPage) -> Bools:
    doubtful: Bools = np.logical_and(page.compared == CHROME, page.read == UNKNOWN)
    return doubtful


def fit_label_model(own: Sequence[LabelledPage]) -> Scorer:
    """How likely a line that comparing calls chrome is chrome by reading."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    rows, label = [], []
    for page in own:
        read = (page.compared == CHROME) & (page.read != UNKNOWN) & (not page.made)
        if read.any():
            rows.append(_label_rows(page)[read])
            label.append(page.read[read] == CHROME)
    model = HistGradientBoostingClassifier(
        max_iter=60,
        learning_rate=0.08,
        max_leaf_nodes=6,
        min_samples_leaf=15,
        l2_regularization=3.0,
        random_state=0,
    )
    model.fit(np.concatenate(rows), np.concatenate(label))
    return lambda page: np.asarray(model.predict_proba(_label_rows(page))[:, 1], np.float32)


def _label_rows(page: LabelledPage) -> Floats:
    """What tells a gap in a gold text: long runs called chrome, pages full of it, prose."""
    called = (page.compared == CHROME).astype(np.float32)
    sums = np.concatenate([[0], np.cumsum(called)])
    place = np.arange(len(called))
    columns = [
        np.full(len(called), called.mean()),
        np.full(len(called), np.average(called, weights=page.chars)),
        np.full(len(called), float(page.sound)),
    ]
    for width in (1, 2, 5, 10):
        begin, end = (
            np.maximum(place - width, 0),
            np.minimum(place + width + 1, len(called)),
        )
        columns += [sums[place] - sums[begin], sums[end] - sums[place + 1]]
    return np.concatenate([np.stack(columns, 1), page.rows[:, :LABEL_COLUMNS]], 1).astype(
        np.float32
    )


# The columns of `in_context` up to the direct neighbours: enough for a model of 800 lines.
LABEL_COLUMNS = 29
