"""`extract`: one page to one document, whatever it is written in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from quality.document import TRUNCATED, Block, BlockKind, Document, Markup, Page
from quality.errors import ExtractError
from quality.extract.blockmodel import BlockModel
from quality.extract.html import extract_html
from quality.extract.limits import DEFAULT_LIMITS, Limits, check_chars
from quality.extract.parts import Part
from quality.extract.plain import markdown_blocks, plain_blocks
from quality.extract.sections import split_sections
from quality.lang import detect, function_words
from quality.tokens import fold
from quality.unbroken import Unbroken

# A folder that names its host: dots between labels, a last label of letters only.
_HOST_FOLDER = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24}", re.IGNORECASE)
# File suffixes of ours that look like a top-level domain ("pages.md" is a file or folder of notes).
_NO_HOST_SUFFIXES = (
    ".txt",
    ".md",
    ".html",
    ".htm",
    ".json",
    ".jsonl",
    ".warc",
    ".wet",
    ".gz",
    ".d",
)
_END = re.compile(r"""[.!?:;。！？"'”’»)\]*]$""")
# Shorter last lines without an end mark are bylines, tags and captions, unless they end in a
# word that cannot end a sentence.
MIN_SENTENCE_WORDS = 12
MIN_CUT_WORDS = 5


_PROSE_KINDS = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.QUOTE)


@dataclass(frozen=True, slots=True)
class Body:
    """The text of a page with its blocks, before sections and language are known."""

    text: str
    blocks: tuple[Block, ...]


def extract(
    page: Page, *, limits: Limits = DEFAULT_LIMITS, model: BlockModel | None = None
) -> Document:
    """The document of a page; `model` chooses the text of HTML, without it trafilatura alone.

    Raises ExtractError with the place and the reason where there is no text, LimitError where
    the page is too large.
    """
    try:
        return _extract(page, limits, model)
    except ExtractError as error:
        place = f"{page.path}, record {page.record}" if page.record else page.path
        raise type(error)(f"{place}: {error}") from error


def _extract(page: Page, limits: Limits, model: BlockModel | None) -> Document:
    check_chars(page.content, limits)
    url, title, published = page.url, page.title, page.published
    if page.markup is Markup.HTML:
        parts, facts = extract_html(page.content, url=page.url, limits=limits, model=model)
        body = join_parts(parts)
        url, title = url or facts.url, title or facts.title
        published = published or facts.published
    else:
        body = _plain_body(page)
    if not body.blocks:
        raise ExtractError("no text: only white space. Fetch the page again or remove it.")
    language = detect(body.text)
    document = Document(
        id=page.id,
        path=page.path,
        text=body.text,
        blocks=body.blocks,
        sections=split_sections(body.blocks, body.text),
        record=page.record,
        url=url,
        host=host_of(url, page.path),
        title=title,
        published=published,
        language=language,
    )
    paragraphs = list(Unbroken.of(document).whole.block_texts())
    is_cut = body.blocks[-1].kind in _PROSE_KINDS and is_truncated(paragraphs[-1], language)
    return replace(
        document,
        plain=page.markup is not Markup.HTML,
        flags=frozenset({TRUNCATED} if is_cut else ()),
    )


def join_parts(parts: Sequence[Part]) -> Body:
    """Parts as one text, a line end between them."""
    blocks = []
    position = 0
    for part in parts:
        end = position + len(part.text)
        blocks.append(Block(position, end, part.kind, part.level))
        position = end + 1
    return Body("\n".join(part.text for part in parts), tuple(blocks))


def host_of(url: str | None, path: str) -> str | None:
    """The host of a URL, else a folder of the path that is named like a host.

    >>> host_of(None, "inbox/www.News.example/a.html")
    'news.example'
    """
    if url:
        try:
            host = urlsplit(url if "//" in url else f"//{url}").hostname
        except ValueError:  # an unclosed bracket, as in "http://[x"
            host = None
        if host:
            return host.lower().rstrip(".").removeprefix("www.")
    for folder in reversed(path.split("/")[:-1]):
        if _HOST_FOLDER.fullmatch(folder) and not folder.lower().endswith(_NO_HOST_SUFFIXES):
            return folder.lower().removeprefix("www.")
    return None


def is_truncated(last: str, language: str | None) -> bool:
    """Whether a text whose last block is `last` breaks off within a sentence.

    >>> is_truncated("The chest will be opened on Friday in front of a", "en")
    True
    """
    if last.endswith(("[…]", "[...]", "…", "...")):
        return True
    words = last.split()
    if len(words) < MIN_CUT_WORDS or _END.search(last):
        return False
    if len(words) >= MIN_SENTENCE_WORDS:
        return True
    return language is not None and fold(words[-1]) in function_words(language)


def _plain_body(page: Page) -> Body:
    text = page.content.replace("\r\n", "\n").replace("\r", "\n")
    blocks = markdown_blocks(text) if page.markup is Markup.MARKDOWN else plain_blocks(text)
    return Body(text, blocks)
