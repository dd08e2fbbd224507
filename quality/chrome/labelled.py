"""Labelled lines, page by page, as the line model is trained on them.

Labels come from two sources: `compared`, by comparing with a gold text (which has gaps: of
what it calls chrome in extractor output only 58 % is), and `read`, by reading.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality.chrome.context import in_context, measure_lines
from quality.chrome.features import (
    Cut,
    Floats,
    Hashed,
    Tokens,
    bare,
    cut_lines,
    hash_cut,
)
from quality.chrome.lines import Situation, list_marks, rule_marks
from quality.chrome.rules import RuleHit, RuleSet
from quality.labelled import line_hash, records
from quality.lang import detect

SOURCES: dict[str, Situation] = {"page_text": "dense", "trafilatura": "clean"}
CONTENT, CHROME, HEADING, UNKNOWN = 0, 1, 2, -1
_COMPARED = {"content": CONTENT, "chrome": CHROME}
_READ = {"content": CONTENT, "chrome": CHROME, "heading": HEADING}
# Our own labels of lines of extractor output: read for chrome, and read as paragraphs.
LINE_LABELS, READ_LINES = "line_labels.jsonl", "read_lines.jsonl"
# Of what was read as paragraphs, labels given with less confidence teach nothing here.
LEAST_CONFIDENCE = 2
# The page type of those that we wrote (written.py).
WRITTEN = "written"
# Hosts are left out a fifth at a time.
FOLDS = 5
# Enough text to tell the language by.
_LANGUAGE_CHARS = 20_000

Labels = NDArray[np.int8]


@dataclass(slots=True)
class LabelledPage:
    """One page's lines with labels and features. `sound`: its gold text is known to be whole.

    `picked` lines were read because a model was unsure of them: they teach, but say nothing
    of how many lines are lost. `made` pages were put together for training. `scores` are
    stage 1 log-odds, `rows` the columns of stage 2; both are filled in later.
    """

    host: str
    page: str
    split: str
    situation: Situation
    page_type: str
    sound: bool
    lines: list[str]
    hits: list[RuleHit | None]
    compared: Labels
    read: Labels
    cut: Cut
    hashed: Hashed
    form: Floats
    picked: NDArray[np.bool_]
    made: bool = False
    scores: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    rows: Floats = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    @property
    def chars(self) -> Floats:
        """Characters of each line."""
        return np.array([max(len(line), 1) for line in self.lines], np.float32)

    @property
    def label(self) -> Labels:
        """What each line is: as read where it was read, else as compared; headings stay."""
        known = np.where(self.read == UNKNOWN, self.compared, self.read)
        return np.where(known == HEADING, CONTENT, known).astype(np.int8)

    def look(self, scores: Floats) -> None:
        """Take over stage 1 scores and see them in context."""
        self.scores = scores
        self.rows = in_context(scores, self.form, self.cut)


@dataclass(frozen=True, slots=True)
class _Readings:
    """What was read of lines: `gold` by page and line, `own` by page and number, or by hash."""

    gold: Mapping[tuple[str, str], int]
    own: Mapping[tuple[str, int], int]
    hashed: Mapping[str, int]

    @classmethod
    def load(cls, gold_lines: Path, seeds: Path | None) -> _Readings:
        gold = {
            (row["page"], row["line"]): _READ.get(row["label"], UNKNOWN)
            for row in records(gold_lines)
        }
        if seeds is None:
            return cls(gold, {}, {})
        own = {
            (row["page"], int(row["i"])): _READ[row["label"]]
            for row in records(seeds / LINE_LABELS)
        }
        hashed = {
            row["line"]: _READ.get(row["label"], CONTENT)
            for row in records(seeds / READ_LINES)
            if row["confidence"] >= LEAST_CONFIDENCE
        }
        return cls(gold, own, hashed)

    def of(self, row: Mapping[str, Any]) -> tuple[int, bool]:
        """The label of a line of extractor output, and whether it was picked to be read."""
        drawn = self.gold.get((row["page"], row["line"]))
        if drawn is not None:
            return drawn, False
        picked = self.own.get((row["page"], int(row["i"])))
        if picked is None:
            picked = self.hashed.get(line_hash(row["line"]), UNKNOWN)
        return picked, picked != UNKNOWN


def read_pages(
    lines_path: Path, gold_lines_path: Path, seeds: Path | None = None
) -> list[LabelledPage]:
    """All pages of a file of compared lines, with the lines that were read marked so.

    `seeds` is the folder of our own labels of more lines of extractor output of train hosts;
    these carry no text.
    """
    readings = _Readings.load(gold_lines_path, seeds)
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in records(lines_path):
        groups.setdefault((row["source"], row["page"]), []).append(row)
    tokens = Tokens()
    ruleset = RuleSet.load()
    pages = []
    for rows in groups.values():
        rows.sort(key=lambda row: int(row["i"]))
        lines = [row["line"] for row in rows]
        language = detect("\n".join(lines)[:_LANGUAGE_CHARS])
        hits = [ruleset.match(line, language) for line in lines]
        pages.append(_page(rows, hits, readings, tokens))
    return pages


def page_of(
    lines: list[str], hits: list[RuleHit | None], tokens: Tokens, **facts: Any
) -> LabelledPage:
    """A page of lines with their features; `facts` are its other fields."""
    naked = [bare(line) for line in lines]
    cut = cut_lines(naked, tokens)
    form = measure_lines(naked, list_marks(lines, None), rule_marks(hits, len(lines)))
    return LabelledPage(lines=lines, hits=hits, cut=cut, hashed=hash_cut(cut), form=form, **facts)


def fold(host: str) -> int:
    """The fold of a host, the same in every run."""
    return zlib.crc32(host.encode()) % FOLDS


def _page(
    rows: Sequence[dict[str, Any]],
    hits: list[RuleHit | None],
    readings: _Readings,
    tokens: Tokens,
) -> LabelledPage:
    first = rows[0]
    situation = SOURCES[first["source"]]
    lines = [row["line"] for row in rows]
    read = np.full(len(rows), UNKNOWN, np.int8)
    picked = np.zeros(len(rows), np.bool_)
    for number, row in enumerate(rows if situation == "clean" else ()):
        read[number], picked[number] = readings.of(row)
    return page_of(
        lines,
        hits,
        tokens,
        host=first["host"] or first["page"],
        page=first["page"],
        split=first["split"],
        situation=situation,
        page_type=first["page_type"],
        sound=bool(first["gold_ok"]),
        compared=_compared([row["label"] for row in rows], situation),
        read=read,
        picked=picked,
    )


def _compared(names: Sequence[str], situation: Situation) -> Labels:
    """Labels from comparing; of all that says the title, the line over the text is a heading.

    A full page's first line is the title of its window, with the site's name in it.
    """
    found = np.array([_COMPARED.get(name, UNKNOWN) for name in names], np.int8)
    content = np.flatnonzero(found == CONTENT)
    before = names[: content[0]] if len(content) else []
    first = 1 if situation == "dense" else 0
    titles = [number for number, name in enumerate(before) if name == "title" and number >= first]
    if titles:
        found[titles[-1]] = HEADING
    return found
