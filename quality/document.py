"""The nouns of the pipeline: pages come in, documents of blocks and sections go through.

`Document.text` never changes. Whatever is found later is a span into it: half-open
ranges of Unicode code points, `text[start:end]`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

TRUNCATED = "truncated"
"""The flag of a text that breaks off in a sentence."""


class Markup(StrEnum):
    """What a page's content is written in."""

    HTML = "html"
    PLAIN = "plain"
    MARKDOWN = "markdown"


class BlockKind(StrEnum):
    """The form of a block, as the container shows it; what it does is a label, not a kind."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    QUOTE = "quote"
    TABLE = "table"
    CODE = "code"


class EvidenceKind(StrEnum):
    """Where a piece of evidence comes from."""

    RULE = "rule"
    FEATURE = "feature"
    SITE = "site"
    TEMPLATE = "template"
    TWIN = "twin"


@dataclass(frozen=True, slots=True)
class Page:
    """One input document as read, before extraction.

    `id` is stable: a hash of the input bytes (for records of a container: of the record's
    bytes and number). `path` is written with forward slashes, as the user gave it.
    """

    id: str
    path: str
    content: str
    markup: Markup
    record: int = 0
    url: str | None = None
    title: str | None = None
    published: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, paragraph, list item, quote, table or code listing: `text[start:end]`.

    `level` is 1 to 6 for headings whose rank is known, else 0. `goes_on`: a hard line break cut
    its paragraph, which the next block continues (`quality.unbroken` puts them together).
    """

    start: int
    end: int
    kind: BlockKind
    level: int = 0
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A run of blocks under one heading: `blocks[first]` to `blocks[last]`, both inside.

    `first` is the heading's block where there is one. Sections do not overlap and
    together cover all blocks.
    """

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why we say so: a named finding, its weight and the span it stands on.

    `weight` is signed: positive speaks for the label given. Its unit depends on the kind:
    log-odds for features, 1.0 for rules, share of documents for site repetition,
    coverage for templates, similarity for twins.
    """

    kind: EvidenceKind
    name: str
    weight: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """Extracted text with its blocks and sections, in reading order.

    `host` is lower case without `www.`. `language` is an ISO 639-1 code, or None where it
    cannot be told. `plain`: no markup told text and furniture apart. `dense`: plain text that still
    carries a whole page's furniture (`quality.chrome.situation`). `flags` are findings about the
    text as a whole, such as `truncated`.
    """

    id: str
    path: str
    text: str
    blocks: tuple[Block, ...]
    sections: tuple[Section, ...] = ()
    record: int = 0
    url: str | None = None
    host: str | None = None
    title: str | None = None
    published: str | None = None
    language: str | None = None
    plain: bool = False
    dense: bool = False
    flags: frozenset[str] = field(default_factory=frozenset)

    def block_text(self, index: int) -> str:
        """The text of one block."""
        block = self.blocks[index]
        return self.text[block.start : block.end]

    def block_texts(self) -> Iterator[str]:
        """The texts of all blocks, in order."""
        return (self.text[block.start : block.end] for block in self.blocks)

    def headings_above(self, index: int) -> tuple[str, ...]:
        """The stack of headings over a block, outermost first, without the block itself."""
        return self.heading_stacks()[index]

    def heading_stacks(self, skip: Collection[int] = ()) -> tuple[tuple[str, ...], ...]:
        """`headings_above` for every block, in one pass, without those in `skip` (chrome).

        A heading closes all headings of its rank and below. Where the rank is unknown, one
        that is numbered or ends in a colon stands under one that does neither.
        """
        stack: list[tuple[int, str]] = []
        above: tuple[str, ...] = ()
        stacks = []
        for number, block in enumerate(self.blocks):
            stacks.append(above)
            if block.kind is not BlockKind.HEADING or number in skip:
                continue
            text = self.block_text(number)
            rank = block.level or (_MINOR if _is_minor(text) else _MAJOR)
            while stack and stack[-1][0] >= rank:
                stack.pop()
            stack.append((rank, text))
            above = tuple(text for _, text in stack)
        return tuple(stacks)


# Ranks of headings whose level is unknown: below all six of HTML.
_MAJOR, _MINOR = 7, 8


def _is_minor(heading: str) -> bool:
    return heading.rstrip().endswith(":") or heading[:1].isdigit()
