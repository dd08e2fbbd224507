"""Which blocks of a page are its text: boosted trees as plain arrays, evaluated in numpy.

The model says for each block how likely a reader would call it the page's text. A page
takes the blocks from the probability on that makes the expected F1 largest: for a set S it
is 2 * sum(p of S) / (size of S + sum(p of all)), and the best threshold is half of the
best value (Ye et al. 2012, "Optimizing F-measure").
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality.errors import ModelError
from quality.extract.dom import Candidate
from quality.extract.features import Matrix, feature_matrix, feature_names

MODEL_FILE = "model.npz"
META_FILE = "meta.json"
# What is lost with a short block is little, and most furniture is short: it must be surer.
SHORT_WORDS = 10
SHORT_MARGIN = 0.2


@dataclass(frozen=True, slots=True)
class Selection:
    """The blocks taken for a page's text, and how good the model expects that to be."""

    numbers: tuple[int, ...]
    expected_f1: float


@dataclass(frozen=True, slots=True)
class BlockModel:
    """Trees in one table of nodes: leaves point to themselves.

    `values` are log-odds, zero but in leaves.
    """

    roots: NDArray[np.intp]
    features: NDArray[np.intp]
    thresholds: NDArray[np.float64]
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    values: NDArray[np.float64]
    bias: float
    depth: int

    @classmethod
    def load(cls, folder: Path) -> BlockModel:
        """The model in `folder`. Raises ModelError where it is missing, damaged or foreign."""
        try:
            meta = json.loads((folder / META_FILE).read_text(encoding="utf-8"))
            with np.load(folder / MODEL_FILE, allow_pickle=False) as arrays:
                parts = {name: arrays[name] for name in arrays.files}
            model = cls(
                roots=parts["roots"].astype(np.intp),
                features=parts["features"].astype(np.intp),
                thresholds=parts["thresholds"].astype(np.float64),
                left=parts["left"].astype(np.intp),
                right=parts["right"].astype(np.intp),
                values=parts["values"].astype(np.float64),
                bias=float(meta["bias"]),
                depth=int(meta["depth"]),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{folder}: no usable block model ({error}). Reinstall the package, or fit it "
                "with `python -m benchmarks.blockmodel`."
            ) from error
        if meta.get("names") != list(feature_names()):
            raise ModelError(
                f"{folder}: made for other features than this version computes. Reinstall the "
                "package, or fit it with `python -m benchmarks.blockmodel`."
            )
        return model

    def score(self, matrix: Matrix) -> NDArray[np.float64]:
        """The probability, for each row of features, that the block is text."""
        rows = np.arange(len(matrix))[:, None]
        at = np.broadcast_to(self.roots, (len(matrix), len(self.roots)))
        for _ in range(self.depth):
            goes_left = matrix[rows, self.features[at]] <= self.thresholds[at]
            at = np.where(goes_left, self.left[at], self.right[at])
        log_odds = self.bias + self.values[at].sum(axis=1)
        probabilities: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-log_odds))
        return probabilities

    def select(self, found: Sequence[Candidate], sources: Sequence[Sequence[str]]) -> Selection:
        """The blocks of a page to take; `sources` as in `features.feature_matrix`."""
        if not found:
            return Selection((), 0.0)
        probabilities = self.score(feature_matrix(found, sources))
        words = np.array([item.text.count(" ") + 1 for item in found], np.float64)
        expected = expected_f1(probabilities, words)
        threshold = expected / 2 + SHORT_MARGIN * (words < SHORT_WORDS)
        taken = np.flatnonzero(probabilities >= threshold)
        return Selection(tuple(taken.tolist()), expected)


def expected_f1(probabilities: Any, words: Any) -> float:
    """The best F1 in words to be expected from any choice of blocks."""
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum((probabilities * words)[order])
    taken = np.cumsum(words[order])
    return float((2 * hits / (taken + hits[-1])).max())
