"""Words are counted the same one text at a time and many at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quality.tokens import count_words, count_words_of

# Letters of several scripts, apostrophes, marks, spaces; one character beyond each table.
TEXTS = st.text(alphabet="ab’'_-. \n9é日テ\u0301٣\U00020000\ud800", max_size=30)


@given(st.lists(TEXTS, max_size=6))
def test_counting_many_is_counting_each(texts: list[str]) -> None:
    """Over arrays of code points, words begin and end where the expression says."""
    assert count_words_of(texts) == [count_words(text) for text in texts]
