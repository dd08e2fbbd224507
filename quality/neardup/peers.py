"""Peers: other documents whose outlines run parallel to one document's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from quality.neardup.align import STRONG, Pair, Side, align, side, tokens
from quality.neardup.outline import SectionOutline


@dataclass(frozen=True, slots=True)
class Stored:
    """An outline as remembered."""

    document: str
    host: str
    added: str
    sections: tuple[SectionOutline, ...]


@dataclass(frozen=True, slots=True)
class Peer:
    """Another document and its sections that do the same."""

    stored: Stored
    pairs: tuple[Pair, ...]
    """Pairs whose headings say the same."""
    strength: float
    """Sum of their likeness."""
    coverage: float
    """Share of the longer outline that runs parallel, in headings or in form."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When two outlines run parallel."""

    strength: float
    coverage: float


# On honest hosts, in samples of 6 documents, .003 have a third-best peer of strength 1.5 and
# coverage .6; of documents of house templates .95 have (benchmarks/templates.py).
SAME_HOST = Limits(strength=1.7, coverage=0.6)
# Beside documents that run parallel among themselves, less will do.
JOINING = Limits(strength=0.9, coverage=0.6)
# Peers looked for in the whole index are the best of many, so they must be better.
ANY_HOST = Limits(strength=3.0, coverage=0.7)


@dataclass(slots=True)
class Neighbourhood:
    """Documents that are compared with each other, and the heading tokens that recur there."""

    members: tuple[Stored, ...]
    recurring: frozenset[str]
    sides: dict[str, Side] = field(default_factory=dict)

    @classmethod
    def of(cls, members: Sequence[Stored]) -> Neighbourhood:
        """The neighbourhood of these documents."""
        count = Counter(
            token
            for stored in members
            for token in {token for section in stored.sections for token in tokens(section)}
        )
        recurring = frozenset(token for token, times in count.items() if times >= 2)
        return cls(tuple(members), recurring)

    def peers(
        self,
        document: str,
        sections: Sequence[SectionOutline],
        limits: Limits,
        cluster_of: Callable[[str], str],
    ) -> list[Peer]:
        """Members of other clusters that run parallel to these sections, one a cluster."""
        own_cluster = cluster_of(document)
        own = side(sections, self.recurring)
        found: dict[str, Peer] = {}
        for stored in self.members:
            if stored.document == document or not self._may_reach(own, stored, limits):
                continue
            peer = self._peer(own, stored, limits)
            if peer is None:
                continue
            cluster = cluster_of(stored.document)
            if cluster != own_cluster and (
                cluster not in found or _rank(peer) > _rank(found[cluster])
            ):
                found[cluster] = peer
        return [peer for _, peer in sorted(found.items())]

    def _side(self, stored: Stored) -> Side:
        if stored.document not in self.sides:
            self.sides[stored.document] = side(stored.sections, self.recurring)
        return self.sides[stored.document]

    def _may_reach(self, own: Side, stored: Stored, limits: Limits) -> bool:
        """A bound without aligning: every strong pair needs a section with a shared token."""
        other = self._side(stored)
        shared = own.all_tokens & other.all_tokens
        hits = sum(1 for found in own.tokens if not shared.isdisjoint(found))
        longer = max(len(own.sections), len(other.sections))
        shorter = min(len(own.sections), len(other.sections))
        return hits >= limits.strength and shorter >= limits.coverage * longer

    def _peer(self, own: Side, stored: Stored, limits: Limits) -> Peer | None:
        pairs = align(own, self._side(stored))
        coverage = len(pairs) / max(len(own.sections), len(stored.sections))
        strong = tuple(pair for pair in pairs if pair.likeness >= STRONG)
        strength = sum(pair.likeness for pair in strong)
        if strength < limits.strength or coverage < limits.coverage:
            return None
        return Peer(stored, strong, strength, coverage)


def _rank(peer: Peer) -> tuple[float, str]:
    return peer.strength, peer.stored.document
