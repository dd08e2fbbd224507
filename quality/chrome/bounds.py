"""What a line must begin with, or hold, for a pattern to match: read off the pattern itself.

Only necessary conditions, so a prefilter made of them loses no match. Patterns are split at
their outer bars first: the alternatives of one rule begin in different ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

# Three letters tell most opening words apart; longer openings make the tables grow faster
# than the choice among patterns narrows (2: 11 patterns a line, 3: 5).
OPENING_CHARS = 3
# More openings than this are no choice any more; a shorter opening is taken then. With 3,000,
# patterns that open in many ways (dates, addresses) are compiled anew with every other opening:
# the lines of the first 150 pages take 1.14 s for .79 s, and later ones no less.
_MOST_OPENINGS = 100
# More literals than this are built up only to be thrown away.
_MOST_LITERALS = 64
# Classes of more characters than this count as "anything".
_MOST_CLASS = 40

_parser: Any = import_module("re._parser")
_codes: Any = import_module("re._constants")
_REPEATS = frozenset({_codes.MAX_REPEAT, _codes.MIN_REPEAT})
# RE2's Unicode classes, which Python's parser does not know; any class will do here.
_UNICODE_CLASS = re.compile(r"\\[pP](\{\^?\w+\}|[A-Z])")
# Brackets and bars that mean something, and what hides others: escapes and classes.
_MARKS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()|]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Conditions that every match meets.

    `openings`: a match begins with one of them (those shorter than asked for are whole
    matches, or were cut on purpose); None where it can begin with anything.
    `literals`: a match holds one of them; None where none is sure, or openings are known.
    """

    openings: frozenset[str] | None
    literals: frozenset[str] | None


@cache
def find_bounds(pattern: str) -> Bounds:
    """The bounds of one pattern; none at all where Python's parser cannot read it.

    >>> find_bounds("(back|up) to.*").openings == frozenset({"bac", "up "})
    True
    >>> find_bounds(".+ min read").literals
    frozenset({' min read'})
    """
    try:
        tree = _parser.parse(_UNICODE_CLASS.sub(r"\\w", pattern))
    except re.error:
        return Bounds(None, None)
    for chars in range(OPENING_CHARS, 1, -1):
        openings = _openings(tree, chars)
        if openings is not None and "" not in openings:
            return Bounds(frozenset(openings), None)
    literals = _literals(tree)
    return Bounds(None, None if literals is None else frozenset(literals))


@cache
def split_alternatives(pattern: str) -> tuple[str, ...]:
    """The parts of a pattern between its outermost bars.

    >>> split_alternatives("a|(b|c)[|]d|e")
    ('a', '(b|c)[|]d', 'e')
    """
    parts, depth, start = [], 0, 0
    for mark in _MARKS.finditer(pattern):
        if mark[0] in "()":
            depth += 1 if mark[0] == "(" else -1
        elif mark[0] == "|" and depth == 0:
            parts.append(pattern[start : mark.start()])
            start = mark.end()
    return (*parts, pattern[start:])


def rarity(literals: Iterable[str]) -> float:
    """How often one of these turns up in text by chance, roughly: less is better."""
    # 20: what English letters carry is nearer to 20 even ones than to 26.
    return sum(20.0 ** -len(literal.strip()) for literal in literals)


def _openings(items: Sequence[Any], chars: int) -> set[str] | None:
    """The first `chars` characters of all matches of a sequence; None: too many, or any."""
    found = {""}
    for item in items:
        if all(len(opening) >= chars for opening in found):
            break
        more = _item_openings(item, chars)
        if more is None:
            return None
        found = _extend(found, more, chars)
        if len(found) > _MOST_OPENINGS:
            return None
    return found


def _extend(heads: set[str], tails: set[str], chars: int) -> set[str]:
    """Every head with every tail, cut to `chars`."""
    by_length: dict[int, set[str]] = {}
    for head in heads:
        by_length.setdefault(len(head), set()).add(head)
    found: set[str] = set()
    for length, group in by_length.items():
        cut = {tail[: chars - length] for tail in tails}
        found.update(head + tail for head in group for tail in cut)
    return found


def _item_openings(item: Any, chars: int) -> set[str] | None:
    code, value = item
    if code is _codes.SUBPATTERN:
        return _openings(value[3], chars)
    if code is _codes.BRANCH:
        return _union(_openings(branch, chars) for branch in value[1])
    if code in _REPEATS:
        return _repeat_openings(value, chars)
    return _characters(item)


def _repeat_openings(value: Any, chars: int) -> set[str] | None:
    least, most, body = value
    once = _openings(body, chars)
    if once is None:
        return None
    found: set[str] = {""} if least == 0 else set()
    heads = {""}
    for times in range(1, min(int(most), chars) + 1):
        heads = _extend(heads, once, chars)
        if len(heads) > _MOST_OPENINGS:
            return None
        if times >= min(least, chars):
            found |= heads
    return found


def _characters(item: Any) -> set[str] | None:
    """What a single-character item, or an anchor, can be; None: anything."""
    code, value = item
    if code is _codes.LITERAL:
        return {chr(value)}
    if code is _codes.AT:
        return {""}
    if code is not _codes.IN:
        return None
    found: set[str] = set()
    for kind, member in value:
        if kind is _codes.LITERAL:
            found.add(chr(member))
        elif kind is _codes.RANGE and member[1] - member[0] < _MOST_CLASS:
            found.update(map(chr, range(member[0], member[1] + 1)))
        elif kind is _codes.CATEGORY and member is _codes.CATEGORY_DIGIT:
            found.update("0123456789")
        else:
            return None
    return found


def _literals(items: Sequence[Any]) -> set[str] | None:
    """The rarest set of literals of which every match of a sequence holds one."""
    candidates: list[set[str]] = []
    run = {""}
    for item in items:
        exact = _exact(item)
        if exact is not None and len(run) * len(exact) <= _MOST_LITERALS:
            run = {head + tail for head in run for tail in exact}
            continue
        candidates.append(run)
        run = exact if exact is not None else {""}
        inner = _inner_literals(item) if exact is None else None
        if inner is not None:
            candidates.append(inner)
    candidates = [found for found in [*candidates, run] if found and "" not in found]
    return min(candidates, key=rarity, default=None)


def _inner_literals(item: Any) -> set[str] | None:
    code, value = item
    if code is _codes.SUBPATTERN:
        return _literals(value[3])
    if code is _codes.BRANCH:
        return _union(_literals(branch) for branch in value[1])
    if code in _REPEATS and value[0] >= 1:
        return _literals(value[2])
    return None


def _exact(item: Any) -> set[str] | None:
    """All strings an item can match, where they are few."""
    code, value = item
    if code is _codes.SUBPATTERN:
        return _exact_sequence(value[3])
    if code is _codes.BRANCH:
        return _union(_exact_sequence(branch) for branch in value[1])
    if code in _REPEATS and value[1] == 1:
        once = _exact_sequence(value[2])
        return once if once is None or value[0] else once | {""}
    characters = None if code in _REPEATS else _characters(item)
    return characters if characters is not None and len(characters) <= 4 else None


def _exact_sequence(items: Sequence[Any]) -> set[str] | None:
    found = {""}
    for item in items:
        exact = _exact(item)
        if exact is None or len(found) * len(exact) > _MOST_LITERALS:
            return None
        found = {head + tail for head in found for tail in exact}
    return found


def _union(sets: Iterable[set[str] | None]) -> set[str] | None:
    found: set[str] = set()
    for one in sets:
        if one is None or len(found) > _MOST_OPENINGS:
            return None
        found |= one
    return found
