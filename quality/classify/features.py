"""Paragraphs as rows of named features, and each feature's place in the text.

Four families, all linear in the end and so exactly explainable: runs of one to three
delexicalised words; words that open a sentence or the paragraph; words of the headings
above; steps of the style counts. A feature's value is its weight by rarity, scaled so that
each family has the same length in every paragraph: long paragraphs are not surer by length.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quality.classify.encode import PUNCTUATION, Encoded, Encoder
from quality.classify.labels import Paragraph
from quality.classify.style import style
from quality.document import BlockKind

# Families, as tags in the high bits of a key; a run of three ids of 19 bits lies below.
ONE, TWO, THREE, OPENS_SENTENCE, OPENS_PARAGRAPH, HEADING, FORM = range(7)
_TAG = 57
_ID_BITS = 19
# A line before that is short and ends in no full stop is read as a heading where the
# extractor gave none: half of the gold paragraphs under a heading come like that.
_HEADING_LIKE = re.compile(r"\s*(?:[#*\-•]+\s*)?\S+(?:\s+\S+){0,11}\s*[^.!;,\s]?\s*\Z")
FORMS = ("list item", "quote", "table", "no heading", "after a colon", "after a list item")
# How the families are weighted against each other (chosen on training hosts, 5 folds).
SCALES = {"words": 1.0, "headings": 0.6, "style": 0.25}


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Where features occur: parallel arrays; `token` is the first token's number, -1 if none."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    tokens: NDArray[np.int64]
    lengths: NDArray[np.int64]


class FeatureSpace:
    """The columns of a model: sorted keys with rarities, then steps of the style counts."""

    def __init__(
        self,
        encoder: Encoder,
        keys: NDArray[np.int64],
        rarity: NDArray[np.float32],
        steps: Mapping[str, Sequence[float]],
    ) -> None:
        self.encoder = encoder
        self.keys = keys
        self.rarity = rarity
        self.steps = {name: tuple(cuts) for name, cuts in steps.items()}
        self._step_offsets = np.cumsum([0, *(len(cuts) for cuts in self.steps.values())])
        self._is_heading = (keys >> _TAG) >= HEADING

    def __len__(self) -> int:
        return len(self.keys) + int(self._step_offsets[-1])

    def matrix(
        self, paragraphs: Sequence[Paragraph], encoded: Encoded | None = None
    ) -> sparse.csr_array:
        """One row a paragraph, float32."""
        if encoded is None:
            encoded = self.encoder.encode([paragraph.text for paragraph in paragraphs])
        found = self.occurrences(paragraphs, encoded)
        size = (len(paragraphs), len(self.keys))
        ones = np.ones(len(found.rows), dtype=np.float32)
        counts = sparse.csr_array((ones, (found.rows, found.columns)), shape=size)
        counts.sum_duplicates()
        counts.data = self.rarity[counts.indices]
        self._scale(counts)
        return sparse.csr_array(sparse.hstack([counts, self._stepped(encoded)], format="csr"))

    def _scale(self, matrix: sparse.csr_array) -> None:
        rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        heading = self._is_heading[matrix.indices]
        for mask, scale in ((~heading, SCALES["words"]), (heading, SCALES["headings"])):
            squares = np.bincount(
                rows[mask], weights=matrix.data[mask] ** 2, minlength=matrix.shape[0]
            )
            norm = scale / np.sqrt(np.maximum(squares, 1e-9))
            matrix.data[mask] *= norm[rows[mask]].astype(np.float32)

    def _stepped(self, encoded: Encoded) -> sparse.csr_array:
        names, values = style(encoded, self.encoder)
        place = {name: number for number, name in enumerate(names)}
        blocks = [
            values[:, [place[name]]] >= np.array(cuts, dtype=np.float32)
            for name, cuts in self.steps.items()
            if cuts
        ]
        if not blocks:
            return sparse.csr_array((len(values), 0), dtype=np.float32)
        return sparse.csr_array(np.hstack(blocks).astype(np.float32) * SCALES["style"])

    def occurrences(self, paragraphs: Sequence[Paragraph], encoded: Encoded) -> Occurrences:
        """Every known word feature and where it stands."""
        parts = [*_text_keys(encoded), *self._heading_keys(paragraphs)]
        found = []
        for keys, rows, tokens, length in parts:
            place = np.searchsorted(self.keys, keys)
            place[place == len(self.keys)] = 0
            known = self.keys[place] == keys if len(self.keys) else np.zeros(len(keys), bool)
            size = np.full(int(known.sum()), length)
            found.append((rows[known], place[known], tokens[known], size))
        columns = [np.concatenate(column) for column in zip(*found, strict=True)]
        return Occurrences(*columns)

    def all_keys(
        self, paragraphs: Sequence[Paragraph]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Every key of every paragraph, known or not, with its row: for fitting."""
        encoded = self.encoder.encode([paragraph.text for paragraph in paragraphs])
        parts = [*_text_keys(encoded), *self._heading_keys(paragraphs)]
        return np.concatenate([part[0] for part in parts]), np.concatenate(
            [part[1] for part in parts]
        )

    def _heading_keys(self, paragraphs: Sequence[Paragraph]) -> list[_Keys]:
        above = [" \n ".join(headings_of(paragraph)) for paragraph in paragraphs]
        encoded = self.encoder.encode(above)
        word = encoded.forms != PUNCTUATION
        keys = encoded.ids[word] | HEADING << _TAG
        nowhere = np.full(len(keys), -1)
        rows, forms = [], []
        for row, paragraph in enumerate(paragraphs):
            for number in form_of(paragraph, heading=bool(above[row])):
                rows.append(row)
                forms.append(number | FORM << _TAG)
        return [
            (keys, encoded.rows[word], nowhere, 0),
            (np.array(forms, np.int64), np.array(rows, np.int64), np.full(len(rows), -1), 0),
        ]

    def name(self, column: int) -> str:
        """A feature in words: its text, or the step of its count."""
        if column >= len(self.keys):
            return self._step_name(column - len(self.keys))
        key = int(self.keys[column])
        tag, low = key >> _TAG, key & ((1 << _TAG) - 1)
        if tag == FORM:
            return FORMS[low]
        mask = (1 << _ID_BITS) - 1
        ids = [(low >> shift) & mask for shift in (2 * _ID_BITS, _ID_BITS, 0)]
        text = " ".join(self.encoder.tokens[number] for number in ids[-min(tag + 1, 3) :])
        if tag == HEADING:
            return f"under “{self.encoder.tokens[low]}”"
        if tag in {OPENS_SENTENCE, OPENS_PARAGRAPH}:
            return f"opens with “{self.encoder.tokens[low]}”"
        return f"“{text}”"

    def _step_name(self, number: int) -> str:
        names = list(self.steps)
        place = int(np.searchsorted(self._step_offsets, number, side="right")) - 1
        cut = self.steps[names[place]][number - int(self._step_offsets[place])]
        return f"{names[place]} ≥ {cut:g}"


_Keys = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], int]


def headings_of(paragraph: Paragraph) -> tuple[str, ...]:
    """The headings above, or the line before where it looks like one."""
    if paragraph.headings:
        return paragraph.headings
    before = paragraph.before
    return (before,) if before and len(before) < 100 and _HEADING_LIKE.match(before) else ()


def form_of(paragraph: Paragraph, *, heading: bool) -> list[int]:
    """Numbers in FORMS that hold for a paragraph."""
    before = (paragraph.before or "").rstrip()
    held = (
        paragraph.kind is BlockKind.LIST_ITEM,
        paragraph.kind is BlockKind.QUOTE,
        paragraph.kind is BlockKind.TABLE,
        not heading,
        before.endswith(":"),
        before[:2] in {"- ", "• ", "* "},
    )
    return [number for number, holds in enumerate(held) if holds]


def _text_keys(encoded: Encoded) -> list[_Keys]:
    ids, rows, raw = encoded.ids, encoded.rows, encoded.raw
    two = rows[1:] == rows[:-1]
    three = two[1:] & two[:-1]
    pairs = ids[:-1] << _ID_BITS | ids[1:]
    triples = pairs[:-1] << _ID_BITS | ids[2:]
    opens = encoded.starts & (encoded.forms != PUNCTUATION)
    first = encoded.bounds[:-1][encoded.bounds[1:] > encoded.bounds[:-1]]
    return [
        (ids | ONE << _TAG, rows, raw, 1),
        (pairs[two] | TWO << _TAG, rows[:-1][two], raw[:-1][two], 2),
        (triples[three] | THREE << _TAG, rows[:-2][three], raw[:-2][three], 3),
        (ids[opens] | OPENS_SENTENCE << _TAG, rows[opens], raw[opens], 1),
        (ids[first] | OPENS_PARAGRAPH << _TAG, rows[first], raw[first], 1),
    ]
