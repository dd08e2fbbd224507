"""How good a model is on labelled rows: figures with intervals, by source and host.

What is measured is what a user gets: `ParagraphClassifier.score`, with its abstentions. The
figures on functions ask for the best of the four scores whether or not the label was given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality.classify.classifier import ParagraphClassifier
from quality.classify.labels import FUNCTIONS, Label, Scored
from quality.classify.rows import Row, functional
from quality.errors import UsageError

# Shorter paragraphs are judged by the lines around; the bars are set for these.
MIN_WORDS = 12
# Resamples of hosts (not rows: rows of a host are alike) for the intervals.
RESAMPLES = 300
BINS = 10
# A source with fewer rows says nothing by itself.
LEAST_ROWS = 25
_SURE = 0.8


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % bootstrap interval over hosts."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """One source: rows, accuracy of the best function, share of rows given a label.

    And, of its reporting, the share called filler or advice with a score of .8 or more.
    """

    source: str
    rows: int
    accuracy: float
    coverage: float
    sure_and_wrong_about_reporting: float | None


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of the calibration curve: mean confidence and accuracy of its rows."""

    rows: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model on labelled rows.

    `f1` and `f1_of_three` are macro-averages over reporting, filler, advice (both kinds),
    other; and without other. `generated_auc` ranks generated above honest advice;
    `generated_found` and `honest_called_generated` are shares at the model's threshold among
    advice rows. `confusion` counts gold label, then label given. `coverage_curve` has
    (coverage, accuracy) from the surest tenth to all.
    """

    rows: int
    f1: Interval
    f1_of_three: Interval
    f1_by_function: dict[str, float]
    accuracy: Interval
    coverage: float
    accuracy_when_sure: Interval
    calibration_error: float
    generated_auc: Interval | None
    generated_found: float | None
    honest_called_generated: float | None
    sources: list[SourceFigures]
    confusion: dict[str, dict[str, int]]
    calibration: list[Bin]
    coverage_curve: list[tuple[float, float]]

    def to_json(self) -> dict[str, Any]:
        """The evaluation as plain JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows and what the model said, as parallel arrays."""

    truth: NDArray[np.int64]
    scores: NDArray[np.float64]
    given: NDArray[np.bool_]
    generated: NDArray[np.float64]
    kinds: NDArray[np.int64]
    hosts: NDArray[np.int64]

    @property
    def best(self) -> NDArray[np.int64]:
        return np.asarray(self.scores.argmax(axis=1))

    @property
    def right(self) -> NDArray[np.bool_]:
        return np.asarray(self.best == self.truth)

    def take(self, chosen: NDArray[np.int64]) -> _Table:
        return _Table(
            truth=self.truth[chosen],
            scores=self.scores[chosen],
            given=self.given[chosen],
            generated=self.generated[chosen],
            kinds=self.kinds[chosen],
            hosts=self.hosts[chosen],
        )


def evaluate(
    model_folder: Path,
    rows: Sequence[Row],
    *,
    min_words: int = MIN_WORDS,
    resamples: int = RESAMPLES,
) -> Evaluation:
    """The model's figures on rows it was not trained on (that is the caller's promise).

    Raises UsageError where no row has one of the content labels.
    """
    chosen = [row for row in functional(rows) if len(row.paragraph.text.split()) >= min_words]
    if not chosen:
        raise UsageError(
            f"No row with a content label and at least {min_words} words to evaluate on. "
            "Give rows labelled after seeds/GUIDE.md."
        )
    found = ParagraphClassifier.load(model_folder).score([row.paragraph for row in chosen])
    return figures(chosen, found, resamples=resamples)


def figures(
    rows: Sequence[Row], found: Sequence[Scored], *, resamples: int = RESAMPLES
) -> Evaluation:
    """The evaluation of labels already given to rows."""
    table = _table(rows, found)
    spread = _Bootstrap(table, resamples)
    return Evaluation(
        rows=len(rows),
        f1=spread.interval(_f1),
        f1_of_three=spread.interval(_f1_of_three),
        f1_by_function={
            str(function): round(value, 4)
            for function, value in zip(FUNCTIONS, _f1_each(table, 4), strict=True)
        },
        accuracy=spread.interval(lambda some: float(some.right.mean())),
        coverage=round(float(table.given.mean()), 4),
        accuracy_when_sure=spread.interval(_accuracy_when_sure),
        calibration_error=round(_calibration_error(_bins(table), len(rows)), 4),
        generated_auc=spread.interval(_generated_auc) if _has_both_kinds(table) else None,
        generated_found=_share_called_generated(rows, found, Label.GENERATED_ADVICE),
        honest_called_generated=_share_called_generated(rows, found, Label.ADVICE),
        sources=_by_source(rows, table),
        confusion=_confusion(rows, found),
        calibration=_bins(table),
        coverage_curve=_coverage_curve(table),
    )


def _table(rows: Sequence[Row], found: Sequence[Scored]) -> _Table:
    flat = {str(function): 1.0 / len(FUNCTIONS) for function in FUNCTIONS}
    scores = [[(item.scores or flat)[function] for function in FUNCTIONS] for item in found]
    function_of = {label: number for number, label in enumerate(FUNCTIONS)}
    function_of[Label.GENERATED_ADVICE] = function_of[Label.ADVICE]
    kind_of = {Label.GENERATED_ADVICE: 1, Label.ADVICE: 0}
    return _Table(
        truth=np.array([function_of[row.label] for row in rows], dtype=np.int64),
        scores=np.array(scores, dtype=np.float64),
        given=np.array([item.label is not Label.UNCERTAIN for item in found]),
        generated=np.array([item.generated or 0.0 for item in found]),
        kinds=np.array([kind_of.get(row.label, -1) for row in rows], dtype=np.int64),
        hosts=np.unique([row.host for row in rows], return_inverse=True)[1],
    )


class _Bootstrap:
    """Resamples of the hosts, the same for every figure."""

    def __init__(self, table: _Table, resamples: int) -> None:
        self._table = table
        chance = np.random.default_rng(0)
        members = [np.flatnonzero(table.hosts == host) for host in range(table.hosts.max() + 1)]
        self._samples = [
            np.concatenate(
                [members[host] for host in chance.integers(0, len(members), len(members))]
            )
            for _ in range(resamples)
        ]

    def interval(self, figure: Any) -> Interval:
        values = [figure(self._table.take(sample)) for sample in self._samples]
        known = [value for value in values if not np.isnan(value)]
        low, high = np.quantile(known, [0.025, 0.975]) if known else (np.nan, np.nan)
        return Interval(*(round(float(v), 4) for v in (figure(self._table), low, high)))


def _f1_each(table: _Table, functions: int) -> list[float]:
    """F1 of the first functions, among rows whose truth is one of them."""
    inside = table.truth < functions
    truth, scores = table.truth[inside], table.scores[inside, :functions]
    best = scores.argmax(axis=1) if len(scores) else truth
    values = []
    for number in range(functions):
        hit = int(((best == number) & (truth == number)).sum())
        total = int((best == number).sum() + (truth == number).sum())
        values.append(2 * hit / total if total else float("nan"))
    return values


def _mean_known(values: Sequence[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def _f1(table: _Table) -> float:
    return _mean_known(_f1_each(table, 4))


def _f1_of_three(table: _Table) -> float:
    order = [FUNCTIONS.index(label) for label in (Label.REPORTING, Label.FILLER, Label.ADVICE)]
    if order != [0, 1, 2]:
        raise AssertionError("FUNCTIONS must end with other")
    return _mean_known(_f1_each(table, 3))


def _accuracy_when_sure(table: _Table) -> float:
    return float(table.right[table.given].mean()) if table.given.any() else float("nan")


def _has_both_kinds(table: _Table) -> bool:
    return bool((table.kinds == 0).any() and (table.kinds == 1).any())


def _generated_auc(table: _Table) -> float:
    """Chance that a generated paragraph is ranked above an honest one; ties count half."""
    if not _has_both_kinds(table):
        return float("nan")
    machine = np.sort(table.generated[table.kinds == 1])
    honest = table.generated[table.kinds == 0]
    below = np.searchsorted(machine, honest, side="left")
    upto = np.searchsorted(machine, honest, side="right")
    return float((len(machine) - (below + upto) / 2).mean() / len(machine))


def _share_called_generated(
    rows: Sequence[Row], found: Sequence[Scored], label: Label
) -> float | None:
    """Among rows of one kind of advice that were taken for advice, those called generated."""
    advice = (Label.ADVICE, Label.GENERATED_ADVICE)
    given = [
        item.label
        for row, item in zip(rows, found, strict=True)
        if row.label is label and item.label in advice
    ]
    if not given:
        return None
    return round(given.count(Label.GENERATED_ADVICE) / len(given), 4)


def _by_source(rows: Sequence[Row], table: _Table) -> list[SourceFigures]:
    members: defaultdict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        members["web pages" if row.is_web else f"{row.source} ({row.kind})"].append(number)
    reporting = FUNCTIONS.index(Label.REPORTING)
    wrong = [FUNCTIONS.index(Label.FILLER), FUNCTIONS.index(Label.ADVICE)]
    found = []
    for source, numbers in sorted(members.items()):
        some = table.take(np.array(numbers))
        news = some.truth == reporting
        bad = news & np.isin(some.best, wrong) & (some.scores.max(axis=1) >= _SURE)
        share = round(float(bad.sum() / news.sum()), 4) if news.sum() >= LEAST_ROWS else None
        if len(numbers) >= LEAST_ROWS:
            accuracy = round(float(some.right.mean()), 4)
            given = round(float(some.given.mean()), 4)
            found.append(SourceFigures(source, len(numbers), accuracy, given, share))
    return found


def _confusion(rows: Sequence[Row], found: Sequence[Scored]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for row, item in zip(rows, found, strict=True):
        line = counts.setdefault(str(row.label), {})
        line[str(item.label)] = line.get(str(item.label), 0) + 1
    return {label: dict(sorted(line.items())) for label, line in sorted(counts.items())}


def _bins(table: _Table) -> list[Bin]:
    """Ten bins of the best function's score, equally wide."""
    confidence = table.scores.max(axis=1)
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        Bin(
            int(inside.sum()),
            round(float(confidence[inside].mean()), 4),
            round(float(table.right[inside].mean()), 4),
        )
        for inside in (place == number for number in range(BINS))
        if inside.any()
    ]


def _calibration_error(bins: Sequence[Bin], rows: int) -> float:
    """Expected calibration error: mean gap between confidence and accuracy, by rows."""
    return sum(item.rows * abs(item.confidence - item.accuracy) for item in bins) / rows


def _coverage_curve(table: _Table) -> list[tuple[float, float]]:
    order = np.argsort(-table.scores.max(axis=1), kind="stable")
    right = table.right[order]
    sizes = [max(1, round(len(right) * tenth / 10)) for tenth in range(1, 11)]
    return [(round(size / len(right), 3), round(float(right[:size].mean()), 4)) for size in sizes]
