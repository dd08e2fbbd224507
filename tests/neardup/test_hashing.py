"""Token hashing on arrays: the same words as quality.tokens, whatever stands around them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.neardup.hashing import hash_tokens, tokens

_TEXTS = st.text(
    st.one_of(st.characters(), st.sampled_from("ab'’ʼŉ \x1e\n_-é9İß日のไ😀\U0002a6d6"))
)


def _hashes(*parts: str) -> tuple[list[int], list[int]]:
    [(hashes, counts)] = hash_tokens([parts])
    return hashes.tolist(), counts


@given(st.lists(_TEXTS, max_size=5))
def test_parts_have_as_many_tokens_as_words(parts: list[str]) -> None:
    """Arrays cut any text into the words that `tokens` gives."""
    _, counts = _hashes(*parts)
    assert counts == [len(tokens(part.replace("\x1e", " "))) for part in parts]


@given(_TEXTS, _TEXTS)
def test_a_token_has_one_hash_wherever_it_stands(before: str, after: str) -> None:
    """The hashes of a text are those of its tokens one by one."""
    text = f"{before} {after}".replace("\x1e", " ")
    together, _ = _hashes(text)
    by_token: dict[str, int] = {}
    for token, value in zip(tokens(text), together, strict=True):
        assert by_token.setdefault(token, value) == value
    assert len(set(by_token.values())) == len(by_token)


@pytest.mark.parametrize("parts", [(), ("",), ("", "one two", "", "3.5")])
def test_empty_parts_are_counted(parts: tuple[str, ...]) -> None:
    """Parts without words keep their place in the counts."""
    hashes, counts = _hashes(*parts)
    assert len(counts) == len(parts)
    assert sum(counts) == len(hashes)


def test_documents_do_not_run_into_each_other() -> None:
    """A batch gives each document what it gives alone, across scripts and long texts."""
    documents = [["one two"], [], ["東京都は雨", "ends here"], ["word " * 30_000], ["it's", "done"]]
    for parts, (hashes, counts) in zip(documents, hash_tokens(documents), strict=True):
        alone, same = _hashes(*parts)
        np.testing.assert_array_equal(hashes, np.array(alone, np.uint64))
        assert counts == same


def test_words_of_a_mixed_text_match_those_of_a_plain_one() -> None:
    """An English word has the same hash in a text with Chinese in it."""
    assert _hashes("version 東京")[0][0] == _hashes("version two")[0][0]
