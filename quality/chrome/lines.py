"""The line model: how much each line of a document reads like site chrome, in context.

Two stages. Stage 1 is linear over hashed words, word ends and case patterns of the line
alone. Stage 2, boosted trees and a small network, reads those scores together with length,
punctuation, position, page density and the same of the lines around. There are two of
everything for two situations: `dense` pages, which carry a whole page's furniture, and
`clean` text, as extractors put out, where chrome is rare.

Trained by `quality.chrome.train`; evaluated in numpy from plain arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quality.chrome.context import context_names, in_context, measure_lines
from quality.chrome.explain import Contribution, name_contributions
from quality.chrome.features import (
    BULLETS,
    TABLE_BITS,
    Floats,
    Hashed,
    Tokens,
    bare,
    cut_lines,
    hash_cut,
    token_spans,
)
from quality.chrome.readers import Readers
from quality.document import BlockKind
from quality.errors import ModelError
from quality.modelfiles import load_arrays, load_json

if TYPE_CHECKING:
    from quality.chrome.rules import RuleHit

FORMAT = 3
ARRAYS = "model.npz"
META = "meta.json"

Situation = Literal["dense", "clean"]
SITUATIONS: tuple[Situation, ...] = ("dense", "clean")

_NO_ROWS: Floats = np.zeros((0, len(context_names())), np.float32)
# A step of strictness from 0.5 to 0 or 1 moves the threshold by this many log-odds.
STRICTNESS_SPAN = 3.0
# The length at which caution neither adds nor takes: between menu items and sentences.
USUAL_CHARS = 40


@dataclass(frozen=True, slots=True)
class Threshold:
    """The least log-odds of a line's score at which it is taken.

    Chosen on hosts not trained on, for `content_loss` (share of content characters).
    """

    base: float
    content_loss: float

    def margins(self, scores: Floats) -> NDArray[np.float64]:
        """Log-odds of scores above the threshold; negative keeps the line."""
        chances = np.clip(scores.astype(np.float64), 1e-6, 1 - 1e-6)
        return np.asarray(np.log(chances / (1 - chances)) - self.base, np.float64)

    def at(self, strictness: float) -> Threshold:
        """The threshold for a strictness of 0 (keep the doubtful) to 1 (take it); 0.5 is this."""
        return replace(self, base=self.base + (0.5 - strictness) * 2 * STRICTNESS_SPAN)


@dataclass(frozen=True, slots=True)
class Stages:
    """The two stages for one situation, and how careful it is with long lines.

    Losing a content line costs its characters, so a longer line must be surer: `caution`
    times the log of its length, against a line of `USUAL_CHARS`, is taken off its log-odds.
    With calibrated odds a caution of 1 is the best order for a budget in characters.
    """

    table: Floats
    bias: float
    readers: Readers
    caution: float

    def margins(self, rows: Floats, lines: Sequence[str], sizes: Sequence[int]) -> Floats:
        """Log-odds of lines, with caution, from their rows of `in_context`.

        `sizes` are the lines of each page.
        """
        return self.readers.margins(rows, sizes) - caution_of(lines, self.caution)

    def linear(self, hashed: Hashed) -> Floats:
        """Stage 1 log-odds of each line: mean weight of its features, scaled up by their root."""
        counts = np.maximum(np.diff(hashed.starts), 1)
        sums = np.add.reduceat(self.table.take(hashed.columns), hashed.starts[:-1])
        return (sums / np.sqrt(counts) + self.bias).astype(np.float32)


class Lines(NamedTuple):
    """The lines of one page, with what is known of them."""

    lines: Sequence[str]
    kinds: Sequence[BlockKind] | None = None
    hits: Sequence[RuleHit | None] | None = None
    dense: bool = False
    """Whether they are a full page's, with its furniture."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A page's lines as the model saw them: P(chrome) of each, and the rows that gave it."""

    page: Lines
    scores: Floats
    rows: Floats


class LineModel:
    """A fitted line model. Scores depend on the lines given and nothing else."""

    def __init__(
        self,
        stages: Mapping[Situation, Stages],
        thresholds: Mapping[Situation, Threshold],
    ) -> None:
        self._stages = dict(stages)
        self._tokens = Tokens()
        self.thresholds: dict[Situation, Threshold] = dict(thresholds)

    @classmethod
    def load(cls, folder: Path) -> LineModel:
        """The model in `folder`. Raises ModelError where it is missing or of another format."""
        meta = load_json(folder / META)
        found = (meta.get("format"), meta.get("table_bits"), meta.get("columns"))
        expected = (FORMAT, TABLE_BITS, len(context_names()))
        if found != expected:
            raise ModelError(
                f"{folder}: line model of layout {found}, this package reads {expected}. "
                "Run `quality train`, or reinstall the package."
            )
        arrays = load_arrays(folder / ARRAYS)
        try:
            stages = {name: _stages(arrays, name, meta["caution"][name]) for name in SITUATIONS}
            thresholds = {name: Threshold(**meta["thresholds"][name]) for name in SITUATIONS}
        except (KeyError, TypeError) as error:
            raise ModelError(
                f"{folder}: line model lacks {error}. "
                "Run `quality train`, or reinstall the package."
            ) from error
        return cls(stages, thresholds)

    def score(
        self,
        lines: Sequence[str],
        *,
        kinds: Sequence[BlockKind] | None = None,
        hits: Sequence[RuleHit | None] | None = None,
        dense: bool = False,
    ) -> Floats:
        """P(chrome) of each line, in the context of all of them; lower for long lines.

        `dense` says that the lines are a full page's, with its furniture.
        """
        return self.look([Lines(lines, kinds, hits, dense)])[0].scores

    def explain(
        self,
        lines: Sequence[str],
        which: Sequence[int],
        *,
        kinds: Sequence[BlockKind] | None = None,
        hits: Sequence[RuleHit | None] | None = None,
        dense: bool = False,
    ) -> dict[int, tuple[Contribution, ...]]:
        """What the scores of the lines `which` stand on: contributions, strongest first."""
        return self.grounds(self.look([Lines(lines, kinds, hits, dense)])[0], which)

    def look(self, pages: Sequence[Lines]) -> list[Looked]:
        """The scores of the lines of several pages; the same as of each page alone."""
        found: dict[int, Looked] = {}
        for name in SITUATIONS:
            numbers = [n for n, page in enumerate(pages) if page.dense == (name == "dense")]
            own = [pages[number] for number in numbers]
            found |= zip(numbers, self._look(own, self._stages[name]), strict=True)
        return [found[number] for number in range(len(pages))]

    def grounds(self, looked: Looked, which: Sequence[int]) -> dict[int, tuple[Contribution, ...]]:
        """What the scores of the lines `which` stand on: contributions, strongest first."""
        if not len(which):
            return {}
        stages = self._stages["dense" if looked.page.dense else "clean"]
        lines = [looked.page.lines[number] for number in which]
        rows = looked.rows[list(which)]
        shares = stages.readers.contributions(looked.rows, which)
        weights = self._word_weights(lines, stages)
        return {
            number: name_contributions(*parts)
            for number, *parts in zip(which, lines, rows, shares, weights, strict=True)
        }

    def _look(self, pages: Sequence[Lines], stages: Stages) -> list[Looked]:
        lines = [line for page in pages for line in page.lines]
        if not lines:
            return [Looked(page, np.zeros(0, np.float32), _NO_ROWS) for page in pages]
        naked = [bare(line) for line in lines]
        cut = cut_lines(naked, self._tokens)
        listed = [mark for page in pages for mark in list_marks(page.lines, page.kinds)]
        rules = [mark for page in pages for mark in rule_marks(page.hits, len(page.lines))]
        sizes = [len(page.lines) for page in pages]
        form = measure_lines(naked, listed, rules, sizes)
        rows = in_context(stages.linear(hash_cut(cut)), form, cut, sizes)
        scores = _chance(stages.margins(rows, lines, sizes))
        ends = np.cumsum(sizes).tolist()
        return [
            Looked(page, scores[end - size : end], rows[end - size : end])
            for page, size, end in zip(pages, sizes, ends, strict=True)
        ]

    def _word_weights(
        self, lines: Sequence[str], stages: Stages
    ) -> list[list[tuple[int, int, float]]]:
        """Start, end and stage 1 weight of each line's tokens: what the score loses without it."""
        spans = [token_spans(line) for line in lines]
        variants: list[str] = []
        for line, own in zip(lines, spans, strict=True):
            tokens = [line[start:end] for start, end in own]
            variants.append(" ".join(tokens))
            variants += [" ".join(tokens[:gap] + tokens[gap + 1 :]) for gap in range(len(tokens))]
        scores = stages.linear(hash_cut(cut_lines(variants, self._tokens))).tolist()
        weights, first = [], 0
        for own in spans:
            without = scores[first + 1 : first + 1 + len(own)]
            weights.append(
                [
                    (start, end, scores[first] - less)
                    for (start, end), less in zip(own, without, strict=True)
                ]
            )
            first += 1 + len(own)
        return weights


def caution_of(lines: Sequence[str], caution: float) -> Floats:
    """Log-odds that lines lose for their length."""
    chars = np.array([max(len(bare(line)), 1) for line in lines], np.float32)
    return np.asarray(caution * np.log(chars / USUAL_CHARS), np.float32)


def list_marks(lines: Sequence[str], kinds: Sequence[BlockKind] | None) -> list[bool]:
    """Which lines are list items, by kind or by the mark they begin with."""
    marked = [line.lstrip()[:1] in BULLETS for line in lines]
    if kinds is None:
        return marked
    return [mark or kind is BlockKind.LIST_ITEM for mark, kind in zip(marked, kinds, strict=True)]


def rule_marks(hits: Sequence[RuleHit | None] | None, count: int) -> list[float]:
    """2 for a rule hit that suffices alone, 1 for one that hints, else 0."""
    if hits is None:
        return [0.0] * count
    return [0.0 if hit is None else 2.0 if hit.alone else 1.0 for hit in hits]


def _stages(arrays: dict[str, NDArray[Any]], name: Situation, caution: float) -> Stages:
    scale, bias = (float(value) for value in arrays[f"{name}_scale"])
    table = arrays[f"{name}_table"].astype(np.float32) * scale
    return Stages(table, bias, Readers.from_arrays(arrays, name), caution)


def _chance(margins: Floats) -> Floats:
    return (1 / (1 + np.exp(-np.clip(margins, -30, 30)))).astype(np.float32)
