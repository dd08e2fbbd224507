"""Several texts' signatures side by side, as arrays that are worked on in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quality.neardup.bands import Numbers
from quality.neardup.shingles import U8, U16, U32
from quality.neardup.signature import DocumentSignature


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """`minhashes` has a row a text; the `words` of all stand one after another."""

    minhashes: U16
    words: U8
    ends: Numbers
    """The place after the last word of each text."""

    def __len__(self) -> int:
        return len(self.ends)

    def word_bytes(self, row: int) -> U8:
        """The bytes of the words of one text."""
        return self.words[self.ends[row - 1] if row else 0 : self.ends[row]]


def texts_of(signatures: Sequence[DocumentSignature]) -> Texts:
    """The texts of some documents."""
    return Texts(
        np.array([stored_minhash(one.minhash) for one in signatures], np.uint16),
        np.concatenate([np.empty(0, np.uint8), *(one.word_bytes for one in signatures)]),
        np.cumsum([one.words for one in signatures], dtype=np.int64),
    )


def stored_minhash(values: U32) -> U16:
    """The low 16 bits of each value: half the room, and unlike values agree once in 65,536.

    This is b-bit minwise hashing (Li and König, WWW 2010) with b = 16.
    """
    return (values & np.uint32(0xFFFF)).astype(np.uint16)
