"""Train the line model: both situations fitted, thresholds chosen, the files written.

Thresholds come from hosts that neither stage saw.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality.chrome.context import context_names
from quality.chrome.features import TABLE_BITS, Floats
from quality.chrome.fit import (
    ROUNDS,
    Linear,
    fit_linear,
    fit_readers,
    linears_out_of_fold,
    margins_out_of_fold,
    pages_for,
    readers_out_of_fold,
    taught_in,
)
from quality.chrome.labelled import (
    CHROME,
    CONTENT,
    FOLDS,
    LINE_LABELS,
    READ_LINES,
    UNKNOWN,
    LabelledPage,
    Labels,
    read_pages,
)
from quality.chrome.lines import (
    ARRAYS,
    FORMAT,
    META,
    SITUATIONS,
    LineModel,
    Situation,
    Stages,
    Threshold,
    caution_of,
)
from quality.chrome.made import Post, read_posts
from quality.chrome.pages import Bools
from quality.chrome.written import FOLDER, labelled_pages
from quality.modelfiles import sha256, update_manifest

# The content-loss budgets the thresholds are chosen for, as shares of content characters: of
# articles, for full pages (what the text of a shop's page or a list is, is less clear, and its
# gold text has more gaps), and of the lines of extractor output that were read. The bars are
# .5 %; with .3 % from hosts left out, articles of dev hosts lose .36 %.
LOSS: dict[Situation, float] = {"dense": 0.003, "clean": 0.005}
# What may be lost by the bars that training reports on.
BAR = 0.005
# So far below that, in log-odds, the threshold is set: the guards of signals.py (sentences,
# lists, long lines, budgets) keep most of what the model alone would lose. Read lines of train
# hosts left out, and of dev hosts, taken and lost: .65 at .43 % and .70 at .08 % with .6, .65 at
# .66 % and .72 at .08 % with .75, .68 at .93 % and .73 at .31 % with 1.2. Full pages of dev
# articles: .846 at .32 % without, .856 at .41 % with .2.
GUARDED: dict[Situation, float] = {"dense": 0.2, "clean": 0.6}
# How careful each situation is with long lines (`Stages.caution`). On hosts left out, full
# pages reach F1 .911 / .925 / .928 at .5 % lost for 0 / .5 / 1, and .954 / .952 / .947 without
# limit; extractor output takes .44 / .51 / .58 of the chrome at .5 %.
CAUTION: dict[Situation, float] = {"dense": 0.5, "clean": 1.0}

Progress = Callable[[str], None]


def train_line_model(
    lines_path: Path,
    gold_lines_path: Path,
    out_folder: Path,
    *,
    posts_paths: tuple[Path, Path] | None = None,
    progress: Progress = print,
    rounds: int = ROUNDS,
) -> dict[str, Any]:
    """Fit both situations on the train hosts, write the model, and return its meta data.

    `posts_paths` are posts of sites and paragraphs of known origin, which clean text is learnt
    from as well; `rounds` is how many trees stage 2 gets.
    """
    progress("line model: reading labelled lines")
    own_labels = _own_labels()
    pages = read_pages(lines_path, gold_lines_path, own_labels)
    hosts = {page.host for page in pages if page.split == "train"}
    pages = taught_pages(pages, own_labels)
    posts = read_posts(*posts_paths) if posts_paths else []
    arrays: dict[str, NDArray[Any]] = {}
    meta: dict[str, Any] = {
        "format": FORMAT,
        "table_bits": TABLE_BITS,
        "columns": len(context_names()),
        "caution": CAUTION,
        "thresholds": {},
    }
    for situation in SITUATIONS:
        taught = taught_in(situation, pages, posts)
        own = pages_for(situation, taught)
        progress(f"line model, {situation}: {len(own)} pages")
        linears_out_of_fold(own, taught)
        margins = margins_out_of_fold(own, readers_out_of_fold(own, rounds))
        ranking = Ranking.of(own, margins, situation)
        progress(f"line model, {situation}: {ranking.say()}")
        meta["thresholds"][situation] = choose_threshold(ranking, situation)
        progress(f"line model, {situation}: threshold {meta['thresholds'][situation]}")
        arrays |= fit_readers(own, rounds).arrays(situation)
        arrays |= _pack(fit_linear(taught, situation), situation)
    out_folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out_folder / ARRAYS, allow_pickle=False, **arrays)
    text = json.dumps(meta, indent=1) + "\n"
    (out_folder / META).write_text(text, encoding="utf-8")
    sources = [lines_path, gold_lines_path]
    if own_labels:
        sources += [own_labels / LINE_LABELS, own_labels / READ_LINES]
        sources += sorted((own_labels / FOLDER).glob("*.tsv"))
    sources += posts_paths or ()
    facts = {
        "trained_on": {path.name: sha256(path) for path in sources},
        "hosts": len(hosts),
    }
    update_manifest(out_folder.parent, out_folder.name, facts)
    return meta


def taught_pages(pages: Sequence[LabelledPage], seeds: Path | None) -> list[LabelledPage]:
    """What the model is fitted on: the pages of train hosts, and those of our own writing."""
    own = [page for page in pages if page.split == "train"]
    return [*own, *labelled_pages(seeds / FOLDER)] if seeds else own


def _own_labels() -> Path | None:
    """Our own labels of lines of the training pages, where training runs in a checkout."""
    seeds = Path(__file__).parents[2] / "seeds"
    return seeds if (seeds / LINE_LABELS).is_file() else None


def models_out_of_fold(
    pages: Sequence[LabelledPage],
    thresholds: Mapping[Situation, Threshold],
    posts: Sequence[Post] = (),
    *,
    rounds: int = ROUNDS,
    progress: Progress = print,
) -> list[LineModel]:
    """For each fold the line model that was fitted without its hosts, to measure on them."""
    stages: list[dict[Situation, Stages]] = [{} for _ in range(FOLDS)]
    for situation in SITUATIONS:
        taught = taught_in(situation, pages, posts)
        own = pages_for(situation, taught)
        progress(f"line model, {situation}: {FOLDS} folds of {len(own)} pages")
        linears = linears_out_of_fold(own, taught)
        readers = readers_out_of_fold(own, rounds)
        for of_fold, linear, both in zip(stages, linears, readers, strict=True):
            of_fold[situation] = Stages(linear.table, linear.bias, both, CAUTION[situation])
    return [LineModel(of_fold, thresholds) for of_fold in stages]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Lines of hosts left out, surest chrome first; what taking all down to each would mean."""

    score: Floats
    loss: NDArray[np.float64]
    """Share of the content characters that are lost."""
    taken: NDArray[np.float64]
    """Share of the chrome lines that are taken."""
    f1: NDArray[np.float64]

    @classmethod
    def of(
        cls, own: Sequence[LabelledPage], margins: Sequence[Floats], situation: Situation
    ) -> Ranking:
        """The lines that losses are counted on, by their margins with caution."""
        columns: list[tuple[Floats, Floats, Labels]] = []
        for page, margin in zip(own, margins, strict=True):
            known = _can_be_lost(page)
            cautious = margin - caution_of(page.lines, CAUTION[situation])
            columns.append((cautious[known], page.chars[known], page.label[known]))
        score, chars, label = (np.concatenate(column) for column in zip(*columns, strict=True))
        order = np.argsort(-score, kind="stable")
        lost = np.cumsum(np.where(label == CONTENT, chars, 0)[order], dtype=np.float64)
        right = np.cumsum(label[order] == CHROME)
        count = np.arange(1, len(order) + 1)
        return cls(
            score=score[order],
            loss=lost / lost[-1],
            taken=right / right[-1],
            f1=2 * right / (count + right[-1]),
        )

    def last_within(self, budget: float) -> int:
        """The last line to take for this loss, or the first of all."""
        return max(int(np.searchsorted(self.loss, budget, side="right")) - 1, 0)

    def say(self) -> str:
        """Figures at the bar's loss of content, and the best F1 without one."""
        bar = self.last_within(BAR)
        return (
            f"on hosts left out, by its order alone, {self.taken[bar]:.3f} of the chrome taken and "
            f"F1 {self.f1[: bar + 1].max():.3f} at {BAR:.1%} of the content lost, "
            f"F1 {self.f1.max():.3f} without limit"
        )


def choose_threshold(ranking: Ranking, situation: Situation) -> dict[str, float]:
    """The lowest threshold that keeps the content lost within the budget, on unseen hosts."""
    budget = LOSS[situation]
    base = float(ranking.score[ranking.last_within(budget)])
    return {"base": round(base - GUARDED[situation], 4), "content_loss": budget}


def _can_be_lost(page: LabelledPage) -> Bools:
    """The lines to count losses on: in extractor output those that were read, without headings.

    Comparing calls content chrome there too often to count anything.
    """
    is_measure = page.sound and page.page_type == "article"
    counts: Bools = np.logical_and(page.compared != UNKNOWN, is_measure)
    if page.situation == "clean":
        counts = np.logical_and(np.isin(page.read, (CONTENT, CHROME)), ~page.picked)
    return counts


def _pack(linear: Linear, situation: Situation) -> dict[str, NDArray[Any]]:
    """Stage 1 as bytes: 256 steps of weight change no decision and make the file small."""
    scale = float(np.abs(linear.table).max()) / 127 or 1.0
    return {
        f"{situation}_table": np.round(linear.table / scale).astype(np.int8),
        f"{situation}_scale": np.array([scale, linear.bias], np.float64),
    }
