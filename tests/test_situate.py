"""Files of plain text that only their site shows to be full pages."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest

from quality.pipeline import Scorer
from quality.run import analyze_batch, open_run
from quality.run.whole import SETTLING_ROUNDS
from quality.settings import Settings
from quality.write.jsonl import rows

BOATS = ("Hull", "Deck", "Mast", "Sail", "Keel", "Rudder", "Oar", "Rope", "Anchor", "Bilge")
PARTS = ("of oak", "of ash", "in winter", "at sea", "and salt")
CHAPTERS = [f"{boat} {part}" for boat in BOATS for part in PARTS]
# Paragraphs of a page, and how long they are at least.
TEXT, LEAST_CHARS = 3, 100


@pytest.fixture(scope="module")
def texts(root: Path) -> list[list[str]]:
    """What pages say, a few paragraphs each."""
    stories = sorted((root / "seeds" / "pages").rglob("*.txt"))
    paragraphs = [story.read_text("utf-8").split("\n\n") for story in stories]
    long = [[one for one in own if len(one) > LEAST_CHARS][:TEXT] for own in paragraphs]
    return [own for own in long if len(own) == TEXT]


def write(folder: Path, pages: Iterable[list[str]]) -> Path:
    """Pages as text files of a host."""
    folder.mkdir(parents=True)
    for number, lines in enumerate(pages):
        (folder / f"{number:02}.txt").write_text("\n".join(lines), "utf-8")
    return folder


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory, texts: list[list[str]]) -> Path:
    """Ten pages of a book online, saved as text: fifty chapters over what each page says."""
    pages = ([*CHAPTERS, *text] for text in texts[: len(BOATS)])
    return write(tmp_path_factory.mktemp("site") / "boats.example", pages)


@pytest.fixture(scope="module")
def neighbours(tmp_path_factory: pytest.TempPathFactory, texts: list[list[str]]) -> Path:
    """Two books with the same texts, some pages without a menu, and hosts too small for a site.

    `few` has the chapters over the beginning of texts, `mirror` two pages as they are.
    """
    folder = tmp_path_factory.mktemp("neighbours")
    said = list(islice(cycle(texts), 30))
    boats = [[*(CHAPTERS if n < 20 else []), *text] for n, text in enumerate(said)]
    edited = [[*page, f"Thought of {n} days later."] for n, page in enumerate(boats[:3])]
    write(folder / "boats.example", [*boats, *edited])
    write(folder / "few.example", ([*CHAPTERS, *text[:1]] for text in said[:7]))
    write(folder / "mirror.example", boats[4:6])
    short = ([*(CHAPTERS[:12] if n < 24 else []), *text] for n, text in enumerate(said))
    write(folder / "short.example", short)
    return folder


def score(paths: list[Path], folder: Path, state: Path | None, **run: Any) -> list[dict[str, Any]]:
    """The rows of documents.jsonl of a run over `paths`."""
    rescore = run.pop("rescore", False)
    settings = Settings.model_validate({"read": {"settle_s": 0}, **run})
    with open_run(
        paths, settings=settings, out=folder.parent, state=state, folder=folder, rescore=rescore
    ) as opened:
        for part in opened.batches():
            opened.add(analyze_batch(part, settings, jobs=1))
        for _ in opened.judge():
            pass
        opened.finish()
    return sorted(rows(folder / "documents.jsonl"), key=lambda row: row["path"])


def said(found: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """What is said of documents, whenever it was."""
    fields = ("path", "blocks", "duplicates", "cluster", "flags")
    return [tuple(row[field] for field in fields) for row in found]


def test_chapters_on_every_page_are_chrome(book: Path, tmp_path: Path) -> None:
    """And the pages no copies; the text under them stays, all of it."""
    found = score([book], tmp_path / "a", None)
    assert [row["duplicates"] for row in found] == [[]] * len(BOATS)
    for row in found:
        labels = [block["label"] for block in row["blocks"]]
        assert set(labels[: len(CHAPTERS)]) == {"chrome"}
        assert "chrome" not in labels[len(CHAPTERS) :]


def test_a_page_alone_is_text(book: Path, tmp_path: Path) -> None:
    """Some of its chapters stay: nothing but the site tells them from another list."""
    [row] = score([book / "04.txt"], tmp_path / "a", None)
    assert {block["label"] for block in row["blocks"][: len(CHAPTERS)]} > {"chrome"}


def test_without_repetition_the_site_is_not_asked(book: Path, tmp_path: Path) -> None:
    """Where it is switched off, pages are as they are alone."""
    found = score([book], tmp_path / "a", None, chrome={"site_repetition": False})
    [alone] = score([book / "00.txt"], tmp_path / "b", None)
    assert found[0]["blocks"] == alone["blocks"]


def test_neither_order_nor_batches_matter(book: Path, tmp_path: Path) -> None:
    """Batches of three, backwards, and scoring again say the same."""
    state = tmp_path / "state.db"
    first = score([book], tmp_path / "a", state)
    files = sorted(book.iterdir(), reverse=True)
    assert said(score(files, tmp_path / "b", None, run={"batch_files": 3})) == said(first)
    assert said(score([book], tmp_path / "c", state, rescore=True)) == said(first)


def test_clusters_with_other_hosts_depend_on_no_batches(neighbours: Path, tmp_path: Path) -> None:
    """Full pages leave the clusters of pages that nothing shows to be such all at once."""
    first = score([neighbours], tmp_path / "a", None)
    for size in (1, 3, 7):
        again = score([neighbours], tmp_path / f"b{size}", None, run={"batch_files": size})
        assert said(again) == said(first)


def test_what_sites_tell_is_taken_in_at_once(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not batch by batch, or who leads a cluster could depend on where batches end."""
    calls: list[Scorer] = []
    settle = Scorer.settle
    monkeypatch.setattr(Scorer, "settle", lambda scorer: (calls.append(scorer), settle(scorer)))
    counts = []
    for size in (1, 10):
        calls.clear()
        score([book], tmp_path / f"b{size}", None, run={"batch_files": size})
        counts.append(len(calls))
    assert counts[0] == counts[1] <= 1 + SETTLING_ROUNDS


def test_the_same_bytes_are_exact_copies(neighbours: Path, tmp_path: Path) -> None:
    """Though the site of one copy tells that its menu is none of its words."""
    found = score([neighbours], tmp_path / "a", None)
    twins = [
        (row["id"], twin["document"], twin["kind"]) for row in found for twin in row["duplicates"]
    ]
    same = [twin for twin in twins if twin[0] == twin[1]]
    assert len(same) >= 4
    assert {kind for _, _, kind in same} == {"exact"}


def test_a_later_page_is_known_by_earlier_runs(book: Path, tmp_path: Path) -> None:
    """The tenth page of a site is a full page though it comes alone."""
    files = sorted(book.iterdir())
    state = tmp_path / "state.db"
    score(files[:-1], tmp_path / "a", state)
    [row] = score(files[-1:], tmp_path / "b", state)
    assert row["duplicates"] == []
    assert {block["label"] for block in row["blocks"][: len(CHAPTERS)]} == {"chrome"}
