"""Full pages of our own writing, each line labelled: what the shared pages do not teach.

Those are English nearly all, and their labels come from comparing with a gold text. A file holds
pages of one language: `# ` and the kind of site, then for each line a letter, a tab and the line;
`c` is chrome, `t` text, `h` one of the text's headings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from quality.chrome.features import Tokens
from quality.chrome.labelled import CHROME, CONTENT, HEADING, WRITTEN, LabelledPage, page_of
from quality.chrome.rules import RuleSet
from quality.errors import UsageError
from quality.lang import detect

FOLDER = "full_pages"
"""Where they are among the seeds, a file a language."""
_LETTERS = {"c": CHROME, "t": CONTENT, "h": HEADING}


@dataclass(frozen=True, slots=True)
class WrittenPage:
    """A page's lines, and what each is: CHROME, CONTENT or HEADING."""

    site: str
    lines: tuple[str, ...]
    labels: tuple[int, ...]


def read_written(path: Path) -> list[WrittenPage]:
    """The pages of a file. Raises UsageError, naming the line, where something else stands."""
    pages: list[tuple[str, list[str], list[int]]] = []
    for number, row in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        letter, tab, line = row.partition("\t")
        if row.startswith("# ") and not tab:
            pages.append((row.removeprefix("# "), [], []))
        elif letter in _LETTERS and line.strip() and pages:
            pages[-1][1].append(line)
            pages[-1][2].append(_LETTERS[letter])
        else:
            raise UsageError(
                f"{path}, line {number}: {row!r}. Write `# site` over each page, then c, t or h, "
                "a tab and the line."
            )
    return [WrittenPage(site, tuple(lines), tuple(labels)) for site, lines, labels in pages]


def labelled_pages(folder: Path) -> Iterator[LabelledPage]:
    """The pages of a folder as they are taught: each line counts as read, none as a measure."""
    rules, tokens = RuleSet.load(), Tokens()
    for path in sorted(folder.glob("*.tsv")):
        for number, page in enumerate(read_written(path)):
            name = f"{path.stem}/{number}"
            language = detect("\n".join(page.lines))
            labels = np.array(page.labels, np.int8)
            yield page_of(
                list(page.lines),
                [rules.match(line, language) for line in page.lines],
                tokens,
                host=name,
                page=name,
                split="train",
                situation="dense",
                page_type=WRITTEN,
                sound=True,
                compared=labels,
                read=labels,
                picked=np.ones(len(labels), np.bool_),
            )
