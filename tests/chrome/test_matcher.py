"""The matcher finds what trying every pattern would find."""

from __future__ import annotations

import re2
from hypothesis import given
from hypothesis import strategies as st

from quality.chrome.bounds import find_bounds, split_alternatives
from quality.chrome.matcher import Matcher
from quality.chrome.rules import RuleSet, line_form

RULES = RuleSet.load(["en"]).rules
PATTERNS = [rule.pattern for rule in RULES if not rule.cased]
MATCHER = Matcher(PATTERNS)
COMPILED = [re2.compile(pattern) for pattern in PATTERNS]
EXAMPLES = [line_form(text).lower() for rule in RULES for text in rule.examples]
STOCK = "by read more the a comment share on 3 min : | > © photo / getty ad to of 2024 your"
WORDS = st.sampled_from(STOCK.split())


def _all(text: str) -> set[int]:
    return {number for number, one in enumerate(COMPILED) if one.fullmatch(text) is not None}


def test_nothing_is_lost_to_the_prefilter() -> None:
    """On the rules' own examples, all patterns that match are found."""
    for text in EXAMPLES[::9]:
        assert MATCHER.match(text) == _all(text), text


@given(st.lists(WORDS, min_size=1, max_size=6).map(" ".join))
def test_nothing_is_lost_on_word_salad(text: str) -> None:
    """On lines of stock words in any order, all patterns that match are found."""
    assert MATCHER.match(text) == _all(text)


@given(st.text(max_size=30))
def test_any_text_is_safe(text: str) -> None:
    """Any characters, surrogates too, go through without an error."""
    assert MATCHER.match(text) <= set(range(len(PATTERNS)))


def test_lone_surrogates_match_nothing() -> None:
    """A text that UTF-8 cannot hold is read as no rule's line."""
    assert MATCHER.match("read more \ud800") == set()


def test_bounds_are_necessary() -> None:
    """Openings and literals hold for what a pattern matches."""
    assert find_bounds("(the )?end").openings == {"the", "end"}
    assert find_bounds("ok|.+").openings is None
    assert find_bounds(".*(inbox|mailbox).*").literals == {"inbox", "mailbox"}
    assert find_bounds(r"\p{Lu}+").literals is None


def test_alternatives_are_split_at_outer_bars_only() -> None:
    """Bars in groups, classes and escapes stay."""
    assert split_alternatives(r"a\|b|[|]c|(d|e)") == (r"a\|b", "[|]c", "(d|e)")
