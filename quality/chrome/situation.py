"""Whether plain text still carries a whole page's furniture: menus above, footer below.

Form alone tells most full pages from articles; what kinds of furniture the rules name, and where,
tells the others, on which little of either stands.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from quality.chrome.rules import RuleHit
from quality.document import Document

# Fewer lines say nothing about the page.
MIN_LINES = 8
EDGE_LINES = 12
MENU_WORDS = 5
PROSE_CHARS = 80
# A logistic model, fitted and measured by `python -m benchmarks.chrome_situation --manuals`. Of dev
# hosts it finds 94 % of the full pages of articles, and takes 2 % of trafilatura's outputs and of
# the gold texts (lists and tables) for such; of train hosts left out 97.1, 1.7 and 4.3 %. Of 903
# pages of 58 manuals it finds 69 %, and takes 6 % of their text. By form alone those were 93, 1.0
# and 5.6 %; 95.3, 1.5 and 7.6 %; 75 and 11 %: a page whose only furniture is its menu of chapters
# reads like a list, which rules do not name. Its site may tell (`Scorer.situate`).
WEIGHTS = {
    "short": 0.53,
    "short_first": 2.77,
    "short_last": 0.67,
    "prose": 1.29,
    "lines": 0.06,
    "stops": -0.35,
    "over": 0.58,
    "under": 0.4,
    "legal": 3.9,
    "kinds": 4.62,
    "named_first": 0.64,
    "named_last": 1.89,
}
BIAS = -7.77

# Under pages stand links to what the law asks for, and who has the rights.
_LEGAL = re.compile(
    r"©|copyright|cookie|privacy|disclaimer|terms of|ights reserved|impressum|datenschutz|"
    r"rechte vorbehalten|mentions légales|confidentialité|droits réservés|aviso legal|privacidad|"
    r"derechos reservados|note legali|diritti riservati|direitos reservados|voorwaarden|"
    r"rechten voorbehouden|prywatności|regulamin|prawa zastrzeżone|конфиденциальност|"
    r"персональных данных|пользовательское|права защищены",
    re.IGNORECASE,
)
_MOST_LEGAL = 3
# So many categories of rules count one; there are 19.
_KINDS_UNIT = 10
_STOP = re.compile(r"""[.!?…:;。！？]['"”’»)\]]*$""")


def in_situation(
    document: Document, lines: Sequence[str], hits: Sequence[RuleHit | None]
) -> Document:
    """The document, `dense` where it is plain text that still carries a page's furniture.

    `lines` are its paragraphs, hard line breaks undone, and `hits` what rules say of each.
    """
    if not document.plain or not is_full_page(lines, hits):
        return document
    return replace(document, dense=True)


def is_full_page(lines: Sequence[str], hits: Sequence[RuleHit | None]) -> bool:
    """Whether the lines of a text are those of a full page rather than of an article."""
    if len(lines) < MIN_LINES:
        return False
    features = situation_features(lines, hits)
    return BIAS + sum(WEIGHTS[name] * value for name, value in features.items()) > 0


def situation_features(lines: Sequence[str], hits: Sequence[RuleHit | None]) -> dict[str, float]:
    """What the model looks at; shares are of lines, `prose` of characters."""
    stops = [_STOP.search(line, max(0, len(line) - 8)) is not None for line in lines]
    short = [
        not stop and len(line.split(maxsplit=MENU_WORDS)) < MENU_WORDS
        for line, stop in zip(lines, stops, strict=True)
    ]
    prose_lines = [
        stop and len(line) >= PROSE_CHARS for line, stop in zip(lines, stops, strict=True)
    ]
    named = [hit is not None for hit in hits]
    kinds = {hit.category for hit in hits if hit is not None}
    prose = sum(len(line) for line in lines if len(line) >= PROSE_CHARS)
    return {
        "short": sum(short) / len(lines),
        "short_first": _share(short[:EDGE_LINES]),
        "short_last": _share(short[-EDGE_LINES:]),
        "prose": prose / sum(map(len, lines)),
        "lines": math.log1p(len(lines)),
        "stops": sum(stops) / len(lines),
        # The first line may be the title of the page's window, long and cut off with dots.
        "over": math.log1p(_first(prose_lines[1:])),
        "under": math.log1p(_first(prose_lines[::-1])),
        "legal": min(_MOST_LEGAL, sum(map(_is_legal, lines[-EDGE_LINES:]))) / _MOST_LEGAL,
        "kinds": len(kinds) / _KINDS_UNIT,
        "named_first": _share(named[:EDGE_LINES]),
        "named_last": _share(named[-EDGE_LINES:]),
    }


def _share(marks: Sequence[bool]) -> float:
    return sum(marks) / len(marks)


def _is_legal(line: str) -> bool:
    return _LEGAL.search(line) is not None


def _first(marks: Sequence[bool]) -> int:
    """How many come before the first that is true."""
    return next((number for number, mark in enumerate(marks) if mark), len(marks))
