"""Which lines of plain text are headings: by form, and by what follows."""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_WORDS = 16
MAX_CHARS = 130
_WORD = re.compile(r"[^\W_][\w'’-]*")
_BULLET = re.compile(r"[•‣◦▪●○■□∙·*+–—-][\s\u00a0]+")
_NUMBER = re.compile(r"(?:\d{1,3}(?:\.\d{1,3})*[.)]?|[IVX]{1,4}\.)[\s\u00a0]+")
_BAD_END = re.compile(r"""[.!,;…。！，、»)"”'’\]]$""")
_FURNITURE = re.compile(r"[|»›→@#©*_=<>{}\[\]\\/]|https?:|www\.")


def is_heading(lines: Sequence[str], number: int, gaps: Sequence[bool]) -> bool:
    """Whether a line is a heading of what follows; `gaps` tells blank lines before each line."""
    line = lines[number]
    words = _WORD.findall(line)
    if not words or len(words) > MAX_WORDS or len(line) > MAX_CHARS or _BULLET.match(line):
        return False
    numbered = _NUMBER.match(line)
    rest = line[numbered.end() :] if numbered else line
    if not rest or not (rest[0].isupper() or rest[0].isdigit() or rest[0] in "“\"'‘¿¡"):
        return False
    if _FURNITURE.search(line) or (_BAD_END.search(line) and not _is_quoted_end(line)):
        return False
    following = lines[number + 1] if number + 1 < len(lines) else ""
    if len(following) < 1.5 * len(line) and not gaps[number + 1]:
        return False
    return bool(following) and _looks_like_title(rest, words)


def _looks_like_title(line: str, words: Sequence[str]) -> bool:
    long_words = [word for word in words[1:] if len(word) > 3]
    upper = sum(1 for word in long_words if not word[0].islower())
    is_titled = upper >= 0.6 * len(long_words)
    if line.endswith((":", "：")):
        return len(words) <= 10 and is_titled
    return is_titled or len(words) <= 10


def _is_quoted_end(line: str) -> bool:
    """A closing mark whose opening stands in the line, after no full stop: `Deemed “Lost”`."""
    return line[-1] in "\"”'’)" and line[-2:-1].isalnum()
