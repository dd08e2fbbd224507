"""Clean text made for training: nothing of the text is lost, furniture stands where it does."""

from __future__ import annotations

import json

import numpy as np
import pytest

from quality.chrome.features import Tokens
from quality.chrome.labelled import CHROME, CONTENT, HEADING, UNKNOWN, fold, page_of
from quality.chrome.made import (
    CHANCE_UNDER,
    MOST_OF_SOURCE,
    Place,
    Post,
    furnished,
    furniture_of,
    read_posts,
)
from tests.chrome.pages import BODY, FOOTER, MENU


@pytest.fixture(scope="module")
def pages():
    """Full pages of sixty hosts: menu, text, footer; the last line says the host."""
    return [full_page(f"host{number}.example") for number in range(60)]


def full_page(host, page_type="article"):
    """One labelled full page."""
    lines = [*MENU, *BODY, *FOOTER, f"All of {host}"]
    labels = [CHROME] * len(MENU) + [CONTENT] * len(BODY) + [CHROME] * (len(FOOTER) + 1)
    unread = np.full(len(lines), UNKNOWN, np.int8)
    return page_of(
        lines,
        [None] * len(lines),
        Tokens(),
        host=host,
        page=host,
        split="train",
        situation="dense",
        page_type=page_type,
        sound=True,
        compared=np.array(labels, np.int8),
        read=unread,
        picked=unread == CONTENT,
    )


def posts(count):
    """Short posts, each with a heading."""
    return [
        Post(f"site/{number}", ("A headline", *BODY[:4]), frozenset({"A headline"}))
        for number in range(count)
    ]


def test_posts_keep_all_their_lines(pages):
    """In order, as text and headings; what is put in is chrome."""
    for made, post in zip(furnished(posts(40), pages), posts(40), strict=True):
        kept = [
            line for line, label in zip(made.lines, made.compared, strict=True) if label != CHROME
        ]
        assert tuple(kept) == post.lines
        assert (made.compared == HEADING).sum() == 1
        assert made.made


def test_furniture_stands_where_it_stood(pages):
    """Menus come over the text and footers under it, in about as many posts as meant."""
    made = furnished(posts(300), pages)
    under = [page for page in made if page.compared[-1] == CHROME]
    assert abs(len(under) / len(made) - CHANCE_UNDER) < 0.1
    assert all(page.lines[-1] in FOOTER for page in under)
    over = [page.lines[0] for page in made if page.compared[0] == CHROME]
    assert over
    assert set(over) <= set(MENU)


def test_furniture_comes_from_hosts_of_the_same_fold(pages):
    """Or what is left out to be measured on would be learnt from."""
    found = furniture_of(pages)
    for page in pages:
        runs = found[fold(page.host), Place.UNDER]
        assert [*FOOTER, f"All of {page.host}"] in [list(run) for run in runs]
    only = [page for page in pages if fold(page.host) == 0]
    made = furnished(posts(50), only)
    furnished_in = {fold(page.host) for page in made if (page.compared == CHROME).any()}
    assert furnished_in == {0}


def test_other_pages_give_no_furniture():
    """Of shops and lists it is not clear what is text."""
    assert not furniture_of([full_page("shop.example", page_type="product")])


def test_posts_are_read_from_sites_and_sources(tmp_path):
    """Whole posts with headings; paragraphs of one text together; no source is all there is."""
    site = {"host": "a.example", "path": "p", "headings": ["One"], "text": "One\n\nText  here."}
    rows = [
        {"source": source, "doc": f"{doc:04}", "text": f"Paragraph {part} of {doc}."}
        for source, many in (("blog", MOST_OF_SOURCE + 5), ("toefl", 3))
        for doc in range(many)
        for part in range(4)
    ]
    (tmp_path / "site.jsonl").write_text(json.dumps(site) + "\n")
    (tmp_path / "origin.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    [first, *others] = read_posts(tmp_path / "site.jsonl", tmp_path / "origin.jsonl")
    assert first == Post("a.example/p", ("One", "Text here."), frozenset({"One"}))
    assert len(others) == MOST_OF_SOURCE
    assert {len(post.lines) for post in others} == {4}
