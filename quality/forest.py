"""Boosted trees as plain arrays: trained by scikit-learn, evaluated in numpy alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Rows evaluated at once: the nodes of all trees for them stay in the processor's cache.
CHUNK_ROWS = 1024
# Levels after which rows that have come to a leaf are let go: half the time (deepest of 17).
_LOOKS = (4, 7, 10)


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees of equal width, one row each; a leaf points to itself and has a value.

    `feature`, `threshold`, `left`, `right`, `value` have the shape (trees, nodes);
    `missing_left` says where rows without a value go. `depth` is that of the deepest tree.
    """

    feature: NDArray[np.int16]
    threshold: NDArray[np.float32]
    left: NDArray[np.int16]
    right: NDArray[np.int16]
    missing_left: NDArray[np.bool_]
    value: NDArray[np.float32]
    baseline: float
    depth: int
    _branch: NDArray[np.int64] = field(init=False, repr=False)
    """Where each node leads, all trees in a row: right, then left."""

    def __post_init__(self) -> None:
        trees, width = self.feature.shape
        first = (np.arange(trees) * width)[:, None]
        branch = np.stack([first + self.right, first + self.left], 2).ravel()
        object.__setattr__(self, "_branch", branch)

    def margins(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-odds of each row."""
        parts = [
            self._margins(rows[begin : begin + CHUNK_ROWS])
            for begin in range(0, len(rows), CHUNK_ROWS)
        ]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def _margins(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        trees, width = self.feature.shape
        columns = rows.shape[1]
        feature, threshold, branch = self.feature, self.threshold.ravel(), self._branch
        if np.isnan(rows).any():
            # Rows twice side by side: what is missing goes right in the first copy, as NaN does,
            # and left in the second, so that it needs no look of its own.
            feature = feature + np.where(self.missing_left, columns, 0)
            rows = np.hstack([rows, np.where(np.isnan(rows), np.float32(-np.inf), rows)])
        flat, feature = rows.ravel(), feature.ravel().astype(np.int64)
        leaves = np.tile(np.arange(trees) * width, len(rows))
        # What has not come to a leaf yet: its place, its node, and where its row begins.
        place, node = np.arange(len(leaves)), leaves
        base = np.repeat(np.arange(len(rows)) * rows.shape[1], trees)
        for level in range(self.depth):
            goes_left = flat.take(base + feature.take(node)) <= threshold.take(node)
            node = branch.take(2 * node + goes_left)
            if level in _LOOKS or level == self.depth - 1:
                leaves[place] = node
                going = np.flatnonzero(branch.take(2 * node) != node)
                place, node, base = place[going], node[going], base[going]
        found = self.value.ravel().take(leaves.reshape(len(rows), trees))
        return np.asarray(found.sum(1) + self.baseline, np.float32)

    def contributions(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """What each column adds to each row's log-odds: steps of the node values on the way.

        (Saabas 2014: the value of a node is the mean of the leaves under it.)
        """
        trees, width = self.feature.shape
        first = (np.arange(trees) * width)[None, :]
        node = np.repeat(first, len(rows), 0)
        feature, value = self.feature.ravel(), self.value.ravel()
        out = np.zeros(rows.shape, np.float32)
        numbers = np.repeat(np.arange(len(rows))[:, None], trees, 1)
        for _ in range(self.depth):
            column = feature.take(node)
            values = rows[numbers, column]
            goes_left = values <= self.threshold.ravel().take(node)
            goes_left |= np.isnan(values) & self.missing_left.ravel().take(node)
            branch = np.where(
                goes_left, self.left.ravel().take(node), self.right.ravel().take(node)
            )
            step = value.take(first + branch) - value.take(node)
            np.add.at(out, (numbers, column), step)
            node = first + branch
        return out

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """The forest as named arrays, to be stored; `from_arrays` reads them back."""
        return {
            f"{prefix}_feature": self.feature,
            f"{prefix}_threshold": self.threshold,
            f"{prefix}_left": self.left,
            f"{prefix}_right": self.right,
            f"{prefix}_missing_left": self.missing_left,
            f"{prefix}_value": self.value,
            f"{prefix}_start": np.array([self.baseline, self.depth], np.float64),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], prefix: str) -> Forest:
        """The forest stored under `prefix`. Raises KeyError where an array is missing."""
        start = arrays[f"{prefix}_start"]
        return cls(
            feature=arrays[f"{prefix}_feature"],
            threshold=arrays[f"{prefix}_threshold"],
            left=arrays[f"{prefix}_left"],
            right=arrays[f"{prefix}_right"],
            missing_left=arrays[f"{prefix}_missing_left"],
            value=arrays[f"{prefix}_value"],
            baseline=float(start[0]),
            depth=int(start[1]),
        )

    @classmethod
    def from_sklearn(cls, model: Any) -> Forest:
        """The trees of a fitted binary HistGradientBoostingClassifier.

        Its node tables are private; tests hold that both give the same margins.
        """
        tables = [step[0].nodes for step in model._predictors]
        width = max(len(table) for table in tables)
        shape = (len(tables), width)
        itself = np.tile(np.arange(width, dtype=np.int16), (len(tables), 1))
        feature, left, right = np.zeros(shape, np.int16), itself.copy(), itself.copy()
        threshold, value = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        missing_left = np.zeros(shape, np.bool_)
        for row, table in enumerate(tables):
            inner = np.flatnonzero(table["is_leaf"] == 0)
            feature[row, inner] = table["feature_idx"][inner]
            threshold[row, inner] = _round_down(table["num_threshold"][inner])
            left[row, inner], right[row, inner] = table["left"][inner], table["right"][inner]
            missing_left[row, inner] = table["missing_go_to_left"][inner]
            value[row, : len(table)] = _means(table)
        return cls(
            feature=feature,
            threshold=threshold,
            left=left,
            right=right,
            missing_left=missing_left,
            value=value,
            baseline=float(np.ravel(model._baseline_prediction)[0]),
            depth=max(int(table["depth"].max()) for table in tables),
        )


def _means(table: NDArray[Any]) -> NDArray[np.float64]:
    """The value of each node: of leaves as fitted, of others the mean of those under them."""
    value = np.where(table["is_leaf"], table["value"], 0.0).astype(np.float64)
    for node in np.argsort(-table["depth"].astype(np.int64), kind="stable"):
        if not table["is_leaf"][node]:
            sides = [table["left"][node], table["right"][node]]
            value[node] = np.average(value[sides], weights=table["count"][sides])
    return value


def _round_down(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """The largest float32 not above each value: `x <= t` then holds for the same float32 `x`."""
    rounded = values.astype(np.float32)
    over = rounded.astype(np.float64) > values
    rounded[over] = np.nextafter(rounded[over], np.float32(-np.inf))
    return rounded
