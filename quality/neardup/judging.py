"""From signatures to relations: candidates are verified word by word and named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, islice

import numpy as np

from quality.neardup.bands import Numbers, anchor_places
from quality.neardup.candidates import KeyIndex, TextKeys, by_section, keys_of
from quality.neardup.clusters import choose_leader
from quality.neardup.relations import (
    Duplicate,
    Inside,
    Overlap,
    Passage,
    RelationKind,
    Relations,
    SectionDuplicate,
    find_passage,
    overlaps,
    trigrams,
)
from quality.neardup.sets import distinct
from quality.neardup.shingles import U32
from quality.neardup.signature import MIN_WORDS, DocumentSignature, Scheme
from quality.neardup.store import Cluster, Store, StoredDocument
from quality.neardup.texts import Texts, texts_of

# More would be a list nobody reads; the earliest one is always among them.
MAX_REPORTED = 10
MAX_VERIFIED = 32
MAX_SECTION_VERIFIED = 12
_EXACT = Overlap(1, 1, 1)


@dataclass(frozen=True, slots=True)
class Limits:
    """When two texts count as related."""

    similarity: float = 0.5
    """Least Jaccard similarity of word 3-grams for `near`."""
    containment: float = 0.4
    """Least share of the shorter text found in the other for `contained`: an article with a
    fifth of its words replaced keeps .51 of its shingles."""
    passage: float = 0.3
    """Least similarity of a section and the passage found elsewhere."""


class Judge:
    """Relations of documents to what is stored; reads only."""

    def __init__(self, store: Store, keys: KeyIndex, scheme: Scheme, limits: Limits) -> None:
        self._store = store
        self._keys = keys
        self._scheme = scheme
        self._limits = limits
        self._clusters: dict[int, Cluster | None] = {}

    def judge(self, signatures: Sequence[DocumentSignature]) -> Iterator[Relations]:
        """The relations of each document, in order."""
        if not signatures:
            return
        texts = texts_of(signatures)
        keys = keys_of(texts, self._scheme)
        starts = [word_starts(one.block_words) for one in signatures]
        firsts = np.array([0, *accumulate(len(one.sections) for one in signatures)], np.int64)
        matches = self._keys.match(keys)
        whole = self._keys.whole(keys, matches)
        commonplace = self._keys.commonplace(keys, matches, whole)
        blocks = [[first for first, _ in one.sections] for one in signatures]
        parts = by_section(matches, sections_of_anchors(texts, keys, blocks, starts))
        for row, signature in enumerate(signatures):
            first, after = int(firsts[row]), int(firsts[row + 1])
            partly = [(number - first, text) for number, text in parts.of_rows(first, after)]
            view = _View(self._store, signature, starts[row], commonplace.of_row(row))
            yield self._relations(view, whole.of_row(row), partly)

    def _relations(
        self, view: _View, candidates: list[int], parts: list[tuple[int, int]]
    ) -> Relations:
        own = self._store.leader_of(view.text)
        related = self._verified(view, _first([own, *candidates], MAX_VERIFIED, view.text))
        leader = own if own is not None else self._leader_among(related)
        cluster = self._cluster(leader)
        return Relations(
            duplicates=self._duplicates(view, related, cluster),
            sections=tuple(
                self._section(view, number, [text for section, text in parts if section == number])
                for number in range(len(view.signature.sections))
            ),
            repeats=view.signature.repeats,
            cluster=view.signature.id if cluster is None else cluster.id,
            cluster_documents=1 if cluster is None else cluster.documents,
            cluster_hosts=() if cluster is None else cluster.hosts,
        )

    def _cluster(self, leader: int | None) -> Cluster | None:
        if leader is None:
            return None
        # Counting a large cluster for each of its members would take the square of its size.
        if leader not in self._clusters:
            self._clusters[leader] = self._store.cluster(leader)
        return self._clusters[leader]

    def _verified(self, view: _View, texts: list[int]) -> list[tuple[int, Overlap]]:
        """The texts that are near or contained, with their overlap."""
        if not texts:
            return []
        loaded = view.load(texts)
        found = overlaps(view.shingles, [view.codes(text) for text in loaded])
        return [
            (text, overlap)
            for text, overlap in zip(loaded, found, strict=True)
            if overlap.similarity >= self._limits.similarity
            or (
                overlap.containment >= self._limits.containment
                and (overlap.is_spread or text not in view.commonplace)
            )
        ]

    def _leader_among(self, related: list[tuple[int, Overlap]]) -> int | None:
        """For a text that is not stored: the representative it would join."""
        leaders = [pair for pair in related if self._store.leader_of(pair[0]) == pair[0]]
        return choose_leader([text for text, _ in leaders], [overlap for _, overlap in leaders])

    def _duplicates(
        self, view: _View, related: list[tuple[int, Overlap]], cluster: Cluster | None
    ) -> tuple[Duplicate, ...]:
        found = [
            (document, _duplicate(view, document, RelationKind.EXACT, _EXACT))
            for document in view.copies
        ]
        known = {copy.sequence for copy in view.copies}
        for text, overlap in related:
            near = overlap.similarity >= self._limits.similarity and not overlap.is_part
            kind = RelationKind.NEAR if near else RelationKind.CONTAINED
            found += [
                (document, _duplicate(view, document, kind, overlap))
                for document in self._store.carrying(text, MAX_REPORTED + 1)
                if document.sequence not in known
            ]
        representative = None if cluster is None else cluster.sequence
        found.sort(key=lambda p: (p[0].sequence != representative, -p[1].similarity, p[0].sequence))
        return tuple(duplicate for _, duplicate in found[:MAX_REPORTED])

    def _section(self, view: _View, number: int, texts: list[int]) -> tuple[SectionDuplicate, ...]:
        start, end = view.section_words(number)
        if end - start < MIN_WORDS:
            return ()
        sought = distinct(trigrams(view.signature.word_bytes[start:end]))
        found: list[tuple[float, StoredDocument, Passage]] = []
        found += [(-1.0, copy, Passage(start, end, 1.0)) for copy in view.copies]
        for text in view.load(_first(texts, MAX_SECTION_VERIFIED, view.text)):
            passage = find_passage(sought, view.codes(text))
            if passage.similarity >= self._limits.passage:
                carriers = self._store.carrying(text, MAX_REPORTED)
                found += [(-passage.similarity, carrier, passage) for carrier in carriers]
        found.sort(key=lambda entry: (entry[0], entry[1].sequence))
        return tuple(_section_duplicate(view, *entry[1:]) for entry in found[:MAX_REPORTED])


class _View:
    """What one document's judgement needs to look up, each thing once."""

    def __init__(
        self,
        store: Store,
        signature: DocumentSignature,
        starts: Numbers,
        commonplace: Iterable[int],
    ) -> None:
        self.commonplace = frozenset(commonplace)
        self.signature = signature
        self.starts = starts
        self.text = store.find_text(signature.exact) if signature.exact else None
        stored = store.at_place(signature.path, signature.record)
        self.sequence = None if stored is None else stored.sequence
        self._store = store
        self._codes: dict[int, U32] = {}

    @cached_property
    def shingles(self) -> U32:
        """The document's shingles, in order."""
        return trigrams(self.signature.word_bytes)

    @cached_property
    def copies(self) -> list[StoredDocument]:
        """Other documents with the same words, or the same bytes.

        Of the same bytes other words may count: a site tells what furniture is on its pages.
        """
        found = self._store.with_id(self.signature.id, MAX_REPORTED + 1)
        if self.text is not None:
            found += self._store.carrying(self.text, MAX_REPORTED + 1)
        copies = {copy.sequence: copy for copy in found if copy.sequence != self.sequence}
        return [copies[sequence] for sequence in sorted(copies)]

    def load(self, texts: list[int]) -> list[int]:
        """Those of the texts that are stored, their shingles loaded."""
        missing = [text for text in texts if text not in self._codes]
        for text, word_bytes in self._store.word_bytes(missing).items():
            self._codes[text] = trigrams(word_bytes)
        return [text for text in texts if text in self._codes]

    def codes(self, text: int) -> U32:
        """The shingles of a loaded text, in order."""
        return self._codes[text]

    def section_words(self, number: int) -> tuple[int, int]:
        """First word of a section and the one after its last."""
        first, last = self.signature.sections[number]
        return int(self.starts[first]), int(self.starts[last + 1])

    def is_earlier(self, document: StoredDocument) -> bool:
        """Whether a stored document came before this one."""
        return self.sequence is None or document.sequence < self.sequence


def _duplicate(
    view: _View, document: StoredDocument, kind: RelationKind, overlap: Overlap
) -> Duplicate:
    earlier = view.is_earlier(document)
    inside = None
    if kind is RelationKind.CONTAINED:
        # Of two of equal size the later one is taken to be made from the earlier.
        smaller = overlap.ours < overlap.theirs or (overlap.ours == overlap.theirs and earlier)
        inside = Inside.THIS if smaller else Inside.OTHER
    return Duplicate(
        document=document.id,
        path=document.path,
        kind=kind,
        similarity=overlap.similarity,
        containment=overlap.containment,
        inside=inside,
        earlier=earlier,
        host=document.host,
    )


def _section_duplicate(view: _View, document: StoredDocument, passage: Passage) -> SectionDuplicate:
    first, last = blocks_of(passage, word_starts(document.block_words))
    return SectionDuplicate(
        document=document.id,
        path=document.path,
        first=first,
        last=last,
        similarity=passage.similarity,
        earlier=view.is_earlier(document),
    )


def blocks_of(passage: Passage, starts: Numbers) -> tuple[int, int]:
    """First and last block of a passage, given the `word_starts` of its document."""
    first = int(np.searchsorted(starts, passage.start, side="right")) - 1
    last = int(np.searchsorted(starts, passage.end - 1, side="right")) - 1
    return first, max(first, last)


def word_starts(block_words: U32) -> Numbers:
    """Number of the first word of each block, and of the words in all at the end."""
    return np.append(0, np.cumsum(block_words)).astype(np.int64)


def sections_of_anchors(
    texts: Texts,
    keys: TextKeys,
    firsts: Sequence[Sequence[int]],
    starts: Sequence[Numbers],
) -> Numbers:
    """The section, numbered over all documents, that each anchor stands in; -1 for none.

    `firsts` are the first blocks of each document's sections, `starts` its `word_starts`.
    """
    result = np.full(len(keys.anchors), -1, np.int64)
    if not len(result):
        return result
    places = anchor_places(texts.words, keys.windows)
    bounds = np.searchsorted(keys.anchor_rows, np.arange(len(texts) + 1))
    number = begin = 0
    for row, blocks in enumerate(firsts):
        own = slice(bounds[row], bounds[row + 1])
        if len(blocks):
            inside = np.searchsorted(starts[row][blocks] + begin, places[own], side="right") - 1
            result[own] = np.where(inside < 0, -1, inside + number)
        number, begin = number + len(blocks), int(texts.ends[row])
    return result


def _first(texts: Sequence[int | None], count: int, own: int | None) -> list[int]:
    """The first few different texts, without the document's own."""
    wanted = (text for text in dict.fromkeys(texts) if text is not None and text != own)
    return list(islice(wanted, count))
