"""Sets of numbers as ascending arrays.

np.unique and np.isin of numpy 2.4 hash where sorting is five to seventeen times faster on
arrays of our sizes.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_Number = TypeVar("_Number", np.uint32, np.uint64, np.int64)


def distinct(values: NDArray[_Number]) -> NDArray[_Number]:
    """Each value once, ascending."""
    ordered = np.sort(values)
    return ordered[fresh(ordered)]


def distinct_counts(values: NDArray[_Number]) -> tuple[NDArray[_Number], NDArray[np.int64]]:
    """Each value once, ascending, and how often it came."""
    ordered = np.sort(values)
    starts = np.flatnonzero(fresh(ordered))
    return ordered[starts], np.diff(starts, append=len(ordered))


def is_member(values: NDArray[_Number], ordered: NDArray[_Number]) -> NDArray[np.bool_]:
    """Which of the values are in the ascending array `ordered`."""
    if not len(ordered):
        return np.zeros(len(values), np.bool_)
    places = np.searchsorted(ordered, values)
    places[places == len(ordered)] = 0
    return np.equal(ordered[places], values)


def fresh(values: NDArray[_Number]) -> NDArray[np.bool_]:
    """Which values differ from the one before."""
    result = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=result[1:])
    return result
