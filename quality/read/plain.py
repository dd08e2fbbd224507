"""One file, one page: plain text, Markdown, HTML; with the sidecar's facts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

import orjson

from quality.document import Markup, Page
from quality.errors import ReadError
from quality.read.decode import decode
from quality.read.inputs import Input, ReadFailure
from quality.read.keys import Facts, facts_of
from quality.read.streams import read_bounded

# 128 bits: no accidental collision at any size of corpus, and short enough to read.
ID_HEX_DIGITS = 32
# A sidecar holds three facts.
MAX_SIDECAR_BYTES = 1 << 20


def read_text(source: Input, stream: BinaryIO, max_bytes: int) -> Iterator[Page | ReadFailure]:
    """The page of a plain-text file."""
    return _read(source, stream, max_bytes, Markup.PLAIN)


def read_markdown(source: Input, stream: BinaryIO, max_bytes: int) -> Iterator[Page | ReadFailure]:
    """The page of a Markdown file."""
    return _read(source, stream, max_bytes, Markup.MARKDOWN)


def read_html(source: Input, stream: BinaryIO, max_bytes: int) -> Iterator[Page | ReadFailure]:
    """The page of an HTML file."""
    return _read(source, stream, max_bytes, Markup.HTML)


def _read(
    source: Input, stream: BinaryIO, max_bytes: int, markup: Markup
) -> Iterator[Page | ReadFailure]:
    data = read_bounded(stream, max_bytes, source.name)
    content = decode(data, source.name, is_html=markup is Markup.HTML)
    sidecar = b""
    facts = Facts()
    if source.sidecar is not None:
        try:
            sidecar = source.sidecar.read_bytes()[:MAX_SIDECAR_BYTES]
            facts = _sidecar_facts(sidecar, source.sidecar.as_posix())
        except (ReadError, OSError) as error:
            # The page is read without it; once mended, page and sidecar are new again.
            yield ReadFailure(source.name, 0, ReadError.__name__, str(error))
    identity = hashlib.sha256(data + sidecar).hexdigest()[:ID_HEX_DIGITS]
    yield Page(
        id=identity,
        path=source.name,
        content=content,
        markup=markup,
        url=facts.url,
        title=facts.title,
        published=facts.published,
    )


def _sidecar_facts(data: bytes, place: str) -> Facts:
    try:
        row = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ReadError(f"{place}: not valid JSON ({error}). Mend it or remove it.") from error
    if not isinstance(row, dict):
        raise ReadError(f'{place}: not a JSON object. Write {{"url": …, "title": …}}.')
    return facts_of(row)
