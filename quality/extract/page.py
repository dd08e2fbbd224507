"""`extract`: one page to one document, whatever it is written in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from quality.document import Block, BlockKind, Document, Markup, Page
from quality.errors import ExtractError
from quality.extract.html import extract_html
from quality.extract.limits import Limits, check_chars
from quality.extract.parts import Part
from quality.extract.plain import is_dense, markdown_blocks, plain_blocks
from quality.extract.sections import split_sections
from quality.lang import detect

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
_ENDS = re.compile(r"""[.!?:;…。！？"'”’»)\]*]\s*$""")


@dataclass(frozen=True, slots=True)
class Body:
    """The text of a page with its blocks, before sections and language are known."""

    text: str
    blocks: tuple[Block, ...]


def extract(page: Page, *, limits: Limits = Limits()) -> Document:  # noqa: B008 - frozen
    """The document of a page.

    Raises ExtractError with the reason where there is no text, LimitError where the page is
    too large.
    """
    check_chars(page.content, limits)
    url, title, published = page.url, page.title, page.published
    if page.markup is Markup.HTML:
        parts, facts = extract_html(page.content, url=page.url, limits=limits)
        body = join_parts(parts)
        url, title = url or facts.url, title or facts.title
        published = published or facts.published
    else:
        body = _plain_body(page)
    if not body.blocks:
        raise ExtractError("no text: only white space. Fetch the page again or remove it.")
    is_plain = page.markup is not Markup.HTML
    return Document(
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
        language=detect(body.text),
        dense=is_plain and is_dense(body.text, body.blocks),
        flags=frozenset({"truncated"}) if is_truncated(body.text, body.blocks) else frozenset(),
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


def is_truncated(text: str, blocks: Sequence[Block]) -> bool:
    """Whether the text breaks off within a sentence."""
    prose = [block for block in blocks if block.kind is not BlockKind.HEADING]
    if not prose or blocks[-1].kind is not BlockKind.PARAGRAPH:
        return False
    last = text[blocks[-1].start : blocks[-1].end]
    if last.endswith(("[…]", "[...]", "…", "...")):
        return True
    return len(last.split()) >= MIN_SENTENCE_WORDS and not _ENDS.search(last)


# Shorter last lines without an end mark are bylines, tags and captions.
MIN_SENTENCE_WORDS = 12


def _plain_body(page: Page) -> Body:
    text = page.content.replace("\r\n", "\n").replace("\r", "\n")
    blocks = markdown_blocks(text) if page.markup is Markup.MARKDOWN else plain_blocks(text)
    return Body(text, blocks)
