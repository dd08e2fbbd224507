"""Which keys of a record are its text, its HTML, its URL: the contract's order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from quality.document import Markup

TEXT_KEYS = ("text", "raw_text", "content", "body", "articleBody")
HTML_KEYS = ("html", "raw_html")
URL_KEYS = ("url", "source", "link", "metadata.url")
TITLE_KEYS = ("title", "headline", "metadata.title")
PUBLISHED_KEYS = (
    "published",
    "published_at",
    "datePublished",
    "date_published",
    "metadata.published",
)
COLUMNS = TEXT_KEYS + HTML_KEYS + URL_KEYS + TITLE_KEYS + PUBLISHED_KEYS

# "source" is often the name of a data set: only what has a scheme, or a host with a dot
# and no space, is a URL.
_URL = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://\S+|(?:[\w-]+\.)+[a-z]{2,}(?:[/:?#]\S*)?)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a record or sidecar says of its page."""

    url: str | None = None
    title: str | None = None
    published: str | None = None


def facts_of(row: Mapping[str, Any]) -> Facts:
    """URL, title and date of a record, each None where it has none."""
    urls = _values(row, URL_KEYS)
    return Facts(
        url=next((url for url in urls if _URL.fullmatch(url)), None),
        title=next(_values(row, TITLE_KEYS), None),
        published=next(_values(row, PUBLISHED_KEYS), None),
    )


def content_of(row: Mapping[str, Any]) -> tuple[str, Markup] | None:
    """The first text key that holds text, else the first HTML key, else None."""
    for keys, markup in ((TEXT_KEYS, Markup.PLAIN), (HTML_KEYS, Markup.HTML)):
        if content := next(_values(row, keys, is_stripped=False), ""):
            return content, markup
    return None


def _values(
    row: Mapping[str, Any], keys: Iterable[str], *, is_stripped: bool = True
) -> Iterator[str]:
    for key in keys:
        value: Any = row
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, str) and value.strip():
            yield value.strip() if is_stripped else value
        elif value is not None and hasattr(value, "isoformat"):
            yield str(value.isoformat())
