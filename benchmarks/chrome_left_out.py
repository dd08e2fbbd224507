"""The rows of `benchmarks.chrome` that need lines only, on hosts left out: a quarter of an hour.

`python -m benchmarks.chrome_left_out` fits the line model five times, each time without a fifth
of the train hosts, and lets the shipped decision judge those: five times as many pages as the
dev hosts, and none the model has seen. (What people chose by looking, such as which columns
there are, was chosen with these pages as well.) The yardstick beside it (`chrome_baseline`)
says how hard these pages and the dev pages are.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.chrome import ARTICLE_BARS, DATA, articles_of, extracts, gold_rows, show, sites
from benchmarks.chrome_baseline import fit_baseline
from benchmarks.chrome_lines import (
    ModelOf,
    System,
    c4_rules,
    compared,
    decided,
    ranked,
    table,
)
from quality.chrome.labelled import LabelledPage, fold, read_pages
from quality.chrome.lines import LineModel
from quality.chrome.made import read_posts
from quality.chrome.train import models_out_of_fold, taught_pages
from quality.modelfiles import default_root

SEEDS = Path(__file__).resolve().parents[1] / "seeds"


def full_pages(
    pages: Sequence[LabelledPage],
    systems: Mapping[str, System],
    yardstick: Mapping[str, NDArray[np.float64]],
) -> Iterator[str]:
    """Full-page text of articles: bars .90 at .5 % lost, .95 without a limit."""
    own = articles_of(pages)
    yield f"full-page text, articles: {len(own)} pages"
    yield from table(own, {**systems, "yardstick": _cut(yardstick)}, compared, ARTICLE_BARS)


def systems_of(model_of: ModelOf) -> dict[str, System]:
    """Our decision and what it is compared with, where each page has a model."""
    return {
        "quality": decided(model_of),
        "quality, as a file": decided(model_of, as_file=True),
        "quality, line model's order alone": ranked(model_of),
        "C4 line rules": c4_rules,
    }


def _cut(scores: Mapping[str, NDArray[np.float64]]) -> System:
    places = np.linspace(-4, 8, 100)
    return lambda page: [scores[page.page] >= place for place in places]


def main() -> None:
    """Run the comparison from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    data: Path = parser.parse_args().data
    model = LineModel.load(default_root() / "line")
    pages = read_pages(data / "chrome_lines.jsonl.gz", data / "gold_lines.jsonl.gz", SEEDS)
    train = [page for page in pages if page.split == "train"]
    dev = [page for page in pages if page.split == "dev"]
    print("fitting the yardstick", flush=True)
    dense = [[page for page in own if page.situation == "dense"] for own in (train, dev)]
    yardstick = fit_baseline(*dense)
    posts = read_posts(data / "site_posts.jsonl.gz", data / "origin_paragraphs.jsonl.gz")
    models = models_out_of_fold(taught_pages(pages, SEEDS), model.thresholds, posts)
    for name, own, model_of in (
        ("train hosts left out", train, lambda page: models[fold(page.host)]),
        ("dev hosts", dev, lambda _: model),
    ):
        systems = systems_of(model_of)
        print(f"-- {name}", flush=True)
        show(full_pages(own, systems, yardstick))
        rows = gold_rows(data / "gold_lines.jsonl.gz", own[0].split)
        show(extracts(own, systems, rows))
        show(sites(own, model_of))


if __name__ == "__main__":
    main()
