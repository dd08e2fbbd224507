"""The skeleton of prose: its function words in order, a placeholder for each other word.

Skeletons survive a change of subject where words do not (FINDINGS.md, "Templates").
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise, repeat

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
    return skeletons_of([paragraphs], language=language)[0]


def skeletons_of(
    sections: Sequence[Sequence[Sequence[str]]], *, language: str | None
) -> list[tuple[int, ...]]:
    """`skeleton_hashes` of each section: many at once need half the time."""
    table = _function_hashes(language or "en")
    ids: list[int] = []
    ends = []
    for paragraphs in sections:
        for paragraph in paragraphs:
            if len(paragraph) >= SHINGLE_WORDS:
                ids.extend(map(table.get, paragraph, repeat(_PLACEHOLDER)))
                ids.append(_END)
        ends.append(len(ids))
    places, hashes = _shingles(np.array(ids, np.uint64))
    bounds = np.searchsorted(places, [0, *ends]).tolist()
    return [
        tuple(sorted(set(hashes[begin:end].tolist()))[:SAMPLE]) for begin, end in pairwise(bounds)
    ]


@cache
def _function_hashes(language: str) -> dict[str, int]:
    return {word: xxh3_64_intdigest(word.encode()) for word in lang.function_words(language)}


def _shingles(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where telling shingles begin, and their hashes."""
    count = len(ids) - SHINGLE_WORDS + 1
    if count < 1:
        return np.empty(0, np.int64), np.empty(0, np.uint32)
    telling = np.concatenate([[0], np.cumsum(ids != _PLACEHOLDER)])
    ends = np.concatenate([[0], np.cumsum(ids == _END)])
    is_telling = telling[SHINGLE_WORDS:] - telling[:count] >= MIN_FUNCTION_WORDS
    is_whole = ends[SHINGLE_WORDS:] == ends[:count]
    places = np.flatnonzero(is_whole & is_telling)
    hashes = np.zeros(len(places), np.uint64)
    for offset in range(SHINGLE_WORDS):
        hashes = (hashes ^ ids[places + offset]) * _MULTIPLIER
        hashes ^= hashes >> np.uint64(29)
    return places, (hashes >> np.uint64(32)).astype(np.uint32)
