"""Which stored texts may be related to a text: those that share bands or anchors with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from quality.neardup.bands import Numbers, Postings, anchors, band_keys
from quality.neardup.sets import distinct, distinct_counts, is_member
from quality.neardup.shingles import U32
from quality.neardup.signature import MIN_WORDS, Scheme
from quality.neardup.texts import Texts

Mask = NDArray[np.bool_]
_Number = TypeVar("_Number", np.uint16, np.uint32)

_LOW = np.int64(0xFFFFFFFF)
LEAST_ANCHORS = 2
# One in ten: texts with half of their shingles in common share a third of their anchors.
ANCHORS_A_SHARED_ONE = 10
# A shared band counts only with one shared anchor in sixteen: long texts that share a band
# and no anchor do so by chance, and short ones have less than sixteen.
ANCHORS_A_BAND = 16
# What stands in texts of this many clusters is a phrase or a frame, no sign of a copy.
COMMON_CLUSTERS = 6
SECTION_ANCHOR_SHARE = 0.12
# Sections with fewer anchors than this may be found by a single one.
FEW_ANCHORS = 8


@dataclass(frozen=True, slots=True)
class TextKeys:
    """The keys of several texts: rows are places in the list they were made from."""

    band_rows: Numbers
    bands: U32
    anchor_rows: Numbers
    anchors: U32
    windows: Numbers
    """First word of the window of each anchor, counted over all texts."""


def keys_of(texts: Texts, scheme: Scheme) -> TextKeys:
    """The keys of several texts; those under `MIN_WORDS` words have none."""
    long = np.flatnonzero(np.diff(texts.ends, prepend=0) >= MIN_WORDS)
    if not len(long):
        none, no_keys = np.empty(0, np.int64), np.empty(0, np.uint32)
        return TextKeys(none, no_keys, none, no_keys, none)
    bands = band_keys(texts.minhashes[long], scheme.bands, scheme.rows)
    keys, rows, windows = anchors(texts.words, texts.ends)
    return TextKeys(np.repeat(long, bands.shape[1]), bands.ravel(), rows, keys, windows)


@dataclass(frozen=True, slots=True)
class Found:
    """Pairs of a row and a stored text that share keys, and how many anchors they share."""

    rows: Numbers
    texts: Numbers
    shared: Numbers

    def of_row(self, row: int) -> list[int]:
        """The texts of one row, those that share most first, then the earliest."""
        return [text for _, text in self.of_rows(row, row + 1)]

    def of_rows(self, begin: int, end: int) -> list[tuple[int, int]]:
        """(row, text) for rows from `begin` to before `end`, in the same order."""
        low, high = np.searchsorted(self.rows, [begin, end])
        rows, texts = self.rows[low:high], self.texts[low:high]
        order = np.lexsort((texts, -self.shared[low:high]))
        return list(zip(rows[order].tolist(), texts[order].tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Matches:
    """Which stored texts carry the same keys: by band as pairs, by anchor one by one."""

    by_band: Numbers
    places: Numbers
    """Places in the list of anchors."""
    texts: Numbers
    by_anchor: Numbers
    shared: Numbers


class KeyIndex:
    """The keys of all stored texts, in memory, and which text each of them follows."""

    def __init__(self) -> None:
        self._bands = Postings()
        self._anchors = Postings()
        self._owned = np.zeros(1024, np.uint16)
        self._leaders = np.zeros(1024, np.uint32)

    @property
    def postings(self) -> int:
        """How many keys are held."""
        return len(self._bands) + len(self._anchors)

    @property
    def nbytes(self) -> int:
        """Memory held by the arrays."""
        return 8 * self.postings + self._owned.nbytes + self._leaders.nbytes

    def add(self, keys: TextKeys, numbers: Numbers, leaders: Numbers) -> None:
        """Remember texts; `numbers[row]` is the number of a row's text."""
        if not len(numbers):
            return
        self._bands.add(keys.bands, numbers[keys.band_rows])
        self._anchors.add(keys.anchors, numbers[keys.anchor_rows])
        size = int(numbers.max()) + 1
        self._owned, self._leaders = _grown(self._owned, size), _grown(self._leaders, size)
        counts = np.bincount(keys.anchor_rows, minlength=len(numbers))
        self._owned[numbers] = np.minimum(counts, 0xFFFF)
        self._leaders[numbers] = leaders

    def set_leader(self, text: int, leader: int) -> None:
        """Remember that a text follows another."""
        self._leaders[text] = leader

    def match(self, keys: TextKeys) -> Matches:
        """What carries the same keys."""
        place, text = self._bands.find(keys.bands)
        by_band = distinct(_pair(keys.band_rows[place], text))
        place, text = self._anchors.find(keys.anchors)
        by_anchor, shared = distinct_counts(_pair(keys.anchor_rows[place], text))
        return Matches(by_band, place, text, by_anchor, shared)

    def whole(self, keys: TextKeys, matches: Matches) -> Found:
        """Texts that may be like each row, or hold a good part of it."""
        overlapping = matches.by_anchor[matches.shared >= LEAST_ANCHORS]
        pairs = distinct(np.concatenate([matches.by_band, overlapping]))
        counts = _look_up(pairs, matches.by_anchor, matches.shared)
        least = self._least_owned(pairs, keys.anchor_rows)
        alike = is_member(pairs, matches.by_band) & (counts >= least // ANCHORS_A_BAND)
        overlaps = (counts >= LEAST_ANCHORS) & (counts * ANCHORS_A_SHARED_ONE >= least)
        return _found(pairs, counts, alike | overlaps)

    def commonplace(self, keys: TextKeys, matches: Matches, whole: Found) -> Found:
        """Those of the pairs that share next to nothing but passages of many clusters."""
        common = self._common_anchors(matches, len(keys.anchors))
        pairs = _pair(whole.rows, whole.texts)
        specific = ~common[matches.places]
        known = _pair(keys.anchor_rows[matches.places[specific]], matches.texts[specific])
        counts = _look_up(pairs, *distinct_counts(known))
        least = self._least_owned(pairs, keys.anchor_rows[~common])
        return _found(pairs, counts, counts * ANCHORS_A_SHARED_ONE < least)

    def _least_owned(self, pairs: Numbers, anchor_rows: Numbers) -> Numbers:
        rows, texts = pairs >> 32, pairs & _LOW
        owned = np.bincount(anchor_rows, minlength=int(rows.max(initial=0)) + 1)
        least: Numbers = np.minimum(owned[rows], self._owned[texts])
        return least

    def _common_anchors(self, matches: Matches, size: int) -> Mask:
        often = np.bincount(matches.places, minlength=size) >= COMMON_CLUSTERS
        crowded = often[matches.places]
        leaders = self._leaders[matches.texts[crowded]].astype(np.int64)
        clusters = distinct(_pair(matches.places[crowded], leaders))
        return np.bincount(clusters >> 32, minlength=size) >= COMMON_CLUSTERS


def by_section(matches: Matches, sections: Numbers) -> Found:
    """Texts that may hold each section; `sections` numbers the one each anchor stands in.

    The numbers run over all rows; -1 where an anchor stands in none.
    """
    found = sections[matches.places]
    inside = found >= 0
    pairs, shared = distinct_counts(_pair(found[inside], matches.texts[inside]))
    owned = np.bincount(sections[sections >= 0], minlength=1)[pairs >> 32]
    least = np.where(owned < FEW_ANCHORS, 1, np.maximum(2, SECTION_ANCHOR_SHARE * owned))
    return _found(pairs, shared, shared >= least)


def _grown(array: NDArray[_Number], size: int) -> NDArray[_Number]:
    """The array, or a longer one that begins with it; at least doubled, so copying is rare."""
    if size <= len(array):
        return array
    longer = np.zeros(max(size, 2 * len(array)), array.dtype)
    longer[: len(array)] = array
    return longer


def _found(pairs: Numbers, counts: Numbers, chosen: Mask) -> Found:
    return Found(pairs[chosen] >> 32, pairs[chosen] & _LOW, counts[chosen])


def _look_up(wanted: Numbers, known: Numbers, values: Numbers) -> Numbers:
    """The value of each number that is known, 0 for the others."""
    result = np.zeros(len(wanted), np.int64)
    hits = is_member(wanted, known)
    result[hits] = values[np.searchsorted(known, wanted[hits])]
    return result


def _pair(rows: Numbers, texts: Numbers) -> Numbers:
    return rows << 32 | texts
