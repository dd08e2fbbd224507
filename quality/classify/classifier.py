"""Labels paragraphs: what each does, how sure that is, and why.

Function first, by a linear model over delexicalised words and style; then, for advice, how
far it reads as machine- or template-made, from the paragraph itself, its section, and what
templates and origin say of the section. Says `uncertain` where the text is too short, in
another language, made of unknown words, or where no class is clear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quality.classify.explain import Facts, contributions, doubt, evidence, reason
from quality.classify.labels import CLASSES, FUNCTIONS, Label, Paragraph, Scored
from quality.classify.leaks import find_leak
from quality.classify.measure import SUM, Measure, Measured, class_probabilities
from quality.classify.model import Matrix, Model, Thresholds, load
from quality.document import Evidence, EvidenceKind
from quality.lang import is_language
from quality.tokens import count_words

LANGUAGE = "en"
# Closed-class words make up 35 to 50 % of English prose; other languages share a few of
# them ("in", "is", "me"), never a quarter. `is_language` costs a third of all the scoring.
_SURELY_ENGLISH = 0.25
# Lists have few of them, but their words are known; most words of another language are not.
_SURELY_KNOWN = 0.3
_CLOSED = ("article", "preposition", "conjunction", "is", "this", "can", "will", "was")
# Paragraphs read at a time: enough for numpy, little enough for the cache.
_BATCH = 512
# A section's mean leans on the document's as if that were so many more paragraphs.
_DOCUMENT_WEIGHT = 2.0

# Below this probability of advice, what would show it to be generated is not looked for.
_ADVICE_LIKE = 0.05
# Log-odds that a section of template advice adds to its paragraphs being generated advice: a
# heading is as good as three strong markers; set, not fitted: gold rows come without documents.
_FORM_ODDS = 3.0
# Leaked model text settles it as far as a score may.
_LEAKED = 0.95
_ADVICE = FUNCTIONS.index(Label.ADVICE)


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
            generated = self._generated_alone(measured)
            found.extend(self._decide(batch, measured, generated, np.zeros(len(batch))))
        return found

    def label_document(
        self,
        paragraphs: Sequence[Paragraph],
        template: Sequence[float] = (),
        *,
        forms: Sequence[float] = (),
    ) -> list[Scored]:
        """Labels of the paragraphs of one document, in order.

        Evidence of being generated is averaged over each section (a run of paragraphs under
        the same headings), leaning on the document. `template` is the template coverage of
        each paragraph's section, 0 to 1; `forms` how far headings and templates say that it
        gives advice, 0 to 1.
        """
        if not paragraphs:
            return []
        measured = self.measure.of(paragraphs)
        coverage = np.asarray(template or [0.0] * len(paragraphs), dtype=np.float64)
        generated = self._generated_in_document(measured, _sections(paragraphs), coverage)
        if any(forms):
            measured = _towards_generated(measured, np.asarray(forms, dtype=np.float64))
        return self._decide(paragraphs, measured, generated, coverage)

    def _generated_alone(self, measured: Measured) -> NDArray[np.float64]:
        """How far each paragraph, taken as advice, reads as machine- or template-made, 0 to 1."""
        mixture = self.model.mixture
        logit = (
            mixture.own * measured.generated
            + mixture.around * measured.generated_around
            + mixture.shift
        )
        return np.asarray(1.0 / (1.0 + np.exp(-logit)))

    def _generated_in_document(
        self, measured: Measured, sections: NDArray[np.int64], coverage: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The same with section, origin and templates; `sections` numbers each one's section."""
        mixture = self.model.mixture
        logit = (
            mixture.own * measured.generated
            + mixture.section * _mean(measured.generated, sections)
            + mixture.origin * (_mean(measured.origin, sections) - mixture.origin_centre)
            + mixture.template * coverage
            + mixture.shift
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
        said = _Said(functions, best, rival, generated, coverage)
        return [
            self._scored(paragraph, measured.reading.counts[row], said, row, items[row])
            for row, paragraph in enumerate(paragraphs)
        ]

    def _scored(
        self,
        paragraph: Paragraph,
        counts: NDArray[np.float32],
        said: _Said,
        row: int,
        items: tuple[Evidence, ...],
    ) -> Scored:
        silence = self._silence(paragraph, counts)
        if silence:
            return Scored(Label.UNCERTAIN, None, None, silence)
        functions = said.functions[row]
        function, confidence = FUNCTIONS[said.best[row]], float(functions[said.best[row]])
        chance = float(said.generated[row])
        if float(functions[_ADVICE]) >= _ADVICE_LIKE:
            found = _beyond_words(paragraph, float(said.coverage[row]))
            items += found
            if any(item.kind is EvidenceKind.RULE for item in found):
                chance = max(float(said.generated[row]), _LEAKED)
        label = self._label(function, confidence, chance)
        if label is Label.UNCERTAIN:
            why = _doubt(functions)
        else:
            facts = self._facts.of(counts, paragraph)
            why = reason(label, CLASSES[said.rival[row]], items, paragraph.text, facts)
        return Scored(label, _rounded(functions), round(chance, 4), why, items)

    def _silence(self, paragraph: Paragraph, counts: NDArray[np.float32]) -> str | None:
        """Why the model should not speak of this text, if it should not."""
        words = int(counts[self._column["words"]])
        if words < self.thresholds.min_words:
            return f"Too short to tell: {count_words(paragraph.text)} words."
        rare = float(counts[self._column["rare words, share"]])
        common = float(counts[self._function_words].sum())
        if (
            common < _SURELY_ENGLISH
            and not (rare < _SURELY_KNOWN and paragraph.text.isascii())
            and not is_language(paragraph.text, LANGUAGE)
        ):
            return "Does not read as English, the language the model knows."
        if rare > self.thresholds.rare:
            return f"{rare:.0%} of the words are unknown to the model."
        return None

    def _label(self, function: Label, confidence: float, generated: float) -> Label:
        if confidence < self.thresholds.confidence:
            return Label.UNCERTAIN
        if function is Label.ADVICE and generated >= self.thresholds.generated:
            return Label.GENERATED_ADVICE
        return function


@dataclass(frozen=True, slots=True)
class _Said:
    """What the model says of a batch, row by row."""

    functions: Matrix
    best: NDArray[np.int64]
    rival: NDArray[np.int64]
    generated: NDArray[np.float64]
    coverage: NDArray[np.float64]


def _towards_generated(measured: Measured, forms: NDArray[np.float64]) -> Measured:
    """The same with the odds of generated advice raised where the section's form says so."""
    classes = measured.classes.copy()
    classes[:, CLASSES.index(Label.GENERATED_ADVICE)] += _FORM_ODDS * forms
    return replace(measured, classes=classes)


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


def _mean(values: NDArray[np.float64], sections: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each section's mean, leaning on the whole document's."""
    sizes, sums = np.bincount(sections), np.bincount(sections, weights=values)
    means = (sums + _DOCUMENT_WEIGHT * values.mean()) / (sizes + _DOCUMENT_WEIGHT)
    return np.asarray(means[sections])


def _rounded(scores: NDArray[np.float64]) -> dict[str, float]:
    return {
        str(function): round(float(value), 4)
        for function, value in zip(FUNCTIONS, scores, strict=True)
    }


def _doubt(functions: NDArray[np.float64]) -> str:
    second, first = np.argsort(functions)[-2:].tolist()
    return doubt(
        (FUNCTIONS[first], float(functions[first])), (FUNCTIONS[second], float(functions[second]))
    )


def _beyond_words(paragraph: Paragraph, coverage: float) -> tuple[Evidence, ...]:
    """Evidence of being generated that no word of the model gives: a template, leaked text."""
    found = []
    if coverage > 0.0:
        name, end = "section template", len(paragraph.text)
        found.append(Evidence(EvidenceKind.TEMPLATE, name, round(coverage, 3), 0, end))
    leak = find_leak(paragraph.text)
    return tuple(found if leak is None else [*found, leak])
