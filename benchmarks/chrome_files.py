"""Manuals as files of plain text, scored by a whole run: `python -m benchmarks.chrome_files`.

What `chrome_manuals` measures on lines that are known to be of full pages, with everything that a
run has to find out: which files are full pages, which texts are copies of one another, and what
therefore recurs. A file has near-duplicates by mistake if its text alone has none.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.chrome_manuals import measure
from quality.chrome.labelled import CHROME, CONTENT, LabelledPage
from quality.run import analyze_batch, open_run
from quality.settings import Settings
from quality.write.jsonl import rows

_Rows = Mapping[str, Mapping[str, Any]]


class Counts(NamedTuple):
    """Lines of furniture, how many go; characters of text, how many go; files and their copies."""

    furniture: int = 0
    taken: int = 0
    text: int = 0
    lost: int = 0
    files: int = 0
    copies: int = 0
    """Files that have near-duplicates."""
    false: int = 0
    """Of these, files whose text alone has none."""

    def say(self) -> str:
        """One line of figures."""
        return (
            f"{self.files} files, chrome taken {self.taken / max(self.furniture, 1):.3f}, "
            f"content lost {self.lost / max(self.text, 1):.2%}, "
            f"{self.copies} with near-duplicates, {self.false} of them not by their text"
        )


def figures(hosts: Mapping[str, Sequence[LabelledPage]]) -> Iterator[str]:
    """Each host, and all of them together, which are one run."""
    everything = _scored(hosts, text_only=False)
    texts = _scored(hosts, text_only=True)
    total = Counts()
    for name, own in hosts.items():
        counts = Counts()
        for page in own:
            counts = _sum(counts, _count(page, everything[page.page], texts[page.page]))
        yield f"  {name:24} {counts.say()}"
        total = _sum(total, counts)
    yield f"  {'all':24} {total.say()}"


def _sum(one: Counts, other: Counts) -> Counts:
    return Counts(*map(sum, zip(one, other, strict=True)))


def _count(page: LabelledPage, row: Mapping[str, Any], text: Mapping[str, Any]) -> Counts:
    is_copy, is_copy_by_text = ("near_duplicate" in one["flags"] for one in (row, text))
    furniture = taken = chars = lost = 0
    for line, what, gone in zip(page.lines, page.compared, _is_gone(page, row), strict=True):
        if what == CHROME:
            furniture, taken = furniture + 1, taken + gone
        elif what == CONTENT:
            chars, lost = chars + len(line), lost + gone * len(line)
    copies = is_copy, is_copy and not is_copy_by_text
    return Counts(furniture, taken, chars, lost, 1, *map(int, copies))


def _is_gone(page: LabelledPage, row: Mapping[str, Any]) -> list[bool]:
    """Whether each line of a page is in a block that is chrome; blocks keep the lines' order."""
    gone, place = [], 0
    spans = [(block["start"], block["end"], block["label"]) for block in row["blocks"]]
    for line in page.lines:
        words = re.compile(r"\s+".join(map(re.escape, line.split())))
        found = words.search(row["text"], place)
        if found is None:
            raise ValueError(f"{page.page}: its file has no line {line!r}")
        labels = (label for start, end, label in spans if start <= found.start() < end)
        gone.append(next(labels, "") == "chrome")
        place = found.end()
    return gone


def _scored(hosts: Mapping[str, Sequence[LabelledPage]], *, text_only: bool) -> _Rows:
    """The rows of documents.jsonl of a run over all pages as files, by page."""
    settings = Settings.model_validate({"read": {"settle_s": 0}})
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        pages: dict[str, str] = {}
        for number, own in enumerate(hosts.values()):
            site = folder / "in" / f"manual{number}.example"
            site.mkdir(parents=True)
            for page in own:
                path = site / f"{len(pages):04}.txt"
                path.write_text("\n".join(_lines(page, text_only=text_only)) + "\n", "utf-8")
                pages[path.as_posix()] = page.page
        with open_run([folder / "in"], settings=settings, out=folder, state=None) as run:
            for batch in run.batches():
                run.add(analyze_batch(batch, settings))
            for _ in run.judge():
                pass
            run.finish()
            found = rows(run.folder / "documents.jsonl")
            return {pages[row["path"]]: row for row in found}


def _lines(page: LabelledPage, *, text_only: bool) -> list[str]:
    labelled = zip(page.lines, page.compared, strict=True)
    return [line for line, what in labelled if not text_only or what != CHROME]


if __name__ == "__main__":
    measure(figures, __doc__)
