"""What came of a training run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from quality.classify.model import Calibration, Thresholds


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
