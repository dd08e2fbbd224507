"""A feature space from rows: which words are known, which features count, which steps.

A word or feature must occur in several sources: what only one site says teaches that site,
not what paragraphs do.
"""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from collections.abc import Sequence
from importlib.resources import files

import numpy as np

from quality.classify.encode import Encoder, surfaces
from quality.classify.features import FeatureSpace
from quality.classify.labels import Paragraph
from quality.classify.style import MARKS, Style, steps

# Rows and sources a word or feature must occur in (5 folds over training hosts: 2 sources
# lost .004 macro-F1 on other hosts, 5 lost .006).
MIN_ROWS = 4
MIN_SOURCES = 3
_MAX_WORD_CHARS = 30
_MARKS = ".,!?:;()\"'“”‘’|–—-…/_=<>{}[]`\\@#&+*"


def word_classes() -> dict[str, list[str]]:
    """The closed word classes that the style counts look at."""
    raw = files("quality.classify").joinpath("words.toml").read_text(encoding="utf-8")
    return {name: words.split() for name, words in tomllib.loads(raw).items()}


def fit_space(
    paragraphs: Sequence[Paragraph],
    sources: Sequence[str],
    *,
    min_rows: int = MIN_ROWS,
    min_sources: int = MIN_SOURCES,
) -> FeatureSpace:
    """The feature space of these paragraphs; `sources` says where each comes from."""
    classes = word_classes()
    words = _vocabulary(paragraphs, sources, min_rows, min_sources)
    fixed = set(_MARKS).union(*MARKS.values(), *classes.values())
    encoder = Encoder(sorted(words | fixed))
    style = Style(encoder, classes)
    nothing = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
    empty = FeatureSpace(encoder, style, *nothing, {})
    keys, rows = empty.keys_of(paragraphs)
    _, numbers = np.unique(np.asarray(sources), return_inverse=True)
    known, inverse = np.unique(keys, return_inverse=True)
    spread = _distinct(inverse, numbers[rows], int(numbers.max()) + 1)
    often = _distinct(inverse, rows, len(paragraphs))
    kept = (often >= min_rows) & (spread >= min_sources)
    rarity = np.log((1 + len(paragraphs)) / (1 + often[kept])) + 1
    values = style.values(encoder.encode([paragraph.text for paragraph in paragraphs]))
    cuts = dict(zip(style.names, steps(values), strict=True))
    return FeatureSpace(encoder, style, known[kept], rarity.astype(np.float32), cuts)


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
    features: np.typing.NDArray[np.int64], others: np.typing.NDArray[np.int64], size: int
) -> np.typing.NDArray[np.int64]:
    """How many different `others` each feature occurs with."""
    pairs = np.unique(features.astype(np.int64) * size + others)
    return np.bincount(pairs // size, minlength=int(features.max()) + 1)
