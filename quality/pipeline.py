"""The chain, on one screen: analyze pages (analysis.py), remember them, judge them.

`Scorer.add` remembers a batch in the state; `Scorer.judge` says what we say, from the page
and from all that is remembered. A run adds all its batches before it judges the first, so
results depend neither on the order of files, nor on batch borders, nor on the number of
processes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from quality import __version__
from quality.analysis import Analysis, Analyzer
from quality.chrome.decide import ChromeFindings
from quality.chrome.findings import ChromeFinding
from quality.chrome.signals import stands_everywhere
from quality.chrome.site_keys import may_hold_menu
from quality.chrome.sites import Repetition, SiteLines
from quality.classify.labels import Label, Scored
from quality.document import Block, BlockKind, Document, Evidence
from quality.neardup.index import SectionIndex
from quality.neardup.judging import Limits as RelationLimits
from quality.neardup.relations import Relations
from quality.neardup.signature import DocumentSignature, sign_document
from quality.neardup.template import (
    TemplateMatch,
    TemplateMatches,
    TemplateRegistry,
)
from quality.report import (
    BlockReport,
    Cluster,
    DocumentReport,
    Provenance,
    SectionReport,
    SectionTwin,
    SelfRepeat,
    TemplateReport,
    Twin,
    shares_of,
)
from quality.state import State
from quality.verdict import verdict_of

_HEADING_REASON = "A heading: it names what follows."


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
        known = {finding.block for finding in self.analysis.chrome.findings}
        return any(self.coverage) or self.cut.keys() != known


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
        # Blocks of full pages that are chrome, by path and record, of documents added and not
        # judged yet, where the site says more than the page; and its menus among them. (Copies
        # have one id.)
        self._furniture: dict[tuple[str, int], frozenset[int]] = {}
        self._menus: dict[tuple[str, int], frozenset[int]] = {}
        self._unsettled: list[DocumentSignature] = []

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
            again = [one for one in analyses if self.sites.knows(one.document.id)]
            for analysis in analyses:
                document = analysis.document
                self.sites.add(document.host, document.id, list(document.block_texts()))
                self._remember_outline(analysis)
            for analysis in again:
                self._know_furniture(analysis)
            self.index.add([self._signature(analysis) for analysis in analyses])
            self.sites.recount()

    def may_be_situated(self, analysis: Analysis) -> bool:
        """Whether it is worth asking what the site says of a document as a whole."""
        document = analysis.document
        return self._has_site(document) and may_hold_menu(list(document.block_texts()))

    def situate(self, analyses: Sequence[Analysis]) -> list[Analysis]:
        """A batch that was added, anew where a menu of the site shows plain text to be full pages.

        All pages that show it are to be signed without it: where it is most of every page, they all
        would be copies of one another, and the site would tell nothing. All batches, then `settle`,
        before a survey.
        """
        found = list(analyses)
        menus = {n: menu for n, one in enumerate(found) if (menu := self._menu(one.document))}
        texts = [number for number in menus if not found[number].document.dense]
        pages = self.analyzer.as_full_pages([found[number] for number in texts])
        for number, page in zip(texts, pages, strict=True):
            found[number] = page
        for number, menu in menus.items():
            self._menus[_place(found[number])] = menu
        hidden = [n for n, menu in menus.items() if not menu <= _chrome_of(found[n])]
        for number in hidden:
            page = found[number]
            self._furniture[_place(page)] = _chrome_of(page) | menus[number]
        with self.state.transaction():
            for number in texts:
                self._remember_outline(found[number])
        self._unsettled += [self._signature(found[n]) for n in sorted({*texts, *hidden})]
        return found

    def survey(self, analyses: Sequence[Analysis]) -> int:
        """Look for furniture that only its site tells apart; on how many pages there is news.

        `settle` takes it in. Survey all that was added before: each changes what is said of others.
        """
        news = [analysis for analysis in analyses if self._know_furniture(analysis)]
        self._unsettled += map(self._signature, news)
        return len(news)

    def settle(self) -> None:
        """Sign anew those of which there is news: all at once, or batches would tell in the result.

        With its menus in their signatures, all pages of a site would be near-duplicates.
        """
        if self._unsettled:
            self.index.add(self._unsettled)
            self._unsettled = []
            self.sites.recount()

    def judge(self, analyses: Sequence[Analysis]) -> Iterator[DocumentReport]:
        """Reports of a batch that was added, in order."""
        signatures = [self._signature(analysis) for analysis in analyses]
        for analysis in analyses:
            self._furniture.pop(_place(analysis), None)
            self._menus.pop(_place(analysis), None)
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

    def _know_furniture(self, analysis: Analysis) -> bool:
        """Whether the site says something else of a full page than was known of it."""
        document = analysis.document
        if not document.dense:
            return False
        place, alone = _place(analysis), _chrome_of(analysis)
        known = self._furniture.pop(place, alone)
        repetition, furniture = self._repetition(document), alone
        if any(one and _may_take(one) for one in repetition):
            found = self.analyzer.find_chrome(
                document, analysis.hits, analysis.line_scores, repetition, words=analysis.words
            )
            furniture = frozenset(finding.block for finding in found.findings)
        furniture |= self._menus.get(place, frozenset())
        if furniture != alone:
            self._furniture[place] = furniture
        return furniture != known

    def _menu(self, document: Document) -> frozenset[int]:
        """The blocks that are a menu which the site's texts share, of a full page or plain text."""
        if not self._has_site(document):
            return frozenset()
        return self.sites.menu(document.host, list(document.block_texts()))

    def _has_site(self, document: Document) -> bool:
        is_known = document.host is not None and self.settings.chrome.site_repetition
        return is_known and (document.dense or document.plain)

    def _remember_outline(self, analysis: Analysis) -> None:
        document = analysis.document
        self.templates.add(document.id, document.host, document.title, analysis.outline)

    def _signature(self, analysis: Analysis) -> DocumentSignature:
        """Of a document without its chrome, also without what only its site tells apart."""
        furniture = self._furniture.get(_place(analysis))
        if furniture is None:
            return analysis.signature
        return sign_document(analysis.document, furniture)

    def _findings(self, analysis: Analysis, relations: Relations) -> _Findings:
        document = analysis.document
        repetition = self._repetition(document)
        chrome = analysis.chrome
        if any(repetition):
            chrome = self.analyzer.find_chrome(
                document,
                analysis.hits,
                analysis.line_scores,
                repetition,
                lambda _: analysis.why,
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

    def _repetition(self, document: Document) -> Sequence[Repetition | None]:
        if document.host is None or not self.settings.chrome.site_repetition:
            return ()
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


def _may_take(repetition: Repetition) -> bool:
    """Whether what the site says of a line may take it from a full page that reads like text."""
    is_placed = repetition.fixed or repetition.passage is not None
    return is_placed or stands_everywhere(repetition)


def _place(analysis: Analysis) -> tuple[str, int]:
    return analysis.document.path, analysis.document.record


def _chrome_of(analysis: Analysis) -> frozenset[int]:
    return frozenset(finding.block for finding in analysis.chrome.findings)


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
