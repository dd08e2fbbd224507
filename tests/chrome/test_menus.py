"""Long menus of full pages: what the model leaves of them goes with the rest, text does not."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from quality.chrome.decide import find_chrome
from quality.chrome.lines import Threshold
from quality.chrome.menus import HEADLINE_GAP, RUN_LINES
from quality.document import EvidenceKind
from tests.chrome import pages

THRESHOLDS = {"dense": Threshold(0.0, 0.005), "clean": Threshold(0.0, 0.005)}
NAMES = [f"Grape variety {number}" for number in range(RUN_LINES)]
HEADLINE = "Eastern pier to close for repairs"
NEAR, FAR = 0.3, 0.05
GAP = range(20, 23)


def judged(names, scores, *, dense=True):
    """What is found of a page of names over a text."""
    lines = [*names, *pages.BODY * 2]
    given = np.array([*scores, *[0.0] * 10], np.float32)
    none = [None] * len(lines)
    document = pages.document(lines, dense=dense)
    return find_chrome(document, none, given, none, thresholds=THRESHOLDS).findings


def scores_with(gap, score, length=RUN_LINES):
    """Scores of names that go, but for those of the gap."""
    return [score if number in gap else 0.95 for number in range(length)]


def kept(findings, names):
    """The names that stay."""
    gone = {finding.block for finding in findings}
    return [name for number, name in enumerate(names) if number not in gone]


def test_what_stays_of_a_menu_goes_with_the_rest():
    """And the reason counts the lines."""
    found = judged(NAMES, scores_with(GAP, NEAR))
    assert kept(found, NAMES) == []
    one = next(finding for finding in found if finding.block == GAP[0])
    said = "Stands in a run of 40 short lines, 37 of which are taken for site furniture."
    assert one.reason == said
    assert (one.evidence[0].kind, one.evidence[0].weight) == (EvidenceKind.FEATURE, log(37 / 3))


@pytest.mark.parametrize(
    ("names", "scores", "dense"),
    [
        (NAMES, scores_with(GAP, FAR), True),
        (NAMES, scores_with(GAP, NEAR), False),
        (NAMES[1:], scores_with(GAP, NEAR, RUN_LINES - 1), True),
        ([*NAMES[:10], "It is open.", *NAMES[11:]], scores_with({10, *GAP}, NEAR), True),
        ([*NAMES[:10], "“It is open.”", *NAMES[11:]], scores_with({10, *GAP}, NEAR), True),
        ([*NAMES[:10], "港は閉まった。", *NAMES[11:]], scores_with({10, *GAP}, NEAR), True),
    ],
    ids=["reads like text", "clean text", "shorter run", "a sentence", "a quoted one", "Japanese"],
)
def test_other_lines_stay(names, scores, dense):
    """Where the model is sure, in clean text, in shorter runs."""
    found = judged(names, scores, dense=dense)
    assert {names[number] for number in GAP} <= set(kept(found, names))


def test_a_run_of_which_less_goes_is_a_list():
    """The share that goes by itself decides."""
    most = range(0, RUN_LINES, 2)
    found = judged(NAMES, scores_with(most, NEAR))
    assert kept(found, NAMES) == NAMES[::2]


def test_the_ends_of_a_run_stay():
    """Only what stands between lines that go is of the menu: a headline ends many runs."""
    ends = {0, RUN_LINES - 1}
    assert kept(judged(NAMES, scores_with(ends, NEAR)), NAMES) == [NAMES[0], NAMES[-1]]


@pytest.mark.parametrize(("others", "stays"), [(HEADLINE_GAP - 1, True), (HEADLINE_GAP, False)])
def test_a_headline_among_few_lines_stays(others, stays):
    """What the text says again is no name in a menu, unless it stands in a longer list."""
    gap = range(20, 21 + others)
    names = [*NAMES[:20], HEADLINE, *NAMES[21:]]
    left = kept(judged(names, scores_with(gap, NEAR)), names)
    assert left == [HEADLINE] * stays
