"""Whether a newly fitted model may take the place of the one in use.

Judged on labelled rows that neither was fitted on. A model that got better on average may
have got worse at one thing users rely on, so each figure is compared by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quality.classify.evaluate import Evaluation, evaluate
from quality.classify.rows import Row

# What a figure may lose: less than two readers' labels of the dev split move it by.
MAX_LOSS = 0.01
# A score of .8 that is right in 7 of 10 cases misleads; the project's own bar.
MAX_CALIBRATION_ERROR = 0.05
# Resampling is for intervals, which are not looked at here.
_RESAMPLES = 2


@dataclass(frozen=True, slots=True)
class Comparison:
    """The figures of the model in use and of the new one, and what speaks against the new one."""

    figures: dict[str, tuple[float | None, float]]
    objections: tuple[str, ...]

    @property
    def accepted(self) -> bool:
        """Whether the new model may be used."""
        return not self.objections

    @property
    def message(self) -> str:
        """The comparison on one line."""
        said = ", ".join(
            f"{name} {new:.3f}" + ("" if old is None else f" (in use {old:.3f})")
            for name, (old, new) in self.figures.items()
        )
        return said if self.accepted else f"{said}. Rejected: {'; '.join(self.objections)}."


def compare(
    in_use: Path | None, candidate: Path, rows: Sequence[Row], *, max_loss: float = MAX_LOSS
) -> Comparison:
    """Measure both model folders on rows that neither learnt from.

    Without a model in use only the calibration can speak against the new one. Raises
    UsageError where no row has a content label.
    """
    new = _figures(evaluate(candidate, rows, resamples=_RESAMPLES))
    old = {} if in_use is None else _figures(evaluate(in_use, rows, resamples=_RESAMPLES))
    objections = [
        f"{name} lost {old[name] - value:.3f}, at most {max_loss:.3f} is allowed"
        for name, value in new.items()
        if name in old and name != _CALIBRATION and old[name] - value > max_loss
    ]
    # On rows of another mix both may be off: only what got worse is held against it.
    if new[_CALIBRATION] > max(MAX_CALIBRATION_ERROR, old.get(_CALIBRATION, 0.0)):
        objections.append(
            f"{_CALIBRATION} {new[_CALIBRATION]:.3f}, at most {MAX_CALIBRATION_ERROR} is allowed"
        )
    return Comparison(
        {name: (old.get(name), value) for name, value in new.items()}, tuple(objections)
    )


_CALIBRATION = "calibration error"


def _figures(found: Evaluation) -> dict[str, float]:
    figures = {
        "macro-F1": found.f1.value,
        "macro-F1 of three": found.f1_of_three.value,
        "accuracy when sure": found.accuracy_when_sure.value,
    }
    if found.generated_auc is not None:
        figures["generated AUC"] = found.generated_auc.value
    return {**figures, _CALIBRATION: found.calibration_error}
