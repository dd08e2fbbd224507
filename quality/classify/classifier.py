"""Labels paragraphs: what each does, how sure that is, and why.

Function first, by a linear model over delexicalised words and style; then, for advice, how
far it reads as machine- or template-made, from the paragraph itself, its section, and what
templates and origin say of the section. Says `uncertain` where the text is too short, in
another language, made of unknown words, or where no class is clear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quality.classify.explain import Facts, contributions, doubt, evidence, reason
from quality.classify.labels import CLASSES, FUNCTIONS, Label, Paragraph, Scored
from quality.classify.leaks import find_leak
from quality.classify.measure import SUM, Measure, Measured, class_probabilities
from quality.classify.model import Matrix, Model, Thresholds, load, times
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
# None of 600 posts of two honest sites has sections of that form.
_FORM_ODDS = 3.0
# Leaked model text settles it as far as a score may.
_LEAKED = 0.95
_ADVICE = FUNCTIONS.index(Label.ADVICE)
_NAMES = tuple(map(str, FUNCTIONS))


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
        """`label_documents` for one document."""
        return self.label_documents([Passage(paragraphs, template, forms)])[0]

    def label_documents(self, passages: Sequence[Passage]) -> list[list[Scored]]:
        """Labels of the paragraphs of several documents.

        Evidence of being generated is averaged over each section (a run of paragraphs under
        the same headings), leaning on its document.
        """
        rows = [paragraph for passage in passages for paragraph in passage.paragraphs]
        if not rows:
            return [[] for _ in passages]
        batches = [slice(start, start + _BATCH) for start in range(0, len(rows), _BATCH)]
        measured = [self.measure.of(rows[batch]) for batch in batches]
        coverage = _values([passage.template for passage in passages], passages)
        forms = _values([passage.forms for passage in passages], passages)
        generated = self._generated_in_documents(measured, _Parts.of(passages), coverage)
        found = chain.from_iterable(
            self._decide(
                rows[batch],
                _towards_generated(one, forms[batch]),
                generated[batch],
                coverage[batch],
            )
            for batch, one in zip(batches, measured, strict=True)
        )
        return [list(islice(found, len(passage.paragraphs))) for passage in passages]

    def _generated_alone(self, measured: Measured) -> NDArray[np.float64]:
        """How far each paragraph, taken as advice, reads as machine- or template-made, 0 to 1."""
        mixture = self.model.mixture
        logit = (
            mixture.own * measured.generated
            + mixture.around * measured.generated_around
            + mixture.shift
        )
        return np.asarray(1.0 / (1.0 + np.exp(-logit)))

    def _generated_in_documents(
        self, measured: Sequence[Measured], parts: _Parts, coverage: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The same with section, origin and templates."""
        mixture = self.model.mixture
        own = np.concatenate([one.generated for one in measured])
        origin = np.concatenate([one.origin for one in measured])
        logit = (
            mixture.own * own
            + mixture.section * parts.means(own)
            + mixture.origin * (parts.means(origin) - mixture.origin_centre)
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
        functions = times(probabilities, SUM)
        best = functions.argmax(axis=1)
        mine, rival = _contrast(probabilities, best)
        parts = contributions(
            measured, self.measure.effective, self.model.surroundings, (mine, rival)
        )
        counts = measured.reading.counts
        said = list(
            map(
                _Said,
                functions.tolist(),
                best.tolist(),
                rival.tolist(),
                generated.tolist(),
                coverage.tolist(),
                *(counts[:, column].tolist() for column in self._column.values()),
                sum(counts[:, column] for column in self._function_words).tolist(),  # type: ignore[union-attr]
            )
        )
        silences = list(map(self._silence, paragraphs, said))
        speaks = np.array([silence is None for silence in silences])
        items = evidence(self.model.space, measured, paragraphs, parts, speaks)
        return list(map(self._scored, paragraphs, counts, said, items, silences))

    def _scored(
        self,
        paragraph: Paragraph,
        counts: NDArray[np.float32],
        said: _Said,
        items: tuple[Evidence, ...],
        silence: str | None,
    ) -> Scored:
        if silence is not None:
            return Scored(Label.UNCERTAIN, None, None, silence)
        chance = said.generated
        if said.functions[_ADVICE] >= _ADVICE_LIKE:
            found = _beyond_words(paragraph, said.coverage)
            items += found
            if any(item.kind is EvidenceKind.RULE for item in found):
                chance = max(chance, _LEAKED)
        label = self._label(FUNCTIONS[said.best], said.functions[said.best], chance)
        if label is Label.UNCERTAIN:
            why = _doubt(said.functions)
        else:
            facts = self._facts.of(counts, paragraph)
            why = reason(label, CLASSES[said.rival], items, paragraph.text, facts)
        scores = {name: round(score, 4) for name, score in zip(_NAMES, said.functions, strict=True)}
        return Scored(label, scores, round(chance, 4), why, items)

    def _silence(self, paragraph: Paragraph, said: _Said) -> str | None:
        """Why the model should not speak of this text, if it should not."""
        if int(said.words) < self.thresholds.min_words:
            return f"Too short to tell: {count_words(paragraph.text)} words."
        if (
            said.common < _SURELY_ENGLISH
            and not (said.rare < _SURELY_KNOWN and paragraph.text.isascii())
            and not is_language(paragraph.text, LANGUAGE)
        ):
            return "Does not read as English, the language the model knows."
        if said.rare > self.thresholds.rare:
            return f"{said.rare:.0%} of the words are unknown to the model."
        return None

    def _label(self, function: Label, confidence: float, generated: float) -> Label:
        if confidence < self.thresholds.confidence:
            return Label.UNCERTAIN
        if function is Label.ADVICE and generated >= self.thresholds.generated:
            return Label.GENERATED_ADVICE
        return function


class Passage(NamedTuple):
    """The paragraphs of one document in order, and what its sections say of each.

    `template` is the template coverage of its section, 0 to 1; `forms` how far headings and
    templates say that it gives advice, 0 to 1. Empty where nothing is said.
    """

    paragraphs: Sequence[Paragraph]
    template: Sequence[float] = ()
    forms: Sequence[float] = ()


class _Said(NamedTuple):
    """What the model says of one paragraph, and what of it decides whether it may."""

    functions: list[float]
    best: int
    rival: int
    generated: float
    coverage: float
    words: float
    rare: float
    common: float


@dataclass(frozen=True, slots=True)
class _Parts:
    """The number of each paragraph's section, and of each section's document."""

    section_of: NDArray[np.int64]
    document_of: NDArray[np.int64]

    @classmethod
    def of(cls, passages: Sequence[Passage]) -> _Parts:
        """A section is a run of paragraphs under the same headings."""
        begins: list[bool] = []
        owners: list[int] = []
        for number, (paragraphs, _, _) in enumerate(passages):
            begins += [True] * bool(paragraphs)
            begins += [one.headings != two.headings for one, two in pairwise(paragraphs)]
            owners += [number] * len(paragraphs)
        first = np.array(begins)
        return cls(np.cumsum(first) - 1, np.array(owners, dtype=np.int64)[first])

    def means(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Each section's mean, leaning on its document's."""
        # bincount adds one after another: what stands beside a document changes nothing.
        sizes, sums = np.bincount(self.section_of), np.bincount(self.section_of, values)
        whole = np.bincount(self.document_of, sums) / np.maximum(
            np.bincount(self.document_of, sizes), 1
        )
        leaning = _DOCUMENT_WEIGHT * whole[self.document_of]
        return np.asarray(((sums + leaning) / (sizes + _DOCUMENT_WEIGHT))[self.section_of])


def _values(given: Sequence[Sequence[float]], passages: Sequence[Passage]) -> NDArray[np.float64]:
    """One value a paragraph, 0 where a document has none."""
    every = (
        own or [0.0] * len(passage.paragraphs) for own, passage in zip(given, passages, strict=True)
    )
    return np.array(list(chain.from_iterable(every)), dtype=np.float64)


def _towards_generated(measured: Measured, forms: NDArray[np.float64]) -> Measured:
    """The same with the odds of generated advice raised where the section's form says so."""
    if not forms.any():
        return measured
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


def _doubt(functions: list[float]) -> str:
    second, first = np.argsort(functions)[-2:].tolist()
    return doubt((FUNCTIONS[first], functions[first]), (FUNCTIONS[second], functions[second]))


def _beyond_words(paragraph: Paragraph, coverage: float) -> tuple[Evidence, ...]:
    """Evidence of being generated that no word of the model gives: a template, leaked text."""
    found = []
    if coverage > 0.0:
        name, end = "its section fills a house template", len(paragraph.text)
        found.append(Evidence(EvidenceKind.TEMPLATE, name, round(coverage, 3), 0, end))
    leak = find_leak(paragraph.text)
    return tuple(found if leak is None else [*found, leak])
