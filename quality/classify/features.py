"""Paragraphs as rows of named features, and each feature's place in the text.

Five families, all linear in the end and so exactly explainable: runs of one to three
delexicalised words; words that open a sentence or the paragraph; words of the headings
above and the form around; words by what they mean (meaning.py); steps of the style counts.
A word's value is its rarity, scaled so that the words of every paragraph have the same
length together: long paragraphs are not surer by their length alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quality.classify.encode import FIGURE, PUNCTUATION, Encoded, Encoder
from quality.classify.labels import Paragraph
from quality.classify.reading import Reading, by_row, first_of_each, hashed, joined
from quality.classify.style import Style
from quality.document import BlockKind

# Families, as tags in the high bits of a key; up to three ids of 19 bits lie below.
ONE, TWO, THREE, OPENS_SENTENCE, OPENS_PARAGRAPH, HEADING, FORM = range(7)
MEANING, OPENS_MEANING = 7, 8
MEANT = (MEANING, OPENS_MEANING)
_TAG = 57
_ID_BITS = 19
FIRST_MEANING = MEANING << _TAG
TAG_BITS = _TAG
# A short line before that ends in no full stop is read as a heading where the extractor
# gave none: half of the gold paragraphs under a heading come like that.
_HEADING_LIKE = re.compile(r"\s*\S+(?:\s+\S+){0,11}\s*(?<![.!;,])\Z")
_HEADING_MAX_CHARS = 100
FORMS = (
    "a list item",
    "a quote",
    "a table",
    "no heading above",
    "after a colon",
    "after a list item",
)
# How the families are weighted against each other (5 folds over training hosts).
WORD_SCALE = 1.0
HEADING_SCALE = 0.6
STEP_SCALE = 0.0625
MEANING_SCALE = 1.5
OPENS_MEANING_SCALE = 0.75
# So much rarity is added below the line, that a text of three words is not all one meaning.
_MEANING_DAMPING = 5.0
_GROUPS = 4

# Family, ids below the tag, rows, first and last token numbers.
_Ids = NDArray[np.int64]
_Keys = tuple[int, _Ids, _Ids, _Ids, _Ids]
# Families whose keys are one id each: looked up in a table instead of searched for.
_SINGLE = (ONE, OPENS_SENTENCE, OPENS_PARAGRAPH, HEADING, FORM, *MEANT)
# Headings above in one string, and numbers in FORMS.
_Around = tuple[str, tuple[int, ...]]
# One bit in 13 is set with the 82,000 keys of the model: so few unknown runs are searched for.
_SIEVE_BITS = 20


class FeatureSpace:
    """The columns of a model: sorted keys with rarities, then steps of the style counts."""

    def __init__(
        self,
        encoder: Encoder,
        style: Style,
        keys: NDArray[np.int64],
        rarity: NDArray[np.float32],
        steps: Mapping[str, Sequence[float]],
    ) -> None:
        self.encoder = encoder
        self.style = style
        self.keys = keys
        self.rarity = rarity
        self.steps = {name: tuple(cuts) for name, cuts in steps.items() if cuts}
        self.step_bounds = np.cumsum([0, *(len(cuts) for cuts in self.steps.values())])
        self.stepped = tuple(self.steps)
        self._places = [style.place[name] for name in self.steps]
        self._cuts = [np.array(cuts, dtype=np.float32) for cuts in self.steps.values()]
        tags = keys >> _TAG
        # Features scaled together: words, headings and form, words by meaning, openers by meaning.
        groups = (tags >= HEADING).astype(np.int64) + (tags >= MEANING) + (tags >= OPENS_MEANING)
        self._group = groups
        self.meant = tuple(
            slice(*np.searchsorted(keys, [tag << _TAG, (tag + 1) << _TAG]).tolist())
            for tag in MEANT
        )
        self._direct = {tag: self._columns_of(tag) for tag in _SINGLE}
        self._sieve = np.zeros(1 << _SIEVE_BITS, dtype=bool)
        self._sieve[hashed(keys, _SIEVE_BITS)] = True
        self._names: dict[int, str] = {}

    def _columns_of(self, tag: int) -> NDArray[np.int64]:
        """The column of each id in a family of single ids, -1 where there is none."""
        start, end = np.searchsorted(self.keys, [tag << _TAG, (tag + 1) << _TAG])
        places = np.full(max(len(self.encoder.tokens), len(FORMS)), -1, dtype=np.int64)
        places[self.keys[start:end] & ((1 << _TAG) - 1)] = np.arange(start, end)
        return places

    @property
    def step_count(self) -> int:
        """How many columns are steps; they come after the keys."""
        return int(self.step_bounds[-1])

    def __len__(self) -> int:
        return len(self.keys) + self.step_count

    def read(self, paragraphs: Sequence[Paragraph]) -> Reading:
        """The paragraphs' known features, those of headings and form around among them."""
        lines = self.read_alone([paragraph.text for paragraph in paragraphs])
        around, contexts = self.read_around(paragraphs)
        return joined((lines, np.arange(len(paragraphs))), (around, contexts))

    def read_alone(self, texts: Sequence[str]) -> Reading:
        """The known features of texts as if nothing stood around them."""
        encoded = self.encoder.encode(texts)
        return self._reading(_text_keys(encoded), len(texts), self.style.values(encoded))

    def read_around(self, paragraphs: Sequence[Paragraph]) -> tuple[Reading, NDArray[np.int64]]:
        """The features around: a row for each that is different, and each paragraph's row."""
        places: dict[_Around, int] = {}
        rows = [places.setdefault(around(item), len(places)) for item in paragraphs]
        nothing = np.zeros((len(places), 0), dtype=np.float32)
        reading = self._reading(self._context_keys(list(places)), len(places), nothing)
        return reading, np.array(rows, dtype=np.int64)

    def _reading(self, parts: list[_Keys], size: int, counts: NDArray[np.float32]) -> Reading:
        rows, columns, firsts, lasts = self._occurrences(parts)
        # One entry a feature and row, standing for its first occurrence.
        order = first_of_each(rows * len(self.keys) + columns)
        order = order[by_row(rows[order], size)]
        rows, columns = rows[order], columns[order]
        bounds = np.searchsorted(rows, np.arange(size + 1))
        data = self._scaled(rows, columns, size)
        return Reading(
            words=sparse.csr_array((data, columns, bounds), shape=(size, len(self.keys))),
            firsts=firsts[order],
            lasts=lasts[order],
            counts=counts,
        )

    def bins(self, counts: NDArray[np.float32]) -> NDArray[np.int64]:
        """How many steps each count has climbed, one column a stepped count."""
        columns = [
            np.searchsorted(cuts, counts[:, place], side="right")
            for place, cuts in zip(self._places, self._cuts, strict=True)
        ]
        return np.column_stack(columns) if columns else np.zeros((len(counts), 0), np.int64)

    def matrix(self, reading: Reading) -> sparse.csr_array:
        """Words and steps side by side, float32: what the model is fitted on."""
        bins = self.bins(reading.counts)
        blocks = [
            bins[:, [number]] > np.arange(len(cuts)) for number, cuts in enumerate(self._cuts)
        ]
        climbed = np.hstack(blocks) if blocks else np.zeros((len(bins), 0), dtype=bool)
        stepped = sparse.csr_array(climbed.astype(np.float32) * STEP_SCALE)
        return sparse.csr_array(sparse.hstack([reading.words, stepped], format="csr"))

    def keys_of(
        self, paragraphs: Sequence[Paragraph]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Every key of every paragraph, known or not, with its row: for fitting."""
        encoded = self.encoder.encode([paragraph.text for paragraph in paragraphs])
        parts = [*_text_keys(encoded), *self._context_keys([around(item) for item in paragraphs])]
        keys = np.concatenate([part[1] | part[0] << _TAG for part in parts])
        return keys, np.concatenate([part[2] for part in parts])

    def _scaled(
        self, rows: NDArray[np.int64], columns: NDArray[np.int64], size: int
    ) -> NDArray[np.float32]:
        data = self.rarity[columns].astype(np.float64)
        group = self._group[columns]
        kind = rows * _GROUPS + group
        squares = np.bincount(kind, weights=data**2, minlength=_GROUPS * size)
        sums = np.bincount(kind, weights=data, minlength=_GROUPS * size)
        lengths = np.sqrt(np.maximum(squares, 1e-9))
        norms = np.empty(_GROUPS * size)
        norms[0::4] = WORD_SCALE / lengths[0::4]
        norms[1::4] = HEADING_SCALE / lengths[1::4]
        norms[2::4] = MEANING_SCALE / (sums[2::4] + _MEANING_DAMPING)
        norms[3::4] = OPENS_MEANING_SCALE / (sums[3::4] + _MEANING_DAMPING)
        return np.asarray(data * norms[kind], dtype=np.float32)

    def _occurrences(self, parts: list[_Keys]) -> tuple[NDArray[np.int64], ...]:
        """Row, column, first and last token of every known word feature, wherever it stands."""
        found = []
        for tag, low, rows, firsts, lasts in parts:
            known, columns = self._known(tag, low)
            found.append((rows[known], columns, firsts[known], lasts[known]))
        return tuple(np.concatenate(column) for column in zip(*found, strict=True))

    def _known(self, tag: int, low: _Ids) -> tuple[_Ids, _Ids]:
        """Which keys of a family are features, and their columns."""
        if tag in self._direct:
            columns = self._direct[tag][low]
            known = np.flatnonzero(columns >= 0)
            return known, columns[known]
        keys = low | tag << _TAG
        # Most runs of words are unknown, and most of those have no bit in the sieve.
        maybe = np.flatnonzero(self._sieve[hashed(keys, _SIEVE_BITS)])
        keys = keys[maybe]
        columns = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        known = np.flatnonzero(self.keys[columns] == keys)
        return maybe[known], columns[known]

    def _context_keys(self, contexts: Sequence[_Around]) -> list[_Keys]:
        encoded = self.encoder.encode([above for above, _ in contexts])
        word = encoded.forms != PUNCTUATION
        words = encoded.words[word]
        numbers = np.array([number for _, held in contexts for number in held], dtype=np.int64)
        rows = np.repeat(np.arange(len(contexts)), [len(held) for _, held in contexts])
        nowhere = np.full(max(len(words), len(rows)), -1)
        above_it, beside = nowhere[: len(words)], nowhere[: len(rows)]
        return [
            (HEADING, words, encoded.rows[word], above_it, above_it),
            (FORM, numbers, rows, beside, beside),
        ]

    def name(self, column: int) -> str:
        """A word feature as a person reads it."""
        known = self._names.get(column)
        if known is None:
            known = self._names[column] = self._name(column)
        return known

    def _name(self, column: int) -> str:
        key = int(self.keys[column])
        tag, low = key >> _TAG, key & ((1 << _TAG) - 1)
        if tag == FORM:
            return FORMS[low]
        mask = (1 << _ID_BITS) - 1
        ids = [(low >> shift) & mask for shift in (2 * _ID_BITS, _ID_BITS, 0)]
        size = tag + 1 if tag <= THREE else 1
        text = " ".join(self.encoder.tokens[number] for number in ids[-size:])
        if tag == HEADING:
            return f"under “{text}”"
        if tag == MEANING:
            return f"words like “{text}”"
        if tag == OPENS_MEANING:
            return f"opens with words like “{text}”"
        return f"opens with “{text}”" if tag > THREE else f"“{text}”"


def around(paragraph: Paragraph) -> _Around:
    """What stands around a paragraph, as far as it is a feature."""
    above = " | ".join(headings_of(paragraph))
    return above, tuple(form_of(paragraph, headed=bool(above)))


def headings_of(paragraph: Paragraph) -> tuple[str, ...]:
    """The headings above, or the line before where it looks like one."""
    if paragraph.headings:
        return paragraph.headings
    before = paragraph.before
    if before and len(before) <= _HEADING_MAX_CHARS and _HEADING_LIKE.match(before):
        return (before,)
    return ()


def form_of(paragraph: Paragraph, *, headed: bool) -> list[int]:
    """Numbers in FORMS that hold for a paragraph."""
    before = (paragraph.before or "").rstrip()
    held = (
        paragraph.kind is BlockKind.LIST_ITEM,
        paragraph.kind is BlockKind.QUOTE,
        paragraph.kind is BlockKind.TABLE,
        not headed,
        before.endswith(":"),
        before[:2] in {"- ", "• ", "* "},
    )
    return [number for number, holds in enumerate(held) if holds]


def _text_keys(encoded: Encoded) -> list[_Keys]:
    ids, rows, firsts, lasts = encoded.ids, encoded.rows, encoded.raw, encoded.raw_ends
    two = rows[1:] == rows[:-1]
    three = two[1:] & two[:-1]
    pairs = ids[:-1] << _ID_BITS | ids[1:]
    triples = pairs[:-1] << _ID_BITS | ids[2:]
    opens = encoded.starts & (encoded.forms != PUNCTUATION)
    top = encoded.bounds[:-1][encoded.bounds[1:] > encoded.bounds[:-1]]
    words, lettered = encoded.words, encoded.forms < FIGURE
    letters, first = np.flatnonzero(lettered), np.flatnonzero(lettered & encoded.starts)
    return [
        (ONE, ids, rows, firsts, lasts),
        (TWO, pairs[two], rows[:-1][two], firsts[:-1][two], lasts[1:][two]),
        (THREE, triples[three], rows[:-2][three], firsts[:-2][three], lasts[2:][three]),
        (OPENS_SENTENCE, ids[opens], rows[opens], firsts[opens], lasts[opens]),
        (OPENS_PARAGRAPH, ids[top], rows[top], firsts[top], lasts[top]),
        (MEANING, words[letters], rows[letters], firsts[letters], firsts[letters]),
        (OPENS_MEANING, words[first], rows[first], firsts[first], firsts[first]),
    ]
