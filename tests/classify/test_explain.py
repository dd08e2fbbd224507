"""Explanations add up exactly and point into the text."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from quality.classify.classifier import ParagraphClassifier
from quality.classify.explain import contributions
from quality.classify.labels import CLASSES, Paragraph


def test_contributions_add_up(small: ParagraphClassifier, seed_texts: list[str]) -> None:
    """Words, counts and lines around sum to the difference of the two class scores."""
    rows = [Paragraph(text, ("Tips",), one) for text, one in pairwise(seed_texts[:7])]
    measured = small.measure.of(rows)
    mine, other = np.zeros(len(rows), np.int64), np.full(len(rows), 4)
    effective = small.measure.effective
    parts = contributions(measured, effective, small.model.surroundings, (mine, other))
    by_row = np.add.reduceat(parts.words, measured.reading.words.indptr[:-1])
    intercept = effective.intercept[0] - effective.intercept[4]
    total = by_row + parts.counts.sum(axis=1) + parts.around.sum(axis=1) + intercept
    expected = measured.classes[:, 0] - measured.classes[:, 4]
    np.testing.assert_allclose(total, expected, atol=1e-4)


def test_evidence_points_into_the_text(small: ParagraphClassifier, seed_texts: list[str]) -> None:
    """Spans are inside the paragraph, and a quoted name is what the span says."""
    for text, scored in zip(
        seed_texts[:80], small.score([Paragraph(text) for text in seed_texts[:80]]), strict=True
    ):
        for item in scored.evidence:
            assert 0 <= item.start < item.end <= len(text)
            word = item.name.strip("“”")
            if item.name.startswith("“") and word.isalpha():
                assert text[item.start : item.end].casefold() == word


@pytest.mark.parametrize("text", ["Mix 200 g of flour with 3 eggs and rest the dough for an hour."])
def test_reason_is_one_sentence_that_says_reads_like(
    shipped: ParagraphClassifier, text: str
) -> None:
    """The wording is about the text, never about its writer."""
    (scored,) = shipped.score([Paragraph(text, ("Method",))])
    assert "reads like" in scored.reason.casefold()
    assert "under “Method”" in scored.reason
    assert "2 figures" in scored.reason
    assert "written by" not in scored.reason


def test_scores_are_probabilities(small: ParagraphClassifier, seed_texts: list[str]) -> None:
    """Four scores that sum to 1, `generated` between 0 and 1."""
    for scored in small.score([Paragraph(text) for text in seed_texts[:50]]):
        if scored.scores is not None:
            assert sum(scored.scores.values()) == pytest.approx(1.0, abs=1e-3)
            assert len(scored.scores) == len(CLASSES) - 1
        assert scored.generated is None or 0.0 <= scored.generated <= 1.0
