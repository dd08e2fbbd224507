"""Texts become delexicalised tokens, and each token keeps its place."""

from __future__ import annotations

import pytest

from quality.classify.encode import Encoder, strip_bullet, surface_matches, surfaces

WORDS = ("the", "mayor", "said", "on", "in", "of", "we", "paid", ".", ",")


def _tokens(text: str) -> list[str]:
    encoder = Encoder(WORDS)
    return [encoder.tokens[number] for number in encoder.encode([text]).ids]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the mayor of San Lorenzo said", "the mayor of <NAME> said"),
        ("The mayor said", "the mayor said"),
        ("We paid $1,200 in 2019", "we paid <MONEY> in <YEAR>"),
        ("we paid 40% on 12", "we paid <PCT> on <NUM>"),
        ("the NHS said", "the <ABBR> said"),
        ("the gently simmering kettle", "the <word-ly> <word-ing> <word>"),
        ("see https://example.org/a-b now", "<word> <URL> <word>"),
        ("- the mayor", "the mayor"),
    ],
)
def test_names_figures_and_rare_words_become_shapes(text: str, expected: str) -> None:
    """What is particular to a text is told by its kind only."""
    assert " ".join(_tokens(text)) == expected


def test_spans_point_at_the_tokens() -> None:
    """Token by token, the span in the whole text holds the surface."""
    text = "• We’ve paid $3.50 in Aarhus (twice) — see www.example.org."
    assert [match.group() for match in surface_matches(text)] == surfaces(text)


@pytest.mark.parametrize("bullet", ["- ", "* ", "• ", "3. ", "(2) ", "a) "])
def test_bullets_are_form(bullet: str) -> None:
    """A bullet is taken off and remembered as such."""
    assert strip_bullet(f"{bullet}Keep it dry.") == ("Keep it dry.", True)


def test_what_came_before_makes_no_difference() -> None:
    """An encoder's memory of surfaces changes nothing but its speed."""
    texts = ["The mayor of Brno said it.", "We paid 3,000 kroner in May.", ""]
    used = Encoder(WORDS)
    used.encode(["quite Other Words, 44 of them", *reversed(texts)])
    fresh = Encoder(WORDS).encode(texts)
    again = used.encode(texts)
    assert again.ids.tolist() == fresh.ids.tolist()
    assert again.bounds.tolist() == fresh.bounds.tolist()
