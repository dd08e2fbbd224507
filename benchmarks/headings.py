"""How well headings are found in plain text: the lines of web pages without their marks.

`python -m benchmarks.headings` prints precision and recall on dev hosts against the h1-h6
and bold lines of the pages' own HTML, as trafilatura extracts them; `--fit` fits the
weights of quality/extract/headings.py on train hosts and prints them. Needs the shared
data beside the project.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.extraction import PAGES
from quality.document import BlockKind
from quality.errors import ExtractError
from quality.extract.gold import gold_pages
from quality.extract.headings import (
    MAX_CHARS,
    MAX_LABEL_WORDS,
    Line,
    find_headings,
    heading_features,
    look_at,
)
from quality.extract.html import extract_html
from quality.extract.limits import Limits

Marked = tuple[str, bool]


def marked_lines(folder: Path, split: str) -> Iterator[list[Marked]]:
    """The lines of each page, and whether the page marks them as headings.

    List items get a bullet on half the pages: scraped text has them or not.
    """
    chance = random.Random(0)
    for page in gold_pages(folder, split):
        if page.row["page_type"] not in ("article", "documentation"):
            continue
        try:
            parts, _ = extract_html(page.html, url=None, limits=Limits())
        except ExtractError:
            continue
        bullet = chance.choice(["", "", "- ", "• "])
        lines = [
            (
                bullet + part.text if part.kind is BlockKind.LIST_ITEM else part.text,
                part.kind is BlockKind.HEADING,
            )
            for part in parts
            if part.kind is not BlockKind.CODE
        ]
        if len(lines) >= 8:
            yield lines


def evaluate(pages: Sequence[list[Marked]]) -> str:
    """Precision, recall, and how many sentences were taken for headings."""
    hits = misses = false = sentences = 0
    for lines in pages:
        found = find_headings([text for text, _ in lines], [False] * (len(lines) + 1))
        for (text, is_marked), is_found in zip(lines, found, strict=True):
            hits += is_found and is_marked
            misses += is_marked and not is_found
            false += is_found and not is_marked
            sentences += is_found and not is_marked and text.endswith((".", "!"))
    return (
        f"{len(pages)} pages, {hits + misses} headings: precision {hits / (hits + false):.3f}, "
        f"recall {hits / (hits + misses):.3f}; lines that end as sentences taken: {sentences}"
    )


def fit(pages: Sequence[list[Marked]]) -> dict[str, float]:
    """The weights, `bias` among them."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    rows: list[dict[str, float]] = []
    is_heading: list[bool] = []
    for lines in pages:
        looks, runs = look_at([text for text, _ in lines])
        for number, (_, is_marked) in enumerate(lines):
            if _is_trained_on(looks[number]):
                rows.append(heading_features(looks, number, runs))
                is_heading.append(is_marked)
    vectorizer = DictVectorizer()
    model = LogisticRegression(C=1.0, max_iter=1000)
    model.fit(vectorizer.fit_transform(rows), is_heading)
    weights = dict(zip(vectorizer.get_feature_names_out(), model.coef_[0], strict=True))
    return {name: round(float(value), 2) for name, value in weights.items()} | {
        "bias": round(float(model.intercept_[0]), 2)
    }


def _is_trained_on(line: Line) -> bool:
    # Labels such as "Pros:" are headings here, whether or not the page marks them.
    is_label = line.text.endswith(":") and len(line.words) <= MAX_LABEL_WORDS
    return bool(line.words) and len(line.text) <= MAX_CHARS and not is_label


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--fit", action="store_true", help="fit on train hosts, print the weights")
    parser.add_argument("--pages", type=Path, default=PAGES)
    options = parser.parse_args()
    if options.fit:
        weights = fit(list(marked_lines(options.pages, "train")))
        print("\n".join(f'    "{name}": {value},' for name, value in sorted(weights.items())))
    else:
        print(evaluate(list(marked_lines(options.pages, "dev"))))


if __name__ == "__main__":
    main()
