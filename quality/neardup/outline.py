"""The outline of a document: its sections' headings, forms and skeletons, without its subject.

Headings are looked for once more here, by the company they keep: in plain text a heading
right above a labelled line ("Market Forecasts" above "Rising Demand:") has the form of one
more line, and only what follows shows what it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from quality.document import BlockKind, Document
from quality.neardup.headings import lexicon, opener, stems
from quality.neardup.skeleton import skeleton_hashes
from quality.tokens import fold, words

_LABEL = re.compile(
    r"(?:[-–—•*]\s*|\d{1,2}[.)]\s*)?(?:[^\W\d_][\w'’/&-]*\s+){0,5}[\w'’/&-]+\s?[:：]\s"
)
_NAME = re.compile(r"(?<=[\w,;] )[A-Z][\w'’-]+")
_CAPITALISED = re.compile(r"\b[A-Z][\w'’-]+")
_NUMBER = re.compile(r"\d+")
_QUOTE = re.compile('["“”«»]')
_SENTENCE_END = re.compile(r"""[.!,;…。！，；]["'”’)]*$""")
# "Evening Post: What will change?"
_SPEAKER = re.compile(r"[^\W\d_][\w .'’-]{0,40}[:：]\s")
# Bold in Markdown, or led by a pictogram: headings that plain text has no other sign for.
_MARKED = re.compile(
    r"(?:(?P<mark>\*\*|__)|[\u2190-\u2bff\U0001f000-\U0001faff\ufe0f]+\s*)"
    r"(?P<bare>[^*_]+?)(?(mark)(?P=mark)|)[:：]?"
)
_NUMBERED = re.compile(r"\d{1,2}[.)]\s+(?P<bare>.+)")
# With fewer headings that end otherwise, those that end in a colon are the sections.
MIN_PLAIN = 3
# A longer "heading" is a sentence.
MAX_HEADING_CHARS = 120
MAX_HEADING_WORDS = 12


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
    texts = list(document.block_texts())
    kept = [number for number in range(len(texts)) if number not in skip]
    title = _title(document)
    topic = frozenset(stems(title, language=document.language))
    context = _Context(document, texts, title, topic, _subject(document))
    heads = _main_heads(context, kept)
    ends = [*heads[1:], len(texts)] if heads else []
    bodies = [
        [number for number in kept if head < number < end]
        for head, end in zip(heads, ends, strict=True)
    ]
    return Outline(
        document=document.id,
        language=document.language,
        sections=tuple(map(context.describe, heads, bodies)),
        main=_main_of_sections(document, heads, ends),
    )


def _main_heads(context: _Context, kept: Sequence[int]) -> list[int]:
    """The blocks that head a main section, in order, without the document's title."""
    document, texts = context.document, context.texts
    found = _headings(document, texts, kept)
    level = _main_level(document, found)
    found = [
        number
        for number in found
        if (document.blocks[number].level or 7) <= level and not _is_title(context, number)
    ]
    # A label ("1. Rising Demand:") is part of a section, unless the house ends all headings so.
    plain = [number for number in found if not _is_subheading(texts[number])]
    heads = plain if len(plain) >= MIN_PLAIN else found
    following = {number: kept[at + 1] for at, number in enumerate(kept[:-1])}
    heads = _without_questions(document, texts, heads, following)
    heads = _one_of_a_row(context, heads, following)
    # A heading that comes again ("Pros" under each product of a list) is no second section.
    first = {fold(texts[number]): number for number in reversed(heads)}
    return [number for number in heads if first[fold(texts[number])] == number]


def _without_questions(
    document: Document, texts: Sequence[str], heads: Sequence[int], following: Mapping[int, int]
) -> list[int]:
    """Heads without the questions of an interview or a FAQ, which are parts of its section.

    Questions belong to a heading that stands right above the first of them.
    """
    asked = {
        number
        for number in heads
        if texts[number].endswith(("?", "？")) and not document.blocks[number].level
    }
    own = []
    within = False
    for number in heads:
        if number not in asked:
            within = following.get(number) in asked
        elif within or _SPEAKER.match(texts[number]):
            continue
        own.append(number)
    return own


def _one_of_a_row(
    context: _Context, heads: Sequence[int], following: Mapping[int, int]
) -> list[int]:
    """Of headings in a row the last one that names a family, else the last of all.

    The others are titles of parts, or of the first subject within the section.
    """
    families = lexicon(context.document.language or "en").families
    chosen: list[int] = []
    before = None
    for number in heads:
        in_row = before is not None and following.get(before) == number
        if in_row and families(context.texts[chosen[-1]]) and not families(context.texts[number]):
            before = number
            continue
        if in_row:
            chosen.pop()
        chosen.append(number)
        before = number
    return chosen


def _headings(document: Document, texts: Sequence[str], kept: Sequence[int]) -> list[int]:
    """Headings, and lines that the extractor could not know for headings."""
    found = []
    for at, number in enumerate(kept):
        if document.blocks[number].kind is BlockKind.HEADING:
            if len(texts[number]) <= MAX_HEADING_CHARS:
                found.append(number)
        elif at + 1 < len(kept) and _is_hidden_heading(document, texts, number, kept[at + 1]):
            found.append(number)
    return found


def _is_hidden_heading(
    document: Document, texts: Sequence[str], number: int, following: int
) -> bool:
    """Whether a line of no heading's kind is one: marked, numbered above prose, or above a list."""
    text, kind, next_kind = texts[number], *(document.blocks[n].kind for n in (number, following))
    families = lexicon(document.language or "en").families
    if kind is BlockKind.LIST_ITEM:
        item = _NUMBERED.fullmatch(text)
        stands_alone = next_kind is not BlockKind.LIST_ITEM
        return bool(
            item and stands_alone and _reads_like_heading(item["bare"]) and families(item["bare"])
        )
    if kind is not BlockKind.PARAGRAPH:
        return False
    marked = _MARKED.fullmatch(text)
    if marked:
        return _reads_like_heading(marked["bare"].rstrip(":："))
    leads = next_kind is not BlockKind.PARAGRAPH or bool(_LABEL.match(texts[following]))
    return leads and _reads_like_heading(text) and bool(families(text) or _is_titled(text))


def _reads_like_heading(text: str) -> bool:
    """Whether a line could be a heading by its own form."""
    count = len(words(text))
    return (
        0 < count <= MAX_HEADING_WORDS
        and len(text) <= MAX_HEADING_CHARS
        and text[:1].isupper()
        and not text.endswith((":", "："))
        and not _SENTENCE_END.search(text)
    )


def _is_titled(text: str) -> bool:
    """Whether most longer words begin with a capital, as in English titles."""
    longer = [word for word in words(text)[1:] if len(word) > 3]
    return bool(longer) and sum(word[0].isupper() for word in longer) >= 0.6 * len(longer)


def _main_level(document: Document, heads: Sequence[int]) -> int:
    """The highest rank that at least three headings have; 7 where ranks are unknown."""
    count = Counter(document.blocks[head].level or 7 for head in heads)
    repeated = [rank for rank, times in count.items() if times >= 3]
    return min(repeated, default=max(count, default=7))


def _is_title(context: _Context, head: int) -> bool:
    """Whether a heading is the document's title, or the title once more in other words."""
    document, text = context.document, context.texts[head]
    if document.blocks[head].level == 1 or text == context.title:
        return True
    own = stems(text, language=document.language)
    return len(own) >= 3 and sum(stem in context.topic for stem in own) >= 0.8 * len(own)


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


def _title(document: Document) -> str:
    """The title, known or taken for it: a first heading that is no mere label."""
    if document.title:
        return document.title
    for number, block in enumerate(document.blocks[:4]):
        text = document.block_text(number)
        if block.kind is BlockKind.HEADING and len(words(text)) > 3:
            return text
    return ""


def _subject(document: Document) -> frozenset[str]:
    """Capitalised words that come up throughout: the subject, no particulars."""
    count = Counter(_CAPITALISED.findall(document.text))
    return frozenset(word for word, times in count.items() if times >= 3)


def _without_label(text: str) -> str:
    """What a line says, without its number and label, whose capitals name nothing."""
    label = _LABEL.match(text)
    return text[label.end() :] if label else "" if _is_subheading(text) else text


def _is_subheading(text: str) -> bool:
    """Whether a line is a label alone: it ends in a colon."""
    return text.endswith((":", "："))


@dataclass(frozen=True, slots=True)
class _Context:
    """What describing a section needs of its document."""

    document: Document
    texts: Sequence[str]
    title: str
    topic: frozenset[str]
    """Stems of the title."""
    subject: frozenset[str]
    """Capitalised words that come up throughout."""

    def describe(self, head: int, body: Sequence[int]) -> SectionOutline:
        heading, language = self.texts[head], self.document.language
        prose = [self.texts[number] for number in body]
        tokens = [words(fold(text)) for text in prose]
        said = "\n".join(_without_label(text) for text in prose)
        names = set(_NAME.findall(said)) - self.subject
        marks = len(_NUMBER.findall(said)) + len(_QUOTE.findall(said)) // 2
        return SectionOutline(
            heading=heading,
            span=(self.document.blocks[head].start, self.document.blocks[head].end),
            families=lexicon(language or "en").families(heading),
            stems=stems(heading, language=language, topic=self.topic),
            opener=opener(heading),
            form=self._form(body),
            words=sum(map(len, tokens)),
            particulars=len(names) + marks,
            skeleton=skeleton_hashes(tokens, language=language),
        )

    def _form(self, body: Sequence[int]) -> str:
        if not body:
            return "empty"
        kinds = Counter(self.document.blocks[number].kind for number in body)
        half = max(2, len(body) / 2)
        prose = [self.texts[number] for number in body]
        questions = sum(1 for text in prose if text.endswith("?"))
        labels = sum(1 for text in prose if _LABEL.match(text) or _is_subheading(text))
        if kinds[BlockKind.TABLE] >= half or kinds[BlockKind.CODE] >= half:
            return "table"
        if questions >= max(2, len(body) / 4):
            return "talk"
        if labels >= half:
            return "labels"
        return "list" if kinds[BlockKind.LIST_ITEM] >= half else "prose"
