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
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quality.classify.encode import FIGURE, PUNCTUATION, Encoded, Encoder
from quality.classify.labels import Paragraph
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


@dataclass(frozen=True, slots=True)
class Reading:
    """A batch of paragraphs as the model sees it.

    `words` holds one row a paragraph. Parallel to its data: `firsts` and `lasts`, the numbers
    of the tokens where the feature's first occurrence begins and ends (-1 outside the text).
    `counts` are the style counts, one column a name.
    """

    words: sparse.csr_array
    firsts: NDArray[np.int64]
    lasts: NDArray[np.int64]
    counts: NDArray[np.float32]
    encoded: Encoded


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
        self._places = [style.names.index(name) for name in self.steps]
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
        encoded = self.encoder.encode([paragraph.text for paragraph in paragraphs])
        return self._reading(encoded, self._context_keys(paragraphs))

    def read_alone(self, texts: Sequence[str]) -> Reading:
        """The known features of texts as if nothing stood around them."""
        return self._reading(self.encoder.encode(texts), [])

    def _reading(self, encoded: Encoded, context: list[_Keys]) -> Reading:
        size = len(encoded.bounds) - 1
        rows, columns, firsts, lasts = self._occurrences([*_text_keys(encoded), *context])
        # One entry a feature and row, standing for its first occurrence.
        entry = rows * len(self.keys) + columns
        order = np.argsort(entry, kind="stable")
        entry = entry[order]
        first = np.ones(len(entry), dtype=bool)
        first[1:] = entry[1:] != entry[:-1]
        order = order[first]
        rows, columns = rows[order], columns[order]
        bounds = np.searchsorted(rows, np.arange(size + 1))
        data = self._scaled(rows, columns, size)
        shape = (size, len(self.keys))
        return Reading(
            words=sparse.csr_array((data, columns, bounds), shape=shape),
            firsts=firsts[order],
            lasts=lasts[order],
            counts=self.style.values(encoded),
            encoded=encoded,
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
        parts = [*_text_keys(encoded), *self._context_keys(paragraphs)]
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
            if tag in self._direct:
                place = self._direct[tag][low]
                known = np.flatnonzero(place >= 0)
            else:
                keys = low | tag << _TAG
                place = np.searchsorted(self.keys, keys)
                place[place == len(self.keys)] = 0
                known = np.flatnonzero(self.keys[place] == keys)
            found.append((rows[known], place[known], firsts[known], lasts[known]))
        return tuple(np.concatenate(column) for column in zip(*found, strict=True))

    def _context_keys(self, paragraphs: Sequence[Paragraph]) -> list[_Keys]:
        above = [" | ".join(headings_of(paragraph)) for paragraph in paragraphs]
        encoded = self.encoder.encode(above)
        word = encoded.forms != PUNCTUATION
        rows, forms = [], []
        for row, paragraph in enumerate(paragraphs):
            for number in form_of(paragraph, headed=bool(above[row])):
                rows.append(row)
                forms.append(number)
        words = encoded.words[word]
        nowhere = np.full(max(len(words), len(rows)), -1)
        above_it, around = nowhere[: len(words)], nowhere[: len(rows)]
        numbers = np.array(forms, dtype=np.int64)
        return [
            (HEADING, words, encoded.rows[word], above_it, above_it),
            (FORM, numbers, np.array(rows, dtype=np.int64), around, around),
        ]

    def name(self, column: int) -> str:
        """A word feature as a person reads it."""
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
