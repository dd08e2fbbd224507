"""Title, address and date from a page's own head: a few look-ups, no search through the text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_TITLE = ("og:title", "twitter:title")
_PUBLISHED = (
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "date",
    "dc.date",
    "dc.date.issued",
    "parsely-pub-date",
    "sailthru.date",
)
_JSON_DATE = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a page says of itself; None where it says nothing."""

    url: str | None = None
    title: str | None = None
    published: str | None = None


def facts_of(tree: Any, url: str | None) -> Facts:
    """The facts in a parsed page's head; `url`, where known, is kept."""
    metas = _metas(tree)
    return Facts(
        url=url or _address(tree, metas),
        title=_first(metas, _TITLE) or _text(tree.find(".//title")) or _text(tree.find(".//h1")),
        published=_first(metas, _PUBLISHED) or _json_date(tree) or _time(tree),
    )


def _metas(tree: Any) -> dict[str, str]:
    metas: dict[str, str] = {}
    for element in tree.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop")
        value = " ".join((element.get("content") or "").split())
        if name and value:
            metas.setdefault(name.lower(), value)
    return metas


def _first(metas: dict[str, str], names: tuple[str, ...]) -> str | None:
    return next((metas[name] for name in names if name in metas), None)


def _text(element: Any) -> str | None:
    text = "" if element is None else " ".join("".join(element.itertext()).split())
    return text or None


def _address(tree: Any, metas: dict[str, str]) -> str | None:
    for element in tree.iter("link"):
        href = (element.get("href") or "").strip()
        if (element.get("rel") or "").lower() == "canonical" and href.startswith("http"):
            return str(href)
    address = metas.get("og:url", "")
    return address if address.startswith("http") else None


def _json_date(tree: Any) -> str | None:
    for element in tree.iter("script"):
        if "ld+json" in (element.get("type") or ""):
            match = _JSON_DATE.search(element.text or "")
            if match:
                return match.group(1)
    return None


def _time(tree: Any) -> str | None:
    for element in tree.iter("time"):
        value = (element.get("datetime") or "").strip()
        if _DATE.match(value):
            return str(value)
    return None
