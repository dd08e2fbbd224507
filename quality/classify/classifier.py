"""Labels paragraphs: what each does, how sure that is, and why.

Function first, by a linear model over delexicalised words and style; then, for advice, how
far it reads as machine- or template-made, from the paragraph itself, its section, and what
templates and origin say of the section. Says `uncertain` where the text is too short, in
another language, made of unknown words, or where no class is clear.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quality.classify.explain import Facts, contributions, doubt, evidence, reason
from quality.classify.labels import CLASSES, FUNCTIONS, Label, Paragraph, Scored
from quality.classify.measure import SUM, Measure, Measured, class_probabilities
from quality.classify.model import Matrix, Model, Thresholds, load
from quality.document import Evidence, EvidenceKind
from quality.lang import is_language

LANGUAGE = "en"
# Closed-class words make up 35 to 50 % of English prose; other languages share a few of
# them ("in", "is", "me"), never a quarter. `is_language` costs a third of all the scoring.
_SURELY_ENGLISH = 0.25
_CLOSED = ("article", "preposition", "conjunction", "is", "this", "can", "will", "was")
# Paragraphs read at a time: enough for numpy, little enough for the cache.
_BATCH = 512
# A section's mean leans on the document's as if that were so many more paragraphs.
_DOCUMENT_WEIGHT = 2.0

# Below this probability of advice, how generated it would be as advice is no question.
_ADVICE_LIKE = 0.05


class ParagraphClassifier:
    """A loaded model, ready to label. Scores do not depend on what is scored together.

    `model` holds the numbers, `measure` scores by them; both are for looking, not changing.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.measure = Measure(model)
        self._facts = Facts(model.space)
        names = model.space.style.names
        self._column = {name: names.index(name) for name in ("words", "rare words, share")}
        self._function_words = [names.index(f"{name} words, share") for name in _CLOSED]

    @classmethod
    def load(cls, folder: Path) -> ParagraphClassifier:
        """The model in `folder`. Raises ModelError where it is damaged or of another version."""
        return cls(load(folder))

    @property
    def thresholds(self) -> Thresholds:
        """Where decisions fall."""
        return self.model.thresholds

    def score(self, rows: Sequence[Paragraph]) -> list[Scored]:
        """Labels of paragraphs that have nothing to do with each other."""
        found: list[Scored] = []
        for start in range(0, len(rows), _BATCH):
            batch = rows[start : start + _BATCH]
            measured = self.measure.of(batch)
            coverage = np.zeros(len(batch))
            generated = self.generated(measured, None, coverage)
            found.extend(self._decide(batch, measured, generated, coverage))
        return found

    def label_document(
        self, paragraphs: Sequence[Paragraph], template: Sequence[float] = ()
    ) -> list[Scored]:
        """Labels of the paragraphs of one document, in order.

        Evidence of being generated is averaged over each section (a run of paragraphs under
        the same headings), leaning on the document. `template` is the template coverage of
        each paragraph's section, 0 to 1.
        """
        if not paragraphs:
            return []
        measured = self.measure.of(paragraphs)
        coverage = np.asarray(template or [0.0] * len(paragraphs), dtype=np.float64)
        generated = self.generated(measured, _sections(paragraphs), coverage)
        return self._decide(paragraphs, measured, generated, coverage)

    def generated(
        self, measured: Measured, sections: NDArray[np.int64] | None, coverage: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """How far each paragraph, taken as advice, reads as machine- or template-made, 0 to 1.

        `sections` numbers each paragraph's section, None where every one stands alone.
        """
        own, section, origin, template, shift = self.model.calibration.generated
        around = (
            measured.generated_around if sections is None else _mean(measured.generated, sections)
        )
        logit = (
            own * measured.generated
            + section * around
            + origin * _mean(measured.origin, sections)
            + template * coverage
            + shift
        )
        return np.asarray(1.0 / (1.0 + np.exp(-logit)))

    def _decide(
        self,
        paragraphs: Sequence[Paragraph],
        measured: Measured,
        generated: NDArray[np.float64],
        coverage: NDArray[np.float64],
    ) -> list[Scored]:
        probabilities = class_probabilities(self.model.calibration, measured.classes)
        functions = probabilities @ SUM
        best = functions.argmax(axis=1)
        mine, rival = _contrast(probabilities, best)
        parts = contributions(
            measured, self.measure.effective, self.model.surroundings, (mine, rival)
        )
        items = evidence(self.model.space, measured, paragraphs, parts)
        found = []
        for row, paragraph in enumerate(paragraphs):
            silence = self._silence(paragraph, measured.reading.counts[row])
            if silence:
                found.append(Scored(Label.UNCERTAIN, None, None, silence))
                continue
            function = FUNCTIONS[best[row]]
            advice = float(functions[row, FUNCTIONS.index(Label.ADVICE)])
            chance = float(generated[row]) if advice >= _ADVICE_LIKE else None
            label = self._label(function, float(functions[row, best[row]]), float(generated[row]))
            found.append(
                Scored(
                    label=label,
                    scores=_rounded(functions[row]),
                    generated=None if chance is None else round(chance, 4),
                    reason=self._reason(
                        label, CLASSES[rival[row]], items[row], measured, row, paragraph, functions
                    ),
                    evidence=items[row] + _template(chance, float(coverage[row]), paragraph),
                )
            )
        return found

    def _silence(self, paragraph: Paragraph, counts: NDArray[np.float32]) -> str | None:
        """Why the model should not speak of this text, if it should not."""
        words = int(counts[self._column["words"]])
        if words < self.thresholds.min_words:
            return f"Too short to tell: {words} words."
        common = float(counts[self._function_words].sum())
        if common < _SURELY_ENGLISH and not is_language(paragraph.text, LANGUAGE):
            return "Does not read as English, the language the model knows."
        rare = float(counts[self._column["rare words, share"]])
        if rare > self.thresholds.rare:
            return f"{rare:.0%} of the words are unknown to the model."
        return None

    def _label(self, function: Label, confidence: float, generated: float) -> Label:
        if confidence < self.thresholds.confidence:
            return Label.UNCERTAIN
        if function is Label.ADVICE and generated >= self.thresholds.generated:
            return Label.GENERATED_ADVICE
        return function

    def _reason(
        self,
        label: Label,
        rival: Label,
        items: Sequence[Evidence],
        measured: Measured,
        row: int,
        paragraph: Paragraph,
        functions: Matrix,
    ) -> str:
        if label is Label.UNCERTAIN:
            second, first = np.argsort(functions[row])[-2:]
            return doubt(
                (FUNCTIONS[first], float(functions[row, first])),
                (FUNCTIONS[second], float(functions[row, second])),
            )
        return reason(label, rival, items, self._facts.of(measured.reading.counts[row], paragraph))


def _contrast(
    probabilities: Matrix, best: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The class of each row's function, and the likeliest class outside that function."""
    inside = SUM.T[best] > 0
    mine = np.where(inside, probabilities, -1.0).argmax(axis=1)
    rival = np.where(inside, -1.0, probabilities).argmax(axis=1)
    return mine, rival


def _sections(paragraphs: Sequence[Paragraph]) -> NDArray[np.int64]:
    changes = [0] + [int(one.headings != two.headings) for one, two in pairwise(paragraphs)]
    return np.cumsum(np.array(changes))


def _mean(values: NDArray[np.float64], sections: NDArray[np.int64] | None) -> NDArray[np.float64]:
    """Each section's mean, leaning on the whole; a paragraph that stands alone is its own mean."""
    if sections is None:
        return values
    sizes = np.bincount(sections)
    sums = np.bincount(sections, weights=values)
    means = (sums + _DOCUMENT_WEIGHT * values.mean()) / (sizes + _DOCUMENT_WEIGHT)
    return np.asarray(means[sections])


def _rounded(scores: NDArray[np.float64]) -> dict[str, float]:
    return {
        str(function): round(float(value), 4)
        for function, value in zip(FUNCTIONS, scores, strict=True)
    }


def _template(chance: float | None, coverage: float, paragraph: Paragraph) -> tuple[Evidence, ...]:
    if chance is None or coverage <= 0.0:
        return ()
    end = len(paragraph.text)
    return (Evidence(EvidenceKind.TEMPLATE, "section template", round(coverage, 3), 0, end),)
