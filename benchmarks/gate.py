"""Measures what has been reached against `benchmarks/floors.json`: `make gate`.

Each figure is a small, seeded measurement that takes seconds; the full ones are `make bench-…`.
A figure below its floor (or above its ceiling) ends with exit code 3. Figures that need
the data beside the project are skipped, with the reason, where it is absent. A floor is
pinned with the hash of the corpus it was measured on: on another corpus it says nothing.

    python -m benchmarks.gate            # measure, compare
    python -m benchmarks.gate --pin      # write the figures of today as floors, less a margin
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import gate_figures
from benchmarks.neardup_texts import TEXT_FILES, load_texts, made_up_texts

ROOT = Path(__file__).parent.parent
FLOORS = Path(__file__).parent / "floors.json"
SHARED = ROOT.parent / "shared" / "data"

Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Measurement:
    """A few figures that are measured together, on the files they depend on."""

    name: str
    measure: Callable[[], Figures]
    corpus: tuple[Path, ...]
    ceilings: frozenset[str] = frozenset()
    """Figures that must not rise (errors, false alarms) instead of not fall."""
    margin: float = 0.005
    """What a figure may move by rounding, other versions or another processor."""


MEASUREMENTS = (
    Measurement(
        "labels on dev hosts",
        lambda: gate_figures.labels(SHARED / "gold_paragraphs.jsonl.gz"),
        (SHARED / "gold_paragraphs.jsonl.gz",),
        ceilings=frozenset({"calibration_error", "honest_called_generated"}),
    ),
    Measurement(
        "chrome lines on dev hosts",
        lambda: gate_figures.chrome_lines(
            SHARED / "chrome_lines.jsonl.gz", SHARED / "gold_lines.jsonl.gz"
        ),
        (SHARED / "chrome_lines.jsonl.gz", SHARED / "gold_lines.jsonl.gz"),
        ceilings=frozenset({"dense_content_lost", "clean_content_lost"}),
    ),
    Measurement(
        "chrome in nine languages",
        lambda: gate_figures.chrome_languages(ROOT / "benchmarks" / "full_pages"),
        (ROOT / "benchmarks" / "full_pages",),
        ceilings=frozenset(
            f"{name}_{what}_lost"
            for name in ("full", "extracted")
            for what in ("content", "headings")
        ),
    ),
    Measurement(
        "sample inbox",
        lambda: gate_figures.inbox(ROOT / "seeds" / "pages"),
        (ROOT / "seeds" / "pages",),
        ceilings=frozenset({"honest_templated"}),
        margin=0.02,
    ),
    Measurement(
        "near-duplicates, real texts",
        lambda: gate_figures.near_duplicates(lambda: load_texts(1_500)),
        tuple(SHARED / f"{name}.jsonl.gz" for name in TEXT_FILES),
        ceilings=frozenset({"similarity_error", "unrelated_linked"}),
        margin=0.001,  # as much as the issue leaves between unrelated texts and none
    ),
    Measurement(
        "near-duplicates, made-up texts",
        lambda: gate_figures.near_duplicates(lambda: list(made_up_texts(1_500))),
        (ROOT / "benchmarks" / "neardup_texts.py",),
        ceilings=frozenset({"similarity_error", "unrelated_linked"}),
        margin=0.001,  # as much as the issue leaves between unrelated texts and none
    ),
    Measurement(
        "templates, invented sites",
        gate_figures.house_templates,
        (ROOT / "tests" / "neardup" / "data", ROOT / "seeds" / "pages"),
        ceilings=frozenset({"honest_templated"}),
        margin=0.02,
    ),
)


def main(arguments: list[str] | None = None) -> int:
    """Measure and compare, or pin; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--pin", action="store_true", help="write today's figures as floors")
    options = parser.parse_args(arguments)
    pinned: dict[str, Any] = json.loads(FLOORS.read_text()) if FLOORS.exists() else {}
    failed = 0
    for item in MEASUREMENTS:
        if not all(path.exists() for path in item.corpus):
            print(f"{item.name}: skipped, {item.corpus[0].name} is not there")
            continue
        began = time.monotonic()
        figures, corpus = item.measure(), corpus_hash(item.corpus)
        print(f"{item.name} ({time.monotonic() - began:.0f} s)")
        if options.pin:
            pinned[item.name] = {"corpus": corpus, "floors": _floors(item, figures)}
        failed += _compare(item, figures, pinned.get(item.name, {}), corpus)
    if options.pin:
        FLOORS.write_text(json.dumps(pinned, indent=2) + "\n")
    print(f"{failed} figures under their floor" if failed else "all floors hold")
    return 3 if failed else 0


def corpus_hash(paths: Iterable[Path]) -> str:
    """One hash over the files a measurement depends on: 16 hex digits."""
    total = hashlib.sha256()
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            total.update(file.name.encode())
            total.update(file.read_bytes())
    return total.hexdigest()[:16]


def _floors(item: Measurement, figures: Figures) -> dict[str, float]:
    return {
        name: round(value + item.margin if name in item.ceilings else value - item.margin, 4)
        for name, value in figures.items()
    }


def _compare(item: Measurement, figures: Figures, pin: Mapping[str, Any], corpus: str) -> int:
    known = pin.get("floors", {}) if pin.get("corpus") == corpus else {}
    if pin and not known:
        print("  another corpus than the floors were pinned on; figures are shown only")
    failed = 0
    for name, value in figures.items():
        floor = known.get(name)
        is_ceiling = name in item.ceilings
        bad = floor is not None and (value > floor if is_ceiling else value < floor)
        failed += bad
        against = "" if floor is None else f"  ({'at most' if is_ceiling else 'at least'} {floor})"
        print(f"  {'FAILED ' if bad else ''}{name:32} {value:.4f}{against}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
