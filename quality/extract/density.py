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
# output and the gold text of the same pages. On dev hosts it calls 88 % of full pages dense,
# .5 % of trafilatura's outputs and 3 % of gold texts (lists and tables).
WEIGHTS = {
    "short": -0.8,
    "short_first": 5.7,
    "short_last": 3.87,
    "prose": 3.56,
    "lines": 1.01,
    "copyright": 4.97,
    "stops": -2.77,
}
BIAS = -11.6

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
    }
