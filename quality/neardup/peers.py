"""Peers: other documents whose outlines run parallel to one document's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import log10

from quality.neardup.align import (
    FORM_WEIGHTS,
    MOST_SKELETON,
    Pair,
    Side,
    align,
    most_evidence,
    side,
    tokens,
)
from quality.neardup.outline import SectionOutline


@dataclass(frozen=True, slots=True)
class Stored:
    """An outline as remembered."""

    document: str
    host: str
    added: str
    sections: tuple[SectionOutline, ...]
    tokens: tuple[dict[str, float], ...]
    """What each heading can share with another."""
    all_tokens: frozenset[str]
    forms: frozenset[str]
    skeleton: frozenset[int]

    @classmethod
    def of(cls, document: str, host: str, added: str, sections: Sequence[SectionOutline]) -> Stored:
        """An outline with what aligning needs of it worked out."""
        found = tuple(tokens(section) for section in sections)
        return cls(
            document,
            host,
            added,
            tuple(sections),
            found,
            frozenset(token for of in found for token in of),
            frozenset(section.form for section in sections),
            frozenset(value for section in sections for value in section.skeleton),
        )


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
# throughout, all have 1.7 and .30 (the site posts and sites of benchmarks/templates.py).
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


# Two equal headings over the form that counts most, filled into one mould.
MOST_A_PAIR = 1.0 + max(FORM_WEIGHTS.values()) + MOST_SKELETON


@dataclass(slots=True)
class Neighbourhood:
    """Documents that are compared with each other, and the heading tokens that recur there."""

    members: tuple[Stored, ...]
    recurring: frozenset[str]
    sides: dict[str, Side] = field(default_factory=dict)

    @classmethod
    def of(cls, members: Sequence[Stored]) -> Neighbourhood:
        """The neighbourhood of these documents."""
        count = Counter(token for stored in members for token in stored.all_tokens)
        recurring = frozenset(token for token, times in count.items() if times >= 2)
        return cls(tuple(members), recurring)

    def peers(
        self,
        judged: Stored,
        limits: Limits,
        cluster_of: Callable[[str], str],
    ) -> list[Peer]:
        """Members of other clusters that run parallel to a document, one a cluster."""
        own_cluster = cluster_of(judged.document)
        own = self._side(judged)
        found: dict[str, Peer] = {}
        for stored in self.members:
            peer = self._peer(own, stored, limits) if stored.document != judged.document else None
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
        circle = Neighbourhood(tuple(peer.stored for peer in best), self.recurring, self.sides)
        return [
            peer
            for peer in best
            if len(circle.peers(peer.stored, limits, cluster_of)) >= MIN_MUTUAL
        ]

    def _side(self, stored: Stored) -> Side:
        if stored.document not in self.sides:
            self.sides[stored.document] = side(stored.sections, stored.tokens, self.recurring)
        return self.sides[stored.document]

    def _peer(self, own: Side, stored: Stored, limits: Limits) -> Peer | None:
        count = len(stored.sections)
        longer = max(len(own), count)
        needed = max(limits.evidence, limits.density * longer)
        if min(len(own), count) * MOST_A_PAIR < needed:
            return None
        if most_evidence(own, stored.all_tokens, stored.forms, stored.skeleton) < needed:
            return None
        pairs = align(own, self._side(stored), at_least=needed)
        evidence = sum(pair.evidence for pair in pairs)
        if evidence < needed:
            return None
        return Peer(stored, pairs, evidence, evidence / longer)


def _rank(peer: Peer) -> tuple[float, str]:
    return peer.evidence, peer.stored.document
