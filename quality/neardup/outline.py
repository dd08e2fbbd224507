"""The outline of a document: its sections' headings, forms and skeletons, without its subject."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from quality.document import BlockKind, Document
from quality.neardup.headings import lexicon, opener, stems
from quality.neardup.heads import LABEL, Titled, is_label, main_heads
from quality.neardup.skeleton import skeletons_of
from quality.tokens import fold, words

_LARGE = "[A-ZÀ-ÖØ-ÞĄĆĘŁŃŚŹŻА-ЯЁ]"
_CAPITAL = rf"{_LARGE}[\w'’-]+"
# What comes before is looked at behind the capital, which the engine can search for.
_NAME = re.compile(rf"{_LARGE}(?<=[\w,;] {_LARGE})[\w'’-]+")
# Where all nouns have capitals, two in a row: "Herr Weber", "Stadtrat Kolb".
_NAME_OF_TWO = re.compile(rf"({_LARGE}(?<=[\w,;] {_LARGE})[\w'’-]+) ({_CAPITAL})")
_CAPITALISED = re.compile(rf"{_LARGE}(?<!\w{_LARGE})[\w'’-]+")
_NUMBER = re.compile(r"\d+")
_QUOTE = re.compile('["“”«»]')


@dataclass(frozen=True, slots=True)
class SectionOutline:
    """One section under a main heading, with its subsections."""

    heading: str
    span: tuple[int, int]
    """Where the heading stands in the document's text."""
    families: tuple[str, ...]
    stems: tuple[str, ...]
    opener: str
    form: str
    """`labels`, `list`, `talk`, `table`, `prose` or `empty`."""
    words: int
    particulars: int
    """Numbers, names that are not the subject, quotation marks."""
    skeleton: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """The main sections of a document; `main[n]` tells to which of them section n belongs."""

    document: str
    language: str | None
    sections: tuple[SectionOutline, ...]
    main: tuple[int | None, ...]


def outline(document: Document, skip: Collection[int]) -> Outline:
    """The outline of a document without the blocks in `skip` (chrome). Pure."""
    titled = Titled.of(document)
    kept = [number for number in range(len(document.blocks)) if number not in skip]
    heads = main_heads(titled, kept)
    ends = [*heads[1:], len(document.blocks)] if heads else []
    context = _Context(document, titled.texts, titled.topic, _subject(document))
    bodies = [
        [number for number in kept if head < number < end]
        for head, end in zip(heads, ends, strict=True)
    ]
    return Outline(
        document=document.id,
        language=document.language,
        sections=tuple(context.describe(heads, bodies)),
        main=_main_of_sections(document, heads, ends),
    )


def _main_of_sections(
    document: Document, heads: Sequence[int], ends: Sequence[int]
) -> tuple[int | None, ...]:
    """Which main section each section of the document belongs to: the one it shares most with."""
    found: list[int | None] = []
    for section in document.sections:
        shared = [
            min(end, section.last + 1) - max(head, section.first)
            for head, end in zip(heads, ends, strict=True)
        ]
        best = max(range(len(shared)), key=shared.__getitem__, default=None)
        found.append(None if best is None or shared[best] <= 0 else best)
    return tuple(found)


def _subject(document: Document) -> frozenset[str]:
    """Capitalised words that come up throughout: the subject, no particulars."""
    count = Counter(_CAPITALISED.findall(document.text))
    return frozenset(word for word, times in count.items() if times >= 3)


def _names(text: str, language: str | None) -> set[str]:
    if lexicon(language or "en").nouns_have_capitals:
        return {word for pair in _NAME_OF_TWO.findall(text) for word in pair}
    return set(_NAME.findall(text))


def _without_label(text: str) -> str:
    """What a line says, without its number and label, whose capitals name nothing."""
    label = LABEL.match(text)
    return text[label.end() :] if label else "" if is_label(text) else text


@dataclass(frozen=True, slots=True)
class _Context:
    """What describing a section needs of its document."""

    document: Document
    texts: Sequence[str]
    topic: frozenset[str]
    """Stems of the title."""
    subject: frozenset[str]
    """Capitalised words that come up throughout."""

    def describe(
        self, heads: Sequence[int], bodies: Sequence[Sequence[int]]
    ) -> Iterator[SectionOutline]:
        """The outline of each section, given by its head and the blocks below."""
        tokens = [[words(fold(self.texts[number])) for number in body] for body in bodies]
        skeletons = skeletons_of(tokens, language=self.document.language)
        for head, body, own, skeleton in zip(heads, bodies, tokens, skeletons, strict=True):
            yield self._section(head, body, sum(map(len, own)), skeleton)

    def _section(
        self, head: int, body: Sequence[int], size: int, skeleton: tuple[int, ...]
    ) -> SectionOutline:
        heading, language = self.texts[head], self.document.language
        said = "\n".join(_without_label(self.texts[number]) for number in body)
        names = _names(said, language) - self.subject
        marks = len(_NUMBER.findall(said)) + len(_QUOTE.findall(said)) // 2
        return SectionOutline(
            heading=heading,
            span=(self.document.blocks[head].start, self.document.blocks[head].end),
            families=lexicon(language or "en").families(heading),
            stems=stems(heading, language=language, topic=self.topic),
            opener=opener(heading, language=language),
            form=self._form(body),
            words=size,
            particulars=len(names) + marks,
            skeleton=skeleton,
        )

    def _form(self, body: Sequence[int]) -> str:
        if not body:
            return "empty"
        kinds = Counter(self.document.blocks[number].kind for number in body)
        half = max(2, len(body) / 2)
        prose = [self.texts[number] for number in body]
        questions = sum(1 for text in prose if text.endswith("?"))
        labels = sum(1 for text in prose if LABEL.match(text) or is_label(text))
        if kinds[BlockKind.TABLE] >= half or kinds[BlockKind.CODE] >= half:
            return "table"
        if questions >= max(2, len(body) / 4):
            return "talk"
        if labels >= half:
            return "labels"
        return "list" if kinds[BlockKind.LIST_ITEM] >= half else "prose"
