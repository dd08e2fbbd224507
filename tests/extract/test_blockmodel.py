"""When witnesses are heard: where the model does not expect to do well without them."""

from __future__ import annotations

import numpy as np
import pytest

from quality.extract.blockmodel import BlockModel
from quality.extract.dom import candidates
from quality.extract.html import parse

ENGLISH = "The harbour board voted on Tuesday to close the eastern pier until the autumn."
GERMAN = "Der Hafenrat hat am Dienstag beschlossen, den östlichen Pier bis zum Herbst zu sperren."
MIXED = "Pier 7, 7 Pier, 12"


class Even:
    """Stages that give every block the same probability."""

    def __init__(self, probability: float) -> None:
        self.probability = probability

    def score(self, matrix, words):
        """The same for every block."""
        return np.full(len(words), self.probability)


@pytest.mark.parametrize(
    ("line", "probability", "is_heard"),
    [
        (ENGLISH, 0.77, False),
        (GERMAN, 0.77, True),
        (MIXED, 0.77, True),
        (GERMAN, 0.85, False),
        (ENGLISH, 0.7, True),
    ],
)
def test_other_languages_than_the_models_must_be_surer(line, probability, is_heard):
    """Blocks of an even probability p have an expected F1 of 2p / (1 + p): .87, .92 and .82."""
    page = f"<html><body>{'<p>' + line + '</p>'}{'<p>' + line + ' 2</p>'}</body></html>"
    heard = []

    def witnesses():
        heard.append(line)
        return [[], []]

    model = BlockModel(quick=Even(probability), full=Even(0.9))
    selection = model.select(candidates(parse(page)), witnesses)
    assert bool(heard) == is_heard
    assert selection.numbers == (0, 1)
