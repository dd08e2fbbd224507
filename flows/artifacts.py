"""What a run's page in Prefect's UI shows: progress, a report, tables, a link.

Keys begin with the source's name, so that the UI keeps the history of each. Tables, not
diagrams: Mermaid's pies cannot be read there.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from flows.drift import Drift
from flows.parameters import ScoreParameters
from quality.run import Plan
from quality.summary import RunSummary, falling
from quality.write.folder import DOCUMENTS, FAILURES
from quality.write.jsonl import rows

# A person looks at a progress bar every few seconds; each update costs the flow 15 ms of
# processor time and the server 10: every two seconds that alone was 1 % of a run.
_UPDATE_S = 5.0
# Rows of a table: what fits on a screen. Everything is in the run's folder.
_MOST_ROWS = 20


class Progress:
    """The bar on the run's page: half of it analysing, half of it judging."""

    def __init__(self, source: Path, *, pages: int) -> None:
        self._pages = max(1, pages)
        self._done = 0
        self._told = time.monotonic()
        made = create_progress_artifact(
            0.0, key=key(source, "progress"), description="Pages analysed, then judged"
        )
        # Typed for callers in an event loop too; we are in none.
        self._id = cast(UUID, made)

    def analysed(self, pages: int) -> None:
        """Pages more were analysed."""
        self._add(pages)

    def judged(self, pages: int) -> None:
        """Pages more were judged."""
        self._add(pages)

    def ended(self) -> None:
        """All is done."""
        self._tell(100.0)

    def _add(self, pages: int) -> None:
        self._done += pages
        if time.monotonic() - self._told > _UPDATE_S:
            # Containers hold more pages than files: the bar waits before its end.
            self._tell(min(99.0, 50.0 * self._done / self._pages))

    def _tell(self, percent: float) -> None:
        self._told = time.monotonic()
        update_progress_artifact(self._id, round(percent, 1))


def publish(
    parameters: ScoreParameters, folder: Path, summary: RunSummary, plan: Plan, drift: Drift
) -> None:
    """All artifacts of a finished run."""
    source = parameters.source
    link = report_address(parameters.reports_url, folder)
    create_link_artifact(
        link=link,
        link_text=f"Report of {folder.name}",
        key=key(source, "report"),
        description="Every document, block by block, with reasons",
    )
    create_markdown_artifact(
        markdown="\n".join(_report(source, folder, summary, plan, drift)),
        key=key(source, "summary"),
        description=figures_line(summary, drift),
    )
    for name, description, table in _tables(folder, summary, drift):
        if table:
            create_table_artifact(table=table, key=key(source, name), description=description)


def key(source: Path, name: str) -> str:
    """An artifact's key: lower case letters, digits and dashes.

    >>> key(Path("data/My Inbox"), "labels")
    'my-inbox-labels'
    """
    words = re.findall(r"[a-z0-9]+", (source.name or source.resolve().name).lower())
    return "-".join([*words, name])


def report_address(base: str | None, folder: Path) -> str:
    """Where the HTML report of a run is."""
    page = "report/index.html"
    return (folder / page).absolute().as_uri() if base is None else f"{base}/{folder.name}/{page}"


def nothing_line(plan: Plan) -> str:
    """A state's message where no file is new."""
    if not plan.found:
        return "no files found"
    parts = [f"{_count(len(plan.known), 'file')} known from earlier runs"]
    if plan.known_failures:
        parts[0] += f", {plan.known_failures} of which failed"
    if plan.waiting:
        parts.append(f"{len(plan.waiting)} still being written")
    return ", ".join(parts)


def figures_line(summary: RunSummary, drift: Drift) -> str:
    """A state's message: the run in figures, on one line."""
    parts = [_count(summary.documents, "document") + f" in {summary.seconds:.0f} s"]
    # First what a person should look at: the UI cuts long messages.
    if drift.alarms:
        parts.append(f"{len(drift.alarms)} unusual")
    if summary.failures:
        parts.append(_count(sum(summary.failures.values()), "failure"))
    parts += [f"{count} {name}" for name, count in falling(summary.verdicts).items()]
    if summary.duplicates:
        parts.append(_count(sum(summary.duplicates.values()), "duplicate"))
    return ", ".join(parts)


def _report(
    source: Path, folder: Path, summary: RunSummary, plan: Plan, drift: Drift
) -> Iterator[str]:
    inputs = summary.inputs
    yield f"# {source.name or source}: {folder.name}"
    yield ""
    for alarm in drift.alarms:
        yield f"> **Unusual:** {alarm.sentence()}"
        yield ">"
    yield ""
    yield "| this run | |"
    yield "|---|---:|"
    for what, count in (
        ("files scored", inputs["scored"]),
        ("files known, not scored again", inputs["known"]),
        ("files that failed", inputs["failed"]),
        ("files still being written", inputs["waiting"]),
        ("documents", summary.documents),
        ("chrome lines", summary.blocks.get("chrome", 0)),
        ("documents with a twin", sum(summary.duplicates.values())),
        ("house templates", len(summary.templates)),
        ("documents on a template", summary.flags.get("templated", 0)),
        ("seconds", round(summary.seconds, 1)),
    ):
        yield f"| {what} | {count:,} |"
    yield ""
    yield f"Folder: `{folder}`. A label says what a paragraph reads like, not who wrote it."
    if plan.known_failures:
        yield ""
        yield f"{_count(plan.known_failures, 'file')} failed in earlier runs and did not change."


def _tables(
    folder: Path, summary: RunSummary, drift: Drift
) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    labels, hosts = _labels(summary), _worst_hosts(summary)
    failures, alarms = sum(summary.failures.values()), len(drift.alarms)
    yield "labels", f"{_count(sum(summary.words.values()), 'word')} by label", labels
    yield "verdicts", f"{_count(summary.documents, 'document')} by verdict", _verdicts(summary)
    if hosts:
        worst = f"Filler and generated advice by host; most: {hosts[0]['host']}"
        yield "hosts", worst, hosts
    templates = _count(len(summary.templates), "house template") + ", by documents"
    # Beside no earlier run all would be new.
    if drift.runs:
        templates += f"; {len(set(summary.templates) - drift.known_templates)} new"
    yield "templates", templates, _templates(folder, summary, drift)
    yield "failures", f"{_count(failures, 'failure')}, see {FAILURES}", _failures(folder)
    unusual = f"{alarms} unusual" if alarms else "Nothing unusual"
    yield "drift", f"{unusual}, beside {_count(drift.runs, 'earlier run')}", _drift(drift)


def _labels(summary: RunSummary) -> list[dict[str, Any]]:
    total = sum(summary.words.values()) or 1
    return [
        {
            "label": label,
            "blocks": summary.blocks[label],
            "words": words,
            "share of words": f"{words / total:.1%}",
        }
        for label, words in falling(summary.words).items()
    ]


def _verdicts(summary: RunSummary) -> list[dict[str, Any]]:
    return [
        {"verdict": name, "documents": count, "share": f"{count / summary.documents:.1%}"}
        for name, count in falling(summary.verdicts).items()
    ]


def _worst_hosts(summary: RunSummary) -> list[dict[str, Any]]:
    table = []
    for name, host in summary.hosts.items():
        words = sum(host.words.values()) - host.words["chrome"] - host.words["heading"]
        empty = host.words["filler"] + host.words["generated_advice"]
        if name and words:
            table.append((empty / words, name, host))
    table.sort(key=lambda row: (-row[0], -row[2].documents, row[1]))
    return [
        {
            "host": name,
            "documents": host.documents,
            "thin": host.verdicts["thin"],
            "filler and generated advice": f"{share:.0%}",
        }
        for share, name, host in table[:_MOST_ROWS]
    ]


def _templates(folder: Path, summary: RunSummary, drift: Drift) -> list[dict[str, Any]]:
    most = list(falling(summary.templates))[:_MOST_ROWS]
    seen: dict[str, tuple[Mapping[str, Any], str]] = {}
    for record in rows(folder / DOCUMENTS) if most else ():
        for section in record["sections"]:
            template = section["template"]
            if template is not None and template["id"] in most:
                seen.setdefault(template["id"], (template, _beginning(record, section)))
        if len(seen) == len(most):
            break
    return [
        {
            "template": name,
            "new": "yes" if drift.runs and name not in drift.known_templates else "",
            # Short titles: the UI's column beside its panel holds some 90 letters.
            "now": summary.templates[name],
            "ever": seen[name][0]["documents"],
            "hosts": seen[name][0]["hosts"],
            "example": seen[name][1][:40],
        }
        for name in most
        if name in seen
    ]


def _beginning(record: Mapping[str, Any], section: Mapping[str, Any]) -> str:
    """A section's first block that is not chrome, such as "ADVERTISEMENT" before its heading."""
    for block in record["blocks"][section["first"] : section["last"] + 1]:
        if block["label"] != "chrome":
            return str(record["text"][block["start"] : block["end"]])
    return ""


def _failures(folder: Path) -> list[dict[str, Any]]:
    table: list[dict[str, Any]] = []
    for row in rows(folder / FAILURES):
        if len(table) == _MOST_ROWS:
            table.append({"path": f"and more, see {FAILURES}"})
            break
        message = row["message"].removeprefix(f"{row['path']}: ")
        table.append({"path": row["path"], "error": row["error"], "what to do": message})
    return table


def _drift(drift: Drift) -> list[dict[str, Any]]:
    return [
        {
            "question": finding.question,
            "of": finding.name,
            "now": f"{finding.now:.1%}",
            "usually": f"{finding.usual:.1%}",
            "expected": f"{finding.low:.0%} to {finding.high:.0%}",
            "unusual": "yes" if finding.alarm else "",
        }
        for finding in sorted(drift.findings, key=lambda finding: not finding.alarm)
    ]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
