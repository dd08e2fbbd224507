"""How full pages are told from text (`quality/chrome/situation.py`): fits the model, and measures.

`python -m benchmarks.chrome_situation` prints which share of texts is called a full page, by the
shipped weights and by weights fitted without the fifth of hosts they judge, and the weights fitted
on all train hosts, to be written into situation.py. Manuals are learnt from as well, or pages whose
only furniture are their chapters would pass for text: the first run fetches 24 packages (130 MB
unpacked). `--manuals` measures on those of `benchmarks.chrome_manuals`, which are others.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import downloads
from benchmarks.chrome import DATA
from benchmarks.chrome_manuals import FRESH, HOSTS, Manual, pages_of
from benchmarks.chrome_manuals import UNSEEN as OTHERS
from quality.chrome.labelled import (
    CHROME,
    CONTENT,
    FOLDS,
    HEADING,
    WRITTEN,
    LabelledPage,
    fold,
    read_pages,
)
from quality.chrome.made import furnished, read_posts
from quality.chrome.rules import RuleHit
from quality.chrome.situation import BIAS, MIN_LINES, WEIGHTS, situation_features
from quality.chrome.train import taught_pages
from quality.chrome.written import labelled_pages

ROOT = Path(__file__).resolve().parents[1]
SEEDS = ROOT / "seeds"
UNSEEN = Path(__file__).with_name("full_pages")
# What each example weighs: pages of our own half as much again, their thinned copies and posts,
# of which there are many, less.
WRITTEN_WEIGHT, THINNED_WEIGHT, POST_WEIGHT, MANUAL_WEIGHT = 1.5, 0.75, 0.2, 0.4
# Of the furniture of pages of our own so much is left in one of two thinned copies.
LEFT = 1 / 6
# A full page called an article keeps half its furniture. As files, articles of train hosts left out
# reach F1 .9502 without limit on losses; .9499 where all count the same, and no posts are taught.
FULL_WEIGHT = 1.5
SEED = 5

_NAVIGATION = tuple(
    f"//*[contains(concat(' ', normalize-space(@class), ' '), ' {name} ')]"
    for name in ("navheader", "navfooter", "navigation", "nav-panel", "next_link", "previous_link")
)
_SPHINX = (
    "//div[contains(concat(' ', normalize-space(@class), ' '), ' body ')] | "
    "//div[@itemprop='articleBody'] | //div[@class='bodywrapper']"
)
_DOXYGEN = "//div[@class='contents'] | //div[@class='header']"
# Manuals to learn from, all under free licences (Debian's main section); none is measured on.
MANUALS: Mapping[str, Manual] = {
    **{
        package: Manual(package, "**/*.html", _SPHINX)
        for package in (
            "csvkit-doc",
            "debian-policy",
            "execnet-doc",
            "libcbor-doc",
            "powerline-doc",
            "python-tornado-doc",
            "pywps-doc",
            "sqlfluff-doc",
            "ubuntu-packaging-guide-html-de",
            "ubuntu-packaging-guide-html-es",
            "ubuntu-packaging-guide-html-fr",
            "ubuntu-packaging-guide-html-ru",
            "varnish-doc",
            "wireplumber-doc",
        )
    },
    **{
        package: Manual(package, "**/*.html", "//body", _NAVIGATION)
        for package in ("apt-doc", "libflatpak-doc", "scons-doc", "zsh-doc")
    },
    **{
        package: Manual(package, "**/*.html", _DOXYGEN)
        for package in ("libgpiod-doc", "libsfml-doc")
    },
    "exim4-doc-html": Manual(
        "exim4-doc-html", "**/spec_html/*.html", "//div[@id='content']", _NAVIGATION
    ),
    "ikiwiki": Manual("ikiwiki", "**/*.html", "//div[@id='pagebody'] | //main"),
    "velocity-doc": Manual("velocity-doc", "**/*.html", "//main | //div[@id='bodyColumn']"),
    "vitrage-doc": Manual("vitrage-doc", "**/*.html", "//div[contains(@class, 'docs-body')]"),
}

Floats = NDArray[np.float64]


class Example(NamedTuple):
    """A text that is a full page or not, of a set of hosts."""

    kind: str
    hosts: str
    host: str
    is_full: bool
    weight: float
    features: tuple[float, ...]


def examples_of(
    pages: Sequence[LabelledPage], hosts: str, rng: np.random.Generator
) -> Iterator[Example]:
    """Full pages, what extractors make of them, their gold texts, and thinned copies of ours."""

    def example(
        page: LabelledPage, kind: str, numbers: Sequence[int], weight: float
    ) -> Iterator[Example]:
        lines = [page.lines[number] for number in numbers]
        hits = [page.hits[number] for number in numbers]
        if len(lines) >= MIN_LINES:
            is_full = kind.startswith("full")
            yield Example(kind, hosts, page.host, is_full, weight, _row(lines, hits))

    for page in pages:
        everything = range(len(page.lines))
        text = np.flatnonzero(np.isin(page.compared, (CONTENT, HEADING))).tolist()
        if page.page_type == WRITTEN:
            some = (page.compared != CHROME) | (rng.random(len(page.lines)) < LEFT)
            yield from example(page, "full, of our own", everything, WRITTEN_WEIGHT * FULL_WEIGHT)
            yield from example(page, "thinned to text", text, THINNED_WEIGHT)
            yield from example(
                page, "thinned to a sixth", np.flatnonzero(some).tolist(), THINNED_WEIGHT
            )
        elif page.split == "elsewhere":
            yield from example(page, "full, of manuals", everything, MANUAL_WEIGHT * FULL_WEIGHT)
            yield from example(page, "text of manuals", text, MANUAL_WEIGHT)
        elif page.made:
            yield from example(page, "posts with furniture", everything, POST_WEIGHT)
        elif page.situation == "clean":
            yield from example(page, "trafilatura's output", everything, 1.0)
        else:
            kind = "full, article" if page.page_type == "article" else "full, other"
            yield from example(page, kind, everything, FULL_WEIGHT)
            if page.sound:
                yield from example(page, "gold text", text, 1.0)


def pages_of_all(manuals: Mapping[str, Manual]) -> list[LabelledPage]:
    """The pages of several manuals. Ends the program, naming the cure, where one is missing."""
    try:
        return [page for name, manual in manuals.items() for page in pages_of(name, manual)]
    except downloads.UnavailableError as error:
        raise SystemExit(str(error)) from error


def _row(lines: Sequence[str], hits: Sequence[RuleHit | None]) -> tuple[float, ...]:
    found = situation_features(lines, hits)
    return tuple(found[name] for name in WEIGHTS)


def fit(examples: Sequence[Example]) -> tuple[Floats, float]:
    """Weights of the features as they are, and the bias."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=2000))
    model.fit(
        [example.features for example in examples],
        [example.is_full for example in examples],
        logisticregression__sample_weight=[example.weight for example in examples],
    )
    scaler, regression = model[0], model[1]
    weights = regression.coef_[0] / scaler.scale_
    return weights, float(regression.intercept_[0] - weights @ scaler.mean_)


def fitted_without(examples: Sequence[Example]) -> Callable[[Example], bool]:
    """What weights say that were fitted without the example's fifth of the train hosts."""
    train = [example for example in examples if example.hosts == "train"]
    fits = [
        fit([example for example in train if fold(example.host) != left_out])
        for left_out in range(FOLDS)
    ]
    whole = fit(train)

    def judge(example: Example) -> bool:
        weights, bias = fits[fold(example.host)] if example.hosts == "train" else whole
        return bool(weights @ example.features + bias > 0)

    return judge


def shipped(example: Example) -> bool:
    """What the weights in the package say."""
    terms = zip(WEIGHTS.values(), example.features, strict=True)
    return sum(weight * value for weight, value in terms) + BIAS > 0


def main() -> None:
    """Fit and measure from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--manuals", action="store_true", help="fetches 170 MB more")
    options = parser.parse_args()
    data: Path = options.data
    rng = np.random.default_rng(SEED)
    pages = read_pages(data / "chrome_lines.jsonl.gz", data / "gold_lines.jsonl.gz", SEEDS)
    taught = taught_pages(pages, SEEDS)
    posts = read_posts(data / "site_posts.jsonl.gz", data / "origin_paragraphs.jsonl.gz")
    dev = [page for page in pages if page.split == "dev"]
    examples = [
        *examples_of([*taught, *furnished(posts, taught), *pages_of_all(MANUALS)], "train", rng),
        *examples_of(dev, "dev", rng),
        *examples_of(list(labelled_pages(UNSEEN)), "unseen", rng),
    ]
    if options.manuals:
        for name, manuals in {"30": HOSTS, "13": OTHERS, "15": FRESH}.items():
            examples += examples_of(pages_of_all(manuals), name, rng)
    left_out = fitted_without(examples)
    print("called a full page, by the shipped weights and by weights fitted without these hosts")
    for hosts, kind in dict.fromkeys((example.hosts, example.kind) for example in examples):
        own = [example for example in examples if (example.hosts, example.kind) == (hosts, kind)]
        shares = [sum(map(judge, own)) / len(own) for judge in (shipped, left_out)]
        print(f"  {hosts:7} {kind:22} {len(own):5} {shares[0]:7.2%} {shares[1]:7.2%}")
    weights, bias = fit([example for example in examples if example.hosts == "train"])
    print("fitted on all train hosts")
    for name, weight in zip(WEIGHTS, weights, strict=True):
        print(f"  {name:12} {weight:6.2f}")
    print(f"  {'bias':12} {bias:6.2f}")


if __name__ == "__main__":
    main()
