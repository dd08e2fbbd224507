"""Which stored texts may be related to a text: those that share bands or anchors with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quality.neardup.bands import Numbers, Postings, anchors, band_keys
from quality.neardup.sets import distinct, distinct_counts, is_member
from quality.neardup.shingles import U8, U16, U32
from quality.neardup.signature import MIN_WORDS, Scheme

_LOW = np.int64(0xFFFFFFFF)
LEAST_ANCHORS = 2
# One in ten: texts with half of their shingles in common share a third of their anchors.
ANCHORS_A_SHARED_ONE = 10
# A shared band counts only with one shared anchor in sixteen: long texts that share a band
# and no anchor do so by chance, and short ones have less than sixteen.
ANCHORS_A_BAND = 16
_SECTION_ANCHOR_SHARE = 0.12
# Sections with fewer anchors than this may be found by a single one.
_FEW_ANCHORS = 8


@dataclass(frozen=True, slots=True)
class TextKeys:
    """The keys of several texts: rows are places in the list they were made from."""

    band_rows: Numbers
    bands: U32
    anchor_rows: Numbers
    anchors: U32
    positions: Numbers
    """Word at which each anchor begins, within its text."""


def keys_of(minhashes: Sequence[U16], word_bytes: Sequence[U8], scheme: Scheme) -> TextKeys:
    """The keys of several texts; those under `MIN_WORDS` words have none."""
    rows = np.array([i for i, one in enumerate(word_bytes) if len(one) >= MIN_WORDS], np.int64)
    if not len(rows):
        none, no_keys = np.empty(0, np.int64), np.empty(0, np.uint32)
        return TextKeys(none, no_keys, none, no_keys, none)
    bands = band_keys(np.stack([minhashes[row] for row in rows]), scheme.bands, scheme.rows)
    keys, places, positions = anchors([word_bytes[row] for row in rows])
    return TextKeys(np.repeat(rows, bands.shape[1]), bands.ravel(), rows[places], keys, positions)


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


class KeyIndex:
    """The keys of all stored texts, in memory."""

    def __init__(self) -> None:
        self._bands = Postings()
        self._anchors = Postings()
        self._owned = np.zeros(1024, np.uint16)

    @property
    def postings(self) -> int:
        """How many keys are held."""
        return len(self._bands) + len(self._anchors)

    @property
    def nbytes(self) -> int:
        """Memory held by the arrays."""
        return 8 * self.postings + self._owned.nbytes

    def add(self, keys: TextKeys, numbers: Numbers) -> None:
        """Remember the keys of texts; `numbers[row]` is the number of a row's text."""
        self._bands.add(keys.bands, numbers[keys.band_rows])
        self._anchors.add(keys.anchors, numbers[keys.anchor_rows])
        if len(numbers):
            self._owned = grown(self._owned, int(numbers.max()) + 1)
            counts = np.bincount(keys.anchor_rows, minlength=len(numbers))
            self._owned[numbers] = np.minimum(counts, 0xFFFF)

    def find(self, keys: TextKeys, sections: Numbers) -> tuple[Found, Found]:
        """Texts related to each row as a whole, and to each section.

        `sections` numbers the section that each anchor of `keys` stands in, over all rows;
        -1 where it stands in none.
        """
        place, text = self._bands.find(keys.bands)
        by_band = distinct(_pair(keys.band_rows[place], text))
        place, text = self._anchors.find(keys.anchors)
        by_anchor, shared = distinct_counts(_pair(keys.anchor_rows[place], text))
        whole = self._whole(keys, by_band, by_anchor, shared)
        inside = sections[place] >= 0
        parts = _by_section(sections, sections[place][inside], text[inside])
        return whole, parts

    def _whole(
        self, keys: TextKeys, by_band: Numbers, by_anchor: Numbers, shared: Numbers
    ) -> Found:
        pairs = distinct(np.concatenate([by_band, by_anchor[shared >= LEAST_ANCHORS]]))
        counts = _look_up(pairs, by_anchor, shared)
        rows, texts = pairs >> 32, pairs & _LOW
        owned = np.bincount(keys.anchor_rows, minlength=int(rows.max(initial=0)) + 1)
        least = np.minimum(owned[rows], self._owned[texts])
        alike = is_member(pairs, by_band) & (counts >= least // ANCHORS_A_BAND)
        overlapping = (counts >= LEAST_ANCHORS) & (counts * ANCHORS_A_SHARED_ONE >= least)
        chosen = alike | overlapping
        return Found(rows[chosen], texts[chosen], counts[chosen])


def grown(array: U16, size: int) -> U16:
    """The array, or a longer one that begins with it; at least doubled, so copying is rare."""
    if size <= len(array):
        return array
    longer = np.zeros(max(size, 2 * len(array)), array.dtype)
    longer[: len(array)] = array
    return longer


def _by_section(sections: Numbers, found: Numbers, texts: Numbers) -> Found:
    pairs, shared = distinct_counts(_pair(found, texts))
    owned = np.bincount(sections[sections >= 0], minlength=1)[pairs >> 32]
    least = np.where(owned < _FEW_ANCHORS, 1, np.maximum(2, _SECTION_ANCHOR_SHARE * owned))
    enough = shared >= least
    return Found(pairs[enough] >> 32, pairs[enough] & _LOW, shared[enough])


def _look_up(wanted: Numbers, known: Numbers, values: Numbers) -> Numbers:
    """The value of each number that is known, 0 for the others."""
    result = np.zeros(len(wanted), np.int64)
    hits = is_member(wanted, known)
    result[hits] = values[np.searchsorted(known, wanted[hits])]
    return result


def _pair(rows: Numbers, texts: Numbers) -> Numbers:
    return rows << 32 | texts
