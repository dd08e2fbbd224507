"""How large a page may be. Time is limited outside, in worker processes that can be killed."""

from __future__ import annotations

from dataclasses import dataclass

from quality.errors import LimitError


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one page; beyond them it is a failure, not a wait.

    The largest of 1,162 web pages had 2.2 million characters and 16,000 tags. These values
    are the defaults of the settings too.
    """

    max_chars: int = 20_000_000
    """Characters of a page as read."""

    max_nodes: int = 200_000
    """Tags of an HTML page."""


DEFAULT_LIMITS = Limits()
# Characters of the shortest tag, `<b>`: few pages are long enough for too many, and need counting.
_LEAST_TAG = 3


def check_chars(content: str, limits: Limits) -> None:
    """Raises LimitError for a page that is too long."""
    if len(content) > limits.max_chars:
        raise LimitError(
            f"{len(content):,} characters, more than max_chars ({limits.max_chars:,}). "
            "Split the page or raise the limit."
        )


def check_nodes(content: str, limits: Limits) -> None:
    """Raises LimitError for a page with too many tags; counts them without parsing."""
    if len(content) <= limits.max_nodes * _LEAST_TAG:
        return
    nodes = content.count("<") - content.count("</")
    if nodes > limits.max_nodes:
        raise LimitError(
            f"about {nodes:,} tags, more than max_nodes ({limits.max_nodes:,}). "
            "Split the page or raise the limit."
        )
