"""The template bench: documents of house templates found, honest documents flagged.

    python -m benchmarks.templates            about three minutes
    python -m benchmarks.templates --quick    the invented sites only, seconds

Invented sites (tests/neardup/data): farms with house templates whose headings are reworded
and whose bodies share almost no words, and honest formats; `tuned` ones were looked at when
thresholds were chosen, `unseen` ones were not; `languages` are German, Spanish and French, their
`unseen` German, Spanish, French, Italian, Dutch, Portuguese and Russian. Real sites come
from ../shared where it is there. Each set is judged with its hosts and once more as one flat
folder without any. What the chrome rules know is taken out
before.
"""

from __future__ import annotations

import json
import random
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks import command
from benchmarks.command import Figures
from quality.chrome.rules import RuleSet
from quality.document import Document, Markup, Page
from quality.errors import ExtractError
from quality.extract import extract
from quality.labelled import records
from quality.neardup.template import Outline, TemplateRegistry, outline
from quality.state import State

ROOT = Path(__file__).parent.parent
INVENTED = ROOT / "tests" / "neardup" / "data"
INVENTED_SETS = ("tuned", "unseen", "languages", "languages_unseen")
SEEDS = ROOT / "seeds" / "pages"
SHARED = ROOT.parent / "shared" / "data"


@dataclass(frozen=True, slots=True)
class Item:
    """A document to judge: `kind` is farm, machine or honest."""

    site: str
    kind: str
    document: Document
    outline: Outline


@dataclass(frozen=True, slots=True)
class Row:
    """What was flagged of one set."""

    name: str
    kind: str
    flagged: int
    documents: int


def main() -> None:
    """Measure and print."""
    command.run(measure, description=__doc__, quick="the invented sites only")


def measure(*, quick: bool) -> Figures:
    """All figures by name, printing the table on the way."""
    sets = {f"invented, {name.replace('_', ', ')}": list(invented(name)) for name in INVENTED_SETS}
    sets["sample inbox"] = list(sample_inbox())
    if not quick and SHARED.is_dir():
        sets["site posts"] = list(site_posts())
        sets["pages of 1,060 hosts"] = list(web_pages())
    figures: Figures = {}
    print(f"{'templated':<44}{'farm':>12}{'machine':>12}{'honest':>14}")
    for name, items in sets.items():
        figures |= _print_rows(name, judged(items, with_hosts=True))
    if "site posts" in sets:
        figures |= _print_rows("site posts, 6 of a site at a time", samples(sets["site posts"]))
    everything = [item for items in sets.values() for item in items]
    figures |= _print_rows("all together, with hosts", judged(everything, with_hosts=True))
    figures |= _print_rows("all together, without hosts", judged(everything, with_hosts=False))
    return figures | _print_times(everything)


def judged(items: Sequence[Item], *, with_hosts: bool) -> dict[str, list[Row]]:
    """Rows by kind, one a site, of items that are all added before the first is judged."""
    with State.in_memory() as state:
        registry = TemplateRegistry(state)
        hosts = [item.document.host if with_hosts else None for item in items]
        with state.transaction():
            for item, host in zip(items, hosts, strict=True):
                registry.add(item.document.id, host, item.document.title, item.outline)
        flagged: dict[tuple[str, str], list[bool]] = defaultdict(list)
        for item, host in zip(items, hosts, strict=True):
            matches = registry.judge(item.outline, host, lambda document: document)
            flagged[item.kind, item.site].append(matches.templated)
    rows: dict[str, list[Row]] = defaultdict(list)
    for (kind, site), found in flagged.items():
        rows[kind].append(Row(site, kind, sum(found), len(found)))
    return rows


def samples(items: Sequence[Item], tries: int = 20, size: int = 6) -> dict[str, list[Row]]:
    """Rows by kind of small samples of each site: what a first run over a site sees."""
    rng = random.Random(1)
    sites: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        sites[item.site].append(item)
    rows: dict[str, list[Row]] = defaultdict(list)
    for of in sites.values():
        for _ in range(tries):
            sample = rng.sample(of, min(size, len(of)))
            for kind, found in judged(sample, with_hosts=True).items():
                rows[kind].extend(found)
    return rows


def invented(name: str) -> Iterator[Item]:
    """Documents of the invented sites."""
    for site in json.loads((INVENTED / f"templates_{name}.json").read_text(encoding="utf-8")):
        for number, page in enumerate(site["documents"]):
            path = f"{site['host']}/{number}.txt"
            kind = "farm" if site["kind"] == "farm" else "honest"
            yield from _items(site["host"], kind, Page(path, path, page["text"], Markup.PLAIN))


def sample_inbox() -> Iterator[Item]:
    """Plain-text pages of the sample inbox; folders named like hosts hold its three farms.

    Its rewrites are wire reports filled up with template sections, neither farm nor honest.
    """
    for path in sorted(SEEDS.rglob("*.txt")):
        name = path.relative_to(SEEDS).as_posix()
        folder = path.parent.name
        kind = "farm" if folder.endswith(".example") else "honest"
        kind = "machine" if folder == "rewrites" else kind
        page = Page(name, name, path.read_text(encoding="utf-8", errors="replace"), Markup.PLAIN)
        yield from _items(folder, kind, page)


def site_posts() -> Iterator[Item]:
    """Whole posts of three machine-written and two honest blogs."""
    for row in records(SHARED / "site_posts.jsonl.gz"):
        path = f"{row['host']}/{row['path']}"
        page = Page(path, path, row["text"], Markup.PLAIN, url=f"https://{path}")
        yield from _items(row["host"], "honest" if row["kind"] == "human" else "machine", page)


def web_pages() -> Iterator[Item]:
    """Extracted text of the pages of the line data, nearly all of them honest."""
    lines: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in records(SHARED / "chrome_lines.jsonl.gz"):
        if row["source"] == "trafilatura":
            lines[row["host"], row["page"]].append(row["line"])
    for (host, number), of in lines.items():
        path = f"{host or 'unknown'}/{number}"
        page = Page(path, path, "\n".join(of), Markup.PLAIN, url=f"https://{path}")
        yield from _items("pages", "honest", page)


def _items(site: str, kind: str, page: Page) -> Iterator[Item]:
    try:
        document = extract(page)
    except ExtractError:
        return
    rules = _rules()
    skip = {
        number
        for number, line in enumerate(document.block_texts())
        if rules.match(line, document.language)
    }
    yield Item(site, kind, document, outline(document, skip))


@cache
def _rules() -> RuleSet:
    return RuleSet.load()


def _print_rows(name: str, rows: dict[str, list[Row]]) -> Figures:
    cells, figures = [], {}
    for kind in ("farm", "machine", "honest"):
        flagged, documents = _total(rows.get(kind, ()))
        cells.append(f"{flagged}/{documents}" if documents else "-")
        if documents:
            figures[f"{name}: {kind}"] = flagged / documents
    print(f"{name:<44}{cells[0]:>12}{cells[1]:>12}{cells[2]:>14}")
    return figures


def _total(rows: Iterable[Row]) -> tuple[int, int]:
    of = list(rows)
    return sum(row.flagged for row in of), sum(row.documents for row in of)


def _print_times(items: Sequence[Item]) -> Figures:
    begin = time.process_time()
    for item in items:
        outline(item.document, frozenset())
    outlined = time.process_time()
    judged(items, with_hosts=False)
    count = max(1, len(items))
    figures = {
        "outline_ms": 1e3 * (outlined - begin) / count,
        "judge_ms": 1e3 * (time.process_time() - outlined) / count,
    }
    print(
        f"\nCPU ms a document among {count:,}: outline {figures['outline_ms']:.1f}, "
        f"add and judge {figures['judge_ms']:.1f}"
    )
    return figures


if __name__ == "__main__":
    main()
