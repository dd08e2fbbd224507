"""Keys by which texts find each other, and the sorted arrays that hold them in memory.

Two kinds of keys. Bands of MinHash values find texts alike as a whole. Anchors find shared
passages: of every `WINDOW` runs of four words in a row the one with the least hash
(winnowing: Schleimer, Wilkerson, Aiken, SIGMOD 2003), so a passage of `WINDOW` + 3 words
that two texts share always gives both the same key.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from quality.neardup.sets import distinct, fresh
from quality.neardup.shingles import U8, U16, U32, U64, mix32

Numbers = NDArray[np.int64]

ANCHOR_WORDS = 4
# Power of two. 16: about 70 anchors for 600 words, 8 bytes each in memory.
WINDOW = 16
# Words in one pass: the arrays of 8 bytes each then stay in the second-level cache.
_PASS_WORDS = 50_000
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


def anchors(words: U8, ends: Numbers) -> tuple[U32, Numbers, Numbers]:
    """Anchor keys of texts that stand one after another, and of each the text and window.

    `ends` is the place after the last word of each text, windows begin at a word counted over
    all texts. A text of less than `WINDOW` + 3 words has no anchor.
    """
    cuts = np.searchsorted(ends, np.arange(_PASS_WORDS, len(words), _PASS_WORDS)) + 1
    bounds = [0, *distinct(cuts).tolist(), len(ends)]
    parts: list[tuple[U32, Numbers, Numbers]] = []
    for first, after in pairwise(bounds):
        begin = int(ends[first - 1]) if first else 0
        keys, rows, windows = _anchors(words[begin : ends[after - 1]], ends[first:after] - begin)
        parts.append((keys, rows + first, windows + begin))
    return (
        np.concatenate([keys for keys, _, _ in parts]),
        np.concatenate([rows for _, rows, _ in parts]),
        np.concatenate([windows for _, _, windows in parts]),
    )


def _anchors(words: U8, ends: Numbers) -> tuple[U32, Numbers, Numbers]:
    if len(words) < WINDOW + ANCHOR_WORDS - 1:
        return np.empty(0, np.uint32), np.empty(0, np.int64), np.empty(0, np.int64)
    hashes = mix32(_runs(words))
    least = _sliding_least(hashes)
    chosen = fresh(least)
    chosen[ends[:-1][ends[:-1] < len(least)]] = True
    # Windows that reach over the end of a text are passed over.
    for back in range(1, ANCHOR_WORDS - 1 + WINDOW):
        over = ends[:-1] - back
        chosen[over[(over >= 0) & (over < len(least))]] = False
    windows = np.flatnonzero(chosen)
    return least[windows], np.searchsorted(ends, windows, side="right"), windows


def anchor_places(words: U8, windows: Numbers) -> Numbers:
    """The word at which the anchor of each window begins."""
    hashes = mix32(_runs(words))
    places, least = windows.copy(), hashes[windows]
    for offset in range(1, WINDOW):
        other = hashes[windows + offset]
        less = other < least
        least[less] = other[less]
        places[less] = windows[less] + offset
    return places


def _sliding_least(values: U32) -> U32:
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
        run: U64 = distinct(keys.astype(np.uint64) << _SHIFT | texts.astype(np.uint64))
        while self._runs and len(self._runs[-1]) < 2 * len(run):
            # The stable sort sees two ascending halves and merges them: twenty times
            # faster than the default sort.
            run = np.concatenate([self._runs.pop(), run])
            run.sort(kind="stable")
        self._runs.append(run)

    def find(self, keys: U32) -> tuple[Numbers, Numbers]:
        """Pairs (place in `keys`, text): the earliest texts that carry each key."""
        packed = np.sort(keys.astype(np.uint64) << _SHIFT | np.arange(len(keys), dtype=np.uint64))
        order = (packed & _LOW).astype(np.int64)
        wanted = packed & ~_LOW
        found = [_earliest(run, wanted) for run in self._runs if len(run)]
        places = order[_joined([place for place, _ in found])]
        texts = _joined([text for _, text in found])
        return _capped(places, texts, len(keys)) if len(found) > 1 else (places, texts)


def _earliest(run: U64, wanted: U64) -> tuple[Numbers, Numbers]:
    """Pairs (place in `wanted`, text) from one run."""
    low = np.searchsorted(run, wanted)
    low[low == len(run)] = 0
    # Most keys are carried by no text: only for the others it matters where they end.
    hits = np.flatnonzero(run[low] & ~_LOW == wanted)
    high = np.searchsorted(run, wanted[hits] | _LOW, side="right")
    counts = np.minimum(high - low[hits], BUCKET_CAP)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    texts = run[np.repeat(low[hits], counts) + within] & _LOW
    return np.repeat(hits, counts), texts.astype(np.int64)


def _capped(places: Numbers, texts: Numbers, size: int) -> tuple[Numbers, Numbers]:
    """The earliest texts of each place, where several runs together gave too many."""
    over = np.bincount(places, minlength=size)[places] > BUCKET_CAP
    if not over.any():
        return places, texts
    packed = np.sort(places[over] << 32 | texts[over])
    crowded = packed >> 32
    kept = np.arange(len(packed)) - np.searchsorted(crowded, crowded) < BUCKET_CAP
    return (
        np.concatenate([places[~over], crowded[kept]]),
        np.concatenate([texts[~over], packed[kept] & 0xFFFFFFFF]),
    )


def _joined(parts: Sequence[Numbers]) -> Numbers:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
