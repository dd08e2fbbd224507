"""The contract of language packs: what every folder in quality/lang must hold."""

from __future__ import annotations

import tomllib

import pytest

from quality import lang
from quality.tokens import fold

PACKS = pytest.mark.parametrize("code", lang.available())


def test_packs_promised_are_there() -> None:
    """English and eight more languages have a pack."""
    assert {"en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru"} <= set(lang.available())


@PACKS
def test_function_words_are_folded_and_many(code: str) -> None:
    """200 words and more, each as `fold` leaves it, without white space."""
    words = lang.function_words(code)
    assert len(words) >= 200
    assert {word for word in words if fold(word) != word or not word.strip()} == set()


@PACKS
def test_a_pack_has_chrome_rules(code: str) -> None:
    """A pack's chrome.toml is TOML with rules."""
    raw = lang.data(code, "chrome.toml")
    assert raw is not None
    assert len(tomllib.loads(raw.decode("utf-8"))["rule"]) > 0


@PACKS
def test_packs_are_told_apart(code: str) -> None:
    """Most of a language's function words are no other language's."""
    own = lang.function_words(code)
    others = [lang.function_words(other) for other in lang.available() if other != code]
    assert max(len(own & other) / len(own) for other in others) < 0.35


def test_what_is_missing_is_none_or_empty() -> None:
    """A language without a pack has no words and no files; so has a name not in a pack."""
    assert lang.function_words("xx") == frozenset()
    assert lang.data("xx", "chrome.toml") is None
    assert lang.data("en", "nothing.toml") is None
    assert lang.NO_LANGUAGE not in lang.available()
