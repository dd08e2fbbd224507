"""Clusters of near-duplicates: each text joins an earlier representative, never a chain.

A text joins the representative it is most like, or stands for a cluster of its own. Since
only representatives are compared, a text that drifts by small steps from copy to copy does
not pull unrelated ones together.
"""

from __future__ import annotations

from collections.abc import Sequence

from quality.neardup.relations import Overlap

# Less alike than "near", if spread over the shorter text: an article cut to 40 % or with a
# fifth of its words replaced is the same article. Each of five articles that a page holds whole
# has a similarity of .2 to the page.
MIN_SIMILARITY = 0.3
# Representatives compared with a new text; further ones share a key or two by chance.
MAX_LEADERS = 16


def belongs(overlap: Overlap) -> bool:
    """Whether a text with this overlap belongs to the representative's cluster."""
    return overlap.similarity >= MIN_SIMILARITY and overlap.is_spread


def choose_leader(leaders: Sequence[int], overlaps: Sequence[Overlap]) -> int | None:
    """The representative to join: the most similar, of equals the earliest; None to lead."""
    joinable = [
        (-overlap.similarity, leader)
        for leader, overlap in zip(leaders, overlaps, strict=True)
        if belongs(overlap)
    ]
    return min(joinable)[1] if joinable else None
