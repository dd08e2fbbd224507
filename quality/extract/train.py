"""Fit the block model: which blocks of an HTML page a reader would call its text.

On the train hosts of pages whose main text a person has marked; `quality train` calls it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality.extract.blockmodel import (
    META,
    META_FILE,
    MODEL_FILE,
    Sizes,
    look_again,
)
from quality.extract.dom import candidates
from quality.extract.features import PAGE_NAMES, Matrix, PageFeatures
from quality.extract.gold import GoldPage, gold_pages
from quality.extract.html import parse, witnesses
from quality.forest import Forest
from quality.modelfiles import update_manifest
from quality.tokens import fold, words

# 70 trees of depth 6 do as well on unseen hosts as 220 smaller ones, in half the time.
TREES = {
    "max_iter": 70,
    "learning_rate": 0.15,
    "max_depth": 6,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 40,
    "l2_regularization": 5.0,
    "max_bins": 63,
    "random_state": 0,
}
QUICK = len(PAGE_NAMES)
STACK_FOLDS = 3
# A block is text where this share of its word 4-grams stands in the gold text.
MIN_COVERED = 0.5
# Menus outnumber everything else and are easy: three in ten are enough.
KEEP_MENU_SHARE = 0.3
MENU_WORDS = 10


@dataclass(frozen=True, slots=True)
class Sample:
    """A page as the model sees it, with what a person made of it."""

    page: GoldPage
    texts: list[str]
    sizes: Sizes
    matrix: Matrix
    is_text: NDArray[np.bool_]
    weights: NDArray[np.float64]


def samples(folder: Path, split: str) -> list[Sample]:
    """The pages of a split."""
    found = []
    for page in gold_pages(folder, split):
        tree = parse(page.html)
        blocks = candidates(tree)
        if blocks:
            texts = [block.text for block in blocks]
            is_text, is_sure = label_blocks(texts, page.row["main_content"])
            sizes = Sizes.of(blocks)
            # Pages count alike, words within a page alike, with something for short blocks.
            gold_words = max(30, len(page.row["main_content"].split()))
            weights = is_sure * (np.minimum(sizes.words, 150) + 3) / (gold_words + 50)
            features = PageFeatures(blocks)
            heard = witnesses(tree, page.html)
            matrix = np.hstack([features.page, *map(features.witness, heard)])
            found.append(Sample(page, texts, sizes, matrix, is_text, weights))
    return found


def label_blocks(texts: Sequence[str], gold: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each block is in the gold text, and whether that can be told at all."""
    lines = {_key(line) for line in gold.split("\n")}
    whole = f" {_key(gold)} "
    gold_words = whole.split()
    grams = set(zip(*(gold_words[n:] for n in range(4)), strict=False))
    is_text, is_sure = [], []
    for text in texts:
        key = _key(text)
        block = key.split()
        covered, sure = False, bool(block)
        if len(block) < 4:
            covered = key in lines
            # A word or two may be anywhere by chance.
            sure = sure and (covered or f" {key} " not in whole)
        elif len(block) < 8:
            covered = f" {key} " in whole
        else:
            found = [gram in grams for gram in zip(*(block[n:] for n in range(4)), strict=False)]
            covered = sum(found) >= MIN_COVERED * len(found)
        is_text.append(covered)
        is_sure.append(sure)
    return np.array(is_text), np.array(is_sure)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Two scikit-learn models, the second on top of the first."""

    first: Any
    second: Any

    def probabilities(self, page: Sample, columns: int | None) -> NDArray[np.float64]:
        """As `Stages.score`."""
        matrix = page.matrix[:, :columns]
        first = self.first.predict_proba(matrix)[:, 1]
        again = look_again(matrix, first, page.sizes.words)
        found: NDArray[np.float64] = self.second.predict_proba(again)[:, 1]
        return found


def fit(pages: Sequence[Sample], columns: int | None) -> Fitted:
    """Both stages, on the first columns or all.

    The second learns from what first stages say of hosts that they have not seen.
    """
    narrow = [replace(page, matrix=page.matrix[:, :columns]) for page in pages]
    again = []
    for number in range(STACK_FOLDS):
        model = _fit_trees([page for page in narrow if fold_of(page, STACK_FOLDS) != number])
        for page in narrow:
            if fold_of(page, STACK_FOLDS) == number:
                first = model.predict_proba(page.matrix)[:, 1]
                matrix = look_again(page.matrix, first, page.sizes.words)
                again.append(replace(page, matrix=matrix))
    return Fitted(_fit_trees(narrow), _fit_trees(again))


def _fit_trees(pages: Sequence[Sample]) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    chance = np.random.default_rng(0)
    kept = []
    for page in pages:
        is_menu = ~page.is_text & (page.sizes.words <= MENU_WORDS)
        is_kept = ~is_menu | (chance.random(len(is_menu)) < KEEP_MENU_SHARE)
        weights = np.where(is_menu, page.weights / KEEP_MENU_SHARE, page.weights)
        is_kept &= weights > 0
        kept.append((page.matrix[is_kept], page.is_text[is_kept], weights[is_kept]))
    rows, is_text, weights = (np.concatenate(part) for part in zip(*kept, strict=True))
    model = HistGradientBoostingClassifier(**TREES)
    return model.fit(rows, is_text, sample_weight=weights * len(weights) / weights.sum())


def train_block_model(
    pages_folder: Path, models: Path, *, progress: Callable[[str], None] = print
) -> None:
    """Fit on the train hosts of `pages_folder`; write `models/block` and its manifest entry.

    The same pages and versions give the same bytes.
    """
    progress("block model: reading pages")
    pages = samples(pages_folder, "train")
    folder = models / "block"
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, NDArray[Any]] = {}
    for name, columns in (("quick", QUICK), ("full", None)):
        progress(f"block model: fitting, {name} look, {len(pages)} pages")
        fitted = fit(pages, columns)
        arrays |= Forest.from_sklearn(fitted.first).arrays(f"{name}_first")
        arrays |= Forest.from_sklearn(fitted.second).arrays(f"{name}_second")
    np.savez_compressed(folder / MODEL_FILE, allow_pickle=False, **arrays)
    (folder / META_FILE).write_text(json.dumps(META, indent=1) + "\n", encoding="utf-8")
    gold = hashlib.sha256(
        "".join(f"{page.page.id}\n{page.page.row['main_content']}\n" for page in pages).encode()
    )
    update_manifest(
        models, "block", {"pages": len(pages), "trees": TREES, "training_data": gold.hexdigest()}
    )


def fold_of(page: Sample, folds: int) -> int:
    """The fold of a page: all pages of a host share one."""
    return int(hashlib.sha256(page.page.row["host"].encode()).hexdigest(), 16) % folds


def _key(text: str) -> str:
    return " ".join(words(fold(text)))
