"""Features of paragraphs: named, the same alone and in company."""

from __future__ import annotations

import numpy as np

from quality.classify.classifier import ParagraphClassifier
from quality.classify.features import form_of, headings_of
from quality.classify.labels import Paragraph
from quality.document import BlockKind


def test_company_makes_no_difference(small: ParagraphClassifier, seed_texts: list[str]) -> None:
    """A paragraph has the same features whatever is read with it."""
    space = small.model.space
    rows = [Paragraph(text, ("Tips",)) for text in seed_texts[:20]]
    together = space.matrix(space.read(rows)).toarray()
    alone = np.vstack([space.matrix(space.read([row])).toarray() for row in rows])
    np.testing.assert_allclose(together, alone, rtol=1e-6)


def test_every_feature_has_a_readable_name(small: ParagraphClassifier) -> None:
    """No feature is named by a number."""
    space = small.model.space
    names = [space.name(column) for column in range(len(space.keys))]
    assert all(any(letter.isalpha() or letter in "“" for letter in name) for name in names)
    assert len(set(names)) > 0.95 * len(names)


def test_short_line_before_counts_as_heading() -> None:
    """Extractors often give a heading as the line before."""
    assert headings_of(Paragraph("x", (), "Key takeaways")) == ("Key takeaways",)
    assert headings_of(Paragraph("x", (), "It rained all day.")) == ()
    assert headings_of(Paragraph("x", ("Weather",), "Key takeaways")) == ("Weather",)


def test_form_tells_lists_quotes_and_missing_headings() -> None:
    """The block's kind and the line before become features."""
    row = Paragraph("x", (), "You will need:", None, BlockKind.LIST_ITEM)
    assert form_of(row, headed=False) == [0, 3, 4]
