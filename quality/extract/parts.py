"""A block before the text is put together."""

from __future__ import annotations

from dataclasses import dataclass

from quality.document import BlockKind


@dataclass(frozen=True, slots=True)
class Part:
    """The text of one block, its kind, and the level of a heading (0 where unknown)."""

    text: str
    kind: BlockKind
    level: int = 0
