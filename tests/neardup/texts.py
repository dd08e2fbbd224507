"""Texts of our own making for these tests: articles that share no phrase unless edited."""

from __future__ import annotations

import random
from itertools import product

from quality.document import Block, BlockKind, Document, Section
from quality.neardup.signature import DocumentSignature, sign_document

_SYLLABLES = ("ba", "de", "fi", "go", "lu", "ma", "ne", "pi", "ro", "su", "ta", "ve", "wi", "zo")
_LEXICON = ["".join(parts) for parts in product(_SYLLABLES, repeat=3)]


def article(seed: int, words: int = 240, paragraphs: int = 6) -> list[str]:
    """Paragraphs of made-up words; other seeds share hardly any three words in a row."""
    rng = random.Random(seed)
    size = words // paragraphs
    return [" ".join(rng.choices(_LEXICON, k=size)) + "." for _ in range(paragraphs)]


def document(paragraphs: list[str], name: str, **facts: object) -> Document:
    """A document of these paragraphs, all in one section unless `sections` is given."""
    blocks, position = [], 0
    for paragraph in paragraphs:
        blocks.append(Block(position, position + len(paragraph), BlockKind.PARAGRAPH))
        position += len(paragraph) + 1
    whole = (Section(0, len(blocks) - 1),) if blocks else ()
    settings = {"id": name, "path": f"inbox/{name}.txt", "sections": whole} | facts
    return Document(text="\n".join(paragraphs), blocks=tuple(blocks), **settings)  # type: ignore[arg-type]


def signed(paragraphs: list[str], name: str, **facts: object) -> DocumentSignature:
    """The signature of such a document."""
    return sign_document(document(paragraphs, name, **facts))


def replaced(paragraphs: list[str], share: float, seed: int = 0) -> list[str]:
    """The paragraphs with this share of their words replaced by words of no other text."""
    rng = random.Random(seed)
    return [
        " ".join(
            f"qq{rng.randrange(10**6)}" if rng.random() < share else word
            for word in paragraph.split()
        )
        for paragraph in paragraphs
    ]
