"""Which lines head the main sections of a document.

Headings are looked for once more here, by the company they keep: in plain text a heading
right above a labelled line ("Market Forecasts" above "Rising Demand:") has the form of one
more line, and only what follows shows what it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quality.document import BlockKind, Document
from quality.neardup.headings import lexicon, stems
from quality.tokens import fold, words

LABEL = re.compile(
    r"(?:[-–—•*]\s*|\d{1,2}[.)]\s*)?(?:[^\W\d_][\w'’/&-]*\s+){0,5}[\w'’/&-]+\s?[:：]\s"
)
_SENTENCE_END = re.compile(r"""[.!,;…。！，；]["'”’)]*$""")
# "Evening Post: What will change?"
_SPEAKER = re.compile(r"[^\W\d_][\w .'’-]{0,40}[:：]\s")
# Bold in Markdown, or led by a pictogram: headings that plain text has no other sign for.
_MARKED = re.compile(
    r"(?:(?P<mark>\*\*|__)|[\u2190-\u2bff\U0001f000-\U0001faff\ufe0f]+\s*)"
    r"(?P<bare>[^*_]+?)(?(mark)(?P=mark)|)[:：]?"
)
_STEP = re.compile(r"[#*_\s]*(?:\w{3,9}\s)?\d{1,2}\s?[.):–—-]\s*\S")
_NUMBERED = re.compile(r"\d{1,2}[.)]\s+(?P<bare>.+)")
# With fewer headings that end otherwise, those that end in a colon are the sections.
MIN_PLAIN = 3
# A longer "heading" is a sentence.
MAX_HEADING_CHARS = 120
MAX_HEADING_WORDS = 12


@dataclass(frozen=True, slots=True)
class Titled:
    """A document with the texts of its blocks and its title, known or found."""

    document: Document
    texts: tuple[str, ...]
    title: str
    topic: frozenset[str]
    """Stems of the title: what the document is about."""

    @classmethod
    def of(cls, document: Document) -> Titled:
        """A document with its title."""
        title = _title(document)
        topic = frozenset(stems(title, language=document.language))
        return cls(document, tuple(document.block_texts()), title, topic)


def main_heads(context: Titled, kept: Sequence[int]) -> list[int]:
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
    plain = [number for number in found if not is_label(texts[number])]
    heads = plain if len(plain) >= MIN_PLAIN else found
    heads = _without_steps(texts, heads)
    following = {number: kept[at + 1] for at, number in enumerate(kept[:-1])}
    heads = _without_questions(document, texts, heads, following)
    heads = _one_of_a_row(context, heads, following)
    # A heading that comes again ("Pros" under each product of a list) is no second section.
    first = {fold(texts[number]): number for number in reversed(heads)}
    return [number for number in heads if first[fold(texts[number])] == number]


def _without_steps(texts: Sequence[str], heads: Sequence[int]) -> list[int]:
    """Heads without the numbered steps of one section, where enough others are not numbered.

    How many steps there are, and what they say, is the subject's; that there are is the house's.
    """
    own = [number for number in heads if not _STEP.match(texts[number])]
    return own if len(own) >= MIN_PLAIN else list(heads)


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


def _one_of_a_row(context: Titled, heads: Sequence[int], following: Mapping[int, int]) -> list[int]:
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
    leads = next_kind is not BlockKind.PARAGRAPH or bool(LABEL.match(texts[following]))
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


def _is_title(context: Titled, head: int) -> bool:
    """Whether a heading is the document's title, or the title once more in other words."""
    document, text = context.document, context.texts[head]
    if document.blocks[head].level == 1 or text == context.title:
        return True
    own = stems(text, language=document.language)
    return len(own) >= 3 and sum(stem in context.topic for stem in own) >= 0.8 * len(own)


def is_label(text: str) -> bool:
    """Whether a line is a label alone: it ends in a colon."""
    return text.endswith((":", "："))


def _title(document: Document) -> str:
    """The title, known or taken for it: a first heading that is no mere label."""
    if document.title:
        return document.title
    for number, block in enumerate(document.blocks[:4]):
        text = document.block_text(number)
        if block.kind is BlockKind.HEADING and len(words(text)) > 3:
            return text
    return ""
