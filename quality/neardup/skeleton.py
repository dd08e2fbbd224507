"""The skeleton of prose: its function words in order, a placeholder for each other word.

Skeletons survive a change of subject where words do not (FINDINGS.md, "Templates").
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
from xxhash import xxh3_64_intdigest

from quality import lang
from quality.tokens import fold, words

# 6 to 8 words hold best under rewording; 6 keeps short list items.
SHINGLE_WORDS = 6
# With fewer function words a shingle is a row of placeholders, which any list of nouns gives.
MIN_FUNCTION_WORDS = 3
# The smallest hashes stand for a section: enough to compare, little to store.
SAMPLE = 24
_PLACEHOLDER = np.uint64(1)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def skeleton_hashes(texts: Iterable[str], *, language: str | None) -> tuple[int, ...]:
    """The smallest hashes of the skeleton shingles of a section's paragraphs, sorted."""
    table = _function_hashes(language or "en")
    found = [
        _shingles(np.array([table.get(word, 1) for word in words(fold(text))], np.uint64))
        for text in texts
    ]
    if not found:
        return ()
    return tuple(int(value) for value in np.unique(np.concatenate(found))[:SAMPLE])


@cache
def _function_hashes(language: str) -> dict[str, int]:
    return {word: xxh3_64_intdigest(word.encode()) for word in lang.function_words(language)}


def _shingles(ids: np.ndarray) -> np.ndarray:
    count = len(ids) - SHINGLE_WORDS + 1
    if count < 1:
        return np.empty(0, np.uint32)
    hashes = np.zeros(count, np.uint64)
    function = np.zeros(count, np.int64)
    for offset in range(SHINGLE_WORDS):
        part = ids[offset : offset + count]
        hashes = (hashes ^ part) * _MULTIPLIER
        hashes ^= hashes >> np.uint64(29)
        function += part != _PLACEHOLDER
    kept: np.ndarray = (hashes[function >= MIN_FUNCTION_WORDS] >> np.uint64(32)).astype(np.uint32)
    return kept
