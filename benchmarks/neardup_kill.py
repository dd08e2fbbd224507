"""Kill -9 at random moments while batches are added; the resumed run must answer as if nothing.

    python -m benchmarks.neardup_kill --points 50

Each point is a fresh state: a child process adds batches, each in one transaction with a row
that says so, and is killed; a second child goes on where the rows end. Prints how many of the
states answer like an undisturbed one, and exits with 1 if not all do.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.neardup_texts import as_document, cut, made_up_texts, replace_words
from quality.neardup.index import SectionIndex
from quality.neardup.relations import Relations
from quality.neardup.signature import DocumentSignature, sign_documents
from quality.state import State

BATCH = 12
Answers = list[Relations]


def main() -> None:
    """Kill as often as asked and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    same, interrupted = survive(options.points, options.seed)
    print(f"kill -9: {same} of {options.points} states answer the same; {interrupted} cut short")
    sys.exit(0 if same == options.points else 1)


def survive(points: int, seed: int) -> tuple[int, int]:
    """How many of the states answer the same, and how many runs were really cut short."""
    rng = random.Random(seed)
    signatures = _signatures(rng)
    with TemporaryDirectory() as folder:
        begun = time.monotonic()
        _in_child(Path(folder) / "calm.db", signatures)
        duration_s = time.monotonic() - begun
        expected, _ = _answers(Path(folder) / "calm.db", signatures)
        same = interrupted = 0
        for point in range(points):
            path = Path(folder) / f"{point}.db"
            _in_child(path, signatures, kill_after_s=rng.uniform(0.0, duration_s))
            interrupted += _batches_done(path) < -(-len(signatures) // BATCH)
            _in_child(path, signatures)
            answers, intact = _answers(path, signatures)
            same += intact and answers == expected
    return same, interrupted


def add_batches(path: Path, signatures: Sequence[DocumentSignature]) -> None:
    """Add what is not yet added, a batch and the row that says so in one transaction."""
    with State.open(path) as state:
        state.define("CREATE TABLE IF NOT EXISTS done (batch INTEGER PRIMARY KEY)")
        index = SectionIndex.open(state)
        for number, start in enumerate(range(0, len(signatures), BATCH)):
            with state.transaction() as connection:
                if connection.execute("SELECT 1 FROM done WHERE batch = ?", (number,)).fetchone():
                    continue
                index.add(signatures[start : start + BATCH])
                connection.execute("INSERT INTO done VALUES (?)", (number,))


def _in_child(
    path: Path, signatures: Sequence[DocumentSignature], kill_after_s: float | None = None
) -> None:
    child = os.fork()
    if child == 0:
        add_batches(path, signatures)
        os._exit(0)
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if kill_after_s is None and status:
        raise RuntimeError(f"{path}: the run that was to finish ended with status {status}")


def _batches_done(path: Path) -> int:
    with State.open(path) as state:
        state.define("CREATE TABLE IF NOT EXISTS done (batch INTEGER PRIMARY KEY)")
        return int(state.connection.execute("SELECT count(*) FROM done").fetchone()[0])


def _answers(path: Path, signatures: Sequence[DocumentSignature]) -> tuple[Answers, bool]:
    with State.open(path) as state:
        intact = state.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        index = SectionIndex.open(state)
        return list(index.judge_batch(signatures)), intact and len(index) == len(signatures)


def _signatures(rng: random.Random) -> list[DocumentSignature]:
    texts = []
    for base in made_up_texts(100):
        texts += [base, replace_words(base, rng.uniform(0, 0.2), rng, base), cut(base, 0.5)]
    documents = [as_document(text, f"{number:03}") for number, text in enumerate(texts)]
    return sign_documents((document, ()) for document in documents)


if __name__ == "__main__":
    main()
