"""Text to token hashes, many documents in one pass over their code points.

A token is a folded word as `quality.tokens` cuts it; in scripts written without spaces it is
a few characters. Python's regular expressions and dictionaries took two thirds of the time of
a signature, so both steps are done on arrays here; a test holds that the words are the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from quality.neardup.shingles import U32, U64
from quality.tokens import fold, words

Places = NDArray[np.int64]

# Scripts written without spaces. Chinese and Japanese: two characters a token, so that a
# shingle spans four. South-East Asian letters: four characters a token, a shingle spans six.
# Single characters would make unrelated texts alike.
_DENSE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LETTERS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_UNSPACED = re.compile(f"[{_DENSE}{_LETTERS}]")
_DENSE_RUN = re.compile(f"[{_DENSE}]")
_RUNS = re.compile(f"[{_DENSE}]+|[{_LETTERS}]+|[^{_DENSE}{_LETTERS}]+")
# Stands between the parts of a text; folding leaves it alone and no word holds it.
_SEPARATOR = "\x1e"
_APOSTROPHE = ord("'")
# Every letter and digit lies below, but for rare Chinese characters, which are unspaced.
_TABLE_SIZE = 0x20000
_LAST_DENSE = 0x3FFFF
_WORD, _DENSE_KIND, _LETTER_KIND = 1, 2, 3
# Characters in one pass: the arrays of 8 bytes each then stay in the second-level cache.
_PASS_CHARACTERS = 60_000
_PRIME = 0x9E3779B185EBCA87
_SPREAD = np.uint64(0xC2B2AE3D27D4EB4F)


def hash_tokens(documents: Sequence[Sequence[str]]) -> list[tuple[U64, list[int]]]:
    """Of each document, given in parts: 64-bit hashes of its tokens, and how many each part has."""
    folded = [part for parts in documents for part in _folded(parts)]
    passes = [_hash_pass(batch) for batch in _passes(folded)]
    hashes = np.concatenate([np.empty(0, np.uint64), *(found for found, _ in passes)])
    counts = [count for _, found in passes for count in found]
    result: list[tuple[U64, list[int]]] = []
    part = token = 0
    for parts in documents:
        own = counts[part : part + len(parts)]
        result.append((hashes[token : token + sum(own)], own))
        part, token = part + len(own), token + sum(own)
    return result


def tokens(text: str) -> list[str]:
    """The units that `hash_tokens` hashes, as strings: slower, for tests and explanations.

    >>> tokens("Don't Panic")
    ["don't", 'panic']
    >>> tokens("你好世界")
    ['你好', '好世', '世界']
    """
    found: list[str] = []
    for run in _RUNS.findall(fold(text)):
        if _UNSPACED.match(run):
            size = 2 if _DENSE_RUN.match(run) else 4
            found += [run[i : i + size] for i in range(max(1, len(run) - size + 1))]
        else:
            found += words(run)
    return found


def _folded(parts: Sequence[str]) -> list[str]:
    if not parts:
        return []
    folded = fold(_SEPARATOR.join(parts)).split(_SEPARATOR)
    if len(folded) > len(parts):  # some text holds the separator
        folded = [fold(part.replace(_SEPARATOR, " ")) for part in parts]
    return folded


def _passes(parts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for part in parts:
        if batch and size + len(part) > _PASS_CHARACTERS:
            yield batch
            batch, size = [], 0
        batch.append(part)
        size += len(part) + 1
    if batch:
        yield batch


def _hash_pass(batch: list[str]) -> tuple[U64, list[int]]:
    # A separator at the end, so that every run of letters ends inside.
    text = _SEPARATOR.join([*batch, ""])
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    if codes.max() > _LAST_DENSE:
        codes = np.where(codes > _LAST_DENSE, 0, codes)
    starts, ends = _token_bounds(codes)
    separators = np.flatnonzero(codes == ord(_SEPARATOR))
    counts = np.diff(np.searchsorted(starts, separators), prepend=0)
    return _hash_spans(codes, starts, ends), counts.tolist()


def _token_bounds(codes: U32) -> tuple[Places, Places]:
    """Start and end of each token; those of scripts without spaces overlap."""
    kinds = _kinds()[np.minimum(codes, _TABLE_SIZE)]
    inside = kinds == _WORD
    joints = np.flatnonzero(codes == _APOSTROPHE)
    # At place 0 the neighbour before is the last code, a separator.
    inside[joints] = inside[joints - 1] & inside[joints + 1]
    starts, ends = _runs(inside)
    if kinds.max() > _WORD:
        dense = _pieces(*_runs(kinds == _DENSE_KIND), 2)
        letters = _pieces(*_runs(kinds == _LETTER_KIND), 4)
        starts, ends = (np.concatenate(p) for p in zip((starts, ends), dense, letters, strict=True))
        order = np.argsort(starts)
        starts, ends = starts[order], ends[order]
    return starts, ends


def _runs(inside: NDArray[np.bool_]) -> tuple[Places, Places]:
    steps = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    if inside[0]:
        steps = np.append(0, steps)
    return steps[::2], steps[1::2]


def _pieces(starts: Places, ends: Places, size: int) -> tuple[Places, Places]:
    """All pieces of `size` places in each run; a shorter run is one piece."""
    counts = np.maximum(1, ends - starts - size + 1)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    begins = np.repeat(starts, counts) + within
    return begins, np.minimum(begins + size, np.repeat(ends, counts))


def _hash_spans(codes: U32, starts: Places, ends: Places) -> U64:
    """A hash of the letters in each span.

    A polynomial over random numbers for the letters: the sums up to each place are taken
    once, and a span's part of them is divided by the power of the place where it starts.
    """
    powers, inverses = _powers(1 << max(16, len(codes).bit_length()))
    terms = _letters()[codes & np.uint32(_TABLE_SIZE - 1)]
    terms *= powers[: len(codes)]
    sums = np.cumsum(terms)
    sums -= terms  # of what stands before each place
    hashes: U64 = (sums[ends] - sums[starts]) * inverses[starts]
    hashes ^= hashes >> np.uint64(32)
    hashes *= _SPREAD
    hashes ^= hashes >> np.uint64(29)
    return hashes


@cache
def _kinds() -> NDArray[np.uint8]:
    """What each code point is: 0 where words end, or one of the kinds above."""
    kinds = np.array([chr(code).isalnum() for code in range(_TABLE_SIZE)], np.uint8)
    for kind, ranges in ((_DENSE_KIND, _DENSE), (_LETTER_KIND, _LETTERS)):
        for first, last in re.findall(r"(.)-(.)", ranges):
            kinds[ord(first) : ord(last) + 1] = kind
    # What lies beyond the table is Chinese.
    return np.append(kinds, np.uint8(_DENSE_KIND))


@cache
def _letters() -> U64:
    """A random number for each code point; numpy keeps this generator's stream for good."""
    return np.random.RandomState(1).randint(0, 1 << 64, _TABLE_SIZE, dtype=np.uint64)


@cache
def _powers(size: int) -> tuple[U64, U64]:
    """The powers of an odd number, and their inverses modulo 2^64."""
    inverse = pow(_PRIME, -1, 1 << 64)
    found = []
    for base in (_PRIME, inverse):
        powers = np.full(size, base, np.uint64)
        powers[0] = 1
        found.append(np.multiply.accumulate(powers))
    return found[0], found[1]
