"""What a paragraph does: the labels, and the nouns that go in and come out of labelling."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from quality.document import BlockKind, Evidence


class Label(StrEnum):
    """The label of a block; LABELS in seeds/GUIDE.md says how a reader decides."""

    CHROME = "chrome"
    HEADING = "heading"
    REPORTING = "reporting"
    FILLER = "filler"
    GENERATED_ADVICE = "generated_advice"
    ADVICE = "advice"
    OTHER = "other"
    UNCERTAIN = "uncertain"


# The four functions a score is given for; `generated` then splits advice in two.
FUNCTIONS = (Label.REPORTING, Label.FILLER, Label.ADVICE, Label.OTHER)
# What the function model is trained on: both kinds of advice apart, summed afterwards.
CLASSES = (
    Label.REPORTING,
    Label.FILLER,
    Label.GENERATED_ADVICE,
    Label.ADVICE,
    Label.OTHER,
)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One block of text with what a reader sees around it.

    `headings` is the stack above, outermost first. `before` and `after` are the
    neighbouring lines. `position` runs from 0 (first block) to 1 (last), None if unknown.
    """

    text: str
    headings: tuple[str, ...] = ()
    before: str | None = None
    after: str | None = None
    kind: BlockKind = BlockKind.PARAGRAPH
    position: float | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """A paragraph's label and why.

    `scores` are calibrated probabilities of the four functions, summing to 1; None where no
    model could speak (too short, another language). `generated` is how far the paragraph, taken
    as advice, reads as machine- or template-made; None where `scores` is. Spans of `evidence`
    count from the start of the paragraph's text.
    """

    label: Label
    scores: dict[str, float] | None
    generated: float | None
    reason: str
    evidence: tuple[Evidence, ...] = ()
