"""Fits the paragraph model from labelled rows: `quality train`.

The same rows and versions give the same bytes. Every number that is not a weight
(calibration, thresholds) is chosen on folds whose sources the weights did not see. Rows of
the `dev` split never enter; nor do near-copies of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quality.classify.classifier import ParagraphClassifier, function_scores
from quality.classify.features import FeatureSpace
from quality.classify.fit import fit_space
from quality.classify.labels import CLASSES, Label, Paragraph
from quality.classify.learn import (
    FOLDS,
    FUNCTION_C,
    GENERATED_C,
    ORIGIN_C,
    calibrate,
    confidence_for,
    fit_linear,
    folds_by_source,
    generated_for,
    logistic,
)
from quality.classify.model import Calibration, Linear, Matrix, Model, Thresholds, save
from quality.classify.rows import (
    OriginRow,
    Row,
    functional,
    load_origin,
    load_rows,
    without_copies,
)
from quality.errors import UsageError
from quality.modelfiles import sha256

Progress = Callable[[str, int, int], None]

# Share of held-out web paragraphs that get a label; the others are `uncertain`.
COVERAGE = 0.75
# Share of held-out honest advice that may read as generated.
FALSE_ALARMS = 0.12
# Under five words even two careful readers go by the lines around.
MIN_WORDS = 5
# Prose has 2 to 15 % words outside the vocabulary; beyond this it is lists of names, code.
MAX_RARE = 0.5
# What section evidence weighs beside a paragraph's own: gold rows mostly come without their
# section, so this is set, not fitted (origin over a document: AUC .92 to .99 in our notes).
SECTION_SHARE = 0.5
TEMPLATE_WEIGHT = 1.5
# Below so many rows a fold holds too few of a class to learn anything.
LEAST_ROWS = 200


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What was fitted on what; `smaller` where the shared data was not there."""

    folder: Path
    rows: int
    rows_by_kind: dict[str, int]
    labels: dict[str, int]
    features: int
    dropped_copies: int
    smaller: bool
    held_out_macro_f1: float
    held_out_accuracy_when_sure: float
    calibration: Calibration
    thresholds: Thresholds

    @property
    def message(self) -> str:
        """The report in a sentence or two."""
        sources = ", ".join(f"{count} {kind}" for kind, count in self.rows_by_kind.items())
        size = " This is the smaller model: no shared gold data was given." if self.smaller else ""
        return (
            f"Fitted {self.features} features on {self.rows} paragraphs ({sources}); on sources "
            f"held out: macro-F1 {self.held_out_macro_f1:.3f}, accuracy when sure "
            f"{self.held_out_accuracy_when_sure:.3f}.{size}"
        )


@dataclass(frozen=True, slots=True)
class _HeldOut:
    """Raw scores of rows by weights that did not see their sources."""

    classes: Matrix
    generated: NDArray[np.float64]


def train(
    seeds_path: Path,
    gold_path: Path | None,
    origin_path: Path | None,
    out_folder: Path,
    *,
    progress: Progress = lambda _what, _done, _of: None,
) -> TrainingReport:
    """Fit the model, write it to `out_folder`, and say how it went.

    Without gold rows it trains the smaller model from the seeds alone. `progress` is called
    with what is being done, steps done, steps in all. Raises UsageError where the rows
    cannot make a model.
    """
    rows, dropped = _training_rows(seeds_path, gold_path)
    origin = load_origin(origin_path) if origin_path else []
    steps = FOLDS + 3
    held_out = _held_out(rows, lambda fold: progress("held-out folds", fold, steps))
    progress("final weights", FOLDS, steps)
    model = _fit(rows, origin)
    progress("calibration", FOLDS + 1, steps)
    model = _calibrated(model, rows, held_out)
    paths = [path for path in (seeds_path, gold_path, origin_path) if path]
    facts = {
        "trained_on": {path.name: sha256(path) for path in paths},
        "rows": len(rows),
        "smaller": gold_path is None,
    }
    save(model, out_folder, facts)
    progress("written", steps, steps)
    return _report(out_folder, model, rows, held_out, dropped, smaller=gold_path is None)


def _training_rows(seeds_path: Path, gold_path: Path | None) -> tuple[list[Row], int]:
    seeds = functional(load_rows(seeds_path))
    gold = functional(load_rows(gold_path)) if gold_path else []
    rows = [row for row in (*gold, *seeds) if row.split != "dev"]
    kept = without_copies(rows, [row.paragraph.text for row in gold if row.split == "dev"])
    missing = set(CLASSES) - {row.label for row in kept}
    if len(kept) < LEAST_ROWS or missing:
        raise UsageError(
            f"{seeds_path}: {len(kept)} usable rows, labels without any: "
            f"{sorted(missing) or 'none'}. At least {LEAST_ROWS} rows over all of "
            f"{', '.join(CLASSES)} are needed; seeds/GUIDE.md says how to label more."
        )
    return kept, len(rows) - len(kept)


def _weights(rows: Sequence[Row]) -> NDArray[np.float64]:
    """How much each row counts: web pages most, doubtful labels less."""
    weight = {"web": 1.5, "seed": 1.0}
    trust = {1: 0.6, 2: 1.0, 3: 1.2}
    return np.array([weight.get(row.kind, 0.8) * trust.get(row.confidence, 1.0) for row in rows])


def _numbers(rows: Sequence[Row]) -> NDArray[np.int64]:
    return np.array([CLASSES.index(row.label) for row in rows], dtype=np.int64)


def _fit(rows: Sequence[Row], origin: Sequence[OriginRow]) -> Model:
    paragraphs = [row.paragraph for row in rows]
    space = fit_space(paragraphs, [row.source for row in rows])
    matrix = space.matrix(space.read(paragraphs))
    classes, weights = _numbers(rows), _weights(rows)
    functions = fit_linear(space, matrix, classes, weights, FUNCTION_C)
    advice = np.isin(classes, [CLASSES.index(kind) for kind in _ADVICE])
    honest = (classes == CLASSES.index(Label.GENERATED_ADVICE)).astype(np.int64)
    generated = fit_linear(space, matrix[advice], honest[advice], weights[advice], GENERATED_C)
    nothing = Calibration(1.0, (0.0,) * len(CLASSES), (1.0, 0.0, 0.0, 0.0, 0.0))
    return Model(
        space=space,
        functions=functions,
        generated=generated,
        origin=_fit_origin(space, origin) if origin else _silent(generated),
        calibration=nothing,
        thresholds=Thresholds(0.0, 0.5, MAX_RARE, MIN_WORDS),
    )


_ADVICE = (Label.GENERATED_ADVICE, Label.ADVICE)
# Essays by learners are for measuring false alarms, never for learning (data/README).
_MEASURE_ONLY = frozenset({"toefl", "hewlett"})


def _fit_origin(space: FeatureSpace, origin: Sequence[OriginRow]) -> Linear:
    rows = [row for row in origin if row.source not in _MEASURE_ONLY]
    matrix = space.matrix(space.read([Paragraph(row.text) for row in rows]))
    machine = np.array([row.machine for row in rows], dtype=np.int64)
    counts = Counter((row.source, row.machine) for row in rows)
    weights = np.array([1.0 / counts[row.source, row.machine] for row in rows])
    return fit_linear(space, matrix, machine, weights * len(rows) / weights.sum(), ORIGIN_C)


def _silent(like: Linear) -> Linear:
    return Linear(like.words * 0, like.steps * 0, like.intercept * 0)


def _held_out(rows: Sequence[Row], progress: Callable[[int], None]) -> _HeldOut:
    fold_of = folds_by_source([row.source for row in rows])
    classes = np.zeros((len(rows), len(CLASSES)))
    generated = np.zeros(len(rows))
    for fold in range(FOLDS):
        progress(fold)
        outside = np.flatnonzero(fold_of != fold)
        inside = np.flatnonzero(fold_of == fold)
        classifier = ParagraphClassifier(_fit([rows[number] for number in outside.tolist()], ()))
        measured = classifier.measure([rows[number].paragraph for number in inside.tolist()])
        classes[inside] = measured.classes
        generated[inside] = measured.generated
    return _HeldOut(classes, generated)


def _deciding(rows: Sequence[Row]) -> NDArray[np.bool_]:
    """Rows like those that will be scored: of web pages where there are any."""
    web = np.array([row.is_web for row in rows])
    return web if web.sum() >= LEAST_ROWS else np.ones(len(rows), dtype=bool)


def _calibrated(model: Model, rows: Sequence[Row], held_out: _HeldOut) -> Model:
    web, classes = _deciding(rows), _numbers(rows)
    temperature, shifts = calibrate(held_out.classes[web], classes[web], np.ones(int(web.sum())))
    advice = np.isin(classes, [CLASSES.index(kind) for kind in _ADVICE])
    machine = classes == CLASSES.index(Label.GENERATED_ADVICE)
    weights = np.where(web, 1.0, 0.5)[advice]
    own, shift = logistic(held_out.generated[advice, None], machine[advice], weights)
    mixture = (
        round(own * (1 - SECTION_SHARE), 6),
        round(own * SECTION_SHARE, 6),
        0.0,
        TEMPLATE_WEIGHT,
        shift,
    )
    model = replace(model, calibration=Calibration(temperature, shifts, mixture))
    probable = function_scores(model.calibration, held_out.classes)
    chance = 1.0 / (1.0 + np.exp(-(own * held_out.generated + shift)))
    return replace(
        model,
        thresholds=replace(
            model.thresholds,
            confidence=confidence_for(probable[web].max(axis=1), COVERAGE),
            generated=generated_for(chance[web & advice & ~machine], FALSE_ALARMS, 0.5),
        ),
    )


def _report(
    folder: Path,
    model: Model,
    rows: Sequence[Row],
    held_out: _HeldOut,
    dropped: int,
    *,
    smaller: bool,
) -> TrainingReport:
    from sklearn.metrics import f1_score

    web, classes = _deciding(rows), _numbers(rows)
    four = np.array([0, 1, 2, 2, 3])[classes]
    probable = function_scores(model.calibration, held_out.classes)
    best, sure = probable.argmax(axis=1), probable.max(axis=1) >= model.thresholds.confidence
    return TrainingReport(
        folder=folder,
        rows=len(rows),
        rows_by_kind=dict(Counter(row.kind for row in rows).most_common()),
        labels=dict(Counter(str(row.label) for row in rows).most_common()),
        features=len(model.space),
        dropped_copies=dropped,
        smaller=smaller,
        held_out_macro_f1=float(f1_score(four[web], best[web], average="macro")),
        held_out_accuracy_when_sure=float((best == four)[web & sure].mean()),
        calibration=model.calibration,
        thresholds=model.thresholds,
    )
