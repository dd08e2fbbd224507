"""Whether a run is unlike the runs before it: label mix, failures, one host, one template.

Compared are runs over the same source under the same settings, rules and models: each
leaves a small `drift.json` in its folder, and the figures are those of its summary.json.

Shares are compared on the arcsine scale, where their spread does not depend on their size.
The run at hand is one more draw beside those of the window, so Student's t says how unusual
it is. The spread is the window's own; as ten runs know it badly, that of a label is pulled
towards the mean of all labels (moderated t: Smyth, Linear models and empirical Bayes
methods, 2004). For hosts and templates the statistic is the largest rise of any one of them
over its mean in the other runs, computed in the same way for every run of the window.
All alarms of a run together are to be false in less than one run of twenty;
tests/flows/test_drift.py simulates both sides.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from quality.write.folder import MANIFEST, SUMMARY, write_json

DRIFT = "drift.json"
DRIFT_SCHEMA = "quality.drift/1"

# With fewer runs the t quantile is so wide that nothing short of a catastrophe alarms.
MIN_RUNS = 5
# Shares of fewer documents say little, and a scheduled run often has only a handful.
MIN_DOCUMENTS = 20
# Chance of a false alarm a run, for labels and for failures; less for the largest rise of any
# host or template, whose distribution has a longer tail than t. Together in simulations
# 0 to 3 %, also where runs are less alike than documents drawn at random.
ALPHA = 0.01
ALPHA_BURST = 0.003
# How many runs the mean spread of all labels counts as, beside a label's own.
PRIOR_RUNS = 10
# Variance of the arcsine of a share of documents, times documents; words of a label are
# spread over documents that mix labels, and vary less: about a quarter in our simulations.
OF_DOCUMENTS = 1 / 4
OF_WORDS = 1 / 16
# What an operator would not act on is no alarm, however certain it is.
MIN_SHIFT = 0.05
MIN_BURST = 0.15


@dataclass(frozen=True, slots=True)
class Figures:
    """What is compared of a run."""

    run: str
    documents: int
    inputs: int
    """Inputs scored or failed."""
    failed: int
    labels: Mapping[str, float]
    """Share of words by label, chrome and headings included."""
    hosts: Mapping[str, float]
    """Share of documents by host; hosts that are not named count as one."""
    templates: Mapping[str, float]
    """Share of documents by template."""

    @classmethod
    def of(cls, summary: Mapping[str, Any]) -> Figures:
        """The figures of a summary.json."""
        documents = summary["documents"]
        words = sum(summary["words"].values())
        inputs = summary["inputs"]
        hosts = {row["host"]: row["documents"] for row in summary["hosts"] if row["host"]}
        return cls(
            run=summary["run"],
            documents=documents,
            inputs=inputs["scored"] + inputs["failed"],
            failed=inputs["failed"],
            labels=_shares(summary["words"], words),
            hosts=_shares(hosts, documents),
            templates=_shares(summary["templates"], documents),
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """One share of this run beside the window."""

    question: str
    """`label`, `failures`, `host` or `template`."""
    name: str
    now: float
    usual: float
    low: float
    high: float
    """Where the share of a run like the earlier ones is to be expected."""
    alarm: bool

    def sentence(self) -> str:
        """For people: what is unusual, with figures."""
        what = {
            "label": f"share of words that read like {self.name}",
            "failures": "share of inputs that failed",
            "host": f"share of documents from {self.name}",
            "template": f"share of documents on template {self.name}",
        }[self.question]
        expected = f"expected {self.low:.0%} to {self.high:.0%}"
        return f"{what}: {self.now:.0%}, usually {self.usual:.0%} ({expected})"


@dataclass(frozen=True, slots=True)
class Drift:
    """A run beside its window."""

    runs: int
    """Earlier runs compared with."""
    findings: tuple[Finding, ...] = ()
    known_templates: frozenset[str] = frozenset()
    """Templates of the earlier runs."""

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """What an operator should look at."""
        return tuple(finding for finding in self.findings if finding.alarm)


def compare(folder: Path, source: str, *, window: int = 10) -> Drift:
    """A finished run beside up to `window` earlier ones; also written to drift.json."""
    series = {"source": source, **_fingerprint(folder)}
    earlier = _earlier(folder, series, window)
    drift = find_drift(Figures.of(_read(folder / SUMMARY)), [Figures.of(s) for s in earlier])
    record = {
        "schema": DRIFT_SCHEMA,
        **series,
        "window": [summary["run"] for summary in earlier],
        "findings": [asdict(finding) for finding in drift.findings],
    }
    write_json(folder / DRIFT, record)
    return drift


def find_drift(now: Figures, earlier: Sequence[Figures]) -> Drift:
    """What of a run is unlike the earlier ones. Too few of them, or too few documents: nothing."""
    alike = [run for run in earlier if run.documents >= MIN_DOCUMENTS]
    findings: list[Finding] = []
    if len(alike) >= MIN_RUNS and now.documents >= MIN_DOCUMENTS:
        findings += _labels(now, alike)
        findings += _burst("host", now, [now.hosts, *(run.hosts for run in alike)])
        findings += _burst("template", now, [now.templates, *(run.templates for run in alike)])
    tried = [run for run in earlier if run.inputs]
    if len(tried) >= MIN_RUNS and now.inputs:
        findings.append(_failures(now, tried))
    known = frozenset(name for run in earlier for name in run.templates)
    return Drift(len(earlier), tuple(findings), known)


def _labels(now: Figures, earlier: Sequence[Figures]) -> list[Finding]:
    names = sorted({name for run in (now, *earlier) for name in run.labels})
    sizes = [run.documents for run in earlier]
    spreads = [Spread.of([run.labels.get(name, 0.0) for run in earlier], sizes) for name in names]
    findings = []
    for name, spread in zip(names, spreads, strict=True):
        usual, low, high = spread.towards(spreads).expected(
            now.documents, alpha=ALPHA / 2 / len(names), least=OF_WORDS
        )
        share = now.labels.get(name, 0.0)
        alarm = not low <= share <= high and abs(share - usual) >= MIN_SHIFT
        findings.append(Finding("label", name, share, usual, low, high, alarm))
    return findings


def _failures(now: Figures, earlier: Sequence[Figures]) -> Finding:
    sizes = [run.inputs for run in earlier]
    spread = Spread.of([run.failed / run.inputs for run in earlier], sizes)
    usual, low, high = spread.expected(now.inputs, alpha=ALPHA, least=OF_DOCUMENTS)
    share = now.failed / now.inputs
    alarm = share > high and share - usual >= MIN_SHIFT
    return Finding("failures", "", share, usual, low, high, alarm)


def _burst(question: str, now: Figures, runs: Sequence[Mapping[str, float]]) -> list[Finding]:
    """The run's largest rise of one name; the first of `runs` is the run itself."""
    rises = [_largest_rise(runs, number) for number in range(len(runs))]
    name, rise = rises[0]
    if not name:
        return []
    share = runs[0][name]
    usual = share - rise
    others = [max(0.0, value) for _, value in rises[1:]]
    spread = Spread.of(others, [now.documents] * len(others))
    _, _, bound = spread.expected(now.documents, alpha=ALPHA_BURST, least=OF_DOCUMENTS)
    bound = max(bound, *others)
    alarm = rise > bound and rise >= MIN_BURST
    return [Finding(question, name, share, usual, 0.0, min(1.0, usual + bound), alarm)]


def _largest_rise(runs: Sequence[Mapping[str, float]], number: int) -> tuple[str, float]:
    """The name whose share in a run is furthest above its mean in the others."""
    others = [run for place, run in enumerate(runs) if place != number]
    rises = {
        name: share - sum(run.get(name, 0.0) for run in others) / len(others)
        for name, share in runs[number].items()
    }
    return max(rises.items(), key=lambda item: (item[1], item[0]), default=("", 0.0))


@dataclass(frozen=True, slots=True)
class Spread:
    """Shares of earlier runs on the arcsine scale: their mean, and how far they lie apart."""

    mean: float
    total: int
    runs: int
    by_size: float
    """Variance times size: what documents drawn at random would show."""
    by_run: float
    """Variance between runs, whatever their size."""
    degrees: int

    @classmethod
    def of(cls, shares: Sequence[float], sizes: Sequence[int]) -> Spread:
        """The spread of a window's shares; `sizes` are what each is a share of."""
        count, total = len(shares), sum(sizes)
        points = [_stretched(share) for share in shares]
        mean = sum(p * n for p, n in zip(points, sizes, strict=True)) / total
        plain = sum(points) / count
        by_size = sum(n * (p - mean) ** 2 for p, n in zip(points, sizes, strict=True))
        by_run = sum((p - plain) ** 2 for p in points)
        degrees = count - 1
        return cls(mean, total, count, by_size / degrees, by_run / degrees, degrees)

    def towards(self, others: Sequence[Spread]) -> Spread:
        """With variances pulled towards the mean of `others`."""
        weight = PRIOR_RUNS + self.degrees
        by_size, by_run = (
            (PRIOR_RUNS * sum(theirs) / len(others) + self.degrees * own) / weight
            for own, theirs in (
                (self.by_size, [other.by_size for other in others]),
                (self.by_run, [other.by_run for other in others]),
            )
        )
        return replace(self, by_size=by_size, by_run=by_run, degrees=weight)

    def expected(self, size: int, *, alpha: float, least: float) -> tuple[float, float, float]:
        """Usual share, and the range a further run of this size is in, but for `alpha` a side."""
        # Late: scipy takes a moment to import, and most runs have no window yet.
        from scipy.special import stdtrit

        variance = max(
            max(self.by_size, least) * (1 / size + 1 / self.total),
            self.by_run * (1 + 1 / self.runs),
        )
        reach = float(stdtrit(self.degrees, 1 - alpha)) * math.sqrt(variance)
        return _share(self.mean), _share(self.mean - reach), _share(self.mean + reach)


def _stretched(share: float) -> float:
    return math.asin(math.sqrt(min(1.0, max(0.0, share))))


def _share(point: float) -> float:
    return math.sin(min(math.pi / 2, max(0.0, point))) ** 2


def _shares(counts: Mapping[str, int], total: int) -> dict[str, float]:
    return {name: count / total for name, count in counts.items()} if total else {}


def _earlier(folder: Path, series: Mapping[str, str], window: int) -> list[Mapping[str, Any]]:
    """Summaries of the latest runs of a series, newest first."""
    found: list[Mapping[str, Any]] = []
    for place in sorted(folder.parent.iterdir(), key=lambda entry: entry.name, reverse=True):
        if place.is_symlink() or place.name >= folder.name or not (place / DRIFT).is_file():
            continue
        if len(found) == window:
            break
        known = _read(place / DRIFT)
        if all(known.get(name) == value for name, value in series.items()):
            found.append(_read(place / SUMMARY))
    return found


def _fingerprint(folder: Path) -> dict[str, str]:
    manifest = _read(folder / MANIFEST)
    return {name: manifest[name] for name in ("settings_hash", "rules_hash", "model_hash")}


def _read(path: Path) -> Mapping[str, Any]:
    value: Mapping[str, Any] = orjson.loads(path.read_bytes())
    return value
