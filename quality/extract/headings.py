"""Which lines of plain text are headings: a small logistic model over form and context.

Plain text has lost its marks, so a heading is known by its shape (short, titled, no full
stop) and its place (before prose, not in a run of short lines). The weights were fitted on
lines of web pages whose headings are marked in the HTML (`python -m benchmarks.headings
--fit`, train hosts); what reads as a sentence is never a heading, whatever its score.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

# Of 12,400 headings of web pages .4 % are longer, and most of those are sentences.
MAX_WORDS = 18
MAX_CHARS = 140
# Lines shorter than this are not taken for prose, however they end.
MIN_PROSE_CHARS = 80
SHORT_WORDS = 12
# Precision .80, recall .81 on dev hosts; half of the false ones are headings that the page
# does not mark (benchmarks/headings.py).
THRESHOLD = 0.45
# A label of more words before a colon is a lead-in to what follows.
MAX_LABEL_WORDS = 7

_WORD = re.compile(r"[^\W_][\w'’-]*")
_BULLET = re.compile(r"[•‣◦▪●○■□∙·*+–—-][\s\u00a0]+")
_NUMBER = re.compile(
    r"(?:\d{1,3}(?:\.\d{1,3})*[.):]|[IVX]{1,4}[.)]|[A-Za-z][.)]|#\d+[.:)]?"
    r"|§{1,2}[\s\u00a0]*\d{1,4}[a-z]?\b[.:]?"
    r"|(?:step|part|chapter|tip|day|method|option|phase|section)\s+#?\d{1,3}\b[.:)]?)[\s\u00a0]*",
    re.IGNORECASE,
)
_STOP = re.compile(r"""[.!?…。！？]["'”’»)\]]*(?:\s*\[\d+\])?$""")
_INNER_STOP = re.compile(r"""[.!?]["”’)]?\s+["“‘(]?[^\W\d_]""")
_FURNITURE = re.compile(r"[|»›→@©_=<>{}\[\]\\]|https?:|www\.")
# Breadcrumbs, addresses and copyright lines, whatever stands around them.
_NEVER = re.compile(r"[»›→©]|https?:|www\.")
_QUOTES = "\"“‘'«"

WEIGHTS = {
    "all_titled": 0.58,
    "asks": 0.57,
    "bracket": -0.99,
    "closes": 0.19,
    "colon": -2.16,
    "comma": -1.0,
    "dash_end": -1.07,
    "digits": -3.93,
    "exclaims": -1.41,
    "first": 1.08,
    "full_stop": -3.75,
    "furniture": -2.79,
    "inner_colon": -1.07,
    "inner_stop": -0.73,
    "last": -2.06,
    "lower": -1.59,
    "mark": -4.89,
    "next_longer": 0.2,
    "next_prose": 0.75,
    "next_short": -0.35,
    "next_two": 0.4,
    "no_long_words": 0.55,
    "numbered": 2.39,
    "prev_bullet": 0.76,
    "prev_colon": -0.75,
    "prev_longer": 0.23,
    "prev_prose": 0.22,
    "prev_short": -0.44,
    "quoted": 0.53,
    "run_4": -0.84,
    "run_6": -1.08,
    "titled": 1.18,
    "words_1": 0.4,
    "words_12_15": -0.6,
    "words_16": -1.26,
    "words_2_3": 0.32,
    "words_4_7": 0.3,
    "words_8_11": 0.34,
}
BIAS = -0.63


@dataclass(frozen=True, slots=True)
class Line:
    """What the model looks at in a line and its neighbours."""

    text: str
    words: tuple[str, ...]
    has_stop: bool
    has_bullet: bool
    number_end: int

    @property
    def is_short(self) -> bool:
        """Whether the line is as short as a menu item or heading."""
        return len(self.words) <= SHORT_WORDS and not self.has_stop and not self.has_bullet

    @property
    def is_prose(self) -> bool:
        """Whether the line is a paragraph of sentences."""
        return len(self.text) >= MIN_PROSE_CHARS and (
            self.has_stop or self.text[-1] in ":;" or len(self.text) > 2 * MIN_PROSE_CHARS
        )


def find_headings(lines: Sequence[str], gaps: Sequence[bool]) -> list[bool]:
    """Whether each line is a heading; `gaps[i]` tells a blank line before line i.

    >>> find_headings(["What the council decided", "The council met on Monday. " * 4], [1, 1, 1])
    [True, False]
    """
    looks = [_look(line) for line in lines]
    is_mixed = any(gaps[1:-1]) and not all(gaps[1:-1])
    runs = _runs(looks)
    return [
        _may_be_heading(look)
        and (
            _is_section_mark(looks, number)
            or _is_heading(looks, number, gaps if is_mixed else None, runs)
        )
        for number, look in enumerate(looks)
    ]


def heading_features(
    looks: Sequence[Line], number: int, runs: Sequence[tuple[int, int]]
) -> dict[str, float]:
    """The model's named features of one line, those that are not zero."""
    line = looks[number]
    following = looks[number + 1] if number + 1 < len(looks) else None
    previous = looks[number - 1] if number else None
    values = _form(line) | _neighbours(line, previous, following) | _run(runs[number])
    # A breadcrumb or a site's name may stand over the title.
    values["first"] = number <= 2 and not any(look.is_prose for look in looks[:number])
    if following and following.is_short and number + 2 < len(looks):
        values["next_two"] = looks[number + 2].is_prose
    return {name: float(value) for name, value in values.items() if value}


def look_at(lines: Sequence[str]) -> tuple[list[Line], list[tuple[int, int]]]:
    """The lines as the model sees them, and the run of short lines around each."""
    looks = [_look(line) for line in lines]
    return looks, _runs(looks)


def _look(text: str) -> Line:
    number = _NUMBER.match(text)
    # Longer lines are prose or nothing; their words do not matter.
    words = tuple(_WORD.findall(text[: 2 * MAX_CHARS]))
    return Line(
        text=text,
        words=words,
        has_stop=_STOP.search(text, max(0, len(text) - 12)) is not None,
        has_bullet=_BULLET.match(text) is not None,
        number_end=number.end() if number and number.end() < len(text) else 0,
    )


def _is_section_mark(looks: Sequence[Line], number: int) -> bool:
    """Whether a line is nothing but the mark of a law's section, right over its text."""
    line, following = looks[number], looks[number + 1] if number + 1 < len(looks) else None
    is_mark = line.text.startswith("§") and len(line.words) == 1
    return is_mark and following is not None and following.is_prose


def _may_be_heading(line: Line) -> bool:
    text = line.text
    if not line.words or len(line.words) > MAX_WORDS or len(text) > MAX_CHARS or line.has_bullet:
        return False
    if text.endswith((".", "…", "。", ",", ";")) or _NEVER.search(text):
        return False
    # A fragment goes on from the line before; names such as "iPhone" do not.
    first = line.words[0]
    return not first.islower() or line.number_end > 0


def _is_heading(
    looks: Sequence[Line],
    number: int,
    gaps: Sequence[bool] | None,
    runs: Sequence[tuple[int, int]],
) -> bool:
    if _is_label(looks, number):
        return True
    features = heading_features(looks, number, runs)
    score = BIAS + sum(WEIGHTS.get(name, 0.0) * value for name, value in features.items())
    if gaps is not None and gaps[number] and not gaps[number + 1]:
        # A prior: in the training pages gaps are lost, so they could not be fitted.
        score += 1.0
    return score >= math.log(THRESHOLD / (1 - THRESHOLD))


def _is_label(looks: Sequence[Line], number: int) -> bool:
    """`Sustainable Defence Initiatives:` alone on its line, over prose or a list."""
    line = looks[number]
    if not line.text.endswith((":", "：")) or len(line.words) > MAX_LABEL_WORDS:
        return False
    following = looks[number + 1] if number + 1 < len(looks) else None
    has_body = following is not None and (
        following.has_stop or following.has_bullet or following.number_end > 0
    )
    return has_body and (_title_share(line) >= 0.6 or len(line.words) <= 2)


def _title_share(line: Line) -> float:
    """Share of the longer words after the first that begin with a capital."""
    words = [word for word in line.words[1:] if len(word) > 3 and word[0].isalpha()]
    return sum(word[0].isupper() for word in words) / len(words) if words else 0.0


def _form(line: Line) -> dict[str, float]:
    text, count = line.text, len(line.words)
    rest = text[line.number_end :]
    longer = [word for word in line.words[1:] if len(word) > 3 and word[0].isalpha()]
    titled = _title_share(line)
    return {
        "words_1": count <= 1,
        "words_2_3": 2 <= count <= 3,
        "words_4_7": 4 <= count <= 7,
        "words_8_11": 8 <= count <= 11,
        "words_12_15": 12 <= count <= 15,
        "words_16": count >= 16,
        "full_stop": text.endswith((".", "…", "。")),
        "exclaims": text.endswith(("!", "！")),
        "asks": text.endswith(("?", "？")),
        "colon": text.endswith((":", "：")),
        "dash_end": text.endswith((",", ";", "—", "-", "–")),
        "closes": text[-1] in "\"”’')]»",
        "lower": _first_letter(rest).islower(),
        "quoted": rest[0] in _QUOTES,
        "mark": not (rest[0].isalnum() or rest[0] in _QUOTES or rest[0] in "¿¡(["),
        "numbered": line.number_end > 0,
        "no_long_words": not longer,
        "titled": titled,
        "all_titled": len(longer) >= 2 and titled == 1,
        "inner_colon": ": " in text,
        "comma": ", " in text,
        "inner_stop": _INNER_STOP.search(rest) is not None,
        "digits": sum(char.isdigit() for char in rest) / len(rest),
        "furniture": _FURNITURE.search(text) is not None,
        "bracket": "(" in text,
    }


def _first_letter(text: str) -> str:
    return next((char for char in text if char.isalnum()), " ")


def _neighbours(line: Line, previous: Line | None, following: Line | None) -> dict[str, float]:
    values: dict[str, float] = {"last": following is None}
    if following is not None:
        values["next_prose"] = following.is_prose
        values["next_short"] = following.is_short
        values["next_longer"] = _log_ratio(following, line)
    if previous is not None:
        values["prev_prose"] = previous.is_prose
        values["prev_short"] = previous.is_short
        values["prev_colon"] = previous.text.endswith(":")
        values["prev_bullet"] = previous.has_bullet
        values["prev_longer"] = _log_ratio(previous, line)
    return values


def _log_ratio(one: Line, other: Line) -> float:
    ratio = math.log((len(one.text) + 1) / (len(other.text) + 1))
    return max(-2.0, min(4.0, ratio))


def _run(run: tuple[int, int]) -> dict[str, float]:
    before, after = run
    length = before + after + 1
    return {
        "run_4": 4 <= length <= 5,
        "run_6": length >= 6,
    }


def _runs(looks: Sequence[Line]) -> list[tuple[int, int]]:
    """For each line, how many short lines follow on directly before and after it."""
    before: list[int] = []
    for number in range(len(looks)):
        is_run = number > 0 and looks[number - 1].is_short
        before.append(before[-1] + 1 if is_run else 0)
    after: list[int] = []
    for number in range(len(looks) - 1, -1, -1):
        is_run = number + 1 < len(looks) and looks[number + 1].is_short
        after.append(after[-1] + 1 if is_run else 0)
    return list(zip(before, reversed(after), strict=True))
