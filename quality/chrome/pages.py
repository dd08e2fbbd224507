"""Lines of several pages one after another, each seeing its own page only.

Sums are taken over whole numbers, which come out the same wherever a page stands: no score
depends on what is scored with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from quality.chrome.features import Floats, Ints

Bools = NDArray[np.bool_]

# Values are summed in steps of a billionth.
_STEPS = float(1 << 30)


class Pages:
    """Where each line stands: the arrays have one entry a line.

    `page` is the number of its page, `first` and `end` the bounds of the page's lines,
    `place` how many of them come before it, `left` how many after.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = np.array(sizes, np.int64)
        ends = np.cumsum(self.sizes)
        self.page = np.repeat(np.arange(len(ends)), self.sizes)
        self.here = np.arange(len(self.page))
        self.end = ends[self.page]
        self.first = self.end - self.sizes[self.page]
        self.place = self.here - self.first
        self.left = self.end - self.here - 1
        self.count = self.sizes[self.page]

    def shift(self, values: Floats, step: int) -> Floats:
        """The value `step` lines before each line (after it, where negative), else NaN."""
        out = np.full(len(values), np.nan, np.float32)
        if abs(step) < len(values):
            if step > 0:
                out[step:] = values[:-step]
            else:
                out[:step] = values[-step:]
        out[(self.place < step) if step > 0 else (self.left < -step)] = np.nan
        return out

    def means(self, values: Floats, *widths: int) -> list[Floats]:
        """For each width the means over so many lines before and after each line."""
        whole = np.rint(np.asarray(values, np.float64) * _STEPS).astype(np.int64)
        sums = np.concatenate([[0], np.cumsum(whole)])
        out: list[Floats] = []
        for width in widths:
            start = np.maximum(self.here - width, self.first)
            stop = np.minimum(self.here + 1 + width, self.end)
            with np.errstate(invalid="ignore"):
                before = (sums[self.here] - sums[start]) / _STEPS / (self.here - start)
                after = (sums[stop] - sums[self.here + 1]) / _STEPS / (stop - self.here - 1)
            out += [before.astype(np.float32), after.astype(np.float32)]
        return out

    def sums(self, values: NDArray[np.generic]) -> NDArray[np.float64]:
        """The sum over each line's page. bincount adds one after another, page by page."""
        found = np.bincount(self.page, np.asarray(values, np.float64), len(self.sizes))
        return np.asarray(found[self.page])

    def longest(self, values: Floats, *widths: int) -> list[Floats]:
        """For each width the greatest of so many values before and after each line, at least 0."""
        out: list[Floats] = []
        before, after = np.zeros_like(values), np.zeros_like(values)
        for step in range(1, max(widths) + 1):
            # NaN stands outside the page; fmax passes over it.
            before = np.fmax(before, self.shift(values, step))
            after = np.fmax(after, self.shift(values, -step))
            if step in widths:
                out += [before, after]
        return out

    def last_before(self, member: Bools) -> Ints:
        """The nearest member line at or before each line of its page, -1 where there is none."""
        last = np.maximum.accumulate(np.where(member, self.here, -1))
        return np.where(last >= self.first, last, -1)

    def next_after(self, member: Bools) -> Ints:
        """The nearest member line at or after each line of its page, -1 where there is none."""
        none = len(member)
        following = np.minimum.accumulate(np.where(member, self.here, none)[::-1])[::-1]
        return np.where(following < self.end, following, -1)

    def runs(self, member: Bools) -> Floats:
        """Log length of the run of member lines around each line, 0 outside runs."""
        number, _ = self.stretches(member)
        return np.where(member, np.log2(1 + np.bincount(number)[number]), 0).astype(np.float32)

    def stretches(self, member: Bools) -> tuple[Ints, Ints]:
        """For each line the number of its stretch of members or others, and where that begins."""
        begins = np.ones(len(member), bool)
        begins[1:] = (member[1:] != member[:-1]) | (self.place[1:] == 0)
        number = np.cumsum(begins) - 1
        return number, self.here[begins][number]

    def at_previous(self, values: Ints) -> Ints:
        """The value at the line before each line, -1 where there is none on its page."""
        return np.where(self.place > 0, np.roll(values, 1), -1)

    def at_next(self, values: Ints) -> Ints:
        """The value at the line after each line, -1 where there is none on its page."""
        return np.where(self.left > 0, np.roll(values, -1), -1)
