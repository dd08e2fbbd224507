"""JSON lines: one record a line; a broken line is one failure, the others go on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from quality.document import Page
from quality.errors import ReadError
from quality.read.decode import decode
from quality.read.inputs import Input, ReadFailure
from quality.read.keys import HTML_KEYS, TEXT_KEYS, content_of, facts_of
from quality.read.plain import ID_HEX_DIGITS
from quality.read.streams import too_large


def read_jsonl(source: Input, stream: BinaryIO, max_bytes: int) -> Iterator[Page | ReadFailure]:
    """A page for each line that is not blank; its record is the line's number, from 0."""
    number = 0
    while line := stream.readline(max_bytes + 1):
        place = f"{source.name}, line {number + 1}"
        try:
            if len(line) > max_bytes and not line.endswith(b"\n"):
                _skip_line(stream)
                raise too_large(place, max_bytes)
            if line.strip():
                yield page_of_record(source, number, line.strip(), _parse(line, place))
        except ReadError as error:
            yield ReadFailure(source.name, number, type(error).__name__, str(error))
        number += 1


def page_of_record(source: Input, number: int, data: bytes, row: Any) -> Page:
    """The page of one record, whose bytes and number make its id. Raises ReadError."""
    place = f"{source.name}, record {number}"
    if not isinstance(row, dict):
        raise ReadError(f"{place}: a JSON {type(row).__name__}, not an object. Give {{…}} a line.")
    content = content_of(row)
    if content is None:
        known = ", ".join(TEXT_KEYS + HTML_KEYS)
        raise ReadError(f"{place}: no text in any of the keys {known}. Rename the key that has it.")
    facts = facts_of(row)
    text, markup = content
    return Page(
        id=record_id(data, number),
        path=source.name,
        content=text.replace("\x00", "\ufffd"),
        markup=markup,
        record=number,
        url=facts.url,
        title=facts.title,
        published=facts.published,
    )


def record_id(data: bytes, number: int) -> str:
    """A record's id: its bytes and number, so that records added later change no id."""
    return hashlib.sha256(data + b"\x00%d" % number).hexdigest()[:ID_HEX_DIGITS]


def _parse(line: bytes, place: str) -> Any:
    try:
        return orjson.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        pass  # NaN, half surrogate pairs and other charsets: rarer, and slower to read
    try:
        return json.loads(_whole_characters(decode(line, place)))
    except (ValueError, RecursionError) as error:
        raise ReadError(f"{place}: not valid JSON ({error}). Mend or remove the line.") from error


def _whole_characters(text: str) -> str:
    r"""The text with `\ud83d` escapes that lack their other half made U+FFFD."""
    import re

    pair = re.compile(
        r"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
    )
    return pair.sub(lambda match: match.group(1) or r"\ufffd", text)


def _skip_line(stream: BinaryIO) -> None:
    while chunk := stream.readline(1 << 20):
        if chunk.endswith(b"\n"):
            return
