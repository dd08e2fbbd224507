"""The near-duplicate bench: recall, precision, edits, speed, size, growth and kill -9.

    python -m benchmarks.neardup            about ten minutes, most of it 100,000 documents
    python -m benchmarks.neardup --quick    about a minute: 10,000 documents, fewer tries

Real texts from ../shared where it is there, else texts of made-up words (then the table says
so). Peers that are not installed are named as such. `--json FILE` writes the figures for the gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import numpy as np

from benchmarks import command
from benchmarks.command import Figures
from benchmarks.neardup_kill import survive
from benchmarks.neardup_quality import Edit, Row, edited, thresholds
from benchmarks.neardup_speed import SIZES, Growth, Speed, growth, speeds
from benchmarks.neardup_texts import SHARED, Text, load_texts


def main() -> None:
    """Measure and print."""
    command.run(measure, description=__doc__, quick="smaller sizes, a minute")


def measure(*, quick: bool) -> Figures:
    """All figures by name, printing tables on the way."""
    texts = load_texts(1_500 if quick else 4_000)
    origin = "real texts" if SHARED.is_dir() else "MADE-UP texts, ../shared is absent"
    print(f"near-duplicates: {len(texts)} {origin}")
    figures = found_and_linked(texts, quick=quick)
    figures |= _print_speeds(speeds(texts[200 : 500 if quick else 1_200]))
    figures |= _print_growth(list(growth(SIZES[:2] if quick else SIZES)))
    return figures | _print_killed(5 if quick else 50)


def found_and_linked(texts: list[Text], *, quick: bool, with_peer: bool = True) -> Figures:
    """Recall and precision over the thresholds, and edits linked: all that is no timing.

    `with_peer` measures datasketch beside it, which takes most of the time.
    """
    stock, texts = texts[:200], texts[200:]
    rows = thresholds(texts[: 600 if quick else 1_000], stock, with_peer=with_peer)
    edits = edited(texts[:2_000], stock, 200 if quick else 400, with_peer=with_peer)
    return _print_thresholds(*rows) | _print_edits(*edits)


def _print_thresholds(
    ours: Sequence[Row], theirs: Sequence[Row], errors: Sequence[float]
) -> Figures:
    print("\nJaccard >=   pairs   recall    t..t+.05  precision   datasketch as it comes")
    for row, peer in zip_longest(ours, theirs):
        beside = f"{peer.recall:.4f} {peer.recall_near:.4f} {peer.precision:.4f}" if peer else "-"
        print(
            f"{row.threshold:>10}{row.pairs:>8}{row.recall:>9.4f}{row.recall_near:>12.4f}"
            f"{row.precision:>11.4f}   {beside}"
        )
    mean, high = np.mean(errors), np.quantile(errors, 0.99)
    print(f"error of a similarity: mean {mean:.4f}, 99 of 100 below {high:.4f}")
    return {
        "recall": min(row.recall for row in ours),
        "recall_near": min(row.recall_near for row in ours),
        "precision": min(row.precision for row in ours),
        "similarity_error": float(mean),
    }


def _print_edits(edits: Sequence[Edit], unrelated: float) -> Figures:
    print("\nlinked after the edit        ours   datasketch at .5")
    for edit in edits:
        print(f"{edit.name:<26}{edit.linked:>7.3f}{edit.linked_by_datasketch:>10.3f}")
    print(f"unrelated pairs linked: {unrelated:.6%}")
    figures = {f"edit: {edit.name}": edit.linked for edit in edits}
    return figures | {"unrelated_linked": unrelated}


def _print_speeds(found: Sequence[Speed]) -> Figures:
    print("\ntext to signature               us a document   ours is x  in chunks x")
    ours, in_chunks = (speed.microseconds or 0.0 for speed in found[:2])
    figures: Figures = {}
    for speed in found:
        if speed.microseconds is None:
            print(f"{speed.name:<32}{speed.note}")
            continue
        print(
            f"{speed.name:<32}{speed.microseconds:>12.0f}{speed.microseconds / ours:>12.1f}"
            f"{speed.microseconds / in_chunks:>13.1f}"
        )
        figures[f"times {speed.name}"] = speed.microseconds / ours
    return figures


def _print_growth(found: Sequence[Growth]) -> Figures:
    print("\ndocuments   add us  judge us   disk B  signature B  memory B  resident B  open s")
    for one in found:
        print(
            f"{one.documents:>9}{one.add_us:>9.0f}{one.judge_us:>10.0f}{one.disk_bytes:>9.0f}"
            f"{one.signature_bytes:>13.0f}{one.memory_bytes:>10.0f}{one.resident_bytes:>12.0f}"
            f"{one.open_s:>8.2f}"
        )
    first, last = found[0], found[-1]
    ratio = (last.add_us + last.judge_us) / (first.add_us + first.judge_us)
    print(f"cost a document, last against first: {ratio:.2f}")
    return {
        "growth": ratio,
        "disk_bytes": last.disk_bytes,
        "memory_bytes": last.memory_bytes,
        "open_s_per_100k": last.open_s * 100_000 / last.documents,
    }


def _print_killed(points: int) -> Figures:
    same, interrupted = survive(points, seed=0)
    print(f"\nkill -9: {same} of {points} states answer the same, {interrupted} cut short")
    return {"killed_same": same / points}


if __name__ == "__main__":
    main()
