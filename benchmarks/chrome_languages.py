"""Chrome of pages in nine languages: `python -m benchmarks.chrome_languages [LANGUAGE ...]`.

Pages of our own invention, seven a language, in `full_pages/`: every visible line of a page with
what it is. Other pages, of other kinds of site and in each language but English by another hand,
are in `seeds/full_pages`; the line model learns from those, and rules were written while looking at
them. Those here are for these figures; choices were made with the totals in sight, not the lines.

Each page is a text file twice: as a scraper gets it that keeps everything visible, and as an
extractor leaves it, with a sixth of the furniture (five draws). `--taught` measures the pages of
the seeds instead and shows each line that is missed or lost.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from quality.analysis import Analyzer, analyzer_for
from quality.chrome.labelled import CHROME, HEADING
from quality.chrome.written import FOLDER, WrittenPage, read_written
from quality.document import Markup, Page
from quality.lang import available
from quality.settings import Settings

UNSEEN = Path(__file__).with_name(FOLDER)
TAUGHT = Path(__file__).resolve().parents[1] / "seeds" / FOLDER
# Of the furniture of a page so much is left in what extractors give.
LEFT = 1 / 6
DRAWS = 5


@dataclass(slots=True)
class Counts:
    """Lines taken and lost; content in characters."""

    chrome: int = 0
    taken: int = 0
    content: int = 0
    lost: int = 0
    headings: int = 0
    headings_lost: int = 0

    def add(self, other: Counts) -> None:
        """Count the same of other pages too."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    def __str__(self) -> str:
        return (
            f"chrome taken {self.taken / max(1, self.chrome):.3f} of {self.chrome:4}, content lost "
            f"{self.lost / max(1, self.content):.2%}, headings lost {self.headings_lost} "
            f"of {self.headings}"
        )


def as_extracted(page: WrittenPage, rng: random.Random) -> WrittenPage:
    """The page as an extractor leaves it: all of its text, little of its furniture."""
    kept = [
        (line, label)
        for line, label in zip(page.lines, page.labels, strict=True)
        if label != CHROME or rng.random() < LEFT
    ]
    lines, labels = zip(*kept, strict=True)
    return WrittenPage(page.site, lines, labels)


def count(pages: Sequence[WrittenPage], analyzer: Analyzer, *, show: bool = False) -> Counts:
    """What the chain takes of the pages as text files."""
    counts = Counts()
    for page in pages:
        taken = taken_of(page, analyzer)
        for number, (line, label) in enumerate(zip(page.lines, page.labels, strict=True)):
            is_taken = number in taken
            if label == CHROME:
                counts.add(Counts(chrome=1, taken=is_taken))
            elif label == HEADING:
                counts.add(Counts(headings=1, headings_lost=is_taken))
            else:
                counts.add(Counts(content=len(line), lost=is_taken * len(line)))
            if show and is_taken != (label == CHROME):
                print(f"    {'lost' if is_taken else 'missed'}  {line}")
    return counts


def taken_of(page: WrittenPage, analyzer: Analyzer) -> set[int]:
    """The numbers of the lines that are taken for chrome."""
    found = analyzer.analyze(Page("p", "p.txt", "\n".join(page.lines), Markup.PLAIN))
    starts = {block.start: number for number, block in enumerate(found.document.blocks)}
    cut = {finding.block for finding in found.chrome.findings}
    begin, taken = 0, set()
    for number, line in enumerate(page.lines):
        if starts.get(begin) in cut:
            taken.add(number)
        begin += len(line) + 1
    return taken


def measure(path: Path, draws: int, *, show: bool = False) -> Counts:
    """A language's pages: whole where there are no draws, else so many times as extracted."""
    rng, written = random.Random(path.stem), read_written(path)
    pages = [as_extracted(page, rng) for _ in range(draws) for page in written] or written
    return count(pages, analyzer_for(Settings()), show=show)


def main() -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("languages", nargs="*", metavar="LANGUAGE")
    parser.add_argument("--taught", action="store_true", help="the pages of the seeds, with errors")
    options = parser.parse_args()
    folder = TAUGHT if options.taught else UNSEEN
    for name, draws in (("full pages", 0), ("extractor output", DRAWS)):
        print(f"{folder.parent.name}/{folder.name}, {name}, as text files")
        total = Counts()
        for code in options.languages or available():
            own = measure(folder / f"{code}.tsv", draws, show=options.taught)
            print(f"  {code}  {own}")
            total.add(own)
        print(f"  all {total}")


if __name__ == "__main__":
    main()
