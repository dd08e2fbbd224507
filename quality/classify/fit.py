"""A feature space from rows: which words are known, which features count, which steps.

A word or feature must occur in several sources: what only one site says teaches that site,
not what paragraphs do.
"""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from quality.classify.encode import Encoder, surfaces
from quality.classify.features import FIRST_MEANING, MEANT, TAG_BITS, FeatureSpace
from quality.classify.labels import Paragraph
from quality.classify.meaning import WordVectors
from quality.classify.style import MARKS, Style, steps

# Rows and sources a word or feature must occur in (5 folds over training hosts: 2 sources
# lost .004 macro-F1 on other hosts, 5 lost .006).
MIN_ROWS = 4
MIN_SOURCES = 3
_MAX_WORD_CHARS = 30
# A word never seen in the labelled rows counts no more than one seen in 1 of 400.
_MOST_RARITY = 7.0
_MARKS = ".,!?:;()\"'“”‘’|–—-…/_=<>{}[]`\\@#&+*"


def word_classes() -> dict[str, list[str]]:
    """The closed word classes that the style counts look at."""
    raw = files("quality.classify").joinpath("words.toml").read_text(encoding="utf-8")
    return {name: words.split() for name, words in tomllib.loads(raw).items()}


@dataclass(frozen=True, slots=True)
class FittedSpace:
    """A feature space, and the vector of each of its meaning columns, in their order."""

    space: FeatureSpace
    vectors: NDArray[np.float32]


def fit_space(
    paragraphs: Sequence[Paragraph],
    sources: Sequence[str],
    meaning: WordVectors | None = None,
    *,
    min_rows: int = MIN_ROWS,
    min_sources: int = MIN_SOURCES,
) -> FittedSpace:
    """The feature space of these paragraphs; `sources` says where each comes from.

    With `meaning` every word that has a vector is a column, seen in the paragraphs or not.
    """
    classes = word_classes()
    words = _vocabulary(paragraphs, sources, min_rows, min_sources)
    fixed = set(_MARKS).union(*MARKS.values(), *classes.values())
    encoder = Encoder(sorted(words | fixed), meaning.words if meaning else ())
    style = Style(encoder, classes)
    nothing = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
    empty = FeatureSpace(encoder, style, *nothing, {})
    keys, rows = empty.keys_of(paragraphs)
    ids, meant, often = _meaning_columns(encoder, meaning, keys, rows)
    keys, rows = keys[keys < FIRST_MEANING], rows[keys < FIRST_MEANING]
    _, numbers = np.unique(np.asarray(sources), return_inverse=True)
    known, inverse = np.unique(keys, return_inverse=True)
    spread = _distinct(inverse, numbers[rows], int(numbers.max()) + 1)
    frequent = _distinct(inverse, rows, len(paragraphs))
    kept = (frequent >= min_rows) & (spread >= min_sources)
    rarity = np.concatenate(
        [
            np.log((1 + len(paragraphs)) / (1 + frequent[kept])) + 1,
            np.minimum(np.log(len(paragraphs) / (1 + often)) + 1, _MOST_RARITY),
        ]
    )
    values = style.values(encoder.encode([paragraph.text for paragraph in paragraphs]))
    cuts = dict(zip(style.names, steps(values), strict=True))
    every = np.concatenate([known[kept], meant])
    space = FeatureSpace(encoder, style, every, rarity.astype(np.float32), cuts)
    return FittedSpace(space, _vectors_of(encoder, meaning, ids))


def _meaning_columns(
    encoder: Encoder,
    meaning: WordVectors | None,
    keys: NDArray[np.int64],
    rows: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Ids of the words with a vector, sorted; their keys, family by family; rows of each key."""
    words = meaning.words if meaning else ()
    ids = np.array(sorted(encoder.ids[word] for word in words), dtype=np.int64)
    inside = keys >= FIRST_MEANING
    found, numbers = np.unique(keys[inside], return_inverse=True)
    counts = _distinct(numbers, rows[inside], int(rows.max(initial=0)) + 1)
    every = np.concatenate([ids | tag << TAG_BITS for tag in MEANT])
    often = np.zeros(len(every), dtype=np.int64)
    place = np.searchsorted(every, found)
    place[place == len(every)] = 0
    known = every[place] == found if len(every) else np.zeros(len(found), dtype=bool)
    often[place[known]] = counts[known]
    return ids, every, often


def _vectors_of(
    encoder: Encoder, meaning: WordVectors | None, ids: NDArray[np.int64]
) -> NDArray[np.float32]:
    if meaning is None:
        return np.zeros((0, 1), dtype=np.float32)
    place = {word: number for number, word in enumerate(meaning.words)}
    return meaning.vectors[[place[encoder.tokens[number]] for number in ids.tolist()]]


def _vocabulary(
    paragraphs: Sequence[Paragraph], sources: Sequence[str], min_rows: int, min_sources: int
) -> set[str]:
    """Words written small somewhere: names are hardly ever, so they stay outside."""
    rows: Counter[str] = Counter()
    spread: defaultdict[str, set[str]] = defaultdict(set)
    for paragraph, source in zip(paragraphs, sources, strict=True):
        for word in {surface.replace("’", "'") for surface in surfaces(paragraph.text)}:
            if word.islower() and word[0].isalpha() and len(word) <= _MAX_WORD_CHARS:
                rows[word] += 1
                spread[word].add(source)
    return {
        word
        for word, count in rows.items()
        if count >= min_rows and len(spread[word]) >= min_sources
    }


def _distinct(
    features: NDArray[np.int64], others: NDArray[np.int64], size: int
) -> NDArray[np.int64]:
    """How many different `others` each feature occurs with."""
    pairs = np.unique(features.astype(np.int64) * size + others)
    return np.bincount(pairs // size, minlength=int(features.max(initial=-1)) + 1)
