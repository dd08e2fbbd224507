"""Paragraphs as rows of sparse features, put together from parts that were read once.

A page says the same lines again and again: as paragraphs, as neighbours of others, as headings
over many. Each is read once here, and the rows are joined as they are needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Ints = NDArray[np.int64]

_SPREAD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Reading:
    """A batch of paragraphs as the model sees it.

    `words` holds one row a paragraph. Parallel to its data: `firsts` and `lasts`, the numbers
    of the tokens where the feature's first occurrence begins and ends (-1 outside the text).
    `counts` are the style counts, one column a name; none for what is no text.
    """

    words: sparse.csr_array
    firsts: Ints
    lasts: Ints
    counts: NDArray[np.float32]


def joined(*parts: tuple[Reading, Ints]) -> Reading:
    """Readings side by side: each row holds the features of the rows given of each part.

    The counts are those of the first part.
    """
    taken = [_entries_of(reading.words.indptr, rows) for reading, rows in parts]
    whole = np.sum([sizes for sizes, _ in taken], axis=0)
    bounds = np.concatenate(([0], np.cumsum(whole)))
    columns, firsts, lasts = (np.empty(bounds[-1], np.int64) for _ in range(3))
    data = np.empty(bounds[-1], np.float32)
    begins = bounds[:-1]
    for (reading, _), (sizes, entries) in zip(parts, taken, strict=True):
        there = _ranges(begins, sizes)
        columns[there] = reading.words.indices[entries]
        data[there] = reading.words.data[entries]
        firsts[there], lasts[there] = reading.firsts[entries], reading.lasts[entries]
        begins = begins + sizes
    first, rows = parts[0]
    words = sparse.csr_array((data, columns, bounds), shape=(len(rows), first.words.shape[1]))
    return Reading(words, firsts, lasts, first.counts[rows])


def first_of_each(numbers: Ints) -> Ints:
    """The places of those numbers that did not stand further up.

    By a table in which the first of several numbers takes its place; those whose place was
    taken by another number are looked at again. A fifth of the time of sorting.
    """
    count = len(numbers)
    bits = max(10, (4 * count).bit_length())
    slots = hashed(numbers, bits)
    places = np.arange(count, dtype=np.int32)
    table = np.empty(1 << bits, dtype=np.int32)
    table[slots[::-1]] = places[::-1]
    owners = table[slots]
    first = owners == places
    displaced = np.flatnonzero(numbers[owners] != numbers)
    if len(displaced):
        first[displaced[np.unique(numbers[displaced], return_index=True)[1]]] = True
    return np.flatnonzero(first)


def by_row(rows: Ints, size: int) -> Ints:
    """The order that sorts rows below `size`, equal ones as they stand."""
    # Numbers of two bytes are sorted by counting, in a tenth of the time.
    short = rows.astype(np.uint16) if size <= 1 << 16 else rows
    return np.argsort(short, kind="stable")


def hashed(keys: Ints, bits: int) -> Ints:
    """A number of so many bits for each key."""
    return ((keys.astype(np.uint64) * _SPREAD) >> np.uint64(64 - bits)).astype(np.int64)


def _entries_of(bounds: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """How many entries each of the rows has, and their places, row after row."""
    begins = bounds[rows].astype(np.int64)
    sizes = bounds[rows + 1] - begins
    return sizes, _ranges(begins, sizes)


def _ranges(begins: Ints, sizes: Ints) -> Ints:
    """The numbers from each beginning on, as many as its size says."""
    ends = np.cumsum(sizes)
    return np.repeat(begins - (ends - sizes), sizes) + np.arange(sizes.sum())
