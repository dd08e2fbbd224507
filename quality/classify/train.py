"""Fits the paragraph model from labelled rows: `quality train`.

The same rows and versions give the same bytes. Every number that is not a weight
(surroundings, calibration, thresholds) is chosen on folds whose sources the weights did not
see. Rows of the `dev` split never enter; nor do near-copies of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from quality.classify.calibrating import calibrated
from quality.classify.card import write_card
from quality.classify.evaluate import Evaluation, evaluate
from quality.classify.fitting import MEASURE_ONLY, class_numbers, fit_model, row_weights
from quality.classify.holdout import LEAST_ROWS, fair_sample, hold_out, trust
from quality.classify.labels import CLASSES
from quality.classify.learn import FOLDS
from quality.classify.meaning import WordVectors, word_vectors
from quality.classify.measure import function_scores
from quality.classify.model import Matrix, Model, save
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

# Rounds of held-out folds: the first to see which labels to trust, the second with that.
TURNS = 2
READ_LINES_NAME = "read_lines.jsonl"
LINES_NAME = "chrome_lines.jsonl.gz"
# Word vectors of fewer texts would be noise.
LEAST_TEXTS = 10_000


def train(
    seeds_path: Path,
    gold_path: Path | None,
    origin_path: Path | None,
    out_folder: Path,
    *,
    lines_path: Path | None = None,
    more: Sequence[Path] = (),
    progress: Progress = lambda _what, _done, _of: None,
) -> TrainingReport:
    """Fit the model, write it to `out_folder`, and say how it went.

    Without gold rows it trains the smaller model from the seeds alone. With the shared lines
    of web pages (`lines_path`; by default the file beside the gold rows, where there is one),
    those we read ourselves are learnt too; so are rows of `more` files, labelled as the seeds
    are but on pages of your own. `progress` is called with what is being done,
    steps done, steps in all. Raises UsageError where the rows cannot make a model.
    """
    if lines_path is None and gold_path is not None:
        beside = gold_path.with_name(LINES_NAME)
        lines_path = beside if beside.exists() else None
    rows, dev, dropped = _training_rows(seeds_path, gold_path, lines_path, more)
    origin = load_origin(origin_path) if origin_path else []
    steps = TURNS * FOLDS + 4
    progress("word vectors", 0, steps)
    meaning = _meaning(lines_path, origin, dev)
    weights = row_weights(rows)
    for turn in range(TURNS):
        begun = partial(_begun, progress, turn * FOLDS + 1, steps)
        held_out = hold_out(rows, weights, meaning, begun)
        if turn < TURNS - 1:
            weights = row_weights(rows) * trust(rows, held_out)
    progress("final weights", steps - 3, steps)
    model = fit_model(rows, weights, meaning, origin)
    progress("calibration", steps - 2, steps)
    model, classes = calibrated(model, rows, held_out)
    paths = [path for path in (seeds_path, gold_path, origin_path, lines_path, *more) if path]
    facts = {
        "trained_on": {path.name: sha256(path) for path in paths},
        "rows": len(rows),
        "smaller": gold_path is None,
    }
    save(model, out_folder, facts)
    report = _report(out_folder, model, rows, classes, dropped, smaller=gold_path is None)
    progress("measuring", steps - 1, steps)
    write_card(report, _measured(out_folder, dev), out_folder / "CARD.md")
    progress("written", steps, steps)
    return report


def _begun(progress: Progress, done: int, steps: int, fold: int) -> None:
    progress("held-out folds", done + fold, steps)


def _training_rows(
    seeds_path: Path, gold_path: Path | None, lines_path: Path | None, more: Sequence[Path]
) -> tuple[list[Row], list[Row], int]:
    """Rows to learn from, rows to measure on, and how many near-copies of those were left out."""
    gold = functional(load_rows(gold_path)) if gold_path else []
    read_path = seeds_path.with_name(READ_LINES_NAME)
    read = load_read_lines(read_path, lines_path) if lines_path and read_path.exists() else []
    # Reviewed rows come from the pages that will be scored: they count as web pages do.
    reviewed = [
        replace(row, kind="web", drawn=False)
        for path in more
        for row in functional(load_rows(path))
    ]
    dev = [row for row in gold if row.split == "dev"]
    hosts = {row.host.removeprefix("www.") for row in dev if row.is_web}
    rows = [
        row
        for row in (*gold, *functional(load_rows(seeds_path)), *reviewed, *functional(read))
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
    measured = {row.source for row in dev} | MEASURE_ONLY
    texts = [row.text for row in origin if row.source not in measured]
    if lines_path:
        texts += content_lines(lines_path)
    return word_vectors(texts) if len(texts) >= LEAST_TEXTS else None


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

    web, classes = fair_sample(rows), class_numbers(rows)
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
