"""Whether plain text still carries a whole page's furniture: menus above, footer below."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

# Fewer lines say nothing about the page.
MIN_LINES = 8
EDGE_LINES = 12
MENU_WORDS = 5
PROSE_CHARS = 80
# A logistic model fitted on the visible text of 938 training pages against trafilatura's
# output and the gold text of the same pages, and on the pages of our own writing in nine languages
# (half as much weight again) against the same with a sixth of their furniture, and with none. On
# dev hosts it calls 92 % of full pages dense, .9 % of trafilatura's outputs and 1.8 % of gold texts
# (lists and tables); of our pages that it was not fitted on 90 %, with a sixth of their furniture
# .5 %. Without pages of ours, and the last three features, those were 87, .5 and 2.8 %, 57 and
# 4.2 %.
WEIGHTS = {
    "short": -1.82,
    "short_first": 7.22,
    "short_last": 3.2,
    "prose": 4.44,
    "lines": 0.77,
    "copyright": 1.16,
    "stops": -0.73,
    "legal": 4.34,
    "over": 0.85,
    "under": 0.54,
}
BIAS = -14.48

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
_STOP = re.compile(r"""[.!?…:;。！？]['"”’»)\]]*$""")


def is_dense(lines: Sequence[str]) -> bool:
    """Whether the lines of a text are those of a full page rather than of an article."""
    if len(lines) < MIN_LINES:
        return False
    features = density_features(lines)
    return BIAS + sum(WEIGHTS[name] * value for name, value in features.items()) > 0


def density_features(lines: Sequence[str]) -> dict[str, float]:
    """What the model looks at; shares are of lines, `prose` of characters."""
    stops = [_STOP.search(line, max(0, len(line) - 8)) is not None for line in lines]
    short = [
        not stop and len(line.split(maxsplit=MENU_WORDS)) < MENU_WORDS
        for line, stop in zip(lines, stops, strict=True)
    ]
    prose_lines = [
        stop and len(line) >= PROSE_CHARS for line, stop in zip(lines, stops, strict=True)
    ]
    last = lines[-EDGE_LINES:]
    prose = sum(len(line) for line in lines if len(line) >= PROSE_CHARS)
    return {
        "short": sum(short) / len(lines),
        "short_first": sum(short[:EDGE_LINES]) / min(len(lines), EDGE_LINES),
        "short_last": sum(short[-EDGE_LINES:]) / len(last),
        "prose": prose / sum(map(len, lines)),
        "lines": math.log1p(len(lines)),
        "copyright": any("©" in line or "ights reserved" in line for line in last),
        "stops": sum(stops) / len(lines),
        "legal": min(_MOST_LEGAL, sum(map(_is_legal, last))) / _MOST_LEGAL,
        # The first line may be the title of the page's window, long and cut off with dots.
        "over": math.log1p(_first(prose_lines[1:])),
        "under": math.log1p(_first(prose_lines[::-1])),
    }


def _is_legal(line: str) -> bool:
    return _LEGAL.search(line) is not None


def _first(marks: Sequence[bool]) -> int:
    """How many come before the first that is true."""
    return next((number for number, mark in enumerate(marks) if mark), len(marks))
