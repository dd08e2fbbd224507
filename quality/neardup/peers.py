"""Peers: other documents whose outlines run parallel to one document's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import log10

from quality.neardup.align import FORM_WEIGHTS, WITHOUT_HEADING, Pair, Side, align, side, tokens
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
    evidence: float
    """Sum of the pairs' evidence."""
    density: float
    """Evidence for each section of the longer outline."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When two outlines run parallel."""

    evidence: float
    density: float


# Of the documents of honest blogs, in samples of 6 of a host, none has a third-best peer of
# evidence 1 and density .25; of documents of house templates with headings reworded
# throughout, all have 1.7 and .30 (benchmarks/templates.py).
SAME_HOST = Limits(evidence=1.5, density=0.28)
# Looked for in the whole index, peers are the best of many, so they must be better: of 1,750
# honest documents without hosts, two are taken for templated at density .28, none at .32.
ANY_HOST_DENSITY = 0.25
DENSITY_A_DECADE = 0.03
# Peers that are checked for being each other's; a template has no need of more.
MAX_MUTUAL = 12
MIN_MUTUAL = 1


def any_host_limits(documents: int) -> Limits:
    """When two outlines of whatever hosts run parallel, in an index of so many documents.

    >>> round(any_host_limits(100_000).density, 2)
    0.37
    """
    decades = max(0.0, log10(max(documents, 1) / 10))
    return Limits(SAME_HOST.evidence, ANY_HOST_DENSITY + DENSITY_A_DECADE * decades)


# Two equal headings over the form that counts most.
MOST_A_PAIR = 1.0 + max(FORM_WEIGHTS.values())


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

    def mutual(
        self, peers: Sequence[Peer], limits: Limits, cluster_of: Callable[[str], str]
    ) -> list[Peer]:
        """The strongest peers that are peers of one another too: what chance brings is not."""
        best = sorted(peers, key=_rank, reverse=True)[:MAX_MUTUAL]
        names = {peer.stored.document for peer in best}
        kept = []
        for peer in best:
            stored = peer.stored
            others = self.peers(stored.document, stored.sections, limits, cluster_of)
            if sum(1 for other in others if other.stored.document in names) >= MIN_MUTUAL:
                kept.append(peer)
        return kept

    def _side(self, stored: Stored) -> Side:
        if stored.document not in self.sides:
            self.sides[stored.document] = side(stored.sections, self.recurring)
        return self.sides[stored.document]

    def _may_reach(self, own: Side, stored: Stored, limits: Limits) -> bool:
        """A bound without aligning: every strong pair needs a section with a shared token."""
        other = self._side(stored)
        shared = own.all_tokens & other.all_tokens
        hits = sum(1 for found in own.tokens if not shared.isdisjoint(found))
        bound = hits * MOST_A_PAIR + sum(
            WITHOUT_HEADING * FORM_WEIGHTS.get(section.form, 0.0) for section in own.sections
        )
        longer = max(len(own.sections), len(other.sections))
        return bound >= limits.evidence and bound >= limits.density * longer

    def _peer(self, own: Side, stored: Stored, limits: Limits) -> Peer | None:
        pairs = align(own, self._side(stored))
        evidence = sum(pair.evidence for pair in pairs)
        density = evidence / max(len(own.sections), len(stored.sections))
        if evidence < limits.evidence or density < limits.density:
            return None
        return Peer(stored, pairs, evidence, density)


def _rank(peer: Peer) -> tuple[float, str]:
    return peer.evidence, peer.stored.document
