"""Training: a small corpus makes a model, of labels from every source."""

from __future__ import annotations

import json

import numpy as np
import pytest

from quality.chrome import train
from quality.chrome.context import context_names, in_context, measure_lines
from quality.chrome.features import Tokens, bare, cut_lines, hash_cut
from quality.chrome.labelled import (
    CHROME,
    CONTENT,
    HEADING,
    LINE_LABELS,
    READ_LINES,
    UNKNOWN,
    read_pages,
)
from quality.chrome.lines import LineModel
from quality.chrome.made import thinned
from quality.chrome.train import train_line_model
from quality.labelled import line_hash
from tests.chrome.pages import BODY, FOOTER, MENU, PAGE


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Labelled lines of twenty pages of our own, as full text and as extracted."""
    folder = tmp_path_factory.mktemp("corpus")
    post = {"host": "post.example", "path": "a", "headings": [], "text": "\n".join(BODY)}
    write(folder / "posts.jsonl", *({**post, "path": str(number)} for number in range(10)))
    write(folder / "origin.jsonl")
    rng = np.random.default_rng(5)
    with (folder / "lines.jsonl").open("w") as lines, (folder / "gold.jsonl").open("w") as gold:
        for number in range(20):
            body = [f"{line} ({number})." for line in rng.permutation(BODY)]
            for source, head, foot in (
                ("page_text", list(rng.permutation(MENU)), list(rng.permutation(FOOTER))),
                ("trafilatura", [], list(rng.permutation(FOOTER)[:3])),
            ):
                for i, line in enumerate([*head, *body, *foot]):
                    row = {
                        "page": str(number),
                        "host": f"host{number}.example",
                        "split": "train" if number < 18 else "dev",
                        "page_type": "article",
                        "source": source,
                        "i": i,
                        "label": "content" if line in body else "chrome",
                        "gold_ok": True,
                        "line": str(line),
                    }
                    lines.write(json.dumps(row) + "\n")
                    if source == "trafilatura" and number % 2:
                        gold.write(json.dumps(row) + "\n")
    return folder


def test_a_small_corpus_makes_a_model(corpus, tmp_path):
    """Training writes a model that loads, knows its thresholds and ranks furniture higher."""
    said = []
    train_line_model(
        corpus / "lines.jsonl",
        corpus / "gold.jsonl",
        tmp_path / "line",
        posts_paths=(corpus / "posts.jsonl", corpus / "origin.jsonl"),
        progress=said.append,
        rounds=8,
    )
    model = LineModel.load(tmp_path / "line")
    scores = model.score(PAGE, dense=True)
    story = [PAGE.index(line) for line in BODY]
    assert scores[story].max() < scores[: len(MENU)].mean()
    assert set(model.thresholds) == {"dense", "clean"}
    assert said


def test_read_labels_stand_beside_compared_ones(corpus):
    """Lines that were read carry both labels; pages of both sources are told apart."""
    pages = read_pages(corpus / "lines.jsonl", corpus / "gold.jsonl")
    clean = [page for page in pages if page.situation == "clean" and page.page == "1"]
    assert {page.situation for page in pages} == {"dense", "clean"}
    assert (clean[0].read == clean[0].compared).all()


def test_thinned_pages_keep_all_content(corpus):
    """Thinning takes chrome only, and leaves less of it than there was."""
    pages = read_pages(corpus / "lines.jsonl", corpus / "gold.jsonl")
    full = next(page for page in pages if page.situation == "dense")
    thin = thinned(full, np.random.default_rng(0), Tokens())
    assert (thin.compared == CONTENT).sum() == (full.compared == CONTENT).sum()
    assert (thin.compared == CHROME).sum() < (full.compared == CHROME).sum()


def test_the_title_over_the_text_is_no_chrome(corpus, tmp_path):
    """Of lines that say the title, the one over the text stays in thinned pages, as a heading."""
    rows = [json.loads(line) for line in (corpus / "lines.jsonl").read_text().splitlines()]
    rows = [row for row in rows if row["page"] == rows[0]["page"]]
    first = next(n for n, row in enumerate(rows) if row["label"] == "content")
    rows[0]["label"] = rows[first - 1]["label"] = "title"
    path = tmp_path / "titled.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    [full, *_] = read_pages(path, corpus / "gold.jsonl")
    assert full.compared[[0, first - 1]].tolist() == [UNKNOWN, HEADING]
    assert rows[first - 1]["line"] in thinned(full, np.random.default_rng(0), Tokens()).lines


def test_lines_we_read_ourselves_are_taught(corpus, monkeypatch):
    """Training hands our own labels of lines to the reader of pages."""
    given = []
    monkeypatch.setattr(train, "read_pages", lambda *paths: given.append(paths) or [])
    with pytest.raises((ValueError, IndexError)):
        train_line_model(corpus / "lines.jsonl", corpus / "gold.jsonl", corpus / "line")
    [(_, _, own)] = given
    assert (own / LINE_LABELS).is_file()
    assert (own / READ_LINES).is_file()


def test_labels_without_text_find_their_lines(corpus, tmp_path):
    """By page and number, or by hash and only where they are sure; the gold lines come first."""
    line = str(rows_of(corpus, "2", "trafilatura")[0]["line"])
    write(tmp_path / LINE_LABELS, {"page": "0", "i": 1, "label": "chrome"})
    sure, unsure = ({"label": "filler", "confidence": sureness} for sureness in (2, 1))
    other = str(rows_of(corpus, "4", "trafilatura")[0]["line"])
    write(
        tmp_path / READ_LINES,
        {"line": line_hash(line), **sure},
        {"line": line_hash(other), **unsure},
    )
    pages = {
        page.page: page
        for page in read_pages(corpus / "lines.jsonl", corpus / "gold.jsonl", tmp_path)
        if page.situation == "clean"
    }
    assert (pages["0"].read[1], pages["0"].picked[1]) == (CHROME, True)
    assert (pages["2"].read[0], pages["2"].picked[0]) == (CONTENT, True)
    assert pages["4"].read[0] == UNKNOWN
    # Page 1 is in the gold lines, which were drawn and not picked.
    assert not pages["1"].picked.any()
    assert (pages["1"].read != UNKNOWN).all()


def rows_of(corpus, page, source):
    """The rows of one page, in order."""
    rows = map(json.loads, (corpus / "lines.jsonl").read_text().splitlines())
    return [row for row in rows if (row["page"], row["source"]) == (page, source)]


def write(path, *rows):
    """Rows as JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_a_ranking_says_what_taking_more_would_lose(corpus):
    """Nothing while chrome comes first; where content does, its characters are lost at once."""
    pages = read_pages(corpus / "lines.jsonl", corpus / "gold.jsonl")
    pages = [page for page in pages if page.situation == "dense"]
    right = [np.where(page.label == CHROME, 5, -5).astype(np.float32) for page in pages]
    ranking = train.Ranking.of(pages, right, "dense")
    assert ranking.f1.max() == 1.0
    assert ranking.taken[ranking.last_within(0.0)] == 1.0
    wrong = train.Ranking.of(pages, [-margin for margin in right], "dense")
    assert wrong.loss[0] > 0.0
    assert wrong.taken[wrong.last_within(0.01)] == 0.0


def test_every_column_has_a_name():
    """Rows of stage 2 are as wide as their names are many."""
    lines = [bare(line) for line in PAGE]
    cut = cut_lines(lines, Tokens())
    form = measure_lines(lines, [False] * len(lines), [0.0] * len(lines))
    rows = in_context(np.zeros(len(lines), np.float32), form, cut)
    assert rows.shape == (len(lines), len(context_names()))
    assert len(hash_cut(cut).starts) == len(lines) + 1
