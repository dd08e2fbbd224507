"""The chain, on one screen: analyze pages, remember them, judge them.

`analyze` looks at one page alone and is pure: it runs in worker processes, in any order.
`Scorer.add` remembers a batch in the state; `Scorer.judge` says what we say, from the page
and from all that is remembered. A run adds all its batches before it judges the first, so
results depend neither on the order of files, nor on batch borders, nor on the number of
processes.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from quality import __version__, modelfiles
from quality.chrome.decide import ChromeFindings, find_chrome
from quality.chrome.explain import Contribution
from quality.chrome.features import Floats
from quality.chrome.lines import LineModel
from quality.chrome.rules import RuleHit, RuleSet
from quality.chrome.sites import Repetition, SiteLines
from quality.classify.classifier import ParagraphClassifier
from quality.classify.labels import Label, Paragraph, Scored
from quality.document import Block, BlockKind, Document, Evidence, EvidenceKind, Page
from quality.errors import PageError
from quality.extract import BlockModel, Limits, extract
from quality.neardup.index import SectionIndex
from quality.neardup.judging import Limits as RelationLimits
from quality.neardup.relations import Relations
from quality.neardup.signature import DocumentSignature, sign_document
from quality.neardup.stock import advice_forms
from quality.neardup.template import Outline, TemplateMatch, TemplateRegistry, outline
from quality.report import (
    BlockReport,
    Cluster,
    DocumentReport,
    PageFailure,
    Provenance,
    SectionReport,
    SectionTwin,
    SelfRepeat,
    TemplateReport,
    Twin,
    shares_of,
)
from quality.settings import Settings
from quality.state import State
from quality.tokens import count_words
from quality.verdict import verdict_of


@dataclass(frozen=True, slots=True)
class Analysis:
    """What can be said of a page by looking at it alone. Picklable."""

    document: Document
    hits: tuple[RuleHit | None, ...]
    line_scores: Floats
    """P(chrome) of each block, float32."""
    signature: DocumentSignature
    outline: Outline
    why: Mapping[int, tuple[Contribution, ...]]
    """What the line model's scores stand on, by block, where it called the block chrome."""
    scored: tuple[Scored | None, ...]
    """Labels of the blocks, None for headings and chrome; made before templates are known."""


class Analyzer:
    """Rules and models, loaded once a process."""

    def __init__(self, settings: Settings) -> None:
        root = settings.models or modelfiles.default_root()
        for name in ("block", "line", "paragraph"):
            modelfiles.verify(root, name)
        self.settings = settings
        self.rules = RuleSet.load()
        self.blocks = BlockModel.load(root / "block")
        self.lines = LineModel.load(root / "line")
        self.classifier = ParagraphClassifier.load(root / "paragraph")
        self.models_fingerprint = modelfiles.fingerprint(root)

    def analyze(self, page: Page) -> Analysis:
        """Everything that needs this page only. Raises PageError."""
        limits = Limits(
            max_chars=self.settings.read.max_bytes, max_nodes=self.settings.extract.max_nodes
        )
        document = extract(page, limits=limits, model=self.blocks)
        hits, scores = self.look_at_lines(document)
        chrome = self.find_chrome(document, hits, scores)
        skip = frozenset(finding.block for finding in chrome.findings)
        return Analysis(
            document=document,
            hits=hits,
            line_scores=scores,
            why=self._why(document, hits, skip),
            signature=sign_document(document, skip),
            outline=outline(document, skip),
            scored=self.label(document, skip),
        )

    def look_at_lines(self, document: Document) -> tuple[tuple[RuleHit | None, ...], Floats]:
        """Rule hits and line-model scores of all blocks."""
        lines = list(document.block_texts())
        hits = tuple(self.rules.match(line, document.language) for line in lines)
        if not self.settings.chrome.line_model:
            return hits, np.zeros(len(lines), dtype=np.float32)
        kinds = [block.kind for block in document.blocks]
        return hits, self.lines.score(lines, kinds=kinds, hits=hits, dense=document.dense)

    def find_chrome(
        self,
        document: Document,
        hits: Sequence[RuleHit | None],
        scores: Floats,
        repetition: Sequence[Repetition | None] | None = None,
        why: Mapping[int, Sequence[Contribution]] | None = None,
    ) -> ChromeFindings:
        """Which blocks are chrome, from all signals at hand."""
        return find_chrome(
            document,
            hits,
            scores,
            repetition,
            thresholds=self.lines.thresholds,
            why=why,
            strictness=self.settings.chrome.strictness,
        )

    def label(
        self, document: Document, skip: Collection[int], coverage: Sequence[float] = ()
    ) -> tuple[Scored | None, ...]:
        """Labels of all blocks but headings and those in `skip`.

        `coverage` is the template coverage of each block's section.
        """
        numbers = [
            number
            for number, block in enumerate(document.blocks)
            if number not in skip and block.kind is not BlockKind.HEADING
        ]
        paragraphs = paragraphs_of(document)
        forms = advice_forms(document, coverage)
        found = self.classifier.label_document(
            [paragraphs[number] for number in numbers],
            [coverage[number] for number in numbers] if coverage else (),
            forms=[forms[number] for number in numbers],
        )
        scored: list[Scored | None] = [None] * len(document.blocks)
        for number, result in zip(numbers, found, strict=True):
            scored[number] = self._sure_enough(result)
        return tuple(scored)

    def classify(self, paragraphs: Sequence[Paragraph]) -> list[Scored]:
        """Labels of paragraphs that stand alone; sure chrome is called so."""
        scored = []
        for paragraph, found in zip(paragraphs, self.classifier.score(paragraphs), strict=True):
            hit = self.rules.match(paragraph.text, None)
            if hit is not None and hit.alone:
                span = Evidence(EvidenceKind.RULE, hit.id, 1.0, hit.start, hit.end)
                reason = f"Site chrome: {hit.category} (rule {hit.id})."
                scored.append(Scored(Label.CHROME, found.scores, None, reason, (span,)))
            else:
                scored.append(self._sure_enough(found))
        return scored

    def _sure_enough(self, scored: Scored) -> Scored:
        least = self.settings.labels.min_confidence
        if scored.scores is None or scored.label is Label.UNCERTAIN:
            return scored
        best = max(scored.scores.values())
        if best >= least:
            return scored
        reason = f"Not sure enough: {best:.2f}, the settings ask for {least:.2f}."
        return replace(scored, label=Label.UNCERTAIN, reason=reason)

    def _why(
        self, document: Document, hits: Sequence[RuleHit | None], chrome: Collection[int]
    ) -> dict[int, tuple[Contribution, ...]]:
        unnamed = [number for number in sorted(chrome) if hits[number] is None]
        if not unnamed or not self.settings.chrome.line_model:
            return {}
        kinds = [block.kind for block in document.blocks]
        lines = list(document.block_texts())
        return self.lines.explain(lines, unnamed, kinds=kinds, hits=hits, dense=document.dense)


class Scorer:
    """The chain over an open state. One at a time writes to a state."""

    def __init__(self, analyzer: Analyzer, state: State) -> None:
        self.analyzer = analyzer
        self.settings = analyzer.settings
        self.state = state
        neardup = self.settings.neardup
        self.index = SectionIndex.open(
            state, limits=RelationLimits(neardup.similarity, neardup.containment)
        )
        self.sites = SiteLines(state)
        self.templates = TemplateRegistry(state)

    @property
    def fingerprint(self) -> str:
        """What results depend on beside the input: settings, rules, models, version."""
        parts = (
            __version__,
            self.settings.fingerprint,
            self.analyzer.rules.fingerprint[:16],
            self.analyzer.models_fingerprint,
        )
        return "-".join(parts)

    def add(self, analyses: Sequence[Analysis]) -> None:
        """Remember a batch: all of it or nothing. Adding again changes nothing."""
        with self.state.transaction():
            self.index.add([analysis.signature for analysis in analyses])
            for analysis in analyses:
                document = analysis.document
                self.sites.add(document.host, document.id, list(document.block_texts()))
                self.templates.add(document.id, document.host, document.title, analysis.outline)

    def judge(self, analyses: Sequence[Analysis]) -> Iterator[DocumentReport]:
        """Reports of a batch that was added, in order."""
        signatures = [analysis.signature for analysis in analyses]
        for analysis, relations in zip(analyses, self.index.judge_batch(signatures), strict=True):
            yield self._report(analysis, relations)

    def _report(self, analysis: Analysis, relations: Relations) -> DocumentReport:
        document = analysis.document
        chrome = self.analyzer.find_chrome(
            document,
            analysis.hits,
            analysis.line_scores,
            self._repetition(document),
            analysis.why,
        )
        matches = self.templates.judge(analysis.outline, document.host, self.index.cluster_of)
        blocks = self._blocks(analysis, chrome, matches.sections)
        labels = [block.label for block in blocks]
        shares = shares_of(document, labels)
        words = sum(
            count_words(document.block_text(number))
            for number, label in enumerate(labels)
            if label not in (Label.CHROME, Label.HEADING)
        )
        limits = self.settings.verdict
        return DocumentReport(
            document=document,
            blocks=blocks,
            sections=_sections(document, matches.sections, relations),
            duplicates=_twins(relations),
            shares=shares,
            verdict=verdict_of(shares, words, **limits.model_dump()),
            flags=_flags(document, chrome, relations, templated=matches.templated),
            provenance=self._provenance(),
            cluster=Cluster(
                relations.cluster, relations.cluster_documents, relations.cluster_hosts
            ),
            repeats=tuple(
                SelfRepeat(r.first, r.last, r.earlier_first, r.earlier_last, r.similarity)
                for r in relations.repeats
            ),
        )

    def _repetition(self, document: Document) -> Sequence[Repetition | None] | None:
        if document.host is None or not self.settings.chrome.site_repetition:
            return None
        lines = list(document.block_texts())
        return self.sites.repetition(document.host, lines, self.index.cluster_of)

    def _blocks(
        self,
        analysis: Analysis,
        chrome: ChromeFindings,
        templates: Sequence[TemplateMatch | None],
    ) -> tuple[BlockReport, ...]:
        document = analysis.document
        coverage = _coverage_by_block(document, templates)
        cut = {finding.block: finding for finding in chrome.findings}
        scored = analysis.scored
        if any(coverage) or not _covers(scored, document, cut):
            scored = self.analyzer.label(document, cut.keys(), coverage)
        reports = []
        for number, block in enumerate(document.blocks):
            finding = cut.get(number)
            if finding is not None:
                report = BlockReport(
                    block, Label.CHROME, None, None, finding.reason, finding.evidence
                )
            elif block.kind is BlockKind.HEADING:
                report = BlockReport(block, Label.HEADING, None, None, _HEADING_REASON, ())
            else:
                report = _labelled(block, cast(Scored, scored[number]))
            reports.append(report)
        return tuple(reports)

    def _provenance(self) -> Provenance:
        return Provenance(
            version=__version__,
            settings=self.settings.fingerprint,
            model=self.analyzer.models_fingerprint,
            rules=self.analyzer.rules.fingerprint,
            index_documents=len(self.index),
        )


_HEADING_REASON = "A heading: it names what follows."


@functools.cache
def analyzer_for(settings: Settings) -> Analyzer:
    """The analyzer of this process; worker processes load rules and models once."""
    return Analyzer(settings)


def analyze_page(page: Page, settings: Settings) -> Analysis | PageFailure:
    """`Analyzer.analyze` for worker processes: failures are values."""
    try:
        return analyzer_for(settings).analyze(page)
    except PageError as error:
        return PageFailure(page.path, page.record, error.stage, type(error).__name__, str(error))


def paragraphs_of(document: Document) -> list[Paragraph]:
    """One paragraph for each block, with its headings and neighbours."""
    texts = list(document.block_texts())
    stacks = [_with_title(document, stack) for stack in document.heading_stacks()]
    last = max(len(texts) - 1, 1)
    return [
        Paragraph(
            text=text,
            headings=stacks[number],
            before=texts[number - 1] if number else None,
            after=texts[number + 1] if number + 1 < len(texts) else None,
            kind=document.blocks[number].kind,
            position=number / last,
        )
        for number, text in enumerate(texts)
    ]


def _with_title(document: Document, stack: tuple[str, ...]) -> tuple[str, ...]:
    title = document.title
    return stack if not title or title in stack else (title, *stack)


def _covers(scored: Sequence[Scored | None], document: Document, cut: Collection[int]) -> bool:
    """Whether labels are at hand for exactly the blocks that are neither headings nor cut."""
    return all(
        (scored[number] is None) == (number in cut or block.kind is BlockKind.HEADING)
        for number, block in enumerate(document.blocks)
    )


def _coverage_by_block(
    document: Document, templates: Sequence[TemplateMatch | None]
) -> list[float]:
    coverage = [0.0] * len(document.blocks)
    for section, match in zip(document.sections, templates, strict=True):
        if match is not None:
            for number in range(section.first, section.last + 1):
                coverage[number] = match.coverage
    return coverage


def _labelled(block: Block, scored: Scored) -> BlockReport:
    evidence = tuple(
        Evidence(e.kind, e.name, e.weight, block.start + e.start, block.start + e.end)
        for e in scored.evidence
    )
    return BlockReport(
        block, scored.label, scored.scores, scored.generated, scored.reason, evidence
    )


def _sections(
    document: Document, templates: Sequence[TemplateMatch | None], relations: Relations
) -> tuple[SectionReport, ...]:
    reports = []
    for number, section in enumerate(document.sections):
        match = templates[number]
        template = (
            None
            if match is None
            else TemplateReport(match.id, match.documents, match.hosts, match.coverage)
        )
        twins = tuple(
            SectionTwin(t.document, t.path, t.first, t.last, t.similarity)
            for t in relations.sections[number]
        )
        reports.append(SectionReport(section.first, section.last, template, twins))
    return tuple(reports)


def _twins(relations: Relations) -> tuple[Twin, ...]:
    return tuple(
        Twin(t.document, t.path, t.kind, t.similarity, t.containment, t.inside)
        for t in relations.duplicates
    )


def _flags(
    document: Document, chrome: ChromeFindings, relations: Relations, *, templated: bool
) -> tuple[str, ...]:
    flags = set(document.flags) | set(chrome.flags)
    if templated:
        flags.add("templated")
    if relations.duplicates:
        flags.add("near_duplicate")
    return tuple(sorted(flags))
