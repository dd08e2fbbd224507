"""The skeleton of prose: its function words in order, a placeholder for each other word.

Skeletons survive a change of subject where words do not (FINDINGS.md, "Templates").
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from xxhash import xxh3_64_intdigest

from quality import lang

# 6 to 8 words hold best under rewording; 6 keeps short list items.
SHINGLE_WORDS = 6
# With fewer function words a shingle is a row of placeholders, which any list of nouns gives.
MIN_FUNCTION_WORDS = 3
# The smallest hashes stand for a section: enough to tell one mould, little to store.
SAMPLE = 8
_PLACEHOLDER = 1
_END = 0
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def skeleton_hashes(
    paragraphs: Sequence[Sequence[str]], *, language: str | None
) -> tuple[int, ...]:
    """The smallest hashes of the skeleton shingles of paragraphs of folded words, sorted.

    Shingles do not run over the end of a paragraph.

    >>> one = "the key to good bread is in how you fold it".split()
    >>> other = "the way to fine glass is in how you blow it".split()
    >>> skeleton_hashes([one], language="en") == skeleton_hashes([other], language="en")
    True
    """
    table = _function_hashes(language or "en")
    ids = [
        identity
        for paragraph in paragraphs
        if len(paragraph) >= SHINGLE_WORDS
        for identity in (*(table.get(word, _PLACEHOLDER) for word in paragraph), _END)
    ]
    return tuple(np.unique(_shingles(np.array(ids, np.uint64)))[:SAMPLE].tolist())


@cache
def _function_hashes(language: str) -> dict[str, int]:
    return {word: xxh3_64_intdigest(word.encode()) for word in lang.function_words(language)}


def _shingles(ids: np.ndarray) -> np.ndarray:
    count = len(ids) - SHINGLE_WORDS + 1
    if count < 1:
        return np.empty(0, np.uint32)
    windows = np.lib.stride_tricks.sliding_window_view(ids, SHINGLE_WORDS)
    is_whole = (windows != _END).all(axis=1)
    is_telling = (windows != _PLACEHOLDER).sum(axis=1) >= MIN_FUNCTION_WORDS
    windows = windows[is_whole & is_telling]
    hashes = np.zeros(len(windows), np.uint64)
    for offset in range(SHINGLE_WORDS):
        hashes = (hashes ^ windows[:, offset]) * _MULTIPLIER
        hashes ^= hashes >> np.uint64(29)
    kept: np.ndarray = (hashes >> np.uint64(32)).astype(np.uint32)
    return kept
