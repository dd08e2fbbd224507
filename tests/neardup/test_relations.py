"""Comparing two texts: figures as counted, passages where they stand."""

from __future__ import annotations

import random

import numpy as np
import pytest

from quality.neardup.hashing import tokens
from quality.neardup.relations import find_passage, overlaps, trigrams
from quality.neardup.sets import distinct
from tests.neardup.texts import article, replaced, signed


def _codes(paragraphs: list[str]) -> np.ndarray:
    return trigrams(signed(paragraphs, "a").word_bytes)


def _shingles(paragraphs: list[str]) -> set[tuple[str, ...]]:
    words = tokens("\n".join(paragraphs))
    return set(zip(words, words[1:], words[2:], strict=False))


@pytest.mark.parametrize("share", [0.0, 0.05, 0.2, 0.5, 1.0])
def test_figures_are_those_of_counting_shingles(share: float) -> None:
    """Similarity and containment from a byte a word are exact to half a percent."""
    first, second = article(1, 900), replaced(article(1, 900)[:4], share)
    ours, theirs = _shingles(first), _shingles(second)
    [found] = overlaps(_codes(first), [_codes(second)])
    both = len(ours & theirs)
    assert found.similarity == pytest.approx(both / len(ours | theirs), abs=0.005)
    assert found.containment == pytest.approx(both / len(theirs), abs=0.005)


def test_an_edited_copy_is_spread_and_a_shared_frame_is_not() -> None:
    """Both have half of the shingles; only one has them all over the text."""
    text, frame = article(1, 400), article(2, 400)[:3]
    edited, framed = replaced(text, 0.2), [*frame, *article(3, 200)]
    [copy] = overlaps(_codes(text), [_codes(edited)])
    [alike] = overlaps(_codes([*frame, *article(4, 220)]), [_codes(framed)])
    assert copy.containment == pytest.approx(alike.containment, abs=0.1)
    assert (copy.is_spread, alike.is_spread) == (True, False)


def test_a_passage_is_found_where_it_stands() -> None:
    """Begin, end and likeness of a lifted passage, also when some of its words changed."""
    rng = random.Random(1)
    lifted = article(7, 60, 1)
    around = [article(8, 200), article(9, 200)]
    sought = distinct(_codes(lifted))
    for share, likeness in ((0.0, 1.0), (0.1, 0.57)):
        text = [*around[0], *replaced(lifted, share, rng.randrange(99)), *around[1]]
        passage = find_passage(sought, _codes(text))
        assert passage.start == pytest.approx(198, abs=6)
        assert passage.end == pytest.approx(258, abs=6)
        assert passage.similarity == pytest.approx(likeness, abs=0.2)


def test_nothing_shared_is_nothing_found() -> None:
    """Texts without a common shingle have no likeness and no passage."""
    assert overlaps(_codes(article(1)), [_codes(article(2))])[0].similarity == 0.0
    assert find_passage(distinct(_codes(article(1))), _codes(article(2))).similarity == 0.0
