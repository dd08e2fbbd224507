"""Plots of an evaluation: calibration, coverage, confusion. Needs matplotlib (extra `dev`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from quality.classify.evaluate import Evaluation
from quality.classify.labels import Label
from quality.errors import UsageError


def draw(found: Evaluation, folder: Path) -> list[Path]:
    """The plots as PNG files in `folder`, made if it is not there.

    Raises UsageError, naming the cure, where matplotlib is not installed.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise UsageError(
            "Plots need matplotlib, which is not installed. "
            "Run `pip install 'quality-pipeline[dev]'`, or leave --plots out."
        ) from error
    matplotlib.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _saved(_calibration(found), folder / "calibration.png"),
        _saved(_coverage(found), folder / "coverage.png"),
        _saved(_confusion(found), folder / "confusion.png"),
    ]


def _axes(title: str, x: str, y: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 4.0), layout="constrained")
    axes = figure.subplots()
    axes.set(title=title, xlabel=x, ylabel=y)
    return figure, axes


def _calibration(found: Evaluation) -> Any:
    title = f"Calibration (error {found.calibration_error:.3f})"
    figure, axes = _axes(title, "score of the best function", "share right")
    axes.plot([0.25, 1], [0.25, 1], color="grey", linestyle=":")
    axes.plot(
        [item.confidence for item in found.calibration],
        [item.accuracy for item in found.calibration],
        marker="o",
    )
    return figure


def _coverage(found: Evaluation) -> Any:
    figure, axes = _axes("Accuracy by coverage", "share of paragraphs labelled", "share right")
    axes.plot(*zip(*found.coverage_curve, strict=True), marker="o")
    axes.axvline(found.coverage, color="grey", linestyle=":")
    return figure


def _confusion(found: Evaluation) -> Any:
    figure, axes = _axes("Labels", "given", "by reading")
    given = [str(label) for label in Label if any(str(label) in row for row in _rows(found))]
    shares = [[row.get(name, 0) / sum(row.values()) for name in given] for row in _rows(found)]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(given)), given, rotation=40, ha="right", fontsize=7)
    axes.set_yticks(range(len(shares)), list(found.confusion), fontsize=7)
    for y, row in enumerate(_rows(found)):
        for x, name in enumerate(given):
            axes.text(x, y, row.get(name, 0), ha="center", va="center", fontsize=7)
    return figure


def _rows(found: Evaluation) -> list[dict[str, int]]:
    return list(found.confusion.values())


def _saved(figure: Any, path: Path) -> Path:
    # Without the version and date of the drawing library the file is the same every time.
    figure.savefig(path, dpi=110, metadata={"Software": None})
    return path
