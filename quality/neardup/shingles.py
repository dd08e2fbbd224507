"""Token hashes to shingle hashes to MinHash values, many documents in one pass.

Token hashes are combined, so no shingle is ever built as a string.
The permutations are those of datasketch 2 (`affine32`): the values equal what
`datasketch.MinHash` gives for the same shingle hashes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]

SHINGLE_WORDS = 3
# Value of an empty MinHash in datasketch's affine32 scheme.
EMPTY_VALUE = 0xFFFFFFFF
# 32k shingles of 4 bytes stay in the second-level cache; with 64k a document costs a third
# more (benchmarks/neardup.py).
_CHUNK_SHINGLES = 32768
# Odd 64-bit constants of xxHash (its PRIME64 values): any odd ones would do.
_COMBINE = tuple(
    np.uint64(prime) for prime in (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)
)


def shingle_hashes(texts: Sequence[U64]) -> list[U32]:
    """For each text's token hashes one 32-bit hash of each three tokens in a row."""
    together = np.concatenate([*texts, np.zeros(SHINGLE_WORDS - 1, np.uint64)])
    count = len(together) - SHINGLE_WORDS + 1
    mixed = together[:count] * _COMBINE[0]
    mixed += together[1 : count + 1] * _COMBINE[1]
    mixed += together[2 : count + 2] * _COMBINE[2]
    mixed ^= mixed >> np.uint64(29)
    mixed *= _COMBINE[0]
    hashes = (mixed >> np.uint64(32)).astype(np.uint32)
    ends = np.cumsum([len(text) for text in texts]).tolist()
    # The last two of each text would reach into the next one.
    return [
        hashes[end - len(text) : max(end - len(text), end - SHINGLE_WORDS + 1)]
        for text, end in zip(texts, ends, strict=True)
    ]


@cache
def permutations(count: int, seed: int) -> tuple[U32, U32]:
    """The affine32 parameters of datasketch: odd factors, offsets (datasketch/minhash.py)."""
    generator = np.random.RandomState(seed)
    factors = generator.randint(0, 1 << 31, count, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    offsets = generator.randint(0, 1 << 32, count, dtype=np.uint32)
    return factors, offsets


def minhashes(hashes: U32, starts: Sequence[int], count: int, seed: int) -> U32:
    """MinHash values of consecutive sets of shingle hashes, shape (len(starts), count).

    Set i is `hashes[starts[i]:starts[i + 1]]`, the last one reaching to the end; an empty
    set gets the empty value throughout, as in datasketch.
    """
    result = np.full((len(starts), count), EMPTY_VALUE, np.uint32)
    factors, offsets = permutations(count, seed)
    bounds = np.append(np.asarray(starts, np.int64), len(hashes))
    filled = np.flatnonzero(bounds[1:] > bounds[:-1])
    for rows in _chunks(bounds[filled], bounds[filled + 1]):
        chosen = filled[rows]
        begin, end = bounds[chosen[0]], bounds[chosen[-1] + 1]
        result[chosen] = _minima(mix32(hashes[begin:end]), bounds[chosen] - begin, factors, offsets)
    return result


def _chunks(begins: NDArray[np.int64], ends: NDArray[np.int64]) -> list[slice]:
    if not len(begins):
        return []
    numbers = (begins - begins[0]) // _CHUNK_SHINGLES
    cuts = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(ends)]
    return [slice(a, b) for a, b in pairwise(cuts)]


def _minima(hashes: U32, starts: NDArray[np.int64], factors: U32, offsets: U32) -> U32:
    minima = np.empty((len(factors), len(starts)), np.uint32)
    # As many permutations at a time as fill the chunk: one for a batch, many for one text.
    step = max(1, min(len(factors), _CHUNK_SHINGLES // len(hashes)))
    # One buffer for all steps: fresh memory for each costs as much as the arithmetic.
    buffer = np.empty((step, len(hashes)), np.uint32)
    for first in range(0, len(factors), step):
        rows = slice(first, min(first + step, len(factors)))
        permuted = buffer[: rows.stop - first]
        np.multiply(hashes, factors[rows, None], out=permuted)
        np.add(permuted, offsets[rows, None], out=permuted)
        np.minimum.reduceat(permuted, starts, axis=1, out=minima[rows])
    return minima.T


def mix32(values: U32) -> U32:
    """MurmurHash3's finalizer, which datasketch applies before permuting."""
    mixed = values ^ (values >> np.uint32(16))
    mixed *= np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(13)
    mixed *= np.uint32(0xC2B2AE35)
    mixed ^= mixed >> np.uint32(16)
    return mixed
