"""Why a paragraph reads as it does: exact contributions, then plain facts, in one sentence.

The scores are linear, so the log-odds of the label given against the next best class is
exactly the sum of one number a feature. The largest ones that speak for the label become
evidence, with the place in the text where there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quality.classify.encode import surface_matches
from quality.classify.features import FeatureSpace, headings_of
from quality.classify.labels import CLASSES, Label, Paragraph
from quality.classify.measure import Measured
from quality.classify.model import Fast, Matrix, Surroundings, times
from quality.classify.reading import Reading
from quality.classify.wording import MARKERS, QUIET, counted, join, say_count, shorten
from quality.document import Evidence, EvidenceKind

# Reasons a person can take in at a glance; `quality explain --json` has no more either.
MOST_EVIDENCE = 3
# Log-odds below this would not be noticed: two hundredths of a probability at best.
LEAST_WEIGHT = 0.08

NAMES = {
    Label.REPORTING: "reporting",
    Label.FILLER: "filler",
    Label.GENERATED_ADVICE: "generated advice",
    Label.ADVICE: "advice",
    Label.OTHER: "other substance",
}


class Contribution(NamedTuple):
    """What one feature adds to the log-odds of one class against another."""

    row: int
    name: str
    weight: float
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Parts:
    """What adds up to the log-odds of one class against another, paragraph by paragraph.

    `words` is parallel to `reading.words.data`; `counts` has a column a stepped count,
    `around` one for the line before and one for the line after.
    """

    words: NDArray[np.float64]
    counts: Matrix
    around: Matrix


def contributions(
    measured: Measured,
    effective: Fast,
    surroundings: Surroundings,
    contrast: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> Parts:
    """Log-odds that each word, count and neighbouring line adds, for class against class.

    Row by row; with the difference of the intercepts they add up exactly to the difference
    of the two class scores.
    """
    mine, other = contrast
    words, size = measured.reading.words, effective.words.shape[1]
    rows = np.repeat(np.arange(words.shape[0]), np.diff(words.indptr))
    flat, first = effective.words.ravel(), words.indices.astype(np.int64) * size
    weights = flat[first + mine[rows]] - flat[first + other[rows]]
    flat, first = effective.steps.ravel(), (measured.bins + effective.bases) * size
    counts = flat[first + mine[:, None]] - flat[first + other[:, None]]
    sides = (
        times(measured.views.before, surroundings.before + surroundings.shifts[1]),
        times(measured.views.after, surroundings.after + surroundings.shifts[2]),
    )
    every = np.arange(len(mine))
    around = [side[every, mine] - side[every, other] for side in sides]
    return Parts(weights.astype(np.float64) * words.data, counts, np.column_stack(around))


def evidence(
    space: FeatureSpace,
    measured: Measured,
    paragraphs: Sequence[Paragraph],
    parts: Parts,
    wanted: NDArray[np.bool_],
) -> list[tuple[Evidence, ...]]:
    """The strongest contributions of each paragraph, largest first, with their spans.

    `wanted` says of which paragraphs; the others have none.
    """
    found: list[list[Contribution]] = [[] for _ in paragraphs]
    for contribution in _largest(space, measured, parts, wanted):
        found[contribution.row].append(contribution)
    return [
        _with_spans(contributions, paragraph.text)
        for contributions, paragraph in zip(found, paragraphs, strict=True)
    ]


def _largest(
    space: FeatureSpace, measured: Measured, parts: Parts, wanted: NDArray[np.bool_]
) -> list[Contribution]:
    reading = measured.reading
    whole = np.hstack([parts.counts, parts.around])
    entries = np.flatnonzero(parts.words >= LEAST_WEIGHT)
    entry_rows = np.searchsorted(reading.words.indptr, entries, side="right") - 1
    other_rows, other_columns = np.nonzero(whole >= LEAST_WEIGHT)
    rows = np.concatenate([entry_rows, other_rows])
    weights = np.concatenate([parts.words[entries], whole[other_rows, other_columns]])
    counted = np.flatnonzero(wanted[rows])
    order = counted[np.lexsort((-weights[counted], rows[counted]))]
    rank = np.arange(len(order)) - np.searchsorted(rows[order], rows[order])
    chosen = []
    for place in order[rank < MOST_EVIDENCE].tolist():
        row, weight = int(rows[place]), float(weights[place])
        if place < len(entries):
            entry = int(entries[place])
            name = space.name(int(reading.words.indices[entry]))
            span = int(reading.firsts[entry]), int(reading.lasts[entry])
        else:
            name = _whole_name(space, measured, row, int(other_columns[place - len(entries)]))
            span = -1, -1
        chosen.append(Contribution(row, name, weight, *span))
    return chosen


def _whole_name(space: FeatureSpace, measured: Measured, row: int, column: int) -> str:
    if column < len(space.stepped):
        return _said_of_count(space, measured.reading, row, space.stepped[column])
    side = "before" if column == len(space.stepped) else "after"
    likely = CLASSES[int(getattr(measured.views, side)[row].argmax())]
    return f"the line {side} reads like {NAMES[likely]}"


def _said_of_count(space: FeatureSpace, reading: Reading, row: int, name: str) -> str:
    place = space.style.place
    number = float(reading.counts[row, place.get(counted(name), place[name])])
    return say_count(name, number, int(reading.counts[row, place["words"]]))


def _with_spans(found: Sequence[Contribution], text: str) -> tuple[Evidence, ...]:
    if not found:
        return ()
    tokens = surface_matches(text, 1 + max(item.last for item in found))
    return tuple(
        Evidence(
            EvidenceKind.FEATURE,
            item.name,
            round(item.weight, 3),
            tokens[item.first].start() if item.first >= 0 else 0,
            tokens[item.last].end() if item.first >= 0 else len(text),
        )
        for item in found
    )


def reason(
    label: Label, rival: Label, items: Sequence[Evidence], text: str, facts: Sequence[str]
) -> str:
    """One plain sentence: what it reads like, by what, and the facts.

    >>> reason(Label.FILLER, Label.OTHER, (), "Truly a night to remember.", ["no figure"])
    'Reads like filler rather than other substance: no figure.'
    """
    # The facts name the heading above whole, its single words need not be said.
    told = [item for item in items if not item.name.startswith(("under ", QUIET))]
    grounds = [_ground(item, text) for item in told]
    words = join([ground for ground in grounds if ground.startswith("“")])
    others = [ground for ground in grounds if not ground.startswith("“")]
    said = join([f"wording {words}" if words else "", *others, *facts])
    return f"Reads like {NAMES[label]} rather than {NAMES[rival]}: {said}."


def _ground(item: Evidence, text: str) -> str:
    """What an item of evidence points at, quoted where it is a piece of the text."""
    whole = item.start == 0 and item.end == len(text)
    return item.name if whole else f"“{text[item.start : item.end]}”"


def doubt(first: tuple[str, float], second: tuple[str, float]) -> str:
    """The sentence for a paragraph that no class is sure of.

    >>> doubt(("filler", 0.41), ("other", 0.38))
    'No class is clear: reads like filler (0.41) or other (0.38).'
    """
    return (
        f"No class is clear: reads like {first[0]} ({first[1]:.2f}) "
        f"or {second[0]} ({second[1]:.2f})."
    )


class Facts:
    """Counts of a paragraph in words: figures, names, quotes, markers, the heading above."""

    _COUNTED = ("figures", "names", "quotation marks")

    def __init__(self, space: FeatureSpace) -> None:
        names = space.style.names
        self._columns = [(names.index(name), name) for name in self._COUNTED]
        self._words = names.index("words")
        self._markers = names.index(MARKERS)

    def of(self, counts: NDArray[np.float32], paragraph: Paragraph) -> list[str]:
        """The facts of one paragraph, from its row of style counts."""
        size, markers = int(counts[self._words]), float(counts[self._markers])
        said = [say_count(name, float(counts[column]), size) for column, name in self._columns]
        if markers:
            said.append(say_count(MARKERS, markers, size))
        headings = headings_of(paragraph)
        if headings:
            said.append(f"under “{shorten(headings[-1])}”")
        return said
