"""Text to shingle hashes to MinHash values, many documents in one pass.

Tokens are hashed once and their hashes combined, so no shingle is ever built as a string.
The permutations are those of datasketch 2 (`affine32`): the values equal what
`datasketch.MinHash` gives for the same shingle hashes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest

from quality.tokens import fold, words

U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]

SHINGLE_WORDS = 3
# Value of an empty MinHash in datasketch's affine32 scheme.
EMPTY_VALUE = 0xFFFFFFFF
# 32k shingles of 4 bytes stay in the second-level cache; with 64k a document costs a third
# more (benchmarks/neardup.py).
_CHUNK_SHINGLES = 32_768
# Odd 64-bit constants of xxHash (its PRIME64 values): any odd ones would do.
_COMBINE = tuple(
    np.uint64(prime) for prime in (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)
)
# Scripts written without spaces. Chinese and Japanese: two characters a token, so that a
# shingle spans four. South-East Asian letters: four characters a token, a shingle spans six.
# Single characters would make unrelated texts alike.
_DENSE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LETTERS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_UNSPACED = re.compile(f"[{_DENSE}{_LETTERS}]")
_RUNS = re.compile(f"[{_DENSE}]+|[{_LETTERS}]+|[^{_DENSE}{_LETTERS}]+")


class TokenHashes(dict[str, int]):
    """64-bit hash of each token seen; hashing the same word twice is what this saves."""

    def __missing__(self, token: str) -> int:
        value = self[token] = xxh3_64_intdigest(token.encode("utf-8", "surrogatepass"))
        return value


def tokens(text: str) -> list[str]:
    """The units that shingles are made of: folded words, or characters where words have no spaces.

    >>> tokens("Don't Panic")
    ["don't", 'panic']
    >>> tokens("你好世界")
    ['你好', '好世', '世界']
    """
    folded = fold(text)
    if text.isascii() or not _UNSPACED.search(folded):
        return words(folded)
    found: list[str] = []
    for run in _RUNS.findall(folded):
        if not _UNSPACED.match(run):
            found += words(run)
            continue
        size = 4 if re.match(f"[{_LETTERS}]", run) else 2
        found += [run[i : i + size] for i in range(max(1, len(run) - size + 1))]
    return found


def shingle_hashes(token_hashes: U64) -> U32:
    """One 32-bit hash for each three tokens in a row; empty for fewer than three."""
    if len(token_hashes) < SHINGLE_WORDS:
        return np.empty(0, np.uint32)
    count = len(token_hashes) - SHINGLE_WORDS + 1
    mixed = token_hashes[:count] * _COMBINE[0]
    mixed += token_hashes[1 : count + 1] * _COMBINE[1]
    mixed += token_hashes[2 : count + 2] * _COMBINE[2]
    mixed ^= mixed >> np.uint64(29)
    mixed *= _COMBINE[0]
    return (mixed >> np.uint64(32)).astype(np.uint32)


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
    permuted = np.empty_like(hashes)
    for number, (factor, offset) in enumerate(zip(factors, offsets, strict=True)):
        np.multiply(hashes, factor, out=permuted)
        np.add(permuted, offset, out=permuted)
        np.minimum.reduceat(permuted, starts, out=minima[number])
    return minima.T


def mix32(values: U32) -> U32:
    """MurmurHash3's finalizer, which datasketch applies before permuting."""
    mixed = values ^ (values >> np.uint32(16))
    mixed *= np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(13)
    mixed *= np.uint32(0xC2B2AE35)
    mixed ^= mixed >> np.uint32(16)
    return mixed
