"""Bytes to text."""

from __future__ import annotations

import codecs

import pytest

from quality.errors import ReadError
from quality.read.decode import decode

TEXT = "Łódź, naïve “quotes”, Ærø. Über die Brücke gingen täglich tausend Menschen."


@pytest.mark.parametrize(
    ("data", "codec"),
    [
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-16"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16"),
        (codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"), "utf-32"),
        (TEXT.encode("utf-16-le"), "no mark"),
        (TEXT.encode(), "utf-8"),
    ],
)
def test_unicode_in_any_form_is_read(data: bytes, codec: str) -> None:
    """With a byte-order mark or without."""
    assert decode(data, "a.txt") == TEXT


def test_a_declared_charset_is_read_as_browsers_read_it() -> None:
    """`iso-8859-1` in a page means Windows-1252, curly quotes and all."""
    page = '<meta charset="ISO-8859-1"><p>“naïve”</p>'
    assert decode(page.encode("cp1252"), "a.html", is_html=True) == page


def test_utf8_wins_over_a_wrong_declaration() -> None:
    """An old template's charset does not spoil UTF-8."""
    page = '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1"><p>Łódź'
    assert decode(page.encode(), "a.html", is_html=True) == page


def test_an_undeclared_charset_is_detected() -> None:
    """Cyrillic in Windows-1251 is told from its letters."""
    text = "Паром на остров отправился в полдень, на борту никого не было. " * 5
    assert decode(text.encode("cp1251"), "a.txt") == text


def test_one_damaged_character_does_not_change_the_charset() -> None:
    """UTF-8 with a stray byte stays UTF-8."""
    data = TEXT.encode() * 3 + b"\xff" + TEXT.encode()
    assert decode(data, "a.txt") == TEXT * 3 + "\ufffd" + TEXT


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", r"a\.txt: empty \(0 bytes\)"),
        (b" \n\t ", "only white space"),
        (b"%PDF-1.7 ...", "is a PDF"),
        (b"\x1f\x8b\x08...", "gzip data"),
        (bytes(range(256)) * 20, "binary data"),
        (b"ab\x00\x01\x02" * 200, "binary data"),
    ],
)
def test_what_is_no_text_says_what_it_is(data: bytes, says: str) -> None:
    """Nothing, white space and binary data are errors with a cure."""
    with pytest.raises(ReadError, match=says):
        decode(data, "a.txt")


def test_a_stray_nul_becomes_a_replacement_character() -> None:
    """One zero byte in a long text is damage, not a binary file."""
    assert decode(b"word " * 100 + b"\x00", "a.txt").endswith("word \ufffd")
