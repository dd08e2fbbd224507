"""Files of plain text that only their site shows to be full pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from quality.run import analyze_batch, open_run
from quality.settings import Settings
from quality.write.jsonl import rows

BOATS = ("Hull", "Deck", "Mast", "Sail", "Keel", "Rudder", "Oar", "Rope", "Anchor", "Bilge")
PARTS = ("of oak", "of ash", "in winter", "at sea", "and salt")
CHAPTERS = [f"{boat} {part}" for boat in BOATS for part in PARTS]
# Paragraphs of a page, and how long they are at least.
TEXT, LEAST_CHARS = 3, 100


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """Ten pages of a book online, saved as text: fifty chapters over what each page says."""
    folder = tmp_path_factory.mktemp("site") / "boats.example"
    folder.mkdir()
    pages = root / "seeds" / "pages"
    stories = sorted([*pages.glob("wire/*.txt"), *pages.glob("lanternreport.example/*.txt")])
    for boat, story in zip(BOATS, stories[: len(BOATS)], strict=True):
        paragraphs = story.read_text("utf-8").split("\n\n")
        text = [one for one in paragraphs if len(one) > LEAST_CHARS][:TEXT]
        (folder / f"{boat.lower()}.txt").write_text("\n".join([*CHAPTERS, *text]), "utf-8")
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
    return [(row["path"], row["blocks"], row["duplicates"], row["flags"]) for row in found]


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
    [row] = score([book / "keel.txt"], tmp_path / "a", None)
    assert {block["label"] for block in row["blocks"][: len(CHAPTERS)]} > {"chrome"}


def test_without_repetition_the_site_is_not_asked(book: Path, tmp_path: Path) -> None:
    """Where it is switched off, pages are as they are alone."""
    found = score([book], tmp_path / "a", None, chrome={"site_repetition": False})
    [alone] = score([book / "anchor.txt"], tmp_path / "b", None)
    assert found[0]["blocks"] == alone["blocks"]


def test_neither_order_nor_batches_matter(book: Path, tmp_path: Path) -> None:
    """Batches of three, backwards, and scoring again say the same."""
    state = tmp_path / "state.db"
    first = score([book], tmp_path / "a", state)
    files = sorted(book.iterdir(), reverse=True)
    assert said(score(files, tmp_path / "b", None, run={"batch_files": 3})) == said(first)
    assert said(score([book], tmp_path / "c", state, rescore=True)) == said(first)


def test_a_later_page_is_known_by_earlier_runs(book: Path, tmp_path: Path) -> None:
    """The tenth page of a site is a full page though it comes alone."""
    files = sorted(book.iterdir())
    state = tmp_path / "state.db"
    score(files[:-1], tmp_path / "a", state)
    [row] = score(files[-1:], tmp_path / "b", state)
    assert row["duplicates"] == []
    assert {block["label"] for block in row["blocks"][: len(CHAPTERS)]} == {"chrome"}
