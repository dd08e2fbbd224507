"""Keys and postings: shared passages share keys, and lookups equal a plain dictionary."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.neardup.bands import (
    ANCHOR_WORDS,
    BUCKET_CAP,
    WINDOW,
    Postings,
    anchor_places,
    anchors,
    band_keys,
)
from quality.neardup.sets import distinct, distinct_counts, is_member

_PASSAGE = WINDOW + ANCHOR_WORDS - 1


def _words(rng: random.Random, count: int) -> np.ndarray:
    return np.array([rng.randrange(256) for _ in range(count)], np.uint8)


def _anchors_of(texts: list[np.ndarray]) -> list[set[int]]:
    ends = np.cumsum([len(text) for text in texts])
    keys, rows, _ = anchors(np.concatenate(texts), ends)
    return [set(keys[rows == row].tolist()) for row in range(len(texts))]


@given(st.integers(0, 10**6), st.integers(0, 60), st.integers(0, 60))
def test_a_shared_passage_gives_a_shared_anchor(seed: int, before: int, after: int) -> None:
    """Whatever stands around it, a passage of a window's length brings the same key."""
    rng = random.Random(seed)
    passage = _words(rng, _PASSAGE)
    first = np.concatenate([_words(rng, before), passage, _words(rng, after)])
    second = np.concatenate([_words(rng, after), passage, _words(rng, before)])
    one, other = _anchors_of([first, second])
    assert one & other


def test_anchors_of_many_texts_are_those_of_each_alone() -> None:
    """Texts of all lengths side by side do not see each other's words; short ones have none."""
    rng = random.Random(1)
    texts = [_words(rng, n) for n in (0, 5, _PASSAGE - 1, 300, 0, _PASSAGE, 60_000, 4, 700, 3)]
    together = _anchors_of(texts)
    assert together == [_anchors_of([text])[0] if len(text) else set() for text in texts]
    assert [bool(found) for found in together] == [len(text) >= _PASSAGE for text in texts]


def test_an_anchor_stands_where_it_is_said_to_stand() -> None:
    """Anchors with the same key begin at the same four words."""
    words = np.tile(_words(random.Random(2), 90), 3)
    keys, _, windows = anchors(words, np.array([len(words)]))
    places = anchor_places(words, windows)
    assert len(set(keys.tolist())) < len(keys)
    for key in set(keys.tolist()):
        said = {words[place : place + ANCHOR_WORDS].tobytes() for place in places[keys == key]}
        assert len(said) == 1


def test_bands_agree_where_their_rows_agree() -> None:
    """A band's key depends on its own rows and its number only."""
    values = np.arange(126, dtype=np.uint16)[None, :].repeat(2, axis=0)
    values[1, 4] = 9
    one, other = band_keys(values, 42, 3)
    assert np.flatnonzero(one != other).tolist() == [1]
    same = band_keys(np.zeros((1, 126), np.uint16), 42, 3)[0]
    assert len(set(same.tolist())) == 42


@pytest.mark.parametrize("batch", [7, 60, 10_000])
def test_postings_give_the_earliest_texts_of_each_key(batch: int) -> None:
    """Lookups equal a dictionary's, capped, whatever batches the texts came in."""
    rng = random.Random(batch)
    pairs = [(rng.randrange(40) ** 2, text) for text in range(2_000)]
    postings, plain = Postings(), dict[int, list[int]]()
    for start in range(0, len(pairs), batch):
        keys, texts = zip(*pairs[start : start + batch], strict=True)
        postings.add(np.array(keys, np.uint32), np.array(texts))
    for key, text in pairs:
        plain.setdefault(key, []).append(text)
    wanted = np.array([0, 4, 5, 1_521, 0, 2**32 - 1], np.uint32)
    found = sorted(zip(*(part.tolist() for part in postings.find(wanted)), strict=True))
    assert found == [
        (place, text)
        for place, key in enumerate(wanted.tolist())
        for text in plain.get(key, [])[:BUCKET_CAP]
    ]


@given(st.lists(st.integers(0, 30)), st.lists(st.integers(0, 30)))
def test_sets_are_those_of_python(values: list[int], others: list[int]) -> None:
    """Distinct values, their counts and membership agree with sets and counts."""
    array, ordered = np.array(values, np.uint32), distinct(np.array(others, np.uint32))
    found, counts = distinct_counts(array)
    assert distinct(array).tolist() == found.tolist() == sorted(set(values))
    assert counts.tolist() == [values.count(value) for value in sorted(set(values))]
    assert is_member(array, ordered).tolist() == [value in others for value in values]
