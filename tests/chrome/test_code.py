"""Lines of code, commands and logs are told from text and from furniture."""

from __future__ import annotations

import pytest

from quality.chrome.code import is_code, is_in_code


@pytest.mark.parametrize(
    "line",
    [
        "let total = 0;",
        "}",
        "def add(first, second):",
        "import numpy",
        'name = "pier"',
        "git commit -m lights",
        "$ make score",
        "image: pier/base:2",
        '"width": 12,',
        "board.close(east)",
        "7:12:05 AM: built in 3 s",
        "// nothing to do here",
        "return total",
    ],
)
def test_code_is_known(line):
    """Programs, commands, settings, logs."""
    assert is_code(line)


@pytest.mark.parametrize(
    "line",
    [
        "The pier closes at dusk.",
        "Import duties rise again",
        "Leave a Comment",
        "By Anna Lindqvist | March 3, 2026 | 4 min read",
        "Home > News > Harbour",
        "Photo: Tom Okafor",
        "Share: Facebook, Mail",
        "Opening hours: 9:00 to 17:00",
        "Return to top",
        "Make a donation",
        "© 2026 Harbour Ledger",
        "From the archive (2019)",
        "Class of 2026",
        "Read more →",
        "Tags: ferries, piers",
        "- Copy link",
    ],
)
def test_text_and_furniture_are_no_code(line):
    """However short, and with colons, brackets and figures in them."""
    assert not is_code(line)


def test_a_line_among_code_is_code():
    """A bare word between two lines of a listing; not one between paragraphs."""
    assert is_in_code(["import sys", "importsys", "x = 1"], 1)
    assert not is_in_code(["The pier closes at dusk.", "importsys", "x = 1"], 1)
