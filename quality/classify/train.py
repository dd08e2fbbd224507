"""Fits the paragraph model from labelled rows: `quality train`.

The same rows and versions give the same bytes. Every number that is not a weight
(surroundings, calibration, thresholds) is chosen on folds whose sources the weights did not
see. Rows of the `dev` split never enter; nor do near-copies of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quality.classify.card import write_card
from quality.classify.evaluate import Evaluation, evaluate
from quality.classify.fit import FittedSpace, fit_space
from quality.classify.labels import CLASSES, Label, Paragraph
from quality.classify.learn import (
    FOLDS,
    FUNCTION_C,
    GENERATED_C,
    ORIGIN_C,
    calibrate,
    confidence_for,
    fit_linear,
    fit_surroundings,
    folds_by_source,
    generated_for,
    logistic,
)
from quality.classify.meaning import WordVectors, word_vectors
from quality.classify.measure import Measure, function_scores
from quality.classify.model import (
    Calibration,
    Linear,
    Matrix,
    Mixture,
    Model,
    Surroundings,
    Thresholds,
    Views,
    save,
)
from quality.classify.outcome import TrainingReport
from quality.classify.rows import (
    OriginRow,
    Row,
    content_lines,
    functional,
    load_origin,
    load_read_lines,
    load_rows,
    without_copies,
)
from quality.errors import UsageError
from quality.modelfiles import sha256

Progress = Callable[[str, int, int], None]

# Share of held-out web paragraphs that get a label; the others are `uncertain`.
COVERAGE = 0.74
# Share of held-out honest advice that may read as generated.
FALSE_ALARMS = 0.14
# Under five words even two careful readers go by the lines around.
MIN_WORDS = 5
# Prose has 2 to 15 % words outside the vocabulary; beyond this it is lists of names, code.
MAX_RARE = 0.5
# Coverage of 1 by a section template moves even odds to 4 to 1; set, not fitted: gold rows
# come without the documents that would show templates.
TEMPLATE_WEIGHT = 1.5
# The mean over a section says more than two lines around: with documents of the dev split,
# AUC .930 at weight 1 for .6 fitted, .946 at 1.1 for both.
SECTION_GAIN = 1.8
# Origin over a section adds little to that (.946 to .948) and learns its generators by heart.
ORIGIN_WEIGHT = 0.2
# Advice is not called generated below this, however few honest rows reach it.
LEAST_GENERATED = 0.35
READ_LINES_NAME = "read_lines.jsonl"
LINES_NAME = "chrome_lines.jsonl.gz"
_GENERATED = CLASSES.index(Label.GENERATED_ADVICE)
_ADVICE = (_GENERATED, CLASSES.index(Label.ADVICE))
# Essays by learners are for measuring false alarms, never for learning (data/README).
_MEASURE_ONLY = frozenset({"toefl", "hewlett"})
# Rows of one source and origin that the origin score learns from.
MOST_ORIGIN = 400
# Word vectors of fewer texts would be noise.
LEAST_TEXTS = 10_000
# Below so many rows a fold holds too few of a class to learn anything.
LEAST_ROWS = 200


@dataclass(frozen=True, slots=True)
class _HeldOut:
    """What weights that did not see a row's source say of it, row by row."""

    views: Views
    generated: NDArray[np.float64]
    generated_around: NDArray[np.float64]
    folds: NDArray[np.int64]

    @classmethod
    def blank(cls, folds: NDArray[np.int64]) -> _HeldOut:
        """Zeros, to be filled fold by fold."""
        size = (len(folds), len(CLASSES))
        views = Views(np.zeros(size), np.zeros(size), np.zeros(size))
        return cls(views, np.zeros(len(folds)), np.zeros(len(folds)), folds)


def train(
    seeds_path: Path,
    gold_path: Path | None,
    origin_path: Path | None,
    out_folder: Path,
    *,
    lines_path: Path | None = None,
    progress: Progress = lambda _what, _done, _of: None,
) -> TrainingReport:
    """Fit the model, write it to `out_folder`, and say how it went.

    Without gold rows it trains the smaller model from the seeds alone. With the shared lines
    of web pages (`lines_path`; by default the file beside the gold rows, where there is one),
    those we read ourselves are learnt too. `progress` is called with what is being done,
    steps done, steps in all. Raises UsageError where the rows cannot make a model.
    """
    if lines_path is None and gold_path is not None:
        beside = gold_path.with_name(LINES_NAME)
        lines_path = beside if beside.exists() else None
    rows, dev, dropped = _training_rows(seeds_path, gold_path, lines_path)
    origin = load_origin(origin_path) if origin_path else []
    steps = FOLDS + 4
    progress("word vectors", 0, steps)
    meaning = _meaning(lines_path, origin, dev)
    held_out = _held_out(rows, meaning, lambda fold: progress("held-out folds", fold + 1, steps))
    progress("final weights", FOLDS + 1, steps)
    model = _fit(rows, meaning, origin)
    progress("calibration", FOLDS + 2, steps)
    model, classes = _calibrated(model, rows, held_out)
    paths = [path for path in (seeds_path, gold_path, origin_path, lines_path) if path]
    facts = {
        "trained_on": {path.name: sha256(path) for path in paths},
        "rows": len(rows),
        "smaller": gold_path is None,
    }
    save(model, out_folder, facts)
    report = _report(out_folder, model, rows, classes, dropped, smaller=gold_path is None)
    progress("measuring", FOLDS + 3, steps)
    write_card(report, _measured(out_folder, dev), out_folder / "CARD.md")
    progress("written", steps, steps)
    return report


def _training_rows(
    seeds_path: Path, gold_path: Path | None, lines_path: Path | None
) -> tuple[list[Row], list[Row], int]:
    """Rows to learn from, rows to measure on, and how many near-copies of those were left out."""
    gold = functional(load_rows(gold_path)) if gold_path else []
    read_path = seeds_path.with_name(READ_LINES_NAME)
    read = load_read_lines(read_path, lines_path) if lines_path and read_path.exists() else []
    dev = [row for row in gold if row.split == "dev"]
    hosts = {row.host.removeprefix("www.") for row in dev if row.is_web}
    rows = [
        row
        for row in (*gold, *functional(load_rows(seeds_path)), *functional(read))
        if row.split != "dev" and row.host.removeprefix("www.") not in hosts
    ]
    kept = without_copies(rows, [row.paragraph.text for row in dev])
    missing = set(CLASSES) - {row.label for row in kept}
    if len(kept) < LEAST_ROWS or missing:
        raise UsageError(
            f"{seeds_path}: {len(kept)} usable rows, labels without any: "
            f"{sorted(missing) or 'none'}. At least {LEAST_ROWS} rows over all of "
            f"{', '.join(CLASSES)} are needed; seeds/GUIDE.md says how to label more."
        )
    return kept, dev, len(rows) - len(kept)


def _measured(folder: Path, dev: Sequence[Row]) -> dict[str, Evaluation]:
    parts = {
        "web pages of the dev split": [row for row in dev if row.is_web],
        "all of the dev split": list(dev),
    }
    return {name: evaluate(folder, rows) for name, rows in parts.items() if rows}


def _meaning(
    lines_path: Path | None, origin: Sequence[OriginRow], dev: Sequence[Row]
) -> WordVectors | None:
    """Word vectors from unlabelled text of sources that nothing is measured on, if there is any."""
    measured = {row.source for row in dev} | _MEASURE_ONLY
    texts = [row.text for row in origin if row.source not in measured]
    if lines_path:
        texts += content_lines(lines_path)
    return word_vectors(texts) if len(texts) >= LEAST_TEXTS else None


def _weights(rows: Sequence[Row]) -> NDArray[np.float64]:
    """How much each row counts: web pages most, seeds least, doubtful labels less.

    On held-out web hosts seeds at full weight cost .01 macro-F1 of three functions, at .2
    they cost nothing and help telling generated from honest advice (AUC .941 to .942, on
    dev .907 to .918).
    """
    seed = 0.2 if any(row.kind != "seed" for row in rows) else 1.0
    weight = {"web": 1.5, "seed": seed}
    trust = {1: 0.6, 2: 1.0, 3: 1.2}
    return np.array([weight.get(row.kind, 0.8) * trust.get(row.confidence, 1.0) for row in rows])


def _numbers(rows: Sequence[Row]) -> NDArray[np.int64]:
    return np.array([CLASSES.index(row.label) for row in rows], dtype=np.int64)


def _fit(
    rows: Sequence[Row], meaning: WordVectors | None, origin: Sequence[OriginRow] = ()
) -> Model:
    paragraphs = [row.paragraph for row in rows]
    fitted = fit_space(paragraphs, [row.source for row in rows], meaning)
    space = fitted.space
    matrix = space.matrix(space.read(paragraphs))
    classes, weights = _numbers(rows), _weights(rows)
    functions = fit_linear(fitted, matrix, classes, weights, FUNCTION_C)
    advice = np.isin(classes, _ADVICE)
    machine = (classes == _GENERATED).astype(np.int64)
    generated = fit_linear(fitted, matrix[advice], machine[advice], weights[advice], GENERATED_C)
    return Model(
        space=space,
        functions=functions,
        generated=generated,
        origin=_fit_origin(fitted, origin) if origin else _silent(generated),
        surroundings=Surroundings.none(),
        calibration=Calibration(1.0, (0.0,) * len(CLASSES)),
        mixture=_mixture(1.0, 0.0, 0.0, 0.0),
        thresholds=Thresholds(0.0, 0.5, MAX_RARE, MIN_WORDS),
    )


def _fit_origin(fitted: FittedSpace, origin: Sequence[OriginRow]) -> Linear:
    space, rows = fitted.space, _some_of_each(origin)
    matrix = space.matrix(space.read([Paragraph(row.text) for row in rows]))
    machine = np.array([row.machine for row in rows], dtype=np.int64)
    counts = Counter((row.source, row.machine) for row in rows)
    weights = np.array([1.0 / counts[row.source, row.machine] for row in rows])
    return fit_linear(fitted, matrix, machine, weights * len(rows) / weights.sum(), ORIGIN_C)


def _some_of_each(origin: Sequence[OriginRow]) -> list[OriginRow]:
    """The first rows of each source and origin: enough for evidence with that little weight."""
    taken: Counter[tuple[str, bool]] = Counter()
    kept = []
    for row in origin:
        taken[row.source, row.machine] += 1
        if row.source not in _MEASURE_ONLY and taken[row.source, row.machine] <= MOST_ORIGIN:
            kept.append(row)
    return kept


def _silent(like: Linear) -> Linear:
    return Linear(like.words * 0, like.steps * 0, like.intercept * 0)


def _held_out(
    rows: Sequence[Row], meaning: WordVectors | None, progress: Callable[[int], None]
) -> _HeldOut:
    fold_of = folds_by_source([row.source for row in rows])
    found = _HeldOut.blank(fold_of)
    for fold in range(FOLDS):
        progress(fold)
        outside = np.flatnonzero(fold_of != fold).tolist()
        inside = np.flatnonzero(fold_of == fold)
        measure = Measure(_fit([rows[number] for number in outside], meaning))
        measured = measure.of([rows[number].paragraph for number in inside.tolist()])
        for blank, filled in zip(found.views, measured.views, strict=True):
            blank[inside] = filled
        found.generated[inside] = measured.generated
        found.generated_around[inside] = measured.generated_around
    return found


def _web(rows: Sequence[Row]) -> NDArray[np.bool_]:
    """Rows like those that will be scored: of web pages, where there are enough."""
    return _enough(np.array([row.is_web for row in rows]))


def _sample(rows: Sequence[Row]) -> NDArray[np.bool_]:
    """Those of them that are a fair sample, as shares and thresholds need it."""
    return _enough(np.array([row.is_web and row.drawn for row in rows]))


def _enough(chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return chosen if chosen.sum() >= LEAST_ROWS else np.ones(len(chosen), dtype=bool)


def _surrounded(
    held_out: _HeldOut, classes: NDArray[np.int64], web: NDArray[np.bool_]
) -> tuple[Surroundings, Matrix]:
    """How to weigh the lines around, and held-out class scores of all rows by such weights."""
    views = held_out.views
    scores = np.zeros_like(views.own)
    for fold in range(FOLDS):
        inside = held_out.folds == fold
        learnt = web & ~inside
        fitted = fit_surroundings(views.take(learnt), classes[learnt])
        scores[inside] = fitted.scores(views.take(inside))
    return fit_surroundings(views.take(web), classes[web]), scores


def _calibrated(
    model: Model, rows: Sequence[Row], held_out: _HeldOut
) -> tuple[Model, NDArray[np.float64]]:
    """The model with all that is chosen on held-out rows, and their class scores."""
    web, sample, classes = _web(rows), _sample(rows), _numbers(rows)
    surroundings, scores = _surrounded(held_out, classes, web)
    weights = np.ones(int(sample.sum()))
    temperature, shifts = calibrate(scores[sample], classes[sample], weights)
    origin_centre = _origin_centre(model, rows, classes)
    mixture, chance = _generated_mixture(held_out, classes, web, origin_centre)
    calibration = Calibration(temperature, shifts)
    probable = function_scores(calibration, scores)
    honest = sample & (classes == CLASSES.index(Label.ADVICE))
    thresholds = replace(
        model.thresholds,
        confidence=confidence_for(probable[sample].max(axis=1), COVERAGE),
        generated=generated_for(chance[honest], FALSE_ALARMS, LEAST_GENERATED),
    )
    model = replace(
        model,
        surroundings=surroundings,
        calibration=calibration,
        mixture=mixture,
        thresholds=thresholds,
    )
    return model, scores


def _generated_mixture(
    held_out: _HeldOut,
    classes: NDArray[np.int64],
    web: NDArray[np.bool_],
    origin_centre: float,
) -> tuple[Mixture, NDArray[np.float64]]:
    """Weights of the evidence of being generated, and held-out `generated` of all rows."""
    evidence = np.column_stack([held_out.generated, held_out.generated_around])
    advice = np.isin(classes, _ADVICE)
    weights = np.where(web, 1.0, 0.3)[advice]
    own, around, shift = logistic(evidence[advice], (classes == _GENERATED)[advice], weights)
    chance = 1.0 / (1.0 + np.exp(-(evidence @ np.array([own, around]) + shift)))
    return _mixture(own, around, shift, origin_centre), chance


def _mixture(own: float, around: float, shift: float, origin_centre: float) -> Mixture:
    return Mixture(
        own=own,
        around=around,
        shift=shift,
        section=round(around * SECTION_GAIN, 6),
        origin=ORIGIN_WEIGHT,
        origin_centre=round(origin_centre, 6),
        template=TEMPLATE_WEIGHT,
    )


def _origin_centre(model: Model, rows: Sequence[Row], classes: NDArray[np.int64]) -> float:
    """The origin score halfway between honest and generated advice."""
    measure = Measure(model)
    means = [
        measure.of(
            [row.paragraph for row, kind in zip(rows, classes, strict=True) if kind == one]
        ).origin.mean()
        for one in _ADVICE
    ]
    return float(np.mean(means))


def _report(
    folder: Path,
    model: Model,
    rows: Sequence[Row],
    scores: Matrix,
    dropped: int,
    *,
    smaller: bool,
) -> TrainingReport:
    from sklearn.metrics import f1_score

    web, classes = _sample(rows), _numbers(rows)
    four = np.array([0, 1, 2, 2, 3])[classes]
    probable = function_scores(model.calibration, scores)
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
