"""Paragraphs as arrays of delexicalised tokens: names, figures and rare words become shapes.

A model that knows the words "Paris" or "iPhone" knows its training sites; one that knows
"NAME said NUM" holds elsewhere. A capitalised word inside a sentence becomes NAME (runs of
them one token), figures become NUM, YEAR, MONEY or PCT, words outside the vocabulary become
a shape by their ending. Everything after the regular expression is numpy over the whole
batch, which is what makes 5,000 paragraphs a second possible in Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

# Words with inner apostrophes, figures with their currency and separators, single marks. A
# hyphen inside a word is no token: "low-friction" is two words. Latin letters by range are
# found twice as fast as by category; the category picks up the other scripts.
_REST = (
    r"[A-Za-zÀ-ɏ]+(?:['’][A-Za-zÀ-ɏ]+)*|[$€£¥]?\d+(?:[.,:]\d+)*%?"
    r"|[^\w\s-]|(?<!\w)-|_|[^\W\d_]+"
)
_TOKEN = re.compile(_REST)
# Addresses, where there are any, come before all else.
_TOKEN_OR_ADDRESS = re.compile(r"https?://\S+|www\.\S+|" + _REST)
# Bullets and list numbers are form, not words: they are read as `list form` and left out.
_BULLET = re.compile(r"\s*(?:[-*•·‣◦▪●–—✓✔➤►»]+\s+|\(?\d{1,2}[.)]\s+|[a-zA-Z][.)]\s+)")
_YEAR = re.compile(r"(?:1[89]|20)\d\d")

SHAPES = (
    "<NAME>",
    "<NUM>",
    "<YEAR>",
    "<MONEY>",
    "<PCT>",
    "<ABBR>",
    "<URL>",
    "<word>",
    "<word-ing>",
    "<word-ed>",
    "<word-ly>",
    "<word-s>",
    "<word-tion>",
    "<mark>",
    "<letter>",
)
NAME, NUM, YEAR, MONEY, PCT, ABBR, URL, WORD, WORD_ING, WORD_ED, WORD_LY, WORD_S, WORD_TION = range(
    13
)
MARK, LETTER = 13, 14
_ENDINGS = (
    ("ing", WORD_ING),
    ("ed", WORD_ED),
    ("ly", WORD_LY),
    ("tion", WORD_TION),
    ("sion", WORD_TION),
    ("ment", WORD_TION),
    ("ness", WORD_TION),
    ("ity", WORD_TION),
    ("s", WORD_S),
)
# Forms of a surface token.
LOWER, CAPITAL, UPPER, FIGURE, PUNCTUATION = range(5)
# After these a capital says nothing about being a name.
_OPENERS = frozenset('.!?:…•|"“”‘(*–—-/\n')
# Surfaces remembered between calls; beyond it the memory starts again (about 30 MB).
_MAX_SURFACES = 200_000


@dataclass(frozen=True, slots=True)
class Encoded:
    """A batch of texts as flat token arrays; row i owns `bounds[i]:bounds[i + 1]`.

    `ids` are vocabulary ids after delexicalisation, `words` before it. `raw` and `raw_ends`
    are the first and last token's number in its text, before runs of names were joined.
    `starts` marks tokens that begin a sentence, `listed` texts that began with a bullet.
    """

    ids: NDArray[np.int64]
    words: NDArray[np.int64]
    rows: NDArray[np.int64]
    bounds: NDArray[np.int64]
    raw: NDArray[np.int64]
    raw_ends: NDArray[np.int64]
    forms: NDArray[np.int64]
    lengths: NDArray[np.int64]
    starts: NDArray[np.bool_]
    listed: NDArray[np.bool_]


def strip_bullet(text: str) -> tuple[str, bool]:
    """The text after a leading bullet or list number, and whether there was one.

    >>> strip_bullet("- Keep it dry.")
    ('Keep it dry.', True)
    """
    match = _BULLET.match(text)
    return (text[match.end() :], True) if match else (text, False)


def surfaces(text: str) -> list[str]:
    """The tokens of a text as they stand, without its bullet."""
    bare = strip_bullet(text)[0]
    return _tokens(bare).findall(bare)


def _tokens(text: str) -> re.Pattern[str]:
    return _TOKEN_OR_ADDRESS if "://" in text or "www." in text else _TOKEN


def surface_matches(text: str, most: int | None = None) -> list[re.Match[str]]:
    """The first `most` tokens of `surfaces`, as found in the whole text."""
    if most == 0:
        return []
    shift = len(text) - len(strip_bullet(text)[0])
    return list(islice(_tokens(text).finditer(text, shift), most))


def shape_of(folded: str) -> int:
    """The shape id of a word outside the vocabulary, by its ending."""
    if len(folded) == 1:
        return LETTER
    for ending, shape in _ENDINGS:
        if folded.endswith(ending) and len(folded) > len(ending) + 2:
            return shape
    return WORD


_Described = tuple[int, int, int, int, bool]


class _Seen(dict[str, int]):
    """Numbers of surfaces, given as they come; `table` has a column for each after `settle`."""

    def __init__(self, describe: Callable[[str], _Described]) -> None:
        super().__init__()
        self.table = np.zeros((5, 1 << 14), dtype=np.int64)
        self._describe = describe
        self._fresh: list[_Described] = []

    def __missing__(self, surface: str) -> int:
        self._fresh.append(self._describe(surface))
        number = self[surface] = len(self)
        return number

    def settle(self) -> None:
        """Take what is new into the table."""
        if not self._fresh:
            return
        while self.table.shape[1] < len(self):
            # Twice as wide, that not every new word costs a copy.
            self.table = np.hstack([self.table, np.zeros_like(self.table)])
        begin = len(self) - len(self._fresh)
        self.table[:, begin : len(self)] = np.array(self._fresh, dtype=np.int64).T
        self._fresh.clear()


class Encoder:
    """Encodes texts by a vocabulary (word -> id, after the shapes).

    Words of `known` have ids of their own too, but where texts are delexicalised they become
    shapes like any rare word: they are known by their neighbours only.

    It remembers surfaces it has seen, which only makes it faster: results do not depend on
    what came before.
    """

    def __init__(self, vocabulary: Sequence[str], known: Sequence[str] = ()) -> None:
        self.vocabulary = tuple(vocabulary)
        self.known = tuple(sorted(set(known).difference(vocabulary)))
        self.tokens = SHAPES + self.vocabulary + self.known
        self.first_word = len(SHAPES)
        self._first_known = len(SHAPES) + len(self.vocabulary)
        self.ids = {word: number for number, word in enumerate(self.tokens)}
        self._seen = _Seen(self._describe)

    def encode(self, texts: Sequence[str]) -> Encoded:
        """The texts as token arrays."""
        parts = [strip_bullet(text) for text in texts]
        found = [_tokens(text).findall(text) for text, _ in parts]
        counts = np.fromiter(map(len, found), np.int64, len(found))
        surface = self._look_up(list(chain.from_iterable(found)))
        words, plain, forms, lengths, openers = (column[surface] for column in self._seen.table)
        rows = np.repeat(np.arange(len(found)), counts)
        bounds = np.concatenate(([0], np.cumsum(counts)))
        starts = _starts(rows, openers.astype(bool))
        ids = _delexicalise(plain, forms, starts)
        keep = np.ones(len(ids), dtype=bool)
        keep[1:] = (ids[1:] != NAME) | (ids[:-1] != NAME) | (rows[1:] != rows[:-1])
        kept = rows[keep]
        number = np.arange(len(ids)) - bounds[:-1][rows]
        last = np.append(keep[1:], True)[: len(keep)]
        return Encoded(
            ids=ids[keep],
            words=words[keep],
            rows=kept,
            bounds=np.searchsorted(kept, np.arange(len(found) + 1)),
            raw=number[keep],
            raw_ends=number[last],
            forms=forms[keep],
            lengths=lengths[keep],
            starts=starts[keep],
            listed=np.array([listed for _, listed in parts], dtype=bool),
        )

    def _look_up(self, flat: list[str]) -> NDArray[np.int64]:
        if len(self._seen) > _MAX_SURFACES:
            self._seen = _Seen(self._describe)
        numbers = np.fromiter(map(self._seen.__getitem__, flat), np.int64, len(flat))
        self._seen.settle()
        return numbers

    def _describe(self, surface: str) -> _Described:
        """Id, id when delexicalised, form, length, whether a capital after it says nothing."""
        if len(surface) == 1 and not surface.isalnum():
            mark = self.ids.get(surface, MARK)
            return mark, mark, PUNCTUATION, 1, surface in _OPENERS
        if not surface[0].isalpha() or "://" in surface or surface.startswith("www."):
            shape = URL if surface[0].isalpha() else _figure(surface)
            return shape, shape, FIGURE, len(surface), False
        folded = surface.casefold().replace("’", "'")
        shape = shape_of(folded)
        word = self.ids.get(folded, shape)
        plain = word if word < self._first_known else shape
        return word, plain, _form(surface), len(surface), False


def _form(surface: str) -> int:
    if surface == "I" or surface.startswith(("I'", "I’")) or surface.islower():
        return LOWER
    return UPPER if len(surface) > 1 and surface.isupper() else CAPITAL


def _figure(surface: str) -> int:
    if surface[0] in "$€£¥":
        return MONEY
    if surface.endswith("%"):
        return PCT
    return YEAR if _YEAR.fullmatch(surface) else NUM


def _starts(rows: NDArray[np.int64], openers: NDArray[np.bool_]) -> NDArray[np.bool_]:
    starts = np.ones(len(rows), dtype=bool)
    if len(rows) > 1:
        starts[1:] = (rows[1:] != rows[:-1]) | openers[:-1]
    return starts


def _delexicalise(
    plain: NDArray[np.int64], forms: NDArray[np.int64], starts: NDArray[np.bool_]
) -> NDArray[np.int64]:
    outside = (plain >= WORD) & (plain < MARK)
    name = (forms == CAPITAL) & (~starts | outside)
    upper = (forms == UPPER) & outside
    return np.where(upper, ABBR, np.where(name, NAME, plain))
