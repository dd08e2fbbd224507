"""Counts are said in plain words."""

from __future__ import annotations

import pytest

from quality.classify.classifier import ParagraphClassifier
from quality.classify.explain import reason
from quality.classify.labels import Label
from quality.classify.wording import counted, say_count
from quality.document import Evidence, EvidenceKind


def test_every_count_has_words(small: ParagraphClassifier) -> None:
    """No reason ever shows the name of a feature: every count can be said, many or none."""
    for name in small.model.space.style.names:
        for number in (0.0, 1.0, 7.0):
            said = say_count(name, number, 30)
            assert said or number == 0.0
            assert not {"{", "_"} & set(said)


@pytest.mark.parametrize(("number", "said"), [(0.0, "no name"), (1.0, "1 name"), (2.0, "2 names")])
def test_numbers_agree(number: float, said: str) -> None:
    """One name, two names."""
    assert say_count("names, share", number, 9) == said


def test_shares_are_said_as_counts() -> None:
    """A reader counts words, not shares."""
    assert counted("figures, share") == "figures"


def test_reason_quotes_the_text() -> None:
    """A word that weighed is quoted as it stands, not as the model's shape of it."""
    text = "Mayor Lotte Virk said so."
    items = (Evidence(EvidenceKind.FEATURE, "“<NAME> said”", 0.9, 6, 21),)
    said = reason(Label.REPORTING, Label.OTHER, items, text, ["no figure"])
    assert said == (
        "Reads like reporting rather than other substance: wording “Lotte Virk said”, no figure."
    )
