"""What a run did, in numbers: `summary.json`, and the lines a person reads at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SUMMARY_SCHEMA = "quality.summary/1"

# Longest list of hosts kept in a summary; the rest is in documents.jsonl.
MOST_HOSTS = 20


@dataclass(slots=True)
class HostCount:
    """What a host contributed."""

    documents: int = 0
    words: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class RunSummary:
    """The numbers of a run, added up from the rows it wrote."""

    run: str
    status: str
    started: str
    seconds: float
    inputs: dict[str, int]
    """Files found, scored, known (seen before), failed, waiting (still being written)."""
    documents: int = 0
    words: Counter[str] = field(default_factory=Counter)
    """Words by label."""
    blocks: Counter[str] = field(default_factory=Counter)
    """Blocks by label."""
    verdicts: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    duplicates: Counter[str] = field(default_factory=Counter)
    """Documents with a twin, by the closest kind of twin."""
    templates: Counter[str] = field(default_factory=Counter)
    """Documents by template id."""
    failures: Counter[str] = field(default_factory=Counter)
    """Failure rows by error class."""
    hosts: dict[str, HostCount] = field(default_factory=dict)

    def add_document(self, record: Mapping[str, Any]) -> None:
        """Count one row of documents.jsonl."""
        self.documents += 1
        words: Counter[str] = Counter()
        text = record["text"]
        for block in record["blocks"]:
            self.blocks[block["label"]] += 1
            words[block["label"]] += len(text[block["start"] : block["end"]].split())
        self.words += words
        self.verdicts[record["verdict"]] += 1
        self.flags.update(record["flags"])
        self.languages[record["language"] or "unknown"] += 1
        kinds = {twin["kind"] for twin in record["duplicates"]}
        for kind in ("exact", "near", "contained"):
            if kind in kinds:
                self.duplicates[kind] += 1
                break
        found = {s["template"]["id"] for s in record["sections"] if s["template"] is not None}
        self.templates.update(found)
        host = self.hosts.setdefault(record["host"] or "", HostCount())
        host.documents += 1
        host.words += words
        host.verdicts[record["verdict"]] += 1

    def add_failure(self, record: Mapping[str, Any]) -> None:
        """Count one row of failures.jsonl."""
        self.failures[record["error"]] += 1

    def as_record(self) -> dict[str, Any]:
        """The object in summary.json; counters in falling order, ties by name."""
        return {
            "schema": SUMMARY_SCHEMA,
            "run": self.run,
            "status": self.status,
            "started": self.started,
            "seconds": round(self.seconds, 3),
            "inputs": self.inputs,
            "documents": self.documents,
            "words": falling(self.words),
            "blocks": falling(self.blocks),
            "verdicts": falling(self.verdicts),
            "flags": falling(self.flags),
            "languages": falling(self.languages),
            "duplicates": falling(self.duplicates),
            "templates": falling(self.templates),
            "failures": falling(self.failures),
            "hosts": [
                {
                    "host": name or None,
                    "documents": host.documents,
                    "words": falling(host.words),
                    "verdicts": falling(host.verdicts),
                }
                for name, host in self._largest_hosts()
            ],
        }

    def _largest_hosts(self) -> list[tuple[str, HostCount]]:
        ranked = sorted(self.hosts.items(), key=lambda item: (-item[1].documents, item[0]))
        return ranked[:MOST_HOSTS]


def falling(counter: Mapping[str, int]) -> dict[str, int]:
    """A counter's entries, largest first, ties by name, zeros left out."""
    ranked = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    return {name: count for name, count in ranked if count}
