"""Fit the line model from labelled lines. Only here is scikit-learn needed.

Stage 1 scores of training lines come from models that did not see their host, or stage 2
would learn to trust them too much. Thresholds come from hosts that neither stage saw.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality.chrome.features import (
    TABLE_BITS,
    Floats,
    Hashed,
    Tokens,
    bare,
    hash_lines,
    in_context,
    measure_lines,
)
from quality.chrome.lines import ARRAYS, FORMAT, META, SITUATIONS, Situation, list_marks
from quality.chrome.trees import Forest
from quality.modelfiles import update_manifest

FOLDS = 5
# The content-loss budgets the thresholds are chosen for, as shares of content characters.
LOSS = {"dense": 0.005, "clean": 0.005}
# Clean text is mostly content: losing a long line costs more, so weigh by the whole length;
# on dense pages that throws away too many lines for the same loss (benchmarks/chrome.py).
PER_LOG_CHAR = {"dense": 0.5, "clean": 0.5}
SOURCES: dict[str, Situation] = {"page_text": "dense", "trafilatura": "clean"}
# Labels from comparing with a gold text known to have gaps, against labels by comparing with
# a whole one, against labels by reading.
DOUBTFUL_WEIGHT, COMPARED_WEIGHT, READ_WEIGHT = 0.3, 1.0, 6.0

Progress = Callable[[str], None]


@dataclass(slots=True)
class LabelledPage:
    """One page's lines with labels: 1 chrome, 0 content, -1 not to be learnt from."""

    host: str
    page: str
    split: str
    situation: Situation
    page_type: str
    sound: bool
    lines: list[str]
    label: NDArray[np.int8]
    weight: Floats
    hashed: Hashed
    measures: Floats
    scores: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    rows: Floats = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    @property
    def chars(self) -> Floats:
        """Characters of each line."""
        return np.array([len(line) for line in self.lines], np.float32)


def train_line_model(
    lines_path: Path, gold_lines_path: Path, out_folder: Path, *, progress: Progress = print
) -> dict[str, Any]:
    """Fit both situations on the train hosts, write the model, and return its meta data."""
    pages = [page for page in read_pages(lines_path, gold_lines_path) if page.split == "train"]
    arrays: dict[str, NDArray[Any]] = {}
    meta: dict[str, Any] = {"format": FORMAT, "table_bits": TABLE_BITS, "thresholds": {}}
    for situation in SITUATIONS:
        own = [page for page in pages if page.situation == situation]
        progress(f"line model, {situation}: {len(own)} pages")
        margins = fit_out_of_fold(own, pages)
        meta["thresholds"][situation] = choose_threshold(own, margins, situation)
        linear, forest = fit(own, pages)
        arrays |= forest.arrays(situation) | _pack(linear, situation)
        progress(f"line model, {situation}: threshold {meta['thresholds'][situation]}")
    out_folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out_folder / ARRAYS, allow_pickle=False, **arrays)
    text = json.dumps(meta, indent=1) + "\n"
    (out_folder / META).write_text(text, encoding="utf-8")
    update_manifest(out_folder.parent, out_folder.name, {"hosts": len({p.host for p in pages})})
    return meta


# -- reading labelled lines


def read_pages(lines_path: Path, gold_lines_path: Path | None) -> list[LabelledPage]:
    """All pages of a file of labelled lines; labels by reading replace those by comparing."""
    gold: dict[tuple[str, str], str] = {}
    if gold_lines_path is not None:
        gold = {(row["page"], row["line"]): row["label"] for row in _rows(gold_lines_path)}
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in _rows(lines_path):
        groups.setdefault((row["source"], row["page"]), []).append(row)
    tokens = Tokens()
    return [
        _page(sorted(rows, key=lambda row: int(row["i"])), gold, tokens) for rows in groups.values()
    ]


def _page(
    rows: Sequence[dict[str, Any]], gold: dict[tuple[str, str], str], tokens: Tokens
) -> LabelledPage:
    first = rows[0]
    situation = SOURCES[first["source"]]
    lines = [row["line"] for row in rows]
    named = {"chrome": 1, "content": 0, "heading": 0}
    label = np.array([named.get(row["label"], -1) for row in rows], np.int8)
    weight = np.full(
        len(rows), COMPARED_WEIGHT if first["gold_ok"] else DOUBTFUL_WEIGHT, np.float32
    )
    if situation == "clean":
        for number, row in enumerate(rows):
            read = gold.get((row["page"], row["line"]))
            if read is not None:
                label[number] = named.get(read, -1)
                weight[number] = READ_WEIGHT
    naked = [bare(line) for line in lines]
    return LabelledPage(
        host=first["host"] or first["page"],
        page=first["page"],
        split=first["split"],
        situation=situation,
        page_type=first["page_type"],
        sound=bool(first["gold_ok"]),
        lines=lines,
        label=label,
        weight=weight,
        hashed=hash_lines(naked, tokens),
        measures=measure_lines(naked, list_marks(lines, None)),
    )


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


# -- fitting


@dataclass(frozen=True, slots=True)
class Linear:
    """Stage 1 as fitted."""

    table: Floats
    bias: float

    def scores(self, page: LabelledPage) -> Floats:
        """Stage 1 log-odds of a page's lines."""
        counts = np.maximum(np.diff(page.hashed.starts), 1)
        sums = np.add.reduceat(self.table.take(page.hashed.columns), page.hashed.starts[:-1])
        return (sums / np.sqrt(counts) + self.bias).astype(np.float32)


def fit(own: Sequence[LabelledPage], pages: Sequence[LabelledPage]) -> tuple[Linear, Forest]:
    """Both stages for the situation of `own`; stage 1 also learns from the other `pages`."""
    for number in range(FOLDS):
        linear = fit_linear([page for page in pages if fold(page.host) != number], own)
        for page in own:
            if fold(page.host) == number:
                page.scores = linear.scores(page)
    for page in own:
        page.rows = in_context(page.scores, page.measures)
    return fit_linear(pages, own), fit_forest(own)


def fit_out_of_fold(
    own: Sequence[LabelledPage], pages: Sequence[LabelledPage]
) -> dict[int, Floats]:
    """Log-odds of each page of `own`, by number, from models that did not see its host."""
    margins: dict[int, Floats] = {}
    for number in range(FOLDS):
        linear, forest = fit(
            [page for page in own if fold(page.host) != number],
            [page for page in pages if fold(page.host) != number],
        )
        for place, page in enumerate(own):
            if fold(page.host) == number:
                rows = in_context(linear.scores(page), page.measures)
                margins[place] = forest.margins(rows)
    return margins


def fit_linear(pages: Sequence[LabelledPage], own: Sequence[LabelledPage]) -> Linear:
    """Stage 1: logistic regression over hashed features."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import SGDClassifier

    situation = own[0].situation
    counts = np.concatenate([np.diff(page.hashed.starts) for page in pages])
    columns = np.concatenate([page.hashed.columns for page in pages])
    values = np.repeat(1 / np.sqrt(np.maximum(counts, 1)), counts)
    starts = np.concatenate([[0], np.cumsum(counts)])
    matrix = csr_matrix((values, columns, starts), shape=(len(counts), 1 << TABLE_BITS))
    label = np.concatenate([page.label for page in pages])
    share = {page.situation: 1.0 if page.situation == situation else 0.3 for page in pages}
    weight = np.concatenate([page.weight * share[page.situation] for page in pages])
    known = label >= 0
    model = SGDClassifier(
        loss="log_loss", alpha=1e-6, max_iter=12, tol=None, average=True, random_state=0
    )
    model.fit(matrix[known], label[known], sample_weight=weight[known])
    return Linear(model.coef_[0].astype(np.float32), float(model.intercept_[0]))


def fit_forest(own: Sequence[LabelledPage]) -> Forest:
    """Stage 2: boosted trees over the rows of `in_context`."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    rows = np.concatenate([page.rows for page in own])
    label = np.concatenate([page.label for page in own])
    weight = np.concatenate([page.weight for page in own])
    known = label >= 0
    model = HistGradientBoostingClassifier(
        max_iter=200,
        learning_rate=0.08,
        max_leaf_nodes=31,
        min_samples_leaf=60,
        l2_regularization=1.0,
        random_state=0,
    )
    model.fit(rows[known], label[known], sample_weight=weight[known])
    return Forest.from_sklearn(model)


def fold(host: str) -> int:
    """The fold of a host, the same in every run."""
    return zlib.crc32(host.encode()) % FOLDS


def choose_threshold(
    own: Sequence[LabelledPage], margins: dict[int, Floats], situation: Situation
) -> dict[str, float]:
    """The lowest threshold that keeps the content lost within the budget, on unseen hosts."""
    slope, budget = PER_LOG_CHAR[situation], LOSS[situation]
    sound = [number for number, page in enumerate(own) if page.sound]
    score = np.concatenate([margins[number] for number in sound])
    label = np.concatenate([own[number].label for number in sound])
    chars = np.concatenate([own[number].chars for number in sound])
    score, label, chars = score[label >= 0], label[label >= 0], chars[label >= 0]
    score = score - slope * np.log(np.maximum(chars, 1))
    order = np.argsort(-score, kind="stable")
    content = np.where(label[order] == 0, chars[order], 0)
    loss = np.cumsum(content) / content.sum()
    last = int(np.searchsorted(loss, budget, side="right")) - 1
    return {
        "base": float(score[order][max(last, 0)]),
        "per_log_char": slope,
        "content_loss": budget,
    }


def _pack(linear: Linear, situation: Situation) -> dict[str, NDArray[Any]]:
    """Stage 1 as bytes: 256 steps of weight change no decision and make the file small."""
    scale = float(np.abs(linear.table).max()) / 127 or 1.0
    return {
        f"{situation}_table": np.round(linear.table / scale).astype(np.int8),
        f"{situation}_scale": np.array([scale, linear.bias], np.float64),
    }
