"""Hard line breaks: which lines of plain text go on in the next one.

Mails, terminals, wire copy and the sources of old pages break paragraphs at a fixed width. A
line that was broken so is nearly full: the first word of the next would not have fitted. The
width is the text's own, and shows where a line without an end is followed by lower case.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

# Texts are broken at 60 to 80 characters, at most at 120; columns of print have 35.
LEAST_WIDTH = 35
MOST_WIDTH = 130
# So many lines must go on in lower case before their lengths say that the text is broken at a
# width: one alone may be a slip, or an item of a list that begins small.
LEAST_BREAKS = 3
# So many of them must be full. Lines that extractors cut at links have all lengths: of the texts
# in which three lines or more go on in lower case, they are three of four.
FULL_SHARE = 0.8
# And of all full lines so many must go on in lower case: in text broken at a width it is three of
# four, more than half even in German; where long lines happen to follow each other, one of ten.
LOWER_SHARE = 0.5
# By so many characters a line may be less than full: programs that count bytes break lines with
# quotes and accents earlier.
SLACK = 2
# A longer word (an address) is not what made the line break before it.
LONGEST_WORD = 20

_END = re.compile(r"""[.!?…:;。！？]["'”’»)\]]*$""")
# What begins a line of its own: bullets, numbers, quotes, table rows, headings, rules, fences.
_OWN = re.compile(r"[•‣◦▪●○■□∙·*+–—>|#=~-]|```|\(?(?:\d{1,3}|[A-Za-z])[.)]\s|[ivxIVX]{1,4}[.)]\s")
_TABLE = re.compile(r"\|.*\||\t.*\t")


def hard_breaks(lines: Sequence[str], gaps: Sequence[bool]) -> list[bool]:
    """Whether each line goes on in the next; `gaps[i]` tells a blank line before line i.

    >>> full = "the harbour board voted to close the pier for"
    >>> hard_breaks([full, full, full, full, "repairs."], [True, False, False, False, False])
    [True, True, True, True, False]
    """
    near = [
        not gap and len(line) <= MOST_WIDTH and not _stands_alone(line, following)
        for (line, following), gap in zip(pairwise(lines), gaps[1:], strict=False)
    ]
    going_on = [
        number
        for number, (line, following) in enumerate(pairwise(lines))
        if near[number]
        and len(line) >= LEAST_WIDTH
        and following[0].islower()
        and not _END.search(line)
    ]
    width = _width([lines[number] for number in going_on])
    if width is None:
        return [False] * len(lines)
    full = [
        is_near and len(line) + 1 + _first_word(following) > width - SLACK
        for (line, following), is_near in zip(pairwise(lines), near, strict=True)
    ]
    in_lower_case = sum(full[number] for number in going_on)
    if in_lower_case < max(FULL_SHARE * len(going_on), LOWER_SHARE * sum(full)):
        return [False] * len(lines)
    return [
        *(
            is_full and not _is_end(line, following, goes_on=goes_on)
            for (line, following), is_full, goes_on in zip(
                pairwise(lines), full, [*full[1:], False], strict=True
            )
        ),
        False,
    ]


def _is_end(line: str, following: str, *, goes_on: bool) -> bool:
    """Whether a full line ends its paragraph: a sentence ends, and what follows is none."""
    return bool(_END.search(line)) and not goes_on and not _END.search(following)


def _width(lines: Sequence[str]) -> int | None:
    """The width at which lines are broken, None where too few are; one in twenty may be longer."""
    if len(lines) < LEAST_BREAKS:
        return None
    lengths = sorted(map(len, lines))
    return lengths[(19 * len(lengths) - 1) // 20]


def _first_word(line: str) -> int:
    return min(len(line.split(maxsplit=1)[0]), LONGEST_WORD)


def _stands_alone(line: str, following: str) -> bool:
    """Whether two lines are no parts of one paragraph, by the marks they begin with."""
    return bool(_OWN.match(following) or _TABLE.match(line) or _TABLE.match(following))
