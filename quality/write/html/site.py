"""The report's pages, from rows of documents.jsonl."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2

from quality.summary import RunSummary, falling
from quality.write.html.marks import pieces
from quality.write.html.whole import paragraphs
from quality.write.jsonl import rows

# In the order of a stacked bar: substance first, emptiness last.
LABELS = (
    "reporting",
    "other",
    "advice",
    "filler",
    "generated_advice",
    "uncertain",
    "heading",
    "chrome",
)
# Documents with a page of their own: some 30 MB of HTML. The table says what is left out;
# `quality explain` and documents.jsonl have all.
MOST_PAGES = 2_000
# Shares below a thousandth would be drawn thinner than a pixel.
_LEAST_SHARE = 0.001


class HtmlReport:
    """Collects a line a document, and writes its page at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        (path / "documents").mkdir(parents=True, exist_ok=True)
        self._pages = jinja2.Environment(
            loader=jinja2.PackageLoader("quality.write.html"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
        )
        self._pages.globals["labels"] = LABELS
        self._documents: list[dict[str, Any]] = []
        self._templates: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self._summary = RunSummary("", "", "", 0.0, {})
        self._names: dict[str, str] = {}

    def add(self, record: Mapping[str, Any]) -> None:
        """Take one row of documents.jsonl."""
        self._summary.add_document(record)
        number = len(self._documents) + 1
        page = f"documents/{number:05d}.html" if number <= MOST_PAGES else None
        words = _words_by_label(record)
        row = {
            "page": page,
            "path": record["path"],
            "title": title_of(record),
            "host": record["host"],
            "verdict": record["verdict"],
            "flags": record["flags"],
            "words": sum(words.values()),
            "bar": bar(words),
            "twins": len(record["duplicates"]),
        }
        self._documents.append(row)
        self._names.setdefault(record["id"], page or "")
        self._note_templates(record, row)
        if page is not None:
            blocks = [_block_view(record, block) for block in paragraphs(record)]
            self._render(
                "document.html", page, document=record, row=row, blocks=blocks, heads=_heads(record)
            )

    def close(self) -> None:
        """Write the index."""
        summary = self._summary
        self._render(
            "index.html",
            "index.html",
            made=datetime.now(UTC).isoformat(timespec="minutes"),
            summary=summary,
            words=falling(summary.words),
            total=sum(summary.words.values()) or 1,
            bar=bar(summary.words),
            verdicts=falling(summary.verdicts),
            flags=falling(summary.flags),
            duplicates=falling(summary.duplicates),
            languages=falling(summary.languages),
            hosts=_host_rows(summary),
            templates=self._template_rows(),
            failures=self._failures(),
            documents=self._documents,
            most_pages=MOST_PAGES,
        )

    def _note_templates(self, record: Mapping[str, Any], row: dict[str, Any]) -> None:
        for section in record["sections"]:
            template = section["template"]
            if template is None:
                continue
            first = record["blocks"][section["first"]]
            # "ADVERTISEMENT" within a section begins one of its own, and is no heading of it.
            is_heading = first["kind"] == "heading" and first["label"] != "chrome"
            heading = record["text"][first["start"] : first["end"]] if is_heading else ""
            self._templates[template["id"]].append({**template, "heading": heading, "row": row})

    def _template_rows(self) -> list[dict[str, Any]]:
        result = []
        for name, uses in self._templates.items():
            headings = Counter(use["heading"] for use in uses if use["heading"])
            rows_of = {use["row"]["path"]: use["row"] for use in uses}
            result.append(
                {
                    "id": name,
                    "documents": max(use["documents"] for use in uses),
                    "hosts": max(use["hosts"] for use in uses),
                    "coverage": sum(use["coverage"] for use in uses) / len(uses),
                    "headings": [heading for heading, _ in headings.most_common(5)],
                    "rows": list(rows_of.values()),
                }
            )
        return sorted(result, key=lambda row: (-row["documents"], row["id"]))

    def _failures(self) -> list[dict[str, Any]]:
        # The report is made while the run's files still carry their part names.
        for name in ("failures.jsonl.part", "failures.jsonl"):
            path = self._path.parent / name
            if path.exists():
                return list(rows(path))
        return []

    def _render(self, template: str, name: str, **values: Any) -> None:
        html = self._pages.get_template(template).render(**values)
        (self._path / name).write_text(html, encoding="utf-8")


def title_of(record: Mapping[str, Any]) -> str | None:
    """The title, or the heading that a text without one begins with, its chrome left out."""
    if record["title"]:
        return str(record["title"])
    first = next((block for block in record["blocks"] if block["label"] != "chrome"), None)
    if first is None or first["kind"] != "heading":
        return None
    return str(record["text"][first["start"] : first["end"]]).lstrip("# ")


def bar(words: Mapping[str, int]) -> list[tuple[str, float]]:
    """Label and share in percent, in drawing order, for a stacked bar."""
    total = sum(words.values())
    if not total:
        return []
    shares = ((label, words.get(label, 0) / total) for label in LABELS)
    return [(label, 100 * share) for label, share in shares if share >= _LEAST_SHARE]


def _words_by_label(record: Mapping[str, Any]) -> Counter[str]:
    words: Counter[str] = Counter()
    for block in record["blocks"]:
        words[block["label"]] += len(record["text"][block["start"] : block["end"]].split())
    return words


def _block_view(record: Mapping[str, Any], block: Mapping[str, Any]) -> dict[str, Any]:
    text = record["text"][block["start"] : block["end"]]
    scores = block["scores"] or {}
    short, _, more = block["reason"].partition("; ")
    return {
        **block,
        # What decided it stands beside the block; what was looked at beside that, behind a click.
        "short": short if short.endswith(".") else short + ".",
        "more": more[:1].upper() + more[1:],
        "pieces": pieces(text, block["start"], block["evidence"]),
        # Plain text brings its own bullets and numbers; HTML lists lost theirs.
        "bullet": block["kind"] == "list_item" and text[:1].isalpha(),
        "ranked": sorted(scores.items(), key=lambda item: -item[1]),
    }


def _heads(record: Mapping[str, Any]) -> dict[int, Mapping[str, Any]]:
    """Sections that have something to say, by their first block."""
    return {
        section["first"]: section
        for section in record["sections"]
        if section["template"] is not None or section["duplicates"]
    }


def _host_rows(summary: RunSummary) -> Sequence[dict[str, Any]]:
    ranked = sorted(summary.hosts.items(), key=lambda item: (-item[1].documents, item[0]))
    return [
        {
            "host": name or "(no host)",
            "documents": host.documents,
            "verdicts": falling(host.verdicts),
            "bar": bar(host.words),
        }
        for name, host in ranked[:50]
    ]
