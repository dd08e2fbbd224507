"""Drift: shifts are found, and runs that are alike raise no alarm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import orjson
import pytest

from flows.drift import DRIFT, Figures, compare, find_drift
from quality.write.folder import MANIFEST, SUMMARY

LABELS = ("reporting", "filler", "generated_advice", "advice", "other", "chrome", "heading")
RUNS = 200


@dataclass(frozen=True)
class World:
    """A stream of documents; small `alike` makes its runs differ from one another."""

    rng: np.random.Generator
    labels: np.ndarray
    hosts: np.ndarray
    templates: np.ndarray
    alike: float

    @classmethod
    def draw(cls, seed: int, alike: float) -> World:
        """A world of its own for each seed."""
        rng = np.random.default_rng(seed)
        return cls(
            rng,
            rng.dirichlet(np.full(len(LABELS), 3.0)),
            rng.dirichlet(np.full(30, 0.7)) + 1e-9,
            rng.beta(1, 30, size=20),
            alike,
        )

    def run(self, documents: int, *, failing: float = 0.01) -> Figures:
        """The figures of a run of so many documents."""
        rng, alike = self.rng, self.alike
        mix = rng.dirichlet(self.labels * alike) * 3.0 + 1e-3
        lengths = rng.lognormal(6, 0.8, size=documents)
        words = rng.dirichlet(mix, size=documents).T @ lengths / lengths.sum()
        hosts = rng.multinomial(documents, rng.dirichlet(self.hosts * alike * 2)) / documents
        used = rng.beta(self.templates * alike, (1 - self.templates) * alike)
        templates = rng.binomial(documents, used) / documents
        failed = int(rng.binomial(documents, failing))
        return Figures(
            run="x",
            documents=documents,
            inputs=documents + failed,
            failed=failed,
            labels=dict(zip(LABELS, words, strict=True)),
            hosts={f"h{n}": share for n, share in enumerate(hosts) if share},
            templates={f"t{n}": share for n, share in enumerate(templates) if share},
        )

    def runs(self, count: int, sizes: tuple[int, int]) -> list[Figures]:
        """Runs of sizes between these two."""
        low, high = np.log(sizes)
        return [self.run(int(np.exp(self.rng.uniform(low, high)))) for _ in range(count)]


def questions(now: Figures, earlier: Sequence[Figures]) -> set[str]:
    """The questions that raise an alarm."""
    return {alarm.question for alarm in find_drift(now, earlier).alarms}


@pytest.mark.parametrize("alike", [20, 100, 1000])
@pytest.mark.parametrize("sizes", [(30, 31), (20, 400)])
@pytest.mark.parametrize("window", [5, 10])
def test_runs_that_are_alike_raise_few_alarms(
    window: int, sizes: tuple[int, int], alike: float
) -> None:
    """At most one false alarm in twenty runs, of all questions together."""
    false = 0
    for seed in range(RUNS):
        *earlier, now = World.draw(seed, alike).runs(window + 1, sizes)
        false += bool(questions(now, earlier))
    assert false / RUNS <= 0.05


def test_a_shift_of_labels_is_found() -> None:
    """Thirty points more filler in a run of 200 documents: found in most series."""
    found = 0
    for seed in range(100):
        *earlier, now = World.draw(seed, 200).runs(11, (200, 201))
        labels = {name: share * 0.7 for name, share in now.labels.items()}
        labels["filler"] += 0.3
        found += "label" in questions(replace(now, labels=labels), earlier)
    assert found >= 80


def test_failing_inputs_are_found() -> None:
    """A quarter of the inputs failing where one in a hundred does."""
    found = 0
    for seed in range(100):
        world = World.draw(seed, 100)
        found += "failures" in questions(world.run(75, failing=0.33), world.runs(10, (75, 76)))
    assert found >= 95


@pytest.mark.parametrize(("field", "question"), [("hosts", "host"), ("templates", "template")])
def test_a_burst_is_found_and_named(field: str, question: str) -> None:
    """One host or template with forty percent of the documents, never seen before."""
    found = 0
    for seed in range(100):
        *earlier, now = World.draw(seed, 100).runs(11, (200, 201))
        shares = {name: share * 0.6 for name, share in getattr(now, field).items()}
        burst = replace(now, **{field: {**shares, "new": 0.4}})
        alarms = find_drift(burst, earlier).alarms
        found += (question, "new") in {(alarm.question, alarm.name) for alarm in alarms}
    assert found >= 95


def test_few_runs_or_documents_raise_no_alarm() -> None:
    """Four earlier runs, or a run of three documents, say nothing."""
    world = World.draw(0, 100)
    *earlier, now = world.runs(11, (200, 201))
    strange = replace(now, labels={"filler": 1.0}, failed=0)
    assert questions(strange, earlier) == {"label"}
    assert questions(strange, earlier[:4]) == set()
    assert questions(replace(strange, documents=3), earlier) == set()


def test_equal_runs_have_no_drift() -> None:
    """With no spread at all in the window, the same run again is nothing unusual."""
    now = World.draw(0, 100).run(100, failing=0.0)
    assert questions(now, [now] * 10) == set()


def write_run(out: Path, name: str, *, source: str = "inbox", filler: int = 100) -> Path:
    """A finished run's folder, as far as drift looks at it, compared and noted."""
    folder = out / name
    folder.mkdir()
    summary = {
        "run": name,
        "documents": 100,
        "inputs": {"scored": 100, "failed": 0},
        "words": {"reporting": 1000 - filler, "filler": filler},
        "hosts": [{"host": None, "documents": 60}, {"host": "a.example", "documents": 40}],
        "templates": {},
    }
    (folder / SUMMARY).write_bytes(orjson.dumps(summary))
    manifest = {"settings_hash": "s", "rules_hash": "r", "model_hash": "m"}
    (folder / MANIFEST).write_bytes(orjson.dumps(manifest))
    return folder


def test_only_runs_of_the_same_source_are_compared(tmp_path: Path) -> None:
    """Another directory's runs, however many, are no window."""
    for number in range(12):
        source = "inbox" if number % 2 else "elsewhere"
        filler = 100 if number % 2 else 900
        compare(write_run(tmp_path, f"r{number:02}", filler=filler), source)
    drift = compare(write_run(tmp_path, "r99", filler=100), "inbox")
    assert (drift.runs, drift.alarms) == (6, ())
    window = orjson.loads((tmp_path / "r99" / DRIFT).read_bytes())["window"]
    assert window == ["r11", "r09", "r07", "r05", "r03", "r01"]


def test_a_shifted_run_is_named_in_words(tmp_path: Path) -> None:
    """The alarm says which label, how much now, how much usually."""
    for number in range(6):
        compare(write_run(tmp_path, f"r{number}", filler=100 + number), "inbox")
    drift = compare(write_run(tmp_path, "r9", filler=800), "inbox", window=5)
    assert drift.runs == 5
    sentences = [alarm.sentence() for alarm in drift.alarms]
    assert any("read like filler: 80%, usually 10%" in line for line in sentences)
