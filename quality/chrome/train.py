"""Fit the line model from labelled lines. Only here is scikit-learn needed.

Stage 1 scores of training lines come from models that did not see their host, or stage 2
would learn to trust them too much. Thresholds come from hosts that neither stage saw.

Chrome in extractor output is labelled by comparing, and four of ten of those labels are
gaps in the gold text. A small model of the labels, learnt from the lines that were read,
says how far to believe each; the line counts as both, with these weights.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality.chrome.context import context_names
from quality.chrome.features import TABLE_BITS, Floats, Tokens
from quality.chrome.labelled import (
    CHROME,
    CONTENT,
    LINE_LABELS,
    READ_LINES,
    UNKNOWN,
    LabelledPage,
    Labels,
    read_pages,
    thinned,
)
from quality.chrome.lines import (
    ARRAYS,
    FORMAT,
    META,
    SITUATIONS,
    LineModel,
    Situation,
    Stages,
    Threshold,
    caution_of,
)
from quality.chrome.pages import Bools
from quality.forest import Forest
from quality.modelfiles import sha256, update_manifest

FOLDS = 5
# 200 trees at .08 gain nothing over these at .12 on hosts left out, and cost time.
ROUNDS = 120
# The share of columns a split may choose from. Of 104 columns many say the same: on full pages of
# hosts left out F1 .931 becomes .935 at .5 % lost, and .950 becomes .953 without a limit. In
# extractor output, with a hundredth of the chrome, it orders lines worse (AUC .910 to .900).
FEATURE_SHARE: dict[Situation, float] = {"dense": 0.3, "clean": 1.0}
# The forests whose mean is taken, by how many columns each sees: without and with those on the
# stretch of a line. On full pages of hosts left out one forest without them has F1 .933 at .5 %
# lost and .951 without a limit, the two have .938 and .952; two with all columns .939 and .953,
# but on short pages they are less sure. In extractor output, with stretches of a line or two, the
# columns blur the order of lines (of the chrome .634 to .596 taken at .5 % lost), and a second
# forest adds nothing.
_PLAIN = context_names().index("lines of the stretch")
FORESTS: dict[Situation, tuple[int, ...]] = {
    "dense": (_PLAIN, len(context_names())),
    "clean": (_PLAIN,),
}
# The content-loss budgets the thresholds are chosen for, as shares of content characters: of
# articles, for full pages (what the text of a shop's page or a list is, is less clear, and its
# gold text has more gaps), and of the lines of extractor output that were read. The bars are
# .5 %; with .35 % from hosts left out, articles of dev hosts lost .56 %.
LOSS: dict[Situation, float] = {"dense": 0.003, "clean": 0.005}
# What may be lost by the bars that training reports on.
BAR = 0.005
# So far below that, in log-odds, the threshold is set: the guards of decide.py (sentences,
# headings, long lines, budgets) keep most of what the model alone would lose. Read lines of dev
# hosts, taken and lost: .56 at .03 % with .4, .61 at .03 % with 1, .66 at .12 % with 1.3, where
# the line of a recipe goes from our sample pages.
GUARDED: dict[Situation, float] = {"dense": 0.0, "clean": 1.0}
# How careful each situation is with long lines (`Stages.caution`). On hosts left out, full
# pages reach F1 .911 / .925 / .928 at .5 % lost for 0 / .5 / 1, and .954 / .952 / .947 without
# limit; extractor output takes .44 / .51 / .58 of the chrome at .5 %.
CAUTION: dict[Situation, float] = {"dense": 0.5, "clean": 1.0}
# Weights of lines: read, compared with a whole gold text, compared with one that has gaps.
READ_WEIGHT, SOUND_WEIGHT, DOUBTFUL_WEIGHT = 8.0, 1.0, 0.3
# In stage 1 the lines of the other situation help with words, but must not set the prior.
OTHER_SITUATION_WEIGHT = 0.3

Progress = Callable[[str], None]
Scorer = Callable[[LabelledPage], Floats]


def train_line_model(
    lines_path: Path,
    gold_lines_path: Path,
    out_folder: Path,
    *,
    progress: Progress = print,
    rounds: int = ROUNDS,
) -> dict[str, Any]:
    """Fit both situations on the train hosts, write the model, and return its meta data.

    `rounds` is how many trees stage 2 gets.
    """
    progress("line model: reading labelled lines")
    own_labels = _own_labels()
    pages = read_pages(lines_path, gold_lines_path, own_labels)
    pages = [page for page in pages if page.split == "train"]
    arrays: dict[str, NDArray[Any]] = {}
    meta: dict[str, Any] = {
        "format": FORMAT,
        "table_bits": TABLE_BITS,
        "columns": len(context_names()),
        "caution": CAUTION,
        "thresholds": {},
    }
    for situation in SITUATIONS:
        own = pages_for(situation, pages)
        progress(f"line model, {situation}: {len(own)} pages")
        linears_out_of_fold(own, pages)
        margins = margins_out_of_fold(own, forests_out_of_fold(own, rounds))
        ranking = Ranking.of(own, margins, situation)
        progress(f"line model, {situation}: {ranking.say()}")
        meta["thresholds"][situation] = choose_threshold(ranking, situation)
        progress(f"line model, {situation}: threshold {meta['thresholds'][situation]}")
        arrays |= fit_forest(own, rounds).arrays(situation)
        arrays |= _pack(fit_linear(pages, situation), situation)
    out_folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out_folder / ARRAYS, allow_pickle=False, **arrays)
    text = json.dumps(meta, indent=1) + "\n"
    (out_folder / META).write_text(text, encoding="utf-8")
    sources = [lines_path, gold_lines_path]
    sources += [own_labels / LINE_LABELS, own_labels / READ_LINES] if own_labels else []
    facts = {
        "trained_on": {path.name: sha256(path) for path in sources},
        "hosts": len({page.host for page in pages}),
    }
    update_manifest(out_folder.parent, out_folder.name, facts)
    return meta


def _own_labels() -> Path | None:
    """Our own labels of lines of the training pages, where training runs in a checkout."""
    seeds = Path(__file__).parents[2] / "seeds"
    return seeds if (seeds / LINE_LABELS).is_file() else None


def pages_for(situation: Situation, pages: Sequence[LabelledPage]) -> list[LabelledPage]:
    """The pages of a situation; to clean text belong full pages thinned to nearly clean ones."""
    own = [page for page in pages if page.situation == situation]
    if situation == "clean":
        rng = np.random.default_rng(0)
        tokens = Tokens()
        full = [page for page in pages if page.situation == "dense" and page.sound]
        own += [thinned(page, rng, tokens) for page in full if (page.compared == CONTENT).sum() > 2]
    return own


def fold(host: str) -> int:
    """The fold of a host, the same in every run."""
    return zlib.crc32(host.encode()) % FOLDS


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
    return np.where(page.read == UNKNOWN, compared, READ_WEIGHT).astype(np.float32)


# -- stage 2


def forests_out_of_fold(own: Sequence[LabelledPage], rounds: int = ROUNDS) -> list[Forest]:
    """Stage 2 over all pages of `own` but each fold's; they have been looked at."""
    return [
        fit_forest([page for page in own if fold(page.host) != number], rounds)
        for number in range(FOLDS)
    ]


def margins_out_of_fold(own: Sequence[LabelledPage], forests: Sequence[Forest]) -> list[Floats]:
    """Stage 2 log-odds of each page of `own`, from the fold without its host."""
    return [forests[fold(page.host)].margins(page.rows) for page in own]


def models_out_of_fold(
    pages: Sequence[LabelledPage],
    thresholds: Mapping[Situation, Threshold],
    *,
    rounds: int = ROUNDS,
    progress: Progress = print,
) -> list[LineModel]:
    """For each fold the line model that was fitted without its hosts, to measure on them."""
    stages: list[dict[Situation, Stages]] = [{} for _ in range(FOLDS)]
    for situation in SITUATIONS:
        own = pages_for(situation, pages)
        progress(f"line model, {situation}: {FOLDS} folds of {len(own)} pages")
        linears = linears_out_of_fold(own, pages)
        forests = forests_out_of_fold(own, rounds)
        for of_fold, linear, forest in zip(stages, linears, forests, strict=True):
            of_fold[situation] = Stages(linear.table, linear.bias, forest, CAUTION[situation])
    return [LineModel(of_fold, thresholds) for of_fold in stages]


def fit_forest(own: Sequence[LabelledPage], rounds: int = ROUNDS) -> Forest:
    """Stage 2: boosted trees over the rows of `in_context`."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    situation = own[0].situation
    believe = fit_label_model(own) if situation == "clean" else None
    parts = [_weighed(page, believe) for page in own]
    rows, label, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    forests = []
    for seed, columns in enumerate(FORESTS[situation]):
        model = HistGradientBoostingClassifier(
            max_iter=rounds,
            learning_rate=0.12,
            max_leaf_nodes=31,
            min_samples_leaf=60,
            l2_regularization=1.0,
            max_features=FEATURE_SHARE[situation],
            random_state=seed,
        )
        model.fit(rows[:, :columns], label, sample_weight=weight)
        forests.append(Forest.from_sklearn(model))
    return Forest.mean(forests)


def _weighed(page: LabelledPage, believe: Scorer | None) -> tuple[Floats, Labels, Floats]:
    """Rows, labels and weights of a page; doubtful lines stand in it as both labels."""
    label, weight = page.label, weights(page)
    known = np.flatnonzero(label != UNKNOWN)
    if believe is None:
        return page.rows[known], label[known], weight[known]
    # Content is plenty in clean text: a third of what was only compared, at thrice the weight.
    easy = (label == CONTENT) & (page.read == UNKNOWN)
    dropped = easy & (np.arange(len(label)) % 3 != zlib.crc32(page.page.encode()) % 3)
    known = np.flatnonzero((label != UNKNOWN) & ~dropped)
    weight = np.where(easy, 3 * weight, weight).astype(np.float32)
    rows = page.rows[known]
    if page.thinned:
        return rows, label[known], weight[known]
    doubtful = _is_doubtful(page)[known]
    chance = np.where(doubtful, believe(page)[known], 1.0).astype(np.float32)
    as_said = np.where(doubtful, chance, weight[known])
    return (
        np.concatenate([rows, rows[doubtful]]),
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
        read = (page.compared == CHROME) & (page.read != UNKNOWN) & (not page.thinned)
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


@dataclass(frozen=True, slots=True)
class Ranking:
    """Lines of hosts left out, surest chrome first; what taking all down to each would mean."""

    score: Floats
    loss: NDArray[np.float64]
    """Share of the content characters that are lost."""
    taken: NDArray[np.float64]
    """Share of the chrome lines that are taken."""
    f1: NDArray[np.float64]

    @classmethod
    def of(
        cls, own: Sequence[LabelledPage], margins: Sequence[Floats], situation: Situation
    ) -> Ranking:
        """The lines that losses are counted on, by their margins with caution."""
        columns: list[tuple[Floats, Floats, Labels]] = []
        for page, margin in zip(own, margins, strict=True):
            known = _can_be_lost(page)
            cautious = margin - caution_of(page.lines, CAUTION[situation])
            columns.append((cautious[known], page.chars[known], page.label[known]))
        score, chars, label = (np.concatenate(column) for column in zip(*columns, strict=True))
        order = np.argsort(-score, kind="stable")
        lost = np.cumsum(np.where(label == CONTENT, chars, 0)[order], dtype=np.float64)
        right = np.cumsum(label[order] == CHROME)
        count = np.arange(1, len(order) + 1)
        return cls(
            score=score[order],
            loss=lost / lost[-1],
            taken=right / right[-1],
            f1=2 * right / (count + right[-1]),
        )

    def last_within(self, budget: float) -> int:
        """The last line to take for this loss, or the first of all."""
        return max(int(np.searchsorted(self.loss, budget, side="right")) - 1, 0)

    def say(self) -> str:
        """Figures at the bar's loss of content, and the best F1 without one."""
        bar = self.last_within(BAR)
        return (
            f"on hosts left out, by its order alone, {self.taken[bar]:.3f} of the chrome taken and "
            f"F1 {self.f1[: bar + 1].max():.3f} at {BAR:.1%} of the content lost, "
            f"F1 {self.f1.max():.3f} without limit"
        )


def choose_threshold(ranking: Ranking, situation: Situation) -> dict[str, float]:
    """The lowest threshold that keeps the content lost within the budget, on unseen hosts."""
    budget = LOSS[situation]
    base = float(ranking.score[ranking.last_within(budget)])
    return {"base": round(base - GUARDED[situation], 4), "content_loss": budget}


def _can_be_lost(page: LabelledPage) -> Bools:
    """The lines to count losses on: in extractor output those that were read, without headings.

    Comparing calls content chrome there too often to count anything.
    """
    is_measure = page.sound and page.page_type == "article"
    counts: Bools = np.logical_and(page.compared != UNKNOWN, is_measure)
    if page.situation == "clean":
        counts = np.logical_and(np.isin(page.read, (CONTENT, CHROME)), ~page.picked)
    return counts


def _pack(linear: Linear, situation: Situation) -> dict[str, NDArray[Any]]:
    """Stage 1 as bytes: 256 steps of weight change no decision and make the file small."""
    scale = float(np.abs(linear.table).max()) / 127 or 1.0
    return {
        f"{situation}_table": np.round(linear.table / scale).astype(np.int8),
        f"{situation}_scale": np.array([scale, linear.bias], np.float64),
    }
