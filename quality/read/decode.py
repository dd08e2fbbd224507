"""Bytes to text: byte-order mark, UTF-8, the declared charset, then a detected one.

UTF-8 comes before the declaration because bytes beyond ASCII that decode as UTF-8 are
UTF-8, whatever an old template says; only 7-bit charsets such as ISO-2022-JP, which are
valid UTF-8 too, are believed first. Labels are read as browsers read them
(encoding.spec.whatwg.org): `iso-8859-1` means Windows-1252.
"""

from __future__ import annotations

import codecs
import re

from quality.errors import ReadError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BROWSER_NAMES = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
}
_SEVEN_BIT = frozenset({"iso2022_jp", "iso2022_kr", "hz", "utf-7"})
_MAGIC = (
    (b"%PDF", "a PDF", "convert it to text or HTML first"),
    (b"\x89PNG", "a PNG image", "it holds no text"),
    (b"\xff\xd8\xff", "a JPEG image", "it holds no text"),
    (b"GIF8", "a GIF image", "it holds no text"),
    (b"PK\x03\x04", "a ZIP archive", "unpack it first"),
    (b"\x1f\x8b", "gzip data", "add .gz to its name"),
    (b"\x28\xb5\x2f\xfd", "Zstandard data", "add .zst to its name (known for .jsonl)"),
    (b"PAR1", "a Parquet file", "name it .parquet"),
)
# `<meta charset=…>`, `<meta http-equiv … charset=…>`, `<?xml … encoding=…?>`; browsers look
# at the first 1,024 bytes, real pages carry it up to some thousands later.
_DECLARED = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*["']?([\w.:-]+)"""
)
_DECLARED_WITHIN_BYTES = 8192
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# Text has none but strays; every binary format tried has more than 5 %.
MAX_CONTROL_SHARE = 0.01
# One damaged character in ten is still text in UTF-8, more is another charset.
MAX_DAMAGED_SHARE = 0.1
_DETECT_BYTES = 65_536


def decode(data: bytes, place: str, *, declared: str | None = None, is_html: bool = False) -> str:
    """The text of `data`; `declared` is a charset from outside, such as an HTTP header.

    Raises ReadError for nothing, white space only, and what is no text; `place` begins
    the message.
    """
    if not data:
        raise ReadError(f"{place}: empty (0 bytes). Fetch it again or remove it.")
    for magic, what, cure in _MAGIC:
        if data.startswith(magic):
            raise ReadError(f"{place}: is {what}, not text; {cure}.")
    if is_html and declared is None:
        match = _DECLARED.search(data[:_DECLARED_WITHIN_BYTES].lower())
        declared = match.group(1).decode("ascii") if match else None
    text = _decode(data, place, _codec(declared))
    if not text.strip():
        raise ReadError(f"{place}: holds only white space. Fetch it again or remove it.")
    controls = sum(1 for _ in _CONTROL.finditer(text))
    if controls > MAX_CONTROL_SHARE * len(text):
        raise _binary(place)
    # A stray NUL becomes U+FFFD, as the HTML standard has it; parsers stop at NUL.
    return text.replace("\x00", "\ufffd") if controls else text


def _decode(data: bytes, place: str, declared: str | None) -> str:
    for bom, codec in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(codec, "replace")
    wide = _wide_codec(data)
    candidates: list[str | None] = [wide] if wide else ["utf-8", declared]
    if declared in _SEVEN_BIT:
        candidates.reverse()
    for candidate in candidates:
        try:
            if candidate:
                return data.decode(candidate)
        except UnicodeDecodeError:
            continue
    return _damaged_utf8(data) or _detected(data, place)


def _codec(label: str | None) -> str | None:
    try:
        name = codecs.lookup(label).name if label else None
    except LookupError:
        return None
    return _BROWSER_NAMES.get(name, name) if name else None


def _wide_codec(data: bytes) -> str | None:
    """UTF-16 without a mark, known by its zero bytes on one side."""
    sample = data[:4096]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) * 10 < len(sample) * 3:
        return None
    return "utf-16-be" if even > odd * 10 else "utf-16-le" if odd > even * 10 else None


def _damaged_utf8(data: bytes) -> str | None:
    text = data.decode("utf-8", "replace")
    beyond_ascii = sum(1 for char in text if char > "\x7f")
    damaged = text.count("\ufffd")
    return text if damaged <= MAX_DAMAGED_SHARE * beyond_ascii else None


def _detected(data: bytes, place: str) -> str:
    if data[:_DETECT_BYTES].count(0):
        raise _binary(place)
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_DETECT_BYTES]).best()
    if best is None:
        raise _binary(place)
    return data.decode(best.encoding, "replace")


def _binary(place: str) -> ReadError:
    return ReadError(f"{place}: binary data, not text in any known encoding. Remove it.")
