"""HTML to parts: the block model chooses from all visible blocks, others bear witness.

With a model, trafilatura's fast way and resiliparse are witnesses that are heard where the
model is not sure without them; where it still expects to do badly, trafilatura's thorough
way has the last word. Without a model it is trafilatura alone: fast first, thorough where
that comes out short.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from quality.errors import ExtractError
from quality.extract.blockmodel import BlockModel
from quality.extract.dom import Candidate, candidates
from quality.extract.limits import Limits, check_nodes
from quality.extract.metadata import Facts, facts_of
from quality.extract.parts import Part
from quality.extract.tree import parts_of

# Fast extraction this much shorter than the main text that resiliparse finds is worth the
# thorough one (FINDINGS.md, "Cascade").
MIN_FAST_SHARE = 0.3
# Trafilatura mends the lines that begin within this.
HEAD_CHARS = 4096
_CONTROLS = bytes(code for code in range(0x20) if code not in b"\t\n\r")
# Below this the model's choice was worse than trafilatura's on train hosts.
MIN_EXPECTED_F1 = 0.5


def extract_html(
    content: str, *, url: str | None, limits: Limits, model: BlockModel | None = None
) -> tuple[list[Part], Facts]:
    """The parts of a page's main text, and the facts in its head.

    Raises ExtractError with the reason where there are none.
    """
    check_nodes(content, limits)
    tree = parse(content)
    parts = _chosen(tree, content, model) if model else _longer(tree, content)
    if not parts:
        raise ExtractError(why_empty(content))
    return parts, facts_of(tree, url)


def parse(content: str) -> Any:
    """The page as a tree. Raises ExtractError where it is no HTML at all."""
    tree = _load(content)
    if tree is None and _TAG.search(content):
        # The library takes one element without <html> for no page at all.
        tree = _load(f"<html><body>{content}</body></html>")
    if tree is None:
        raise ExtractError(why_empty(content))
    return tree


def _load(content: str) -> Any:
    """What trafilatura's `load_html` gives, or None, in elements that cost less.

    lxml asks a function of its own in Python for the class of each element that is looked at,
    some 2,700 times a page: a twentieth of the time of extraction. One class does for us.
    """
    from lxml.etree import LxmlError
    from lxml.html import fromstring
    from trafilatura.utils import is_dubious_html

    mended = repaired(content)
    raw = mended.encode("utf-8", "surrogatepass")
    tree = None
    # As text first; text that declares an encoding is refused so, and bytes are what it means.
    for form in (mended, raw):
        try:
            tree = fromstring(form, parser=_parser())
        except (ValueError, LxmlError):
            continue
        if len(tree):
            break
    is_html = tree is not None and (len(tree) > 1 or not is_dubious_html(_beginning(content)))
    return tree if is_html else None


def repaired(content: str) -> str:
    """What trafilatura's `repair_faulty_html` makes of a page.

    It mends the first lines, and takes out everywhere what no XML may hold. Where there is
    nothing of that, the head alone need be shown to it: a tenth of the time.
    """
    from trafilatura.utils import repair_faulty_html

    beginning = _beginning(content)
    end_of_head = content.find("\n", HEAD_CHARS) + 1
    rest = content[end_of_head:]
    raw = rest.encode("utf-8", "surrogatepass")
    is_clean = len(raw.translate(None, _CONTROLS)) == len(raw) and b"\xef\xbf" not in raw
    if not end_of_head or not is_clean:
        return str(repair_faulty_html(content, beginning))
    return str(repair_faulty_html(content[:end_of_head], beginning)) + rest


def _beginning(content: str) -> str:
    return content[:50].lower()


@cache
def _parser() -> Any:
    """The parser of trafilatura, but for the classes of elements."""
    from lxml import etree, html

    parser = etree.HTMLParser(
        collect_ids=False,
        default_doctype=False,
        encoding="utf-8",
        remove_comments=True,
        remove_pis=True,
    )
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=html.HtmlElement))
    return parser


def witnesses(tree: Any, content: str) -> tuple[list[str], list[str]]:
    """The lines that resiliparse and trafilatura's fast way take for the main text."""
    fast = parts_of(_trafilatura(tree, is_fast=True))
    return _resiliparse(content), [part.text for part in fast]


def _chosen(tree: Any, content: str, model: BlockModel) -> list[Part]:
    found = candidates(tree)
    selection = model.select(found, lambda: witnesses(tree, content))
    if selection.expected_f1 < MIN_EXPECTED_F1:
        return parts_of(_trafilatura(tree, is_fast=False)) or _parts(found, selection.numbers)
    return _parts(found, selection.numbers)


def _parts(found: Sequence[Candidate], numbers: Sequence[int]) -> list[Part]:
    return [Part(found[n].text, found[n].kind, found[n].level) for n in numbers]


def _longer(tree: Any, content: str) -> list[Part]:
    fast = parts_of(_trafilatura(tree, is_fast=True))
    length = sum(len(part.text) for part in fast)
    if length and length >= MIN_FAST_SHARE * sum(map(len, _resiliparse(content))):
        return fast
    return parts_of(_trafilatura(tree, is_fast=False)) or fast


def _resiliparse(content: str) -> list[str]:
    from resiliparse.extract.html2text import extract_plain_text

    return str(extract_plain_text(content, main_content=True)).splitlines()


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
    r"""<meta[^>]+http-equiv\s*=\s*["']?refresh|location\.(?:href|replace)""", re.IGNORECASE
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
