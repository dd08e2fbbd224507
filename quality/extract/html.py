"""HTML to parts with trafilatura: the fast way first, the thorough one where that is short."""

from __future__ import annotations

import logging
import re
from typing import Any

from quality.errors import ExtractError
from quality.extract.limits import Limits, check_nodes
from quality.extract.metadata import Facts, facts_of
from quality.extract.parts import Part
from quality.extract.tree import parts_of

# Fast extraction this much shorter than all visible text is worth the thorough one
# (FINDINGS.md, "Cascade").
MIN_FAST_SHARE = 0.3


def extract_html(content: str, *, url: str | None, limits: Limits) -> tuple[list[Part], Facts]:
    """The parts of a page's main text, and the facts in its head.

    Raises ExtractError with the reason where there are none.
    """
    check_nodes(content, limits)
    tree = parse(content)
    body = main_body(tree, content)
    parts = [] if body is None else parts_of(body)
    if not parts:
        raise ExtractError(why_empty(content))
    return parts, facts_of(tree, url)


def parse(content: str) -> Any:
    """The page as a tree. Raises ExtractError where it is no HTML at all."""
    from trafilatura.utils import load_html

    tree = load_html(content)
    if tree is None:
        raise ExtractError(why_empty(content))
    return tree


def main_body(tree: Any, content: str) -> Any:
    """The body element that trafilatura finds, None where it finds none."""
    from resiliparse.extract.html2text import extract_plain_text

    fast = _trafilatura(tree, is_fast=True)
    length = 0 if fast is None else len("".join(fast.itertext()))
    visible = len(extract_plain_text(content, main_content=True))
    if length >= MIN_FAST_SHARE * visible and length:
        return fast
    return _trafilatura(tree, is_fast=False)


def _trafilatura(tree: Any, *, is_fast: bool) -> Any:
    from trafilatura import bare_extraction

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    result = bare_extraction(
        tree,
        fast=is_fast,
        include_comments=False,
        include_formatting=True,
        output_format="xml",
        deduplicate=False,
    )
    return None if result is None else getattr(result, "body", None)


_SCRIPT = re.compile(r"<script\b.*?</script\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_REFRESH = re.compile(
    r"""<meta[^>]+http-equiv\s*=\s*["']?refresh|location\.(?:href|replace)""", re.I
)


def why_empty(content: str) -> str:
    """One sentence: why a page has no text, and what to do."""
    if "<" not in content:
        return "no HTML in it. Name the file .txt if it is plain text."
    scripts = sum(len(match) for match in _SCRIPT.findall(content))
    text = " ".join(_TAG.sub(" ", _SCRIPT.sub(" ", content)).split())
    if _REFRESH.search(content) and len(text) < 500:
        return "no text: the page only redirects. Fetch the page it leads to."
    if re.search(r"<frameset\b", content, re.IGNORECASE):
        return "no text: a frameset. Fetch the frames themselves."
    if scripts > len(text):
        return "no text: the page is filled by JavaScript. Fetch it with a browser."
    return "no main text found: too short, or only links and forms. Remove it or give it as .txt."
