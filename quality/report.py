"""What we say of a document: labels, shares and verdict, each with its reasons.

The field names are those of `documents.jsonl` (schema/document.json); `as_record` gives
exactly that object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from quality.classify.labels import Label
from quality.document import Block, Document, Evidence

DOCUMENT_SCHEMA = "quality.document/1"

# Scores and weights are rounded once, on the way out: four digits are more than the
# calibration is good for, and the same bytes come out on any machine.
DIGITS = 4


class Verdict(StrEnum):
    """What a document is made of, in one word."""

    REPORTING = "reporting"
    MIXED = "mixed"
    THIN = "thin"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class BlockReport:
    """One block with its label and why."""

    block: Block
    """Span and kind, as extracted."""
    label: Label
    scores: Mapping[str, float] | None
    """Calibrated probabilities of the four functions, sum 1. None where not scored."""
    generated: float | None
    """0 to 1: how far an advice-like block reads as machine- or template-made."""
    reason: str
    """One plain sentence."""
    evidence: tuple[Evidence, ...]
    """Findings for the label, strongest first; spans are offsets into the document's text."""

    def as_record(self) -> dict[str, Any]:
        """The object in `blocks`."""
        scores = self.scores
        return {
            "start": self.block.start,
            "end": self.block.end,
            "kind": self.block.kind.value,
            "label": self.label.value,
            "scores": None if scores is None else rounded_to_one(scores),
            "generated": None if self.generated is None else round(self.generated, DIGITS),
            "reason": self.reason,
            "evidence": [_evidence_record(item) for item in self.evidence],
        }


@dataclass(frozen=True, slots=True)
class TemplateReport:
    """The house template that a section follows."""

    id: str
    documents: int
    """Distinct near-duplicate clusters that use it."""
    hosts: int
    coverage: float
    """0 to 1: how much of the section's skeleton recurs."""

    def as_record(self) -> dict[str, Any]:
        """The object in `sections[].template`."""
        return {
            "id": self.id,
            "documents": self.documents,
            "hosts": self.hosts,
            "coverage": round(self.coverage, DIGITS),
        }


@dataclass(frozen=True, slots=True)
class SectionTwin:
    """A section seen elsewhere: blocks `first` to `last` of the other document, both inside."""

    document: str
    path: str
    first: int
    last: int
    similarity: float

    def as_record(self) -> dict[str, Any]:
        """The object in `sections[].duplicates`."""
        return {
            "document": self.document,
            "path": self.path,
            "first": self.first,
            "last": self.last,
            "similarity": round(self.similarity, DIGITS),
        }


@dataclass(frozen=True, slots=True)
class SectionReport:
    """Blocks `first` to `last`, both inside, with template and twins."""

    first: int
    last: int
    template: TemplateReport | None = None
    duplicates: tuple[SectionTwin, ...] = ()

    def as_record(self) -> dict[str, Any]:
        """The object in `sections`."""
        return {
            "first": self.first,
            "last": self.last,
            "template": None if self.template is None else self.template.as_record(),
            "duplicates": [twin.as_record() for twin in self.duplicates],
        }


@dataclass(frozen=True, slots=True)
class Twin:
    """Another document with (nearly) the same text."""

    document: str
    path: str
    kind: str
    """`exact`, `near` or `contained`."""
    similarity: float
    """Jaccard similarity of word 3-grams, 0 to 1."""
    containment: float
    """Share of the shorter text's 3-grams that stand in the other, 0 to 1."""
    inside: str | None
    """For `contained`: `this` where this document stands in the other, else `other`."""

    def as_record(self) -> dict[str, Any]:
        """The object in `duplicates`."""
        return {
            "document": self.document,
            "path": self.path,
            "kind": self.kind,
            "similarity": round(self.similarity, DIGITS),
            "containment": round(self.containment, DIGITS),
            "inside": self.inside,
        }


@dataclass(frozen=True, slots=True)
class SelfRepeat:
    """Blocks `first` to `last` say again what `earlier_first` to `earlier_last` said."""

    first: int
    last: int
    earlier_first: int
    earlier_last: int
    similarity: float

    def as_record(self) -> dict[str, Any]:
        """The object in `repeats`."""
        return {
            "first": self.first,
            "last": self.last,
            "earlier_first": self.earlier_first,
            "earlier_last": self.earlier_last,
            "similarity": round(self.similarity, DIGITS),
        }


@dataclass(frozen=True, slots=True)
class Cluster:
    """The near-duplicate cluster of a document: who stands for it, and where it is spread."""

    id: str
    """Id of the document that stands for the cluster: the earliest."""
    documents: int
    hosts: tuple[str, ...]
    """Known hosts that carry it, sorted: several mean syndication."""

    def as_record(self) -> dict[str, Any]:
        """The object in `cluster`."""
        return {"id": self.id, "documents": self.documents, "hosts": list(self.hosts)}


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a report was made with: enough to make it again."""

    version: str
    settings: str
    """Hash of the settings that change results."""
    model: str
    """Hash of the model manifest."""
    rules: str
    """Hash of the rule files."""
    index_documents: int
    """Documents in the near-duplicate index when this one was judged."""

    def as_record(self) -> dict[str, Any]:
        """The object in `provenance`."""
        return {
            "version": self.version,
            "settings": self.settings,
            "model": self.model,
            "rules": self.rules,
            "index_documents": self.index_documents,
        }


@dataclass(frozen=True, slots=True)
class DocumentReport:
    """Everything we say of one document."""

    document: Document
    blocks: tuple[BlockReport, ...]
    sections: tuple[SectionReport, ...]
    duplicates: tuple[Twin, ...]
    shares: Mapping[str, float]
    """Share of words by label, chrome and headings left out; sums to 1, or empty."""
    verdict: Verdict
    flags: tuple[str, ...]
    provenance: Provenance
    cluster: Cluster
    repeats: tuple[SelfRepeat, ...]

    def as_record(self) -> dict[str, Any]:
        """One line of documents.jsonl."""
        document = self.document
        return {
            "schema": DOCUMENT_SCHEMA,
            "id": document.id,
            "path": document.path,
            "record": document.record,
            "url": document.url,
            "host": document.host,
            "title": document.title,
            "published": document.published,
            "language": document.language,
            "text": document.text,
            "blocks": [block.as_record() for block in self.blocks],
            "sections": [section.as_record() for section in self.sections],
            "duplicates": [twin.as_record() for twin in self.duplicates],
            "cluster": self.cluster.as_record(),
            "repeats": [repeat.as_record() for repeat in self.repeats],
            "shares": dict(self.shares),
            "verdict": self.verdict.value,
            "flags": list(self.flags),
            "provenance": self.provenance.as_record(),
        }


@dataclass(frozen=True, slots=True)
class PageFailure:
    """One input that could not be scored: a row of failures.jsonl."""

    path: str
    record: int
    stage: str
    """`read`, `extract` or `score`."""
    error: str
    """Name of the error class."""
    message: str

    def as_record(self) -> dict[str, Any]:
        """One line of failures.jsonl."""
        return {
            "path": self.path,
            "record": self.record,
            "stage": self.stage,
            "error": self.error,
            "message": self.message,
        }


def clean_text(document: Document, labels: Sequence[Label]) -> str:
    """The document without its chrome blocks: one block a line, an empty line before headings.

    Where hard line breaks cut paragraphs into lines, an empty line stands before each paragraph.
    """
    blocks = document.blocks
    is_broken = any(block.goes_on for block in blocks)
    lines: list[str] = []
    for index, label in enumerate(labels):
        if label is Label.CHROME:
            continue
        begins = not index or not blocks[index - 1].goes_on
        if lines and begins and (is_broken or label is Label.HEADING):
            lines.append("")
        lines.append(document.block_text(index))
    return "\n".join(lines) + ("\n" if lines else "")


def shares_of(labels: Sequence[Label], words: Sequence[int]) -> dict[str, float]:
    """Share of words by label, chrome and headings left out; labels in alphabetical order.

    `words` are the words of each block.
    """
    counts: dict[str, int] = {}
    for label, count in zip(labels, words, strict=True):
        if label not in (Label.CHROME, Label.HEADING):
            counts[label.value] = counts.get(label.value, 0) + count
    total = sum(counts.values())
    if not total:
        return {}
    return rounded_to_one({label: counts[label] / total for label in sorted(counts)})


def rounded_to_one(shares: Mapping[str, float]) -> dict[str, float]:
    """Shares rounded so that they still sum to 1: the largest takes what rounding leaves over.

    >>> rounded_to_one({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3})
    {'a': 0.3334, 'b': 0.3333, 'c': 0.3333}
    """
    result = {name: round(value, DIGITS) for name, value in shares.items()}
    if result:
        largest = max(result, key=lambda name: result[name])
        rest = 1.0 - sum(value for name, value in result.items() if name != largest)
        result[largest] = round(rest, DIGITS)
    return result


def _evidence_record(item: Evidence) -> dict[str, Any]:
    return {
        "kind": item.kind.value,
        "name": item.name,
        "weight": round(item.weight, DIGITS),
        "start": item.start,
        "end": item.end,
    }
