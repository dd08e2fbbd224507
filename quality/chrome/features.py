"""What stage 1 of the line model sees: hashed features of single lines.

Words, word pairs, beginnings and ends of words and case patterns are hashed into one table.
Only cutting lines into tokens is Python; everything else is done for all lines of a document
at once in numpy.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

TABLE_BITS = 18
# A long line is told by its ends: more tokens change no decision and cost time.
HEAD_CHARS = 240
TAIL_CHARS = 120
# Lines up to this many tokens are also known by their whole wording.
WHOLE_TOKENS = 12
# Words from this length on carry a subject; shorter ones are mostly grammar.
SUBJECT_LETTERS = 4
# Forget cached tokens beyond this many; the results are the same, only slower once.
CACHE_TOKENS = 200_000

BULLETS = "-•*·–—‣▪►●○◦■+"
_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+|[^\w\s]")
_MIX = np.uint64(0x9E3779B97F4A7C15)
_PAIR = np.uint64(1_000_003)


class Tokens(dict[str, int]):
    """Packed codes of tokens, remembered.

    From the top: 1 bit "may carry a subject", 24 bits word, 16 bits beginning, 16 bits end,
    6 bits case pattern.
    """

    def __missing__(self, token: str) -> int:
        if len(self) > CACHE_TOKENS:
            self.clear()
        code = self[token] = _code(token)
        return code


@dataclass(frozen=True, slots=True)
class Cut:
    """Lines cut into tokens: line `i` has `counts[i]` codes from `starts[i]` on.

    Each line is framed by a code of 0 at both ends, which stand in `counts`.
    """

    codes: NDArray[np.uint64]
    owners: Ints
    starts: Ints
    counts: Ints

    @property
    def words(self) -> NDArray[np.uint64]:
        """The word of each code; 0 for frames."""
        return (self.codes >> np.uint64(38)) & np.uint64(0xFFFFFF)

    @property
    def cases(self) -> NDArray[np.uint64]:
        """The case pattern of each code; 0 for frames."""
        return self.codes & np.uint64(0x3F)

    def subjects(self) -> tuple[Ints, Ints]:
        """The words that may carry a subject, and the line of each."""
        chosen = self.codes >> np.uint64(62) > 0
        return self.words[chosen].astype(np.int64), self.owners[chosen]

    def whole(self, parts: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """One number a line from the numbers of its codes, dependent on their order."""
        place = (np.arange(len(parts)) - self.starts[self.owners]).astype(np.uint64)
        steps = np.uint64(1) + (place * _MIX >> np.uint64(20))
        return np.asarray(np.add.reduceat(parts * steps, self.starts), np.uint64)


@dataclass(frozen=True, slots=True)
class Hashed:
    """Features of lines as a ragged matrix: line `i` has `columns[starts[i]:starts[i + 1]]`."""

    columns: Ints
    starts: Ints


def bare(line: str) -> str:
    """The line without outer white space and list mark, so that kinds and marks weigh the same."""
    return line.strip().lstrip(BULLETS).lstrip()


def token_spans(line: str) -> list[tuple[int, int]]:
    """Start and end of the first tokens of a line, for explanations."""
    return [match.span() for match in _TOKEN.finditer(line, 0, HEAD_CHARS)]


def cut_lines(lines: Sequence[str], tokens: Tokens) -> Cut:
    """The tokens of each line (of the ends of long ones), as codes. `lines` is not empty."""
    found = list(map(_tokenise, lines))
    sizes = np.fromiter(map(len, found), np.int64, len(lines))
    known = np.fromiter(map(tokens.__getitem__, chain.from_iterable(found)), np.int64, sizes.sum())
    codes = np.zeros(len(known) + 2 * len(lines), np.int64)
    # Each line before takes two frames, and its own first one comes before its tokens.
    codes[np.arange(len(known)) + np.repeat(2 * np.arange(len(lines)) + 1, sizes)] = known
    count = sizes + 2
    return Cut(
        codes=codes.view(np.uint64),
        owners=np.repeat(np.arange(len(lines)), count),
        starts=np.cumsum(count) - count,
        counts=count,
    )


def hash_cut(cut: Cut) -> Hashed:
    """Hashed features of each line, independent of the lines around it."""
    parts = [*_token_features(cut), *_line_features(cut)]
    columns = np.concatenate([columns for columns, _ in parts])
    owners = np.concatenate([owners for _, owners in parts])
    order = np.argsort(owners, kind="stable")
    ends = np.cumsum(np.bincount(owners, minlength=len(cut.counts)))
    return Hashed(columns[order], np.concatenate([[0], ends]).astype(np.int64))


def _token_features(cut: Cut) -> list[tuple[Ints, Ints]]:
    code, owner, word, case = cut.codes, cut.owners, cut.words, cut.cases
    begin = (code >> np.uint64(22)) & np.uint64(0xFFFF)
    end = (code >> np.uint64(6)) & np.uint64(0xFFFF)
    inner = code > 0
    pair = owner[:-1] == owner[1:]
    triple = owner[:-2] == owner[2:]
    edge = triple & ((code[:-2] == 0) | (code[2:] == 0))
    words2 = word[:-1] * _PAIR + word[1:]
    cases2 = case[:-1] * np.uint64(64) + case[1:]
    return [
        (_slot(word[inner], 1), owner[inner]),
        (_slot(begin[inner], 2), owner[inner]),
        (_slot(end[inner], 3), owner[inner]),
        (_slot(words2[pair], 4), owner[:-1][pair]),
        (_slot((words2[:-1] * _PAIR + word[2:])[edge], 5), owner[:-2][edge]),
        (
            _slot((cases2[:-1] * np.uint64(64) + case[2:])[triple], 6),
            owner[:-2][triple],
        ),
    ]


def _line_features(cut: Cut) -> list[tuple[Ints, Ints]]:
    short = np.flatnonzero(cut.counts <= WHOLE_TOKENS + 2)
    return [
        (_slot(cut.whole(cut.words)[short], 7), short),
        (_slot(cut.whole(cut.cases)[short], 8), short),
    ]


def _slot(key: NDArray[np.uint64], family: int) -> Ints:
    """A place in the table for each key, mixed as splitmix64 does."""
    mixed = (key + np.uint64(family * 0x51ED2701)) * _MIX
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    return (mixed >> np.uint64(64 - TABLE_BITS)).astype(np.int64)


def _tokenise(line: str) -> list[str]:
    if len(line) > HEAD_CHARS + TAIL_CHARS:
        return _TOKEN.findall(line[:HEAD_CHARS]) + _TOKEN.findall(line[-TAIL_CHARS:])
    return _TOKEN.findall(line)


def _code(token: str) -> int:
    folded = "#" * min(len(token), 4) if token.isdigit() else token.casefold()
    subject = token.isalpha() and len(token) >= SUBJECT_LETTERS
    word = zlib.crc32(folded.encode()) & 0xFFFFFF
    begin = zlib.crc32(b"^" + folded[:4].encode()) & 0xFFFF
    end = zlib.crc32(b"$" + folded[-3:].encode()) & 0xFFFF
    return subject << 62 | word << 38 | begin << 22 | end << 6 | _case(token)


def _case(token: str) -> int:
    """The case pattern of a token, 1 to 63; marks each have their own as far as that goes."""
    if token.isdigit():
        return 1 + min(len(token), 4)
    if token.isalpha() or len(token) > 1:
        if token.islower():
            return 6
        if len(token) == 1:
            return 7
        return 8 if token.isupper() else 9
    return 10 + zlib.crc32(token.encode()) % 50
