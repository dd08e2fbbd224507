"""House templates: outlines that recur over documents of different subjects.

A document is templated when enough other documents (of other near-duplicate clusters) have
sections of the same families in the same order, and those sections are of the kind that
fits any subject. Recipes, encyclopaedias, match reports and records recur too; their
families and their particulars keep them out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from xxhash import xxh3_64_intdigest

from quality.document import Evidence
from quality.neardup.align import Pair, align
from quality.neardup.headings import lexicon
from quality.neardup.outline import Outline, SectionOutline, outline
from quality.state import State

__all__ = ["Outline", "TemplateMatch", "TemplateMatches", "TemplateRegistry", "outline"]

# A house template shows in four documents: the one judged and three others (issue 4).
MIN_PEERS = 3
# Outlines that can show a template at all.
MIN_SECTIONS = 3
# Documents of a host that one document is compared with: a fixed sample, so that large
# hosts cost no more than small ones.
SAMPLE = 64
_DDL = """
CREATE TABLE IF NOT EXISTS template_outlines (
    document TEXT PRIMARY KEY, host TEXT NOT NULL, place INTEGER NOT NULL,
    added TEXT NOT NULL, outline BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS template_outlines_host ON template_outlines (host, place);
CREATE TABLE IF NOT EXISTS template_postings (
    key INTEGER NOT NULL, place INTEGER NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY (key, place, document)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS template_postings_document ON template_postings (document);
"""


@dataclass(frozen=True, slots=True)
class TemplateMatch:
    """A section that recurs: in how many documents and hosts, and since when."""

    id: str
    documents: int
    """Distinct near-duplicate clusters, this document's own included."""
    hosts: int
    """Known hosts among them."""
    coverage: float
    """How much the section is alike in the others, 0 to 1."""
    first_seen: str
    example_headings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TemplateMatches:
    """What recurs of a document, by section, and whether it is templated as a whole."""

    sections: tuple[TemplateMatch | None, ...]
    templated: bool
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Stored:
    """An outline as remembered."""

    document: str
    host: str
    added: str
    sections: tuple[SectionOutline, ...]


@dataclass(frozen=True, slots=True)
class Peer:
    """Another document with its sections that do the same."""

    stored: Stored
    pairs: tuple[Pair, ...]


class TemplateRegistry:
    """Outlines of all documents in the state, and what recurs among them."""

    def __init__(self, state: State) -> None:
        self.state = state
        state.define(_DDL)
        self._hosts: dict[str, tuple[Stored, ...]] = {}

    def add(self, document_id: str, host: str | None, title: str | None, outline: Outline) -> None:  # noqa: ARG002 - the outline has its topic taken out
        """Remember a document's outline; adding it again changes nothing."""
        with self.state.transaction() as connection:
            row = connection.execute(
                "SELECT added FROM template_outlines WHERE document = ?", (document_id,)
            ).fetchone()
            added = row[0] if row else datetime.now(UTC).isoformat(timespec="seconds")
            if row:
                self.remove(document_id)
            if len(outline.sections) < MIN_SECTIONS:
                return
            place = _place(document_id)
            connection.execute(
                "INSERT INTO template_outlines VALUES (?, ?, ?, ?, ?)",
                (document_id, host or "", place, added, _dump(outline)),
            )
            connection.executemany(
                "INSERT OR IGNORE INTO template_postings VALUES (?, ?, ?)",
                [(key, place, document_id) for key in _keys(outline.sections)],
            )
        self._hosts.clear()

    def remove(self, document_id: str) -> None:
        """Forget a document's outline."""
        with self.state.transaction() as connection:
            for table in ("template_outlines", "template_postings"):
                connection.execute(f"DELETE FROM {table} WHERE document = ?", (document_id,))
        self._hosts.clear()

    def judge(
        self, outline: Outline, host: str | None, cluster_of: Callable[[str], str]
    ) -> TemplateMatches:
        """What of an outline recurs in the documents added, and whether it is templated."""
        nothing = TemplateMatches((None,) * len(outline.main), templated=False)
        if len(outline.sections) < MIN_SECTIONS:
            return nothing
        peers = self._peers(outline, host or "", cluster_of)
        if len(peers) < MIN_PEERS:
            return nothing
        held = [
            [(peer, pair) for peer in peers for pair in peer.pairs if pair.own == number]
            for number in range(len(outline.sections))
        ]
        kinds = lexicon(outline.language or "en").kinds
        recurring = [n for n, found in enumerate(held) if len(found) >= MIN_PEERS]
        templated = _is_templated(outline, recurring, kinds)
        matches = [
            _match(section, found, host) if len(found) >= MIN_PEERS else None
            for section, found in zip(outline.sections, held, strict=True)
        ]
        return TemplateMatches(
            tuple(None if main is None else matches[main] for main in outline.main),
            templated,
            f"{len(recurring)} sections recur in order in {len(peers)} other documents"
            if templated
            else "",
        )

    def _peers(self, outline: Outline, host: str, cluster_of: Callable[[str], str]) -> list[Peer]:
        """Documents of other clusters that share enough of the outline, one a cluster."""
        own = cluster_of(outline.document)
        found: dict[str, Peer] = {}
        for stored in self._candidates(outline, host):
            cluster = cluster_of(stored.document)
            if cluster == own:
                continue
            pairs = align(outline.sections, stored.sections)
            if len(pairs) < MIN_SECTIONS:
                continue
            peer = Peer(stored, pairs)
            if cluster not in found or _rank(peer) > _rank(found[cluster]):
                found[cluster] = peer
        return [peer for _, peer in sorted(found.items())]

    def _candidates(self, outline: Outline, host: str) -> Iterable[Stored]:
        seen = {}
        if host:
            seen = {stored.document: stored for stored in self._host(host)}
        for document in self._sharing(_keys(outline.sections)):
            if document not in seen:
                stored = self._load(document)
                if stored is not None and (not host or stored.host != host):
                    seen[document] = stored
        return seen.values()

    def _host(self, host: str) -> tuple[Stored, ...]:
        if host not in self._hosts:
            rows = self.state.connection.execute(
                "SELECT document, host, added, outline FROM template_outlines "
                "WHERE host = ? ORDER BY place LIMIT ?",
                (host, SAMPLE),
            )
            self._hosts[host] = tuple(_stored(row) for row in rows)
        return self._hosts[host]

    def _sharing(self, keys: Sequence[int]) -> list[str]:
        """Documents that share most keys, best first, at most SAMPLE."""
        count: dict[str, int] = {}
        for key in keys:
            for (document,) in self.state.connection.execute(
                "SELECT document FROM template_postings WHERE key = ? ORDER BY place LIMIT ?",
                (key, 4 * SAMPLE),
            ):
                count[document] = count.get(document, 0) + 1
        return sorted(count, key=lambda document: (-count[document], _place(document)))[:SAMPLE]

    def _load(self, document: str) -> Stored | None:
        row = self.state.connection.execute(
            "SELECT document, host, added, outline FROM template_outlines WHERE document = ?",
            (document,),
        ).fetchone()
        return None if row is None else _stored(row)


def _is_templated(outline: Outline, recurring: Sequence[int], kinds: dict[str, str]) -> bool:
    """Whether recurring sections of kinds that fit any subject outweigh the rest."""
    generic = honest = 0
    for number in recurring:
        families = [kinds.get(family, "open") for family in outline.sections[number].families]
        generic += "generic" in families and "format" not in families
        honest += "format" in families and "generic" not in families
    return generic >= MIN_SECTIONS and generic > honest


def _match(
    section: SectionOutline, found: Sequence[tuple[Peer, Pair]], host: str | None
) -> TemplateMatch:
    hosts = {peer.stored.host for peer, _ in found} | {host or ""}
    headings = {section.heading} | {
        peer.stored.sections[pair.other].heading for peer, pair in found
    }
    core = section.families or section.stems
    return TemplateMatch(
        id=f"{(core[0] if core else 'section')}-{xxh3_64_intdigest(repr(core).encode()):016x}"[:32],
        documents=len(found) + 1,
        hosts=len(hosts - {""}),
        coverage=round(sum(pair.likeness for _, pair in found) / len(found), 3),
        first_seen=min(peer.stored.added for peer, _ in found),
        example_headings=tuple(sorted(headings)[:3]),
    )


def _rank(peer: Peer) -> tuple[float, str]:
    return sum(pair.likeness for pair in peer.pairs), peer.stored.document


def _keys(sections: Sequence[SectionOutline]) -> list[int]:
    """Hashes of what documents may share: two families in order, up to three sections apart."""
    names = [section.families or section.stems[:2] for section in sections]
    keys = set()
    for number, own in enumerate(names):
        for later in names[number + 1 : number + 4]:
            keys |= {f"{a}>{b}" for a in own for b in later}
    return sorted(_signed(key) for key in keys)


def _place(document_id: str) -> int:
    return _signed(document_id)


def _signed(text: str) -> int:
    """A hash that fits SQLite's signed 64 bits."""
    return xxh3_64_intdigest(text.encode()) >> 1


def _dump_sections(sections: Sequence[SectionOutline]) -> bytes:
    return orjson.dumps([[getattr(s, name) for name in SectionOutline.__slots__] for s in sections])


def _dump(outline: Outline) -> bytes:
    return _dump_sections(outline.sections)


def _stored(row: tuple[str, str, str, bytes]) -> Stored:
    document, host, added, blob = row
    sections = tuple(
        SectionOutline(h, tuple(f), tuple(s), form, w, p, soft, tuple(sk))
        for h, f, s, form, w, p, soft, sk in orjson.loads(blob)
    )
    return Stored(document, host, added, sections)
