"""Leaked model text is found where it is, and nowhere else."""

from __future__ import annotations

import pytest

from quality.classify.classifier import ParagraphClassifier
from quality.classify.labels import Paragraph
from quality.classify.leaks import find_leak

LEAKED = [
    "As an AI language model, I cannot taste soup, but many cooks add salt late.",
    "I'm sorry, but I can't help with that request.",
    "Prices may have changed beyond my knowledge cutoff.",
    "Certainly! Here are 5 tips for watering succulents.",
    "Would you like me to expand on any of these steps?",
    "Contact [Your Company Name] today to learn more.",
    "Dear {{ first_name }}, welcome aboard.",
]
HONEST = [
    "The language model of the museum's guide was trained on letters of the 1890s.",
    "Sure, here we go again, he said, and turned the key.",
    "She told me to expand the garden [sic] by a metre.",
    "I'm sorry, but I can't eat another bite.",
]


@pytest.mark.parametrize("text", LEAKED)
def test_leak_is_found_with_its_span(text: str) -> None:
    """The span holds the phrase, not the whole text."""
    leak = find_leak(text)
    assert leak is not None
    assert 0 <= leak.start < leak.end <= len(text)
    assert leak.end - leak.start < len(text)


@pytest.mark.parametrize("text", HONEST)
def test_like_sounding_text_is_none(text: str) -> None:
    """People say such things too."""
    assert find_leak(text) is None


def test_leak_makes_advice_read_as_generated(shipped: ParagraphClassifier) -> None:
    """In advice one leak settles it, and the evidence says which."""
    text = (
        "Certainly! Here are some steps: loosen the two 5 mm bolts under the saddle, slide it "
        "back a centimetre, then tighten them to 6 Nm and check that the nose points ahead."
    )
    (scored,) = shipped.score([Paragraph(text, ("Saddle",))])
    assert scored.generated is not None
    assert scored.generated >= 0.95
    assert "answers a prompt" in [item.name for item in scored.evidence]
