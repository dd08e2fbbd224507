"""The outline of a document: its sections' headings, forms and skeletons, without its subject."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from quality.document import Block, BlockKind, Document, Section
from quality.neardup.headings import lexicon, stem_of, stems
from quality.neardup.skeleton import skeleton_hashes
from quality.tokens import fold, words

_SUBHEADING = re.compile(r"(?:\d{1,2}[.)]|[a-z][.)]|[-–•*])?\s*.*[:：]$")
_LABEL = re.compile(
    r"(?:[-–—•*]\s*|\d{1,2}[.)]\s*)?(?:[^\W\d_][\w'’/&-]*\s+){0,5}[\w'’/&-]+\s?[:：]\s"
)
_NAME = re.compile(r"(?<=[\w,;] )[A-Z][\w'’-]+")
_NUMBER = re.compile(r"\d+")
_QUOTE = re.compile('["“”«»]')
_SOFT = frozenset(
    "can could may might should will would must likely often perhaps probably you your "
    "whether ensure consider embrace explore stay keep choose".split()
)
# A longer "heading" is a sentence.
MAX_HEADING_CHARS = 120


@dataclass(frozen=True, slots=True)
class SectionOutline:
    """One section under a main heading, with its subsections."""

    section: int
    """The number of the section of the document that begins with the heading."""
    heading: str
    families: tuple[str, ...]
    stems: tuple[str, ...]
    form: str
    """`labels`, `list`, `talk`, `table`, `code`, `prose` or `empty`."""
    words: int
    particulars: int
    """Numbers, names that are not the subject, quotation marks."""
    soft: int
    """Words of possibility and address: can, may, will, should, you."""
    skeleton: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """The main sections of a document; `main[n]` tells to which one section n belongs."""

    language: str | None
    sections: tuple[SectionOutline, ...]
    main: tuple[int | None, ...]
    words: int


def outline(document: Document, skip: Collection[int]) -> Outline:
    """The outline of a document without the blocks in `skip` (chrome). Pure."""
    heads = [_head(document, section, skip) for section in document.sections]
    level = _main_level(document, heads)
    topic = _topic(document)
    main: list[int | None] = []
    groups: list[list[int]] = []
    for number, head in enumerate(heads):
        if head is not None and _is_main(document, head, level):
            if not _is_title(document, head, topic):
                groups.append([number])
                main.append(len(groups) - 1)
                continue
            main.append(None)
        elif groups and main[-1] is not None:
            groups[-1].append(number)
            main.append(len(groups) - 1)
        else:
            main.append(None)
    subject = _subject(document)
    sections = tuple(
        _describe(document, group, heads[group[0]], (skip, topic, subject)) for group in groups
    )
    total = sum(
        len(words(document.block_text(n))) for n in range(len(document.blocks)) if n not in skip
    )
    return Outline(document.language, sections, tuple(main), total)


def _head(document: Document, section: Section, skip: Collection[int]) -> int | None:
    """The block of a section's own heading: the last of its row that is no subheading."""
    row = []
    for number in range(section.first, section.last + 1):
        if document.blocks[number].kind is not BlockKind.HEADING:
            break
        if number not in skip and len(document.block_text(number)) <= MAX_HEADING_CHARS:
            row.append(number)
    own = [number for number in row if not _SUBHEADING.fullmatch(document.block_text(number))]
    if not own:
        return row[0] if row else None
    ranks = [document.blocks[number].level or 7 for number in own]
    if len(set(ranks)) > 1 and len(own) > 1:
        # A page's title over its first section: the section's own heading is the next one.
        return own[1] if ranks[0] == 1 else own[0]
    return own[-1]


def _main_level(document: Document, heads: Sequence[int | None]) -> int:
    """The highest rank that at least three headings have; 7 where ranks are unknown."""
    count = Counter(document.blocks[head].level or 7 for head in heads if head is not None)
    repeated = [rank for rank, times in count.items() if times >= 3]
    return min(repeated, default=max(count, default=7))


def _is_main(document: Document, head: int, level: int) -> bool:
    block: Block = document.blocks[head]
    if (block.level or 7) > level:
        return False
    return bool(block.level) or not _SUBHEADING.fullmatch(document.block_text(head))


def _is_title(document: Document, head: int, topic: frozenset[str]) -> bool:
    text = document.block_text(head)
    if document.blocks[head].level == 1 or text == document.title:
        return True
    own = [stem_of(word) for word in words(fold(text))]
    return bool(topic) and len(own) >= 4 and sum(s in topic for s in own) >= 0.8 * len(own)


def _title_text(document: Document) -> str:
    if document.title:
        return document.title
    for number, block in enumerate(document.blocks[:4]):
        text = document.block_text(number)
        if block.kind is BlockKind.HEADING and len(words(text)) > 3:
            return text
    return ""


def _topic(document: Document) -> frozenset[str]:
    """The stems of the title: what the document is about."""
    return frozenset(stems(_title_text(document), language=document.language))


def _subject(document: Document) -> frozenset[str]:
    """Capitalised words that come up throughout: the subject, no particulars."""
    count = Counter(word for word in words(document.text) if word[0].isupper())
    return frozenset(word for word, times in count.items() if times >= 3)


def _describe(
    document: Document,
    group: Sequence[int],
    head: int | None,
    context: tuple[Collection[int], frozenset[str], frozenset[str]],
) -> SectionOutline:
    skip, topic, subject = context
    heading = document.block_text(head) if head is not None else ""
    first, last = document.sections[group[0]].first, document.sections[group[-1]].last
    body = [
        number
        for number in range(first, last + 1)
        if number not in skip and document.blocks[number].kind is not BlockKind.HEADING
    ]
    texts = [document.block_text(number) for number in body]
    tokens = [word for text in texts for word in words(text)]
    names = {name for text in texts for name in _NAME.findall(text)} - subject
    return SectionOutline(
        section=group[0],
        heading=heading,
        families=lexicon(document.language or "en").families(heading),
        stems=stems(heading, language=document.language, topic=topic),
        form=_form(document, body, texts, subs=len(group) - 1),
        words=len(tokens),
        particulars=len(names)
        + sum(len(_NUMBER.findall(text)) for text in texts)
        + sum(len(_QUOTE.findall(text)) for text in texts) // 2,
        soft=sum(1 for word in tokens if word.lower() in _SOFT),
        skeleton=skeleton_hashes(texts, language=document.language),
    )


def _form(document: Document, body: Sequence[int], texts: Sequence[str], *, subs: int) -> str:
    if not body:
        return "empty"
    kinds = Counter(document.blocks[number].kind for number in body)
    labels = subs + sum(1 for text in texts if _LABEL.match(text))
    questions = sum(1 for text in texts if text.rstrip().endswith("?"))
    half = max(2, len(body) / 2)
    if kinds[BlockKind.TABLE] >= half or kinds[BlockKind.CODE] >= half:
        return "table" if kinds[BlockKind.TABLE] >= half else "code"
    if questions >= 2 and questions >= len(body) / 4:
        return "talk"
    if labels >= half:
        return "labels"
    return "list" if kinds[BlockKind.LIST_ITEM] >= half else "prose"
