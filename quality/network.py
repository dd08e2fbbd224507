"""Small networks over a row and the rows around it: trained by scikit-learn, evaluated in numpy.

Evaluated in whole numbers: what goes in and the weights are rounded to steps, so all products
and sums are whole and below 2 ** 53, where float64 is exact. Library and processor add in
different orders, and for other numbers of rows in other orders again; here that changes nothing,
and a row reads the same on every machine, alone or among thousands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Wholes = NDArray[np.float64]
"""Whole numbers, as floats: those are what fast matrix products take."""

# Rows evaluated at once, and rows explained at once. Larger products wake the threads of linear
# algebra, which then wait for each other: the whole chain took a fifth more processor time.
CHUNK_ROWS, CHUNK_EXPLAINED = 32, 4
# What goes in is cut at so many standard deviations, in steps of this part of one.
LIMIT, STEP = 5.0, 1 / 128
# Weights are rounded to so many steps on each side. 640 steps of what goes in, of 1,000 columns,
# times these, times 500 hidden units: 5e15, below 2 ** 53.
INNER_STEPS, OUTER_STEPS = 2**14 - 1, 2**10 - 1


@dataclass(frozen=True, slots=True)
class Network:
    """The mean log-odds of networks with one hidden layer each, as one.

    A row is read with `reach` rows before and after it, of its own page; `mean` and `spread`
    are those of its columns in training. `inner` has the shape (rows read x columns, hidden),
    `outer` and `bias` (hidden,); all three are whole numbers, `unit` is what 1 of the sum means
    in log-odds.
    """

    mean: Floats
    spread: Floats
    inner: Wholes
    bias: Wholes
    outer: Wholes
    start: float
    unit: float

    @property
    def reach(self) -> int:
        """How many rows before and after a row are read with it."""
        return (len(self.inner) // len(self.mean) - 1) // 2

    def margins(self, rows: Floats, sizes: Sequence[int]) -> Floats:
        """Log-odds of each row; `sizes` are the rows of each page."""
        padded, here = _padded(self._steps(rows), sizes, self.reach)
        sums = np.zeros(len(padded))
        by_step = self.inner.reshape(-1, len(self.mean), len(self.bias))
        for begin in range(0, len(padded) - 2 * self.reach, CHUNK_ROWS):
            end = min(begin + CHUNK_ROWS, len(padded) - 2 * self.reach)
            # A product for each step away costs half of one over rows side by side.
            hidden = np.tile(self.bias, (end - begin, 1))
            for step, weights in enumerate(by_step):
                hidden += padded[begin + step : end + step] @ weights
            np.maximum(hidden, 0, out=hidden)
            sums[begin + self.reach : end + self.reach] = hidden @ self.outer
        return np.asarray(sums[here] * self.unit + self.start, np.float32)

    def contributions(self, rows: Floats, which: Sequence[int]) -> tuple[Floats, Floats]:
        """What each column adds to the log-odds of the rows `which` of one page, and the rest.

        For each hidden unit that answers, a column's distance from its mean in training times
        its weights: with what the units add on their own, these are the whole sum. The first are
        of the row's own columns, shape (which, columns), the second of all rows around it.
        """
        steps = np.pad(self._steps(rows), ((self.reach, self.reach), (0, 0)))
        around = np.arange(2 * self.reach + 1)
        shares = np.empty((len(which), len(around), len(self.mean)), np.float32)
        for begin in range(0, len(which), CHUNK_EXPLAINED):
            places = np.asarray(which[begin : begin + CHUNK_EXPLAINED])[:, None] + around
            window = steps[places].reshape(len(places), -1)
            answers = window @ self.inner + self.bias > 0
            found = window * ((answers * self.outer) @ self.inner.T) * self.unit
            shares[begin : begin + len(places)] = found.reshape(len(places), *shares.shape[1:])
        own = shares[:, self.reach].copy()
        return own, shares.sum((1, 2)) - own.sum(1)

    def _steps(self, rows: Floats) -> Wholes:
        """Rows as whole steps from the mean."""
        within = scaled(rows, self.mean, self.spread).astype(np.float64)
        return np.asarray(np.rint(within / STEP), np.float64)

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """The network as named arrays, to be stored; `from_arrays` reads them back."""
        return {
            f"{prefix}_mean": self.mean,
            f"{prefix}_spread": self.spread,
            f"{prefix}_inner": self.inner.astype(np.int16),
            f"{prefix}_bias": self.bias.astype(np.int64),
            f"{prefix}_outer": self.outer.astype(np.int16),
            f"{prefix}_unit": np.array([self.start, self.unit], np.float64),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], prefix: str) -> Network:
        """The network stored under `prefix`. Raises KeyError where an array is missing."""
        start, unit = arrays[f"{prefix}_unit"].tolist()
        return cls(
            mean=arrays[f"{prefix}_mean"],
            spread=arrays[f"{prefix}_spread"],
            inner=arrays[f"{prefix}_inner"].astype(np.float64),
            bias=arrays[f"{prefix}_bias"].astype(np.float64),
            outer=arrays[f"{prefix}_outer"].astype(np.float64),
            start=start,
            unit=unit,
        )

    @classmethod
    def from_sklearn(cls, models: Sequence[Any], mean: Floats, spread: Floats) -> Network:
        """The mean of fitted binary MLPClassifiers with one hidden layer of ReLU each.

        They were fitted on `windows` of `scaled` rows, whose `mean` and `spread` are given.
        """
        inner = np.hstack([model.coefs_[0] for model in models]).astype(np.float64)
        bias = np.concatenate([model.intercepts_[0] for model in models]).astype(np.float64)
        outer = np.concatenate([model.coefs_[1][:, 0] for model in models]).astype(np.float64)
        start = float(np.mean([model.intercepts_[1][0] for model in models]))
        outer /= len(models)
        inner_unit = float(np.abs(inner).max()) / INNER_STEPS
        outer_unit = float(np.abs(outer).max()) / OUTER_STEPS
        return cls(
            mean=mean,
            spread=spread,
            inner=np.rint(inner / inner_unit),
            bias=np.rint(bias / (inner_unit * STEP)),
            outer=np.rint(outer / outer_unit),
            start=start,
            unit=inner_unit * STEP * outer_unit,
        )


def scaled(rows: Floats, mean: Floats, spread: Floats) -> Floats:
    """Rows as standard deviations from the mean, within `LIMIT`; what is missing stands at it."""
    within = np.clip((rows - mean) / spread, -LIMIT, LIMIT)
    return np.asarray(np.nan_to_num(within), np.float32)


def windows(
    rows: NDArray[Any], sizes: Sequence[int], reach: int
) -> Iterator[tuple[int, NDArray[Any]]]:
    """Rows with those before and after them on their page side by side, in order, in chunks.

    With each chunk comes the number of its first row. Beyond the page stand zeros.
    """
    padded, here = _padded(rows, sizes, reach)
    around = np.arange(-reach, reach + 1)
    for begin in range(0, len(rows), CHUNK_ROWS):
        places = here[begin : begin + CHUNK_ROWS, None] + around
        yield begin, padded[places].reshape(len(places), -1)


def _padded(
    rows: NDArray[Any], sizes: Sequence[int], reach: int
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Rows with `reach` rows of zeros before, between and after pages, and where each row is."""
    count = np.asarray(sizes)
    page = np.repeat(np.arange(len(count)), count)
    here = np.arange(len(rows)) + reach * (page + 1)
    padded = np.zeros((len(rows) + reach * (len(count) + 1), rows.shape[1]), rows.dtype)
    padded[here] = rows
    return padded, here
