"""Clean text with a little chrome, put together from our own seeds, for `benchmarks.chrome`.

Each document is a title, some headings and paragraphs of seeds/paragraphs.jsonl, in their
order there, with one to eight lines of `stock_lines.toml` where such lines are found: over
the text, between paragraphs, under it. So every line's truth is known.
"""

from __future__ import annotations

import json
import random
import textwrap
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STOCK = Path(__file__).with_name("stock_lines.toml")
_SITES = ("Harbour Ledger", "The Valley Post", "Stonewick Today", "LumenDaily", "Grid & Garden")
_NAMES = ("Anna Lindqvist", "Tom Okafor", "M. J. Castellane", "Priya Raman", "Jonas Weber")
_SECTIONS = ("Politics", "Sport", "Money", "Local News", "Health", "Technology")
_DATES = ("March 3, 2026", "12 May 2026", "2026-02-17", "Friday, January 9, 2026")


@dataclass(frozen=True, slots=True)
class CleanText:
    """Lines of one text with what each is: "content", "heading" or "chrome"."""

    lines: tuple[str, ...]
    truth: tuple[str, ...]
    text: str
    """The lines as they stand in a file."""


def clean_texts(count: int, *, seed: int = 11) -> Iterator[CleanText]:
    """That many texts, the same for the same seed."""
    rng = random.Random(seed)
    stock: dict[str, list[str]] = tomllib.loads(STOCK.read_text(encoding="utf-8"))
    articles = _articles()
    for number in range(count):
        yield _text(articles[number % len(articles)], stock, rng)


def _articles() -> list[list[tuple[str, str]]]:
    """Lines and their truth, four to nine paragraphs an article, each under its headings."""
    rows = [json.loads(line) for line in (ROOT / "seeds" / "paragraphs.jsonl").open()]
    found = []
    for first in range(0, len(rows) - 8, 6):
        part = rows[first : first + 4 + first % 6]
        titles = [row["headings"][0] for row in part if " " in "".join(row["headings"][:1])]
        lines = [(titles[0] if titles else f"Notes on {part[0]['topic']}", "heading")]
        seen = {lines[0][0]}
        for row in part:
            for heading in row["headings"][1:]:
                if heading not in seen:
                    lines.append((heading, "heading"))
                    seen.add(heading)
            lines.append((row["text"], "content"))
        found.append([(" ".join(line.split()), kind) for line, kind in lines])
    return found


def _text(
    article: Sequence[tuple[str, str]], stock: dict[str, list[str]], rng: random.Random
) -> CleanText:
    fill = {
        "title": article[0][0],
        "site": rng.choice(_SITES),
        "name": rng.choice(_NAMES),
        "section": rng.choice(_SECTIONS),
        "date": rng.choice(_DATES),
    }

    def some(place: str, least: int, most: int) -> list[tuple[str, str]]:
        chosen = rng.sample(stock[place], rng.randint(least, most))
        return [(line.format(**fill), "chrome") for line in chosen]

    title, *body = article
    over, under = some("top", 0, 2), some("top", 0, 2)
    # Breadcrumbs and skip links stand over the title, dates and names under it.
    lines = [*over[:1], title, *over[1:], *under]
    between = {rng.randrange(1, len(body)): line for line in some("middle", 0, 2)} if body else {}
    for number, line in enumerate(body):
        if number in between and body[number - 1][1] != "heading":
            lines.append(between[number])
        lines.append(line)
    lines += some("end", 0, 4)
    return _as_text([((line,), kind) for line, kind in lines], between="\n")


def broken_at(text: CleanText, width: int) -> CleanText:
    """The text with hard line breaks at a width, and blank lines between its paragraphs."""
    parts = [tuple(textwrap.wrap(line, width)) for line in text.lines]
    return _as_text(list(zip(parts, text.truth, strict=True)), between="\n\n")


def _as_text(parts: Sequence[tuple[tuple[str, ...], str]], *, between: str) -> CleanText:
    return CleanText(
        lines=tuple(line for lines, _ in parts for line in lines),
        truth=tuple(kind for lines, kind in parts for _ in lines),
        text=between.join("\n".join(lines) for lines, _ in parts),
    )
