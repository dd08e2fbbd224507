"""WARC and WET: what a crawler kept.

A page for each response of status 2xx that is HTML or plain text, and for each
`conversion` record (WET: plain text). Requests, metadata, redirects, errors, images and
the like are no pages and are passed over.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from quality.document import Markup, Page
from quality.errors import ReadError
from quality.read.decode import decode
from quality.read.inputs import Input, ReadFailure
from quality.read.jsonl import record_id
from quality.read.streams import too_large

_HTML_TYPES = ("text/html", "application/xhtml+xml")
_PLAIN_TYPES = ("text/plain",)
_SKIP_BYTES = 1 << 16


def read_warc(source: Input, stream: BinaryIO, max_bytes: int) -> Iterator[Page | ReadFailure]:
    """A page for each page-like record; its number counts all records of the file, from 0."""
    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    try:
        # The heads of HTTP are parsed here: the library gives up the whole file for a record
        # without an address or with a broken head.
        records = ArchiveIterator(_ShortReads(stream), no_record_parse=True)
        for number, record in enumerate(records):
            try:
                _parse_http(record, f"{source.name}, record {number}")
            except ReadError as error:
                yield ReadFailure(source.name, number, type(error).__name__, str(error))
                continue
            markup = _markup(record)
            if markup is not None:
                yield _page(source, number, record, (markup, max_bytes))
    except ArchiveLoadFailed as error:
        raise ReadError(
            f"{source.name}: not a readable WARC file ({error}). Fetch it again."
        ) from error


class _ShortReads:
    """Hands out what is there at once, so that records before a break are not lost with it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        read1: Callable[[int], bytes] = getattr(self._stream, "read1", self._stream.read)
        return read1(size)


def _parse_http(record: Any, place: str) -> None:
    """Give a response its HTTP headers, where it has any. Raises ReadError for a broken head."""
    from warcio.recordloader import ArcWarcRecordLoader
    from warcio.statusandheaders import StatusAndHeadersParser, StatusAndHeadersParserException

    if record.rec_type != "response" or record.length == 0:
        return
    address = record.rec_headers.get_header("WARC-Target-URI") or ""
    content_type = record.rec_headers.get_header("Content-Type") or ""
    if not (address.startswith(("http:", "https:")) or content_type.startswith("application/http")):
        return
    try:
        parser = StatusAndHeadersParser([*ArcWarcRecordLoader.HTTP_TYPES, "HTTP/2", "HTTP/3"])
        record.http_headers = parser.parse(record.raw_stream)
    except (StatusAndHeadersParserException, EOFError) as error:
        raise ReadError(
            f"{place}: a response without an HTTP head ({error}). Fetch the page again, or store "
            "it as a record of type resource."
        ) from error


def _markup(record: Any) -> Markup | None:
    """What a record is written in, None where it is no page."""
    if record.rec_type == "conversion":
        return Markup.PLAIN
    if record.rec_type not in ("response", "resource"):
        return None
    headers = record.http_headers or record.rec_headers
    if record.http_headers and not record.http_headers.get_statuscode().startswith("2"):
        return None
    media_type = (headers.get_header("Content-Type") or "").split(";")[0].strip().lower()
    # A response that does not say what it is: browsers look and mostly find a page.
    if media_type in _HTML_TYPES or not media_type:
        return Markup.HTML
    return Markup.PLAIN if media_type in _PLAIN_TYPES else None


def _page(source: Input, number: int, record: Any, how: tuple[Markup, int]) -> Page | ReadFailure:
    markup, max_bytes = how
    place = f"{source.name}, record {number}"
    data = _payload(record, max_bytes, place)
    try:
        if isinstance(data, ReadError):
            raise data
        content = decode(data, place, declared=_charset(record), is_html=markup is Markup.HTML)
    except ReadError as error:
        return ReadFailure(source.name, number, type(error).__name__, str(error))
    return Page(
        id=record_id(data, number),
        path=source.name,
        content=content,
        markup=markup,
        record=number,
        url=record.rec_headers.get_header("WARC-Target-URI"),
    )


def _payload(record: Any, max_bytes: int, place: str) -> bytes | ReadError:
    """The record's content, or what is wrong with this record alone.

    Raises ReadError where the file breaks off: nothing can be read after that.
    """
    try:
        data = _read_all(record.content_stream(), max_bytes + 1)
    except (zlib.error, EOFError) as error:
        return ReadError(f"{place}: its content is damaged ({error}). Fetch it again.")
    if len(data) > max_bytes:
        return too_large(place, max_bytes)
    while record.raw_stream.read(_SKIP_BYTES):
        pass  # trailers of a chunked body
    if record.raw_stream.limit > 0:
        raise ReadError(f"{place}: the file is cut off within it. Fetch the file again.")
    return data


def _read_all(stream: Any, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _charset(record: Any) -> str | None:
    headers = record.http_headers
    content_type = (headers.get_header("Content-Type") or "") if headers else "charset=utf-8"
    _, found, charset = content_type.lower().partition("charset=")
    return charset.strip("\"' ;") if found else None
