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
from quality.chrome.decide import ChromeFinding, ChromeFindings, find_chrome
from quality.chrome.explain import Contribution
from quality.chrome.features import Floats
from quality.chrome.lines import LineModel, Lines, Looked
from quality.chrome.rules import RuleHit, RuleSet
from quality.chrome.sites import Repetition, SiteLines
from quality.classify.classifier import ParagraphClassifier, Passage
from quality.classify.labels import Label, Paragraph, Scored
from quality.document import Block, BlockKind, Document, Evidence, EvidenceKind, Page
from quality.errors import PageError
from quality.extract import BlockModel, Limits, extract
from quality.neardup.index import SectionIndex
from quality.neardup.judging import Limits as RelationLimits
from quality.neardup.relations import Relations
from quality.neardup.signature import DocumentSignature, sign_documents
from quality.neardup.stock import advice_forms
from quality.neardup.template import (
    Outline,
    TemplateMatch,
    TemplateMatches,
    TemplateRegistry,
    outline,
)
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
from quality.tokens import count_words_of
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
    words: tuple[int, ...]
    """How many words each block has."""
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
        return self.examine([self.extract(page)])[0]

    def extract(self, page: Page) -> Document:
        """The document of a page. Raises PageError."""
        limits = Limits(
            max_chars=self.settings.read.max_bytes, max_nodes=self.settings.extract.max_nodes
        )
        return extract(page, limits=limits, model=self.blocks)

    def examine(self, documents: Sequence[Document]) -> list[Analysis]:
        """What can be said of each document alone. Many at once cost half, and say the same."""
        return [found for group in _groups(documents) for found in self._examine(group)]

    def _examine(self, documents: Sequence[Document]) -> Iterator[Analysis]:
        hits = [self._hits(document) for document in documents]
        words = [tuple(count_words_of(list(document.block_texts()))) for document in documents]
        looked = self._look(documents, hits)
        scores = [_scores(one, document) for one, document in zip(looked, documents, strict=True)]
        skips = [
            frozenset(
                found.block
                for found in self.find_chrome(document, own, odds, words=counts).findings
            )
            for document, own, odds, counts in zip(documents, hits, scores, words, strict=True)
        ]
        signatures = sign_documents(zip(documents, skips, strict=True))
        labels = self.label([(*pair, ()) for pair in zip(documents, skips, strict=True)])
        for number, (document, skip) in enumerate(zip(documents, skips, strict=True)):
            yield Analysis(
                document=document,
                hits=hits[number],
                line_scores=scores[number],
                signature=signatures[number],
                outline=outline(document, skip),
                why=self._why(looked[number], hits[number], skip),
                words=words[number],
                scored=labels[number],
            )

    def look_at_lines(self, document: Document) -> tuple[tuple[RuleHit | None, ...], Floats]:
        """Rule hits and line-model scores of all blocks."""
        hits = self._hits(document)
        return hits, _scores(self._look([document], [hits])[0], document)

    def _hits(self, document: Document) -> tuple[RuleHit | None, ...]:
        return tuple(self.rules.match(line, document.language) for line in document.block_texts())

    def _look(
        self, documents: Sequence[Document], hits: Sequence[Sequence[RuleHit | None]]
    ) -> Sequence[Looked | None]:
        if not self.settings.chrome.line_model:
            return [None] * len(documents)
        return self.lines.look(
            [
                Lines(
                    list(document.block_texts()),
                    [block.kind for block in document.blocks],
                    own,
                    document.dense,
                )
                for document, own in zip(documents, hits, strict=True)
            ]
        )

    def _why(
        self, looked: Looked | None, hits: Sequence[RuleHit | None], chrome: Collection[int]
    ) -> dict[int, tuple[Contribution, ...]]:
        unnamed = [number for number in sorted(chrome) if hits[number] is None]
        return self.lines.grounds(looked, unnamed) if looked else {}

    def find_chrome(
        self,
        document: Document,
        hits: Sequence[RuleHit | None],
        scores: Floats,
        repetition: Sequence[Repetition | None] | None = None,
        why: Mapping[int, Sequence[Contribution]] | None = None,
        *,
        words: Sequence[int] | None = None,
    ) -> ChromeFindings:
        """Which blocks are chrome, from all signals at hand."""
        return find_chrome(
            document,
            hits,
            scores,
            repetition,
            thresholds=self.lines.thresholds,
            why=why,
            words=words,
            strictness=self.settings.chrome.strictness,
        )

    def label(
        self, wanted: Sequence[tuple[Document, Collection[int], Sequence[float]]]
    ) -> list[tuple[Scored | None, ...]]:
        """Labels of all blocks of documents but headings and chrome.

        Each document comes with the numbers of its chrome blocks and with the template coverage
        of each block's section, empty where there is none.
        """
        numbers = [
            [
                number
                for number, block in enumerate(document.blocks)
                if number not in skip and block.kind is not BlockKind.HEADING
            ]
            for document, skip, _ in wanted
        ]
        passages = [
            _passage(document, own, coverage)
            for own, (document, _, coverage) in zip(numbers, wanted, strict=True)
        ]
        labels: list[tuple[Scored | None, ...]] = []
        for own, (document, _, _), found in zip(
            numbers, wanted, self.classifier.label_documents(passages), strict=True
        ):
            scored: list[Scored | None] = [None] * len(document.blocks)
            for number, result in zip(own, found, strict=True):
                scored[number] = self._sure_enough(result)
            labels.append(tuple(scored))
        return labels

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


@dataclass(frozen=True, slots=True)
class _Findings:
    """What an analysed document comes to, with all that is remembered."""

    analysis: Analysis
    relations: Relations
    chrome: ChromeFindings
    matches: TemplateMatches
    cut: Mapping[int, ChromeFinding]
    """The chrome by block."""
    coverage: Sequence[float]
    """The template coverage of each block's section."""

    def needs_labels(self) -> bool:
        """Whether the labels made before do not hold: templates or other chrome came to light."""
        blocks, scored = self.analysis.document.blocks, self.analysis.scored
        return any(self.coverage) or not all(
            (scored[number] is None) == (number in self.cut or block.kind is BlockKind.HEADING)
            for number, block in enumerate(blocks)
        )


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
        findings = [
            self._findings(analysis, relations)
            for analysis, relations in zip(
                analyses, self.index.judge_batch(signatures), strict=True
            )
        ]
        anew = [found for found in findings if found.needs_labels()]
        labels = iter(
            self.analyzer.label(
                [(found.analysis.document, found.cut, found.coverage) for found in anew]
            )
        )
        for found in findings:
            scored = next(labels) if found.needs_labels() else found.analysis.scored
            yield self._report(found, scored)

    def _findings(self, analysis: Analysis, relations: Relations) -> _Findings:
        document = analysis.document
        chrome = self.analyzer.find_chrome(
            document,
            analysis.hits,
            analysis.line_scores,
            self._repetition(document),
            analysis.why,
            words=analysis.words,
        )
        matches = self.templates.judge(analysis.outline, document.host, self.index.cluster_of)
        return _Findings(
            analysis,
            relations,
            chrome,
            matches,
            cut={finding.block: finding for finding in chrome.findings},
            coverage=_coverage_by_block(document, matches.sections),
        )

    def _report(self, found: _Findings, scored: Sequence[Scored | None]) -> DocumentReport:
        document, relations, matches = found.analysis.document, found.relations, found.matches
        blocks = _blocks(document, found.cut, scored)
        labels = [block.label for block in blocks]
        shares = shares_of(labels, found.analysis.words)
        words = sum(
            count
            for count, label in zip(found.analysis.words, labels, strict=True)
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
            flags=_flags(document, found.chrome, relations, templated=matches.templated),
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

    def _provenance(self) -> Provenance:
        return Provenance(
            version=__version__,
            settings=self.settings.fingerprint,
            model=self.analyzer.models_fingerprint,
            rules=self.analyzer.rules.fingerprint,
            index_documents=len(self.index),
        )


# Blocks looked at together: enough for numpy, and the arrays stay at a few megabytes.
_GROUP_BLOCKS = 4000
_HEADING_REASON = "A heading: it names what follows."


@functools.cache
def analyzer_for(settings: Settings) -> Analyzer:
    """The analyzer of this process; worker processes load rules and models once."""
    return Analyzer(settings)


def extract_page(page: Page, settings: Settings) -> Document | PageFailure:
    """`Analyzer.extract` for worker processes: failures are values."""
    try:
        return analyzer_for(settings).extract(page)
    except PageError as error:
        return PageFailure(page.path, page.record, error.stage, type(error).__name__, str(error))


def analyze_page(page: Page, settings: Settings) -> Analysis | PageFailure:
    """Both steps for one page: failures are values."""
    document = extract_page(page, settings)
    if isinstance(document, PageFailure):
        return document
    return analyzer_for(settings).examine([document])[0]


def _scores(looked: Looked | None, document: Document) -> Floats:
    """P(chrome) of each block; 0 stands for "no line model"."""
    return looked.scores if looked else np.zeros(len(document.blocks), dtype=np.float32)


def _groups(documents: Sequence[Document]) -> Iterator[list[Document]]:
    group: list[Document] = []
    for document in documents:
        group.append(document)
        if sum(len(one.blocks) for one in group) >= _GROUP_BLOCKS:
            yield group
            group = []
    if group:
        yield group


def _passage(document: Document, numbers: Sequence[int], coverage: Sequence[float]) -> Passage:
    paragraphs = paragraphs_of(document)
    forms = advice_forms(document, coverage)
    return Passage(
        [paragraphs[number] for number in numbers],
        [coverage[number] for number in numbers] if coverage else (),
        [forms[number] for number in numbers],
    )


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


def _blocks(
    document: Document, cut: Mapping[int, ChromeFinding], scored: Sequence[Scored | None]
) -> tuple[BlockReport, ...]:
    reports = []
    for number, block in enumerate(document.blocks):
        finding = cut.get(number)
        if finding is not None:
            report = BlockReport(block, Label.CHROME, None, None, finding.reason, finding.evidence)
        elif block.kind is BlockKind.HEADING:
            report = BlockReport(block, Label.HEADING, None, None, _HEADING_REASON, ())
        else:
            report = _labelled(block, cast(Scored, scored[number]))
        reports.append(report)
    return tuple(reports)


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
