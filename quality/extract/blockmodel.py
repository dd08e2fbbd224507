"""Which blocks of a page are its text: boosted trees as plain arrays, evaluated in numpy.

The model says for each block how likely a reader would call it the page's text. A page
takes the blocks from the probability on that makes the expected F1 largest: for a set S it
is 2 * sum(p of S) / (size of S + sum(p of all)), and the best threshold is half of the
best value (Ye et al. 2012, "Optimizing F-measure").
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from quality.document import BlockKind
from quality.errors import ModelError
from quality.extract.dom import Candidate
from quality.extract.features import (
    CONTEXT_NAMES,
    PAGE_NAMES,
    WITNESS_NAMES,
    Matrix,
    PageFeatures,
    context,
)
from quality.forest import Forest
from quality.lang import detect

MODEL_FILE = "model.npz"
META_FILE = "meta.json"
# Where the quick trees expect this much, the full ones do hardly better: 791 articles of hosts not
# fitted on (train in folds, and dev) have F1 .9494, with witnesses for one in twenty. At .9 it is
# one in eight, for .9501 and a twelfth of the whole chain's time; at .95 one in three, for .9505.
# Without any it is .9470 (`python -m benchmarks.blockmodel`).
SURE_F1 = 0.85
# The trees learnt from English pages. Of the 104 pages of `benchmarks.chrome_read` in other
# languages, F1 is .942 with .85, .951 with .9 and no better beyond; of 89 English .935 and .932.
SURE_F1_OF_UNKNOWN = 0.9
MODEL_LANGUAGE = "en"
# Enough text to tell the language by.
LANGUAGE_CHARS = 2_000
# What is lost with a short block is little, and most furniture is short: it must be surer.
SHORT_WORDS = 10
SHORT_MARGIN = 0.2
META = {
    "page": list(PAGE_NAMES),
    "witness": list(WITNESS_NAMES),
    "context": list(CONTEXT_NAMES),
}
"""What `meta.json` must say: the features the trees were fitted on."""
_CURE = "Reinstall the package, or fit it with `python -m benchmarks.blockmodel`."


@dataclass(frozen=True, slots=True)
class Selection:
    """The blocks taken for a page's text, and how good the model expects that to be."""

    numbers: tuple[int, ...]
    expected_f1: float


@dataclass(frozen=True, slots=True)
class Stages:
    """Trees that look at each block, and trees that look again with what the first said around."""

    first: Forest
    second: Forest

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], name: str) -> Stages:
        """Both sets, from arrays called `<name>_first_feature` and so on. Raises KeyError."""
        return cls(
            first=Forest.from_arrays(arrays, f"{name}_first"),
            second=Forest.from_arrays(arrays, f"{name}_second"),
        )

    def score(self, matrix: Matrix, words: NDArray[np.float64]) -> NDArray[np.float64]:
        """The probability, for each row of features, that the block is text."""
        again = look_again(matrix, _probabilities(self.first, matrix), words)
        return _probabilities(self.second, again)


@dataclass(frozen=True, slots=True)
class BlockModel:
    """`quick` looks at the page alone, `full` hears witnesses as well."""

    quick: Stages
    full: Stages

    @classmethod
    def load(cls, folder: Path) -> BlockModel:
        """The model in `folder`. Raises ModelError where it is missing, damaged or foreign."""
        try:
            meta = json.loads((folder / META_FILE).read_text(encoding="utf-8"))
            with np.load(folder / MODEL_FILE, allow_pickle=False) as arrays:
                model = cls(
                    quick=Stages.from_arrays(arrays, "quick"),
                    full=Stages.from_arrays(arrays, "full"),
                )
        except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
            raise ModelError(f"{folder}: no usable block model ({error}). {_CURE}") from error
        if meta != META:
            raise ModelError(
                f"{folder}: made for other features than this version computes. {_CURE}"
            )
        return model

    def select(
        self, found: Sequence[Candidate], witnesses: Callable[[], Sequence[Sequence[str]]]
    ) -> Selection:
        """The blocks of a page to take.

        `witnesses` gives the lines that other extractors take, in the order of training. It
        is slow, and called only where the choice without it is not expected to be good.
        """
        if not found:
            return Selection((), 0.0)
        sizes = Sizes.of(found)
        features = PageFeatures(found)
        quick = choose(self.quick.score(features.page, sizes.words), sizes)
        if quick.expected_f1 >= SURE_F1_OF_UNKNOWN:
            return quick
        if quick.expected_f1 >= SURE_F1 and _is_known([found[n].text for n in quick.numbers]):
            return quick
        matrix = np.hstack([features.page, *map(features.witness, witnesses())])
        return choose(self.full.score(matrix, sizes.words), sizes)


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a choice must know of the blocks beside their probabilities."""

    words: NDArray[np.float64]
    is_short: NDArray[np.bool_]
    is_heading: NDArray[np.bool_]

    @classmethod
    def of(cls, found: Sequence[Candidate]) -> Sizes:
        """Words (near enough), short blocks and headings of the candidates."""
        words = np.array([item.text.count(" ") + 1 for item in found], np.float64)
        is_code = np.array([item.kind is BlockKind.CODE for item in found])
        return cls(
            words=words,
            # Short listings are no furniture.
            is_short=(words < SHORT_WORDS) & ~is_code,
            is_heading=np.array([item.kind is BlockKind.HEADING for item in found]),
        )


def choose(probabilities: Any, sizes: Sizes) -> Selection:
    """The blocks to take: those above the best threshold, short ones well above.

    A heading over a block that is taken needs no margin: with it one good heading in six
    was lost, without it anywhere furniture came back.
    """
    expected = expected_f1(probabilities, sizes.words)
    threshold = expected / 2
    taken = probabilities >= threshold + SHORT_MARGIN * sizes.is_short
    is_over_text = np.append(taken[1:], False)
    taken |= sizes.is_heading & is_over_text & (probabilities >= threshold)
    return Selection(tuple(np.flatnonzero(taken).tolist()), expected)


def _is_known(texts: Sequence[str]) -> bool:
    """Whether the trees have learnt from pages in this language; not where none can be told."""
    return detect("\n".join(texts)[:LANGUAGE_CHARS]) == MODEL_LANGUAGE


def look_again(matrix: Matrix, probabilities: Any, words: Any) -> Matrix:
    """The features of a second look, after a first gave these probabilities."""
    expected = expected_f1(probabilities, words)
    return np.hstack([matrix, context(probabilities, words, expected)])


def expected_f1(probabilities: Any, words: Any) -> float:
    """The best F1 in words to be expected from any choice of blocks."""
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum((probabilities * words)[order])
    taken = np.cumsum(words[order])
    return float((2 * hits / (taken + hits[-1])).max())


def _probabilities(forest: Forest, matrix: Matrix) -> NDArray[np.float64]:
    odds = forest.margins(matrix).astype(np.float64)
    return np.asarray(1.0 / (1.0 + np.exp(-odds)), np.float64)
