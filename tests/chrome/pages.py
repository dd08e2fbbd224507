"""Pages of our own writing, for the tests of lines and decisions."""

from __future__ import annotations

from collections.abc import Sequence

from quality.document import Block, BlockKind, Document

BODY = (
    "The harbour board of Lindhaven voted on Tuesday to close the eastern pier for repairs, "
    "after divers found that four of its eleven supports had cracked over the winter.",
    "Work is to begin in the second week of May and to last until the autumn, the board's "
    "engineer, Maren Oltmann, told the meeting, at a cost of about 2.3 million.",
    "Fishing boats will move to the old coal quay until then, and the ferry to the islands "
    "will leave twenty minutes later so that passengers can walk the longer way.",
    "Two of the nine members voted against, saying that a temporary bridge would have cost "
    "a third as much and could have been ready before the first visitors arrive.",
    "The pier was last repaired after the storm of 1998, when a barge that had broken loose "
    "struck it twice and tore away a part of the planking.",
)
MENU = ("Home", "News", "Sport", "Weather", "Tides", "Classifieds", "Contact us", "Log in")
FOOTER = (
    "Share this article",
    "Leave a comment",
    "Your email address will not be published.",
    "Subscribe to our newsletter",
    "Related stories",
    "Ferry timetable changes again",
    "Market day moves to Friday",
    "Privacy policy",
    "Terms of use",
    "© 2031 Lindhaven Courier",
)
PAGE = (*MENU, "Eastern pier to close", *BODY, *FOOTER)


def document(
    lines: Sequence[str],
    *,
    kinds: Sequence[BlockKind] | None = None,
    dense: bool = False,
    host: str | None = None,
) -> Document:
    """A document of one block a line."""
    blocks, start = [], 0
    for number, line in enumerate(lines):
        kind = kinds[number] if kinds else BlockKind.PARAGRAPH
        blocks.append(Block(start, start + len(line), kind))
        start += len(line) + 1
    text = "\n".join(lines)
    return Document("d", "d.txt", text, tuple(blocks), host=host, plain=True, dense=dense)
