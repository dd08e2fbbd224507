"""Lines of code, commands and logs: what a manual is there to say, however little it reads so."""

from __future__ import annotations

import re
from collections.abc import Sequence

# So many lines before and after a line are looked at; with as many of them code, it is code too.
AROUND, LEAST = 3, 2
# Longer lines are prose.
LONGEST = 160
_COMMANDS = "apt|brew|cargo|cd|curl|docker|export|git|kubectl|make|npm|npx|pip|python|sudo|yarn"
_CODE = re.compile(
    "|".join(
        (
            r"[;{}]\s*$",  # let total = 0;
            r"^\s*([$%>]|>>>|#>|#!|//|/\*|<!--|</|@\w+$)",  # >>> print(1)   // a comment   @cached
            rf"^\s*({_COMMANDS}) [\w./-]",  # git commit -m message
            r"^\s*(import [\w.]+|from [\w.]+ import .*|#include .*)$",
            r"^\s*(def|class|func|fn|function) \w+\W",  # def add(a, b):
            r"^\s*(const|let|var|return) \S",
            r"^\s*\w+(\.\w+)*\([^ ]*\)\s*[,:;{]?$",  # board.close("east")
            r"\w\s*(=|==|:=|=>|->|\+=|!=)\s*[\w\"'\[{(]",  # name = "pier"
            r"^\s*[\"']?[a-z_]\w*[\"']?:\s*([\"'\[{\d]|[\w./:-]+$)",  # image: pier/base:2
            r"^\s*\d\d?:\d\d:\d\d\b",  # 7:12:05 AM: built in 3 s
        )
    )
)


def is_code(line: str) -> bool:
    """Whether a line by itself looks like code, a command, a setting or a log's line.

    >>> is_code('name = "pier"'), is_code("The pier closes at dusk.")
    (True, False)
    """
    return len(line) <= LONGEST and _CODE.search(line) is not None


def is_in_code(lines: Sequence[str], number: int) -> bool:
    """Whether a line looks like code or stands among lines that do."""
    if is_code(lines[number]):
        return True
    around = [*lines[max(0, number - AROUND) : number], *lines[number + 1 : number + 1 + AROUND]]
    return sum(map(is_code, around)) >= LEAST
