"""Time of the whole chain on HTML against bare trafilatura, in one process: `make bench-chrome`.

`python -m benchmarks.chain` takes dev articles a worker's chunk at a time, and each chunk in
turns: bare `trafilatura.extract`, then everything of ours, from the page to the record that is
written (extraction, rules, line model, signatures, outlines, labels, remembering, judging).
Times are of the processor; each round's ratio is of all its chunks, in turns, so that a busy
machine slows both sides. The first round is over pages that the process has not seen (a chunk of
the other split warms it up); it fills the caches of words, and is the slowest. Then
paragraphs a second of labelling alone, page by page and as workers do it, whole chunks together.
Needs the shared data beside the project.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from benchmarks import extraction
from quality.analysis import Analysis, Analyzer, analyzer_for
from quality.document import Document, Markup, Page
from quality.errors import PageError
from quality.extract.gold import GoldPage, gold_pages
from quality.pipeline import Scorer
from quality.run import CHUNK
from quality.settings import Settings
from quality.state import State

ROUNDS = 5
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Times:
    """Processor seconds of one chunk."""

    theirs: float
    extracted: float
    examined: float
    judged: float

    @property
    def ours(self) -> float:
        """The whole chain."""
        return self.extracted + self.examined + self.judged


def chain_times(pages: Sequence[GoldPage], analyzer: Analyzer) -> Iterator[Times]:
    """The times of each chunk, in turns with trafilatura."""
    theirs = extraction.trafilatura_with()
    scorer = Scorer(analyzer, State.in_memory())
    for chunk in cut(pages, CHUNK):
        begun = time.process_time()
        for page in chunk:
            theirs(page)
        done = time.process_time()
        documents = list(extracted(chunk, analyzer))
        got = time.process_time()
        analyses = analyzer.examine(documents)
        seen = time.process_time()
        judge(analyses, scorer)
        judged = time.process_time()
        yield Times(done - begun, got - done, seen - got, judged - seen)


def cut(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """The items in chunks."""
    return (items[start : start + size] for start in range(0, len(items), size))


def extracted(pages: Sequence[GoldPage], analyzer: Analyzer) -> Iterator[Document]:
    """The documents of those pages that have text."""
    for page in pages:
        try:
            yield analyzer.extract(
                Page(page.id, page.id, page.html, Markup.HTML, url=page.row["url"])
            )
        except PageError:
            continue


def judge(analyses: Sequence[Analysis], scorer: Scorer) -> None:
    """Remember and judge, up to the records that are written."""
    scorer.add(analyses)
    for report in scorer.judge(analyses):
        report.as_record()


def labelling(documents: Sequence[Document], analyzer: Analyzer) -> tuple[float, float]:
    """Paragraphs a second of whole labelling: document by document, and a chunk at a time."""
    rates = []
    for size in (1, CHUNK):
        begun = time.process_time()
        labels = [
            scored
            for chunk in cut(documents, size)
            for scored in analyzer.label([(document, (), ()) for document in chunk])
        ]
        seconds = time.process_time() - begun
        count = sum(one is not None for scored in labels for one in scored)
        rates.append(count / seconds)
    return rates[0], rates[1]


def main() -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--split", default="dev", choices=("train", "dev"))
    parser.add_argument("--sample", type=int, default=None, help="that many pages")
    options = parser.parse_args()
    pages = list(
        gold_pages(extraction.PAGES, options.split, page_type="article", sample=options.sample)
    )
    analyzer = analyzer_for(Settings())
    other = "train" if options.split == "dev" else "dev"
    warming = gold_pages(extraction.PAGES, other, page_type="article", sample=CHUNK)
    list(chain_times(list(warming), analyzer))  # imports and rules
    rounds = [list(chain_times(pages, analyzer)) for _ in range(ROUNDS)]
    print(
        f"{len(pages)} articles, chunks of {CHUNK} in turns, medians of {ROUNDS} rounds; CPU time"
    )
    print(f"{'':42}{'ms a page':>10}{'x trafilatura':>15}")
    for name, field in (
        ("trafilatura.extract", "theirs"),
        ("extraction", "extracted"),
        ("rules, line model, signatures, labels", "examined"),
        ("remembering, judging, records", "judged"),
        ("whole chain", "ours"),
    ):
        seconds = [sum(getattr(one, field) for one in times) for times in rounds]
        theirs = [sum(one.theirs for one in times) for times in rounds]
        ratios = [ours / other for ours, other in zip(seconds, theirs, strict=True)]
        spread = f"  ({min(ratios):.2f} to {max(ratios):.2f}; first round {ratios[0]:.2f})"
        spread = spread if field == "ours" else ""
        each = 1000 * statistics.median(seconds) / len(pages)
        print(f"{name:42}{each:10.2f}{statistics.median(ratios):15.2f}{spread}")
    documents = list(extracted(pages, analyzer))
    alone, together = max(labelling(documents, analyzer) for _ in range(ROUNDS))
    print(f"labelling in documents: {together:,.0f} paragraphs/s a chunk at a time,")
    print(f"                        {alone:,.0f} paragraphs/s one document at a time")


if __name__ == "__main__":
    main()
