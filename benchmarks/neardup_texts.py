"""Texts for the near-duplicate bench: real ones where ../shared is there, and edits of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from quality.document import Block, BlockKind, Document, Section
from quality.labelled import records
from quality.neardup.hashing import tokens

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
# The files of it that real texts are taken from.
TEXT_FILES = ("site_posts", "chrome_lines", "origin_paragraphs")
MIN_WORDS = 100

# Our own list; one synonym a word is how cheap spinners work.
_PAIRS = """
big/large small/little quick/fast begin/start began/started buy/purchase help/assist
show/display shows/displays make/create makes/creates made/created use/employ used/employed
using/employing get/obtain many/numerous important/crucial new/fresh good/solid great/superb
best/finest bad/poor people/folks company/firm companies/firms work/labor say/state
said/stated says/states need/require needs/requires want/wish think/believe thinks/believes
find/discover found/discovered way/method ways/methods problem/issue problems/issues
change/shift changes/shifts also/additionally but/yet however/nevertheless because/since
about/regarding can/may often/frequently very/quite more/further most/nearly first/initial
last/final year/twelvemonth years/seasons money/cash child/kid children/kids home/house
job/position part/portion place/spot keep/retain give/provide gives/provides given/provided
include/contain including/containing provide/supply provides/supplies increase/raise
increased/raised reduce/lower reduced/lowered improve/enhance ensure/guarantee allow/permit
allows/permits different/distinct several/various within/inside across/throughout among/amid
before/prior after/following during/throughout system/setup process/procedure service/offering
services/offerings report/account reports/accounts plan/scheme plans/schemes team/crew
area/zone areas/zones group/band groups/bands result/outcome results/outcomes example/instance
today/nowadays now/currently simple/easy hard/tough
"""
SYNONYMS = dict(pair.split("/") for pair in _PAIRS.split())
# Our own words: what a scraper's site puts around an article.
FRAME = (
    "Thanks for stopping by our daily desk, where readers meet the stories of the hour. Browse the "
    "sections above, pick a subject you like, and tell your friends about what you found here. "
    "Our small crew looks after these columns from early morning until the lamps go out.",
    "You have reached the end of this piece. Look through the archive by month, drop us a line "
    "with your thoughts, or join the weekly letter that lands in your box on Sunday. The opinions "
    "above belong to those who wrote them. All pages are for personal reading only.",
)
Text = list[str]
Edit = Callable[[Text, random.Random], Text]


def load_texts(limit: int | None = None) -> list[Text]:
    """Paragraphs of each text: from ../shared, or of made-up words where it is absent."""
    found = list(_shared_texts()) if SHARED.is_dir() else list(made_up_texts(1_500))
    unique = {" ".join(text): text for text in found if _size(text) >= MIN_WORDS}
    texts = list(unique.values())
    random.Random(1).shuffle(texts)
    return texts[:limit]


def made_up_texts(count: int) -> Iterator[Text]:
    """Texts of made-up words, as unevenly common as in English."""
    rng = random.Random(5)
    lexicon = [
        "".join(rng.choices("bcdfglmnprstvaeiou", k=rng.randint(2, 8))) for _ in range(9_000)
    ]
    # Zipf's law as Mandelbrot put it: the word of rank r has a share of about 1 / (r + 2.7).
    weights = [1 / (rank + 2.7) for rank in range(len(lexicon))]
    for _ in range(count):
        yield [
            " ".join(rng.choices(lexicon, weights, k=rng.randint(20, 90)))
            for _ in range(rng.randint(4, 12))
        ]


def as_document(text: Text, name: str) -> Document:
    """A plain document of these paragraphs in one section."""
    blocks: list[Block] = []
    position = 0
    for paragraph in text:
        blocks.append(Block(position, position + len(paragraph), BlockKind.PARAGRAPH))
        position += len(paragraph) + 1
    return Document(name, name, "\n".join(text), tuple(blocks), (Section(0, len(blocks) - 1),))


def replace_words(text: Text, share: float, rng: random.Random, stock: Text) -> Text:
    """The text with a share of its words replaced by words of another text."""
    words = " ".join(stock).split()
    return [
        " ".join(rng.choice(words) if rng.random() < share else word for word in paragraph.split())
        for paragraph in text
    ]


def cut(text: Text, share: float) -> Text:
    """The first part of a text, by words."""
    left, kept = int(_size(text) * share), []
    for paragraph in text:
        words = paragraph.split()[: max(0, left)]
        left -= len(words)
        if words:
            kept.append(" ".join(words))
    return kept


def edits(stock: list[Text]) -> dict[str, Edit]:
    """The edits of the bar table, by name."""
    return {
        "case and punctuation": lambda t, _: [
            p.upper().replace(",", "").replace(".", " !") for p in t
        ],
        "5 % replaced": lambda t, r: replace_words(t, 0.05, r, r.choice(stock)),
        "10 % replaced": lambda t, r: replace_words(t, 0.10, r, r.choice(stock)),
        "20 % replaced": lambda t, r: replace_words(t, 0.20, r, r.choice(stock)),
        "synonym spinning": lambda t, _: [
            " ".join(SYNONYMS.get(word, word) for word in p.split()) for p in t
        ],
        "paragraphs reordered": lambda t, r: r.sample(_sentences(t), len(_sentences(t))),
        "framed in boilerplate": lambda t, _: [FRAME[0], *t, FRAME[1]],
        "cut to 70 %": lambda t, _: cut(t, 0.7),
        "cut to 40 %": lambda t, _: cut(t, 0.4),
        "new lead": lambda t, r: [*cut(r.choice(stock), 0.15), *t[1:]] if len(t) > 1 else t,
    }


def exact_similarities(texts: list[Text]) -> sparse.coo_array:
    """Jaccard similarity of all pairs that share a word 3-gram, i < j, counted exactly."""
    vocabulary: dict[tuple[str, ...], int] = {}
    rows, columns = [], []
    for row, text in enumerate(texts):
        words = tokens("\n".join(text))
        grams = set(zip(words, words[1:], words[2:], strict=False))
        rows += [row] * len(grams)
        columns += [vocabulary.setdefault(gram, len(vocabulary)) for gram in grams]
    ones = np.ones(len(rows), np.int32)
    matrix = sparse.csr_array((ones, (rows, columns)), shape=(len(texts), len(vocabulary)))
    shared = sparse.triu(matrix @ matrix.T, k=1).tocoo()
    sizes = matrix.sum(axis=1)
    union = sizes[shared.row] + sizes[shared.col] - shared.data
    return sparse.coo_array((shared.data / union, (shared.row, shared.col)), shape=shared.shape)


def _shared_texts() -> Iterator[Text]:
    for row in _rows("site_posts"):
        yield [line for line in row["text"].split("\n") if line.strip()]
    lines = (
        r for r in _rows("chrome_lines") if r["source"] == "page_text" and r["label"] == "content"
    )
    for _, page in groupby(lines, key=lambda r: r["page"]):
        yield [row["line"] for row in page]
    for _, parts in groupby(_rows("origin_paragraphs"), key=lambda r: r["doc"]):
        yield [row["text"] for row in parts]


def _rows(name: str) -> Iterator[dict[str, Any]]:
    return records(SHARED / f"{name}.jsonl.gz")


def _sentences(text: Text) -> Text:
    """Paragraphs, or sentences where there are too few paragraphs to reorder."""
    return text if len(text) >= 4 else [s for p in text for s in p.split(". ") if s]


def _size(text: Text) -> int:
    return sum(len(paragraph.split()) for paragraph in text)
