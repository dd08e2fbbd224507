"""The first half of the chain: what can be said of pages by looking at them alone.

Pure: it runs in worker processes, in any order, over one page or many at a time, and says the
same. What is remembered of other pages comes after (pipeline.py).
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from quality import modelfiles
from quality.chrome.decide import ChromeFindings, Why, find_chrome
from quality.chrome.explain import Contribution
from quality.chrome.features import Floats
from quality.chrome.lines import LineModel, Lines, Looked
from quality.chrome.rules import RuleHit, RuleSet
from quality.chrome.sites import Repetition
from quality.chrome.situation import in_situation
from quality.classify.classifier import ParagraphClassifier, Passage
from quality.classify.labels import Label, Paragraph, Scored
from quality.document import BlockKind, Document, Evidence, EvidenceKind, Page
from quality.errors import PageError
from quality.extract import BlockModel, Limits, extract
from quality.neardup.signature import DocumentSignature, sign_documents
from quality.neardup.stock import advice_forms
from quality.neardup.template import (
    Outline,
    outline,
)
from quality.report import (
    PageFailure,
)
from quality.settings import Settings
from quality.tokens import count_words_of
from quality.unbroken import Unbroken, evidence_within

# Blocks looked at together: enough for numpy, and the arrays stay at a few megabytes.
_GROUP_BLOCKS = 4000


@dataclass(frozen=True, slots=True)
class Analysis:
    """What can be said of a page by looking at it alone. Picklable.

    Where hard line breaks cut paragraphs into blocks (`Unbroken`), `hits`, `line_scores` and
    `why` are of the paragraphs; all else is of the blocks.
    """

    document: Document
    hits: tuple[RuleHit | None, ...]
    line_scores: Floats
    """P(chrome) of each paragraph, float32."""
    signature: DocumentSignature
    outline: Outline
    chrome: ChromeFindings
    """Which blocks are chrome as far as this page says; made before the site is known."""
    why: Mapping[int, tuple[Contribution, ...]]
    """What the line model's scores stand on, by paragraph, where it alone called that chrome."""
    words: tuple[int, ...]
    """How many words each block has."""
    scored: tuple[Scored | None, ...]
    """Labels of the blocks, None for headings and chrome; made before templates are known."""


class _Grounds:
    """What the line model's scores of a page stand on, worked out when asked for, and kept."""

    def __init__(
        self, model: LineModel, looked: Looked | None, hits: Sequence[RuleHit | None]
    ) -> None:
        self._model, self._looked, self._hits = model, looked, hits
        self.known: dict[int, tuple[Contribution, ...]] = {}

    def __call__(self, blocks: Sequence[int]) -> Mapping[int, tuple[Contribution, ...]]:
        if self._looked:
            unnamed = [number for number in blocks if self._hits[number] is None]
            self.known = self._model.grounds(self._looked, unnamed)
        return self.known


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

    def as_full_pages(self, analyses: Sequence[Analysis]) -> list[Analysis]:
        """Plain texts anew, as the full pages that their site shows them to be."""
        found: list[Analysis] = []
        for group in _groups([replace(analysis.document, dense=True) for analysis in analyses]):
            own = analyses[len(found) : len(found) + len(group)]
            found += self._judge(group, [analysis.hits for analysis in own])
        return found

    def _examine(self, extracted: Sequence[Document]) -> Iterator[Analysis]:
        views = [Unbroken.of(document).whole for document in extracted]
        hits = [self._hits(view) for view in views]
        documents = [
            in_situation(document, list(view.block_texts()), own)
            for document, view, own in zip(extracted, views, hits, strict=True)
        ]
        return self._judge(documents, hits)

    def _judge(
        self, documents: Sequence[Document], hits: Sequence[tuple[RuleHit | None, ...]]
    ) -> Iterator[Analysis]:
        """What can be said of documents alone, once their situation is known."""
        wholes = [Unbroken.of(document).whole for document in documents]
        words = [tuple(count_words_of(list(document.block_texts()))) for document in documents]
        looked = self._look(wholes, hits)
        scores = [_scores(one, whole) for one, whole in zip(looked, wholes, strict=True)]
        whys = [_Grounds(self.lines, *pair) for pair in zip(looked, hits, strict=True)]
        chrome = [
            self.find_chrome(document, own, odds, why=why, words=counts)
            for document, own, odds, why, counts in zip(
                documents, hits, scores, whys, words, strict=True
            )
        ]
        skips = [frozenset(finding.block for finding in found.findings) for found in chrome]
        signatures = sign_documents(zip(documents, skips, strict=True))
        labels = self.label([(*pair, ()) for pair in zip(documents, skips, strict=True)])
        for number, (document, skip) in enumerate(zip(documents, skips, strict=True)):
            yield Analysis(
                document=document,
                hits=hits[number],
                line_scores=scores[number],
                signature=signatures[number],
                outline=outline(document, skip),
                chrome=chrome[number],
                why=whys[number].known,
                words=words[number],
                scored=labels[number],
            )

    def look_at_lines(self, document: Document) -> tuple[tuple[RuleHit | None, ...], Floats]:
        """Rule hits and line-model scores of all paragraphs, in the situation that is given."""
        whole = Unbroken.of(document).whole
        hits = self._hits(whole)
        return hits, _scores(self._look([whole], [hits])[0], whole)

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

    def find_chrome(
        self,
        document: Document,
        hits: Sequence[RuleHit | None],
        scores: Floats,
        repetition: Sequence[Repetition | None] | None = None,
        why: Why | None = None,
        *,
        words: Sequence[int] | None = None,
    ) -> ChromeFindings:
        """Which blocks are chrome, from all signals at hand.

        `hits`, `scores` and `why` are of paragraphs, as in `Analysis`; all else is of blocks.
        """
        view = Unbroken.of(document)
        found = find_chrome(
            view.whole,
            hits,
            scores,
            _repetition_of_all(view, repetition) if repetition else None,
            thresholds=self.lines.thresholds,
            why=why,
            words=words if view.is_same else None,
            strictness=self.settings.chrome.strictness,
        )
        return found if view.is_same else _by_line(view, found)

    def label(
        self, wanted: Sequence[tuple[Document, Collection[int], Sequence[float]]]
    ) -> list[tuple[Scored | None, ...]]:
        """Labels of all blocks of documents but headings and chrome.

        Each document comes with the numbers of its chrome blocks and with the template coverage
        of each block's section, empty where there is none.
        """
        numbers, passages = [], []
        views = [Unbroken.of(document) for document, _, _ in wanted]
        for view, (_, skip, coverage) in zip(views, wanted, strict=True):
            chrome = view.whole_blocks(skip)
            own = [
                number
                for number, block in enumerate(view.whole.blocks)
                if number not in chrome and block.kind is not BlockKind.HEADING
            ]
            numbers.append(own)
            shares = view.first(coverage) if coverage else ()
            passages.append(_passage(view.whole, own, shares, chrome))
        labels: list[tuple[Scored | None, ...]] = []
        for own, view, found in zip(
            numbers, views, self.classifier.label_documents(passages), strict=True
        ):
            scored: list[Scored | None] = [None] * len(view.whole.blocks)
            for number, result in zip(own, found, strict=True):
                scored[number] = self._sure_enough(result)
            labels.append(tuple(scored if view.is_same else _labels_by_line(view, scored)))
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


@functools.cache
def analyzer_for(settings: Settings) -> Analyzer:
    """The analyzer of this process; worker processes load rules and models once."""
    analyzer = Analyzer(settings)
    # Rules and models live as long as the process: the garbage collector need not look through them
    # again and again. Of the whole chain's processor time that is 2 %.
    gc.freeze()
    return analyzer


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


def _repetition_of_all(
    view: Unbroken, repetition: Sequence[Repetition | None]
) -> list[Repetition | None]:
    """The repetition of each paragraph: that of its least repeated line.

    It has a place, or is part of a passage, if all its lines are.
    """
    found: list[Repetition | None] = []
    for own in view.lines:
        known = [one for one in (repetition[number] for number in own) if one is not None]
        if len(known) < len(own):
            found.append(None)
            continue
        least = min(known, key=lambda one: one.share)
        passages = {one.passage for one in known if not one.fixed}
        passage = passages.pop() if len(passages) == 1 else None
        found.append(replace(least, fixed=all(one.fixed for one in known), passage=passage))
    return found


def _by_line(view: Unbroken, found: ChromeFindings) -> ChromeFindings:
    """What is found of paragraphs, for each of their lines."""
    findings = [
        replace(finding, block=number, evidence=evidence_within(finding.evidence, *span))
        for finding in found.findings
        for number, span in view.spans(finding.block)
    ]
    return ChromeFindings(tuple(findings), found.flags)


def _labels_by_line(view: Unbroken, scored: Sequence[Scored | None]) -> list[Scored | None]:
    """The labels of paragraphs for each of their lines; spans of evidence count from the line."""
    labels: list[Scored | None] = []
    for number, result in enumerate(scored):
        begin = view.whole.blocks[number].start
        for _, (start, end) in view.spans(number):
            if result is None:
                labels.append(None)
                continue
            within = evidence_within(result.evidence, start - begin, end - begin)
            shifted = [
                replace(item, start=item.start + begin - start, end=item.end + begin - start)
                for item in within
            ]
            labels.append(replace(result, evidence=tuple(shifted)))
    return labels


def _groups(documents: Sequence[Document]) -> Iterator[list[Document]]:
    group: list[Document] = []
    for document in documents:
        group.append(document)
        if sum(len(one.blocks) for one in group) >= _GROUP_BLOCKS:
            yield group
            group = []
    if group:
        yield group


def _passage(
    document: Document, numbers: Sequence[int], coverage: Sequence[float], skip: Collection[int]
) -> Passage:
    paragraphs = paragraphs_of(document, skip)
    forms = advice_forms(document, coverage, skip)
    return Passage(
        [paragraphs[number] for number in numbers],
        [coverage[number] for number in numbers] if coverage else (),
        [forms[number] for number in numbers],
    )


def paragraphs_of(document: Document, skip: Collection[int] = ()) -> list[Paragraph]:
    """One paragraph for each block, with its headings and neighbours.

    "Advertisement" heads nothing: blocks in `skip` (chrome) are no headings of others.
    """
    texts = list(document.block_texts())
    stacks = [_with_title(document, stack) for stack in document.heading_stacks(skip)]
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
