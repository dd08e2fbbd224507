"""Telling languages by script and function words. All samples are our own writing."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path

import pytest

from quality.lang import detect, is_language

ROWS = (Path(__file__).parent / "samples.tsv").read_text(encoding="utf-8").splitlines()
SAMPLES = dict(row.split("\t") for row in ROWS)


@pytest.mark.parametrize("code", SAMPLES)
def test_a_sentence_is_enough(code: str) -> None:
    """One sentence of a dozen words tells its language."""
    assert detect(SAMPLES[code]) == code


@pytest.mark.parametrize("code", SAMPLES)
def test_the_gate_lets_only_its_language_in(code: str) -> None:
    """Taken for English is the English sentence, and no other."""
    assert is_language(SAMPLES[code], "en") is (code == "en")
    assert is_language(SAMPLES[code], code)


@pytest.mark.parametrize(
    "text",
    ["", "   ", "1234 5678", "Reykjavik", "Corvale Lanternreport Brightpulse", "lo lo lo", "👍"],
)
def test_what_cannot_be_told_is_none(text: str) -> None:
    """Names, numbers and nothing have no language."""
    assert detect(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Photo: the old pier at dawn, seen from the ferry.",
        "Zoë Brontë-Núñez of São Paulo told the court that she had never been to the harbour.",
        "Ingredients: 200 g of flour, 2 eggs, a pinch of salt and the zest of one lemon.",
        "Minister Sigrún Jónsdóttir met Tomáš Dvořák and Łukasz Wójcik in Brussels on Monday.",
        "If it ain't broke, don't fix it: that was the mayor's view.",
    ],
)
def test_english_with_foreign_names_is_english(text: str) -> None:
    """Names, measures and contractions do not turn English away."""
    assert is_language(text, "en")


def test_short_blocks_of_others_are_kept_out() -> None:
    """Also eight words with a word that English has too are not English."""
    for text in (
        "I drugi brod je stigao u luku do večeri.",
        "Trykk på knappen for å se hvor båten er.",
        "O barco do norte chegou ao cais de manhã.",
        "In het begin was er nog geen brug over de rivier.",
        "Die was am Morgen in der Stadt noch nicht da.",
    ):
        assert not is_language(text, "en"), text


def test_it_is_fast() -> None:
    """More than 10,000 paragraphs of 70 words a second (aim: 20,000; busy machines halve it)."""
    text = " ".join([SAMPLES["en"]] * 4)
    start = time.process_time()
    for _ in range(500):
        is_language(text, "en")
    assert time.process_time() - start < 0.05


@pytest.mark.shared
def test_english_paragraphs_pass_the_gate(shared) -> None:
    """At least 98 % of labelled web paragraphs of 12 words and more; 1 % of them are others'."""
    with gzip.open(shared / "data" / "gold_paragraphs.jsonl.gz", "rt", encoding="utf-8") as rows:
        labelled = [json.loads(row) for row in rows]
    texts = [
        row["text"]
        for row in labelled
        if len(row["text"].split()) >= 12 and row["label"] in ("reporting", "filler", "other")
    ]
    passed = sum(is_language(text, "en") for text in texts)
    assert passed / len(texts) >= 0.985
