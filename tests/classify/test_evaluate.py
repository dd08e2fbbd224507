"""Figures of an evaluation, against cases counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from quality.classify.evaluate import evaluate, figures
from quality.classify.labels import Label, Paragraph, Scored
from quality.classify.plots import draw
from quality.classify.rows import Row
from quality.errors import UsageError

TEXT = "one two three four five six seven eight nine ten eleven twelve"


def _row(label: Label, host: str = "a.example") -> Row:
    return Row("1", Paragraph(TEXT), label, host, host, "web", "d")


def _scored(label: Label, best: str, score: float, generated: float | None = None) -> Scored:
    rest = (1 - score) / 3
    names = ("reporting", "filler", "advice", "other")
    scores = {name: score if name == best else rest for name in names}
    return Scored(label, scores, generated, "")


ROWS = [
    _row(Label.REPORTING),
    _row(Label.FILLER),
    _row(Label.ADVICE, "b.example"),
    _row(Label.GENERATED_ADVICE, "b.example"),
    _row(Label.OTHER),
]
FOUND = [
    _scored(Label.REPORTING, "reporting", 0.9),
    _scored(Label.UNCERTAIN, "other", 0.4),
    _scored(Label.ADVICE, "advice", 0.8, 0.2),
    _scored(Label.GENERATED_ADVICE, "advice", 0.8, 0.9),
    _scored(Label.OTHER, "other", 0.7),
]


def test_figures_are_those_counted_by_hand() -> None:
    """Four of five right, four of five given, the pair of advice in the right order."""
    found = figures(ROWS, FOUND, resamples=20)
    assert found.accuracy.value == 0.8
    assert found.coverage == 0.8
    assert found.accuracy_when_sure.value == 1.0
    assert found.f1.value == pytest.approx((1 + 0 + 1 + 2 / 3) / 4, abs=1e-4)
    assert found.generated_auc is not None
    assert found.generated_auc.value == 1.0
    assert found.generated_found == 1.0
    assert found.honest_called_generated == 0.0
    assert found.confusion["filler"] == {"uncertain": 1}
    gap = (0.1 + 0.4 + 2 * 0.2 + 0.3) / 5
    assert found.calibration_error == pytest.approx(gap, abs=1e-4)


def test_interval_holds_the_value() -> None:
    """The bootstrap goes around the figure itself."""
    found = figures(ROWS * 10, FOUND * 10, resamples=50)
    assert found.accuracy.low <= found.accuracy.value <= found.accuracy.high


def test_curve_falls_to_the_accuracy_of_all() -> None:
    """At full coverage the curve meets the accuracy."""
    found = figures(ROWS, FOUND, resamples=5)
    assert found.coverage_curve[-1] == (1.0, 0.8)
    assert found.coverage_curve[0][1] == 1.0


def test_nothing_to_evaluate_names_the_cure(tmp_path: Path) -> None:
    """Rows without content labels cannot be measured on."""
    with pytest.raises(UsageError, match=r"GUIDE|min-words"):
        evaluate(tmp_path, [_row(Label.CHROME)])


def test_plots_are_written(tmp_path: Path) -> None:
    """Three PNG files."""
    pytest.importorskip("matplotlib", reason="plots need the extra 'dev'")
    paths = draw(figures(ROWS, FOUND, resamples=5), tmp_path / "plots")
    assert [path.read_bytes()[:4] for path in paths] == [b"\x89PNG"] * 3
