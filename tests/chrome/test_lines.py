"""The line model: what it says of our own pages, how it is loaded, and why it says so."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from quality.chrome.context import context_names
from quality.chrome.lines import ARRAYS, META, USUAL_CHARS, LineModel, caution_of
from quality.chrome.rules import RuleSet
from quality.document import BlockKind
from quality.errors import ModelError
from quality.modelfiles import default_root
from tests.chrome.pages import BODY, FOOTER, MENU, PAGE

FOLDER = default_root() / "line"


@pytest.fixture(scope="module")
def model():
    """The model of the package."""
    return LineModel.load(FOLDER)


def test_furniture_scores_above_the_story(model):
    """On a full page of our own writing the story stays below the menu, which would be taken."""
    found = model.score(PAGE, dense=True)
    scores = dict(zip(PAGE, found, strict=True))
    story = max(scores[line] for line in BODY)
    assert story < 0.2
    assert np.mean([scores[line] for line in (*MENU, *FOOTER)]) > 0.8
    margins = model.thresholds["dense"].margins(found)
    assert margins[PAGE.index("Privacy policy")] > 0


def test_clean_text_keeps_its_story(model):
    """In clean text with one stock line the story stays far below that line."""
    lines = [*BODY, "Subscribe to our newsletter for more stories like this"]
    scores = model.score(lines, dense=False)
    assert scores[-1] > 0.5
    assert max(scores[:-1]) < 0.1


def test_scores_do_not_depend_on_what_was_scored_before(model):
    """Remembered tokens change nothing: a fresh model says the same, to the bit."""
    model.score(["Something else entirely", *FOOTER], dense=True)
    again = LineModel.load(FOLDER).score(PAGE, dense=True)
    assert np.array_equal(model.score(PAGE, dense=True), again)


def test_neighbours_matter(model):
    """The same two words score higher in a run of menu lines than between paragraphs."""
    line = "Market days"
    among_menu = model.score([*MENU[:4], line, *MENU[4:], *BODY], dense=True)[4]
    among_prose = model.score([*MENU, *BODY[:3], line, *BODY[3:]], dense=True)[len(MENU) + 3]
    assert among_menu > among_prose


def test_list_marks_and_kinds_weigh_the_same(model):
    """A list item is the same with its mark in the text or in its kind."""
    marked = model.score([BODY[0], "- Market day moves to Friday", BODY[1]], dense=False)
    kinds = [BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.PARAGRAPH]
    lines = [BODY[0], "Market day moves to Friday", BODY[1]]
    assert np.array_equal(marked, model.score(lines, kinds=kinds, dense=False))


def test_a_rule_hit_raises_the_score(model):
    """A line in a language the model never saw gains by the hit of a rule."""
    lines = [*BODY, "Einen Kommentar schreiben"]
    hits = [RuleSet.load().match(line, "de") for line in lines]
    assert hits[-1] is not None
    with_hit = model.score(lines, hits=hits, dense=False)[-1]
    assert with_hit > model.score(lines, dense=False)[-1]


@pytest.mark.parametrize("lines", [[], [""], ["One line."], ["", " ", "-"], ["x" * 100_000]])
def test_odd_input_gets_a_score_each(model, lines):
    """Nothing, blanks and giants are scored like anything else: one finite number a line."""
    scores = model.score(lines)
    assert scores.shape == (len(lines),)
    assert np.isfinite(scores).all()


def test_explanations_name_what_speaks(model):
    """Contributions are sorted by strength, and their spans lie in the line."""
    number = PAGE.index("Leave a comment")
    found = model.explain(PAGE, [number], dense=True)[number]
    weights = [abs(item.weight) for item in found]
    assert weights == sorted(weights, reverse=True)
    assert all(0 <= item.start < item.end <= len(PAGE[number]) for item in found)
    assert any("chrome line" in item.name for item in found)


def test_a_longer_line_must_be_surer():
    """Caution takes log-odds off long lines and none off lines of the usual length."""
    usual, short, long = caution_of(["x" * USUAL_CHARS, "x", "x" * 400], 1.0)
    assert usual == 0
    assert short < 0 < long


def test_a_model_of_another_layout_is_refused(tmp_path):
    """A model with other columns than this package computes names the cure."""
    folder = tmp_path / "line"
    shutil.copytree(FOLDER, folder)
    meta = json.loads((folder / META).read_text())
    meta["columns"] = len(context_names()) + 1
    (folder / META).write_text(json.dumps(meta))
    with pytest.raises(ModelError, match="quality train"):
        LineModel.load(folder)


def test_a_model_without_an_array_is_refused(tmp_path):
    """A model file that lacks an array is a ModelError, not a KeyError."""
    folder = tmp_path / "line"
    shutil.copytree(FOLDER, folder)
    with np.load(folder / ARRAYS) as arrays:
        kept = {name: arrays[name] for name in arrays.files if name != "clean_table"}
    np.savez_compressed(folder / ARRAYS, **kept)
    with pytest.raises(ModelError, match="clean_table"):
        LineModel.load(folder)
