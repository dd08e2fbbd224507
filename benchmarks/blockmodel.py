"""What a block model does on train hosts it has not seen: `python -m benchmarks.blockmodel`.

For choosing features and settings; `benchmarks.extraction` measures the model in use on the
dev hosts, `quality train --only block` fits it anew.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.extraction import PAGES
from quality.extract.blockmodel import SURE_F1, choose
from quality.extract.gold import word_overlap
from quality.extract.train import QUICK, Fitted, Sample, fit, fold_of, samples


def evaluate(quick: Fitted, full: Fitted, pages: Sequence[Sample]) -> list[tuple[str, float]]:
    """Page type and F1 of each page, chosen as `BlockModel.select` does."""
    scores = []
    for page in pages:
        selection = choose(quick.probabilities(page, QUICK), page.sizes)
        if selection.expected_f1 < SURE_F1:
            selection = choose(full.probabilities(page, None), page.sizes)
        text = "\n".join(page.texts[number] for number in selection.numbers)
        scores.append(
            (page.page.row["page_type"], word_overlap(text, page.page.row["main_content"])[0])
        )
    return scores


def cross_validate(pages: Sequence[Sample], folds: int) -> str:
    """F1 by page type on hosts the model has not seen."""
    scores: list[tuple[str, float]] = []
    for number in range(folds):
        rest = [page for page in pages if fold_of(page, folds) != number]
        held = [page for page in pages if fold_of(page, folds) == number]
        scores += evaluate(fit(rest, QUICK), fit(rest, None), held)
    lines = []
    for page_type in sorted({name for name, _ in scores}):
        f1 = [value for name, value in scores if name == page_type]
        lines.append(f"{page_type:16}{len(f1):5d} pages  F1 {sum(f1) / len(f1):.4f}")
    return "\n".join(lines)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--pages", type=Path, default=PAGES)
    options = parser.parse_args()
    print(cross_validate(samples(options.pages, "train"), options.folds))


if __name__ == "__main__":
    main()
