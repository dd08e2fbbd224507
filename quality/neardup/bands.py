"""Keys by which texts find each other, and the sorted arrays that hold them in memory.

Two kinds of keys. Bands of MinHash values find texts alike as a whole. Anchors find shared
passages: of every `WINDOW` runs of four words in a row the one with the least hash
(winnowing: Schleimer, Wilkerson, Aiken, SIGMOD 2003), so a passage of `WINDOW` + 3 words
that two texts share always gives both the same key.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from quality.neardup.shingles import U8, U16, U32, U64, mix32

Numbers = NDArray[np.int64]

ANCHOR_WORDS = 4
# Power of two. 16: about 70 anchors for 600 words, 8 bytes each in memory.
WINDOW = 16
# Only the earliest texts under a key are looked at: what hundreds share is no clue, and the
# earliest ones include the representative of a large cluster.
BUCKET_CAP = 32
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_MIX = np.uint64(0x9FB21C651E98DF25)


def band_keys(values: U16, bands: int, rows: int) -> U32:
    """One key a band, shape (texts, bands), from the low 16 bits of MinHash values."""
    parts = values[:, : bands * rows].reshape(len(values), bands, rows).astype(np.uint64)
    keys = np.broadcast_to(np.arange(1, bands + 1, dtype=np.uint64) * _MIX, parts.shape[:2]).copy()
    for row in range(rows):
        keys ^= parts[:, :, row]
        keys *= _MIX
        keys ^= keys >> np.uint64(29)
    return (keys >> _SHIFT).astype(np.uint32)


def anchors(word_bytes: U8, starts: Numbers) -> tuple[U32, Numbers]:
    """Anchor keys of consecutive texts and the position of each in `word_bytes`.

    Text i is `word_bytes[starts[i]:starts[i + 1]]`, the last one reaching to the end; each
    has at least `WINDOW` + 3 words. The same key may come several times from one text.
    """
    ends = np.append(starts[1:], len(word_bytes))
    hashes = mix32(_runs(word_bytes))
    packed = hashes.astype(np.uint64) << _SHIFT
    packed |= np.arange(len(packed), dtype=np.uint64)
    inside = np.ones(len(packed) - WINDOW + 1, np.bool_)
    for back in range(ANCHOR_WORDS - 1 + WINDOW - 1, 0, -1):
        over = ends - back
        inside[over[over < len(inside)]] = False
    least = _sliding_least(packed)[inside]
    fresh = np.append(True, least[1:] != least[:-1])
    chosen = least[fresh]
    return (chosen >> _SHIFT).astype(np.uint32), (chosen & _LOW).astype(np.int64)


def _sliding_least(values: U64) -> U64:
    width = 1
    while width < WINDOW:
        values = np.minimum(values[:-width], values[width:])
        width *= 2
    return values


def _runs(word_bytes: U8) -> U32:
    count = max(0, len(word_bytes) - ANCHOR_WORDS + 1)
    runs = np.zeros(count, np.uint32)
    for offset in range(ANCHOR_WORDS):
        runs <<= np.uint32(8)
        runs |= word_bytes[offset : offset + count]
    return runs


class Postings:
    """Which texts carry a key: sorted arrays in memory, 8 bytes a posting.

    New batches are kept as sorted runs of their own and merged when they are no longer
    small beside the run before, so adding costs the same at any size.
    """

    def __init__(self) -> None:
        self._runs: list[U64] = []

    def __len__(self) -> int:
        return sum(len(run) for run in self._runs)

    def add(self, keys: U32, texts: Numbers) -> None:
        """Remember that each text carries the key at the same place."""
        if not len(keys):
            return
        run = np.unique(keys.astype(np.uint64) << _SHIFT | texts.astype(np.uint64))
        while self._runs and len(self._runs[-1]) < 4 * len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]))
        self._runs.append(run)

    def find(self, keys: U32) -> tuple[Numbers, Numbers]:
        """Pairs (place in `keys`, text): the earliest texts that carry each key."""
        order = np.argsort(keys, kind="stable")
        wanted = keys[order].astype(np.uint64) << _SHIFT
        places: list[Numbers] = []
        texts: list[Numbers] = []
        for run in self._runs:
            place, found = _earliest(run, wanted)
            places.append(order[place])
            texts.append((found & _LOW).astype(np.int64))
        if len(places) == 1:  # already in order and capped
            return places[0], texts[0]
        return _capped(_joined(places), _joined(texts))


def _earliest(run: U64, wanted: U64) -> tuple[Numbers, U64]:
    low = np.searchsorted(run, wanted)
    high = np.searchsorted(run, wanted | _LOW, side="right")
    counts = np.minimum(high - low, BUCKET_CAP)
    place = np.repeat(np.arange(len(wanted)), counts)
    within = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
    return place, run[low[place] + within]


def _capped(places: Numbers, texts: Numbers) -> tuple[Numbers, Numbers]:
    order = np.lexsort((texts, places))
    places, texts = places[order], texts[order]
    first = np.searchsorted(places, places)
    kept = np.arange(len(places)) - first < BUCKET_CAP
    return places[kept], texts[kept]


def _joined(parts: Sequence[Numbers]) -> Numbers:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
