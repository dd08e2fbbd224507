"""House templates: outlines that recur over documents of different subjects.

A document is templated when enough other documents (of other near-duplicate clusters) have
sections of the same families in the same order, and those sections are of the kind that
fits any subject. Recipes, encyclopaedias, match reports and records recur too; their
families and their particulars keep them out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import log

import orjson
from xxhash import xxh3_64_intdigest

from quality.document import Evidence
from quality.neardup.align import Pair
from quality.neardup.generic import Recurring, fits_any_subject
from quality.neardup.headings import lexicon
from quality.neardup.outline import Outline, SectionOutline, outline
from quality.neardup.peers import SAME_HOST, Neighbourhood, Peer, Stored, any_host_limits
from quality.state import State

__all__ = ["Outline", "TemplateMatch", "TemplateMatches", "TemplateRegistry", "outline"]

# A house template shows in four documents: the one judged and three others (issue 4).
MIN_PEERS = 3
# Outlines that can show a template at all.
MIN_SECTIONS = 3
# Documents of a host that one document is compared with: a fixed sample, so that large
# hosts cost no more than small ones.
SAMPLE = 64
# On a large host a template shows in more than a stray few documents.
MIN_SHARE = 0.06
# Read for each key at most, always the same ones of a key that is in fashion.
MAX_POSTINGS = 96
# The smallest skeleton hashes of a document, by which slot-filled texts find each other.
MAX_SKELETON_KEYS = 4
# Outlines held in memory, about 2 KB each.
MAX_LOADED = 20_000
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


class TemplateRegistry:
    """Outlines of all documents in the state, and what recurs among them."""

    def __init__(self, state: State) -> None:
        self.state = state
        state.define(_DDL)
        self._hosts: dict[str, Neighbourhood] = {}
        self._count: int | None = None
        self._loaded: dict[str, Stored | None] = {}

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
        self._forget_cached()

    def remove(self, document_id: str) -> None:
        """Forget a document's outline."""
        with self.state.transaction() as connection:
            for table in ("template_outlines", "template_postings"):
                connection.execute(f"DELETE FROM {table} WHERE document = ?", (document_id,))
        self._forget_cached()

    def judge(
        self, outline: Outline, host: str | None, cluster_of: Callable[[str], str]
    ) -> TemplateMatches:
        """What of an outline recurs in the documents added, and whether it is templated."""
        nothing = TemplateMatches((None,) * len(outline.main), templated=False)
        if len(outline.sections) < MIN_SECTIONS:
            return nothing
        kinds = lexicon(outline.language or "en").kinds
        best = nothing
        for peers in self._groups_of_peers(outline, host or "", cluster_of):
            held = _held(outline, peers)
            recurring = [
                Recurring(section, tuple(p.stored.sections[pair.other] for p, pair in found))
                for section, found in zip(outline.sections, held, strict=True)
                if len(found) >= MIN_PEERS
            ]
            is_templated = fits_any_subject(recurring, kinds)
            if is_templated or best is nothing:
                best = _matches(outline, held, host, templated=is_templated)
            if is_templated:
                break
        return best

    def _groups_of_peers(
        self, outline: Outline, host: str, cluster_of: Callable[[str], str]
    ) -> Iterator[list[Peer]]:
        """Peers on the same host, then peers on any; groups too small to count are left out."""
        judged = Stored.of(outline.document, host, "", outline.sections)
        if host:
            home = self._host(host)
            peers = home.peers(judged, SAME_HOST, cluster_of)
            if len(peers) >= max(MIN_PEERS, MIN_SHARE * (len(home.members) - 1)):
                yield peers
        anywhere = Neighbourhood.of(self._sharing(outline))
        limits = any_host_limits(self._total())
        peers = anywhere.peers(judged, limits, cluster_of)
        peers = anywhere.mutual(peers, SAME_HOST, cluster_of) if len(peers) >= MIN_PEERS else []
        if len(peers) >= MIN_PEERS:
            yield peers

    def _host(self, host: str) -> Neighbourhood:
        if host not in self._hosts:
            rows = self.state.connection.execute(
                "SELECT document, host, added, outline FROM template_outlines "
                "WHERE host = ? ORDER BY place LIMIT ?",
                (host, SAMPLE),
            )
            self._hosts[host] = Neighbourhood.of([_stored(row) for row in rows])
        return self._hosts[host]

    def _sharing(self, outline: Outline) -> list[Stored]:
        """Documents that share most keys with an outline, best first, at most SAMPLE."""
        total = self.state.connection.execute("SELECT count(*) FROM template_outlines").fetchone()[
            0
        ]
        weights: defaultdict[str, float] = defaultdict(float)
        for key in _keys(outline.sections):
            rows = self.state.connection.execute(
                "SELECT document FROM template_postings WHERE key = ? ORDER BY place LIMIT ?",
                (key, MAX_POSTINGS),
            ).fetchall()
            # Where the limit cuts, the key is commoner than its rows show.
            weight = log((total + 1) / len(rows)) if rows else 0.0
            for (document,) in rows:
                weights[document] += weight if len(rows) < MAX_POSTINGS else weight / 2
        found = sorted(weights, key=lambda document: (-weights[document], _place(document)))
        loaded = (self._load(document) for document in found[:SAMPLE])
        return [stored for stored in loaded if stored is not None]

    def _total(self) -> int:
        if self._count is None:
            row = self.state.connection.execute("SELECT count(*) FROM template_outlines").fetchone()
            self._count = int(row[0])
        return self._count

    def _load(self, document: str) -> Stored | None:
        if document not in self._loaded:
            if len(self._loaded) >= MAX_LOADED:
                self._loaded.clear()
            row = self.state.connection.execute(
                "SELECT document, host, added, outline FROM template_outlines WHERE document = ?",
                (document,),
            ).fetchone()
            self._loaded[document] = None if row is None else _stored(row)
        return self._loaded[document]

    def _forget_cached(self) -> None:
        self._hosts.clear()
        self._loaded.clear()
        self._count = None


def _held(outline: Outline, peers: Sequence[Peer]) -> list[list[tuple[Peer, Pair]]]:
    """For each section of the outline, where it recurs."""
    return [
        [(peer, pair) for peer in peers for pair in peer.pairs if pair.own == number]
        for number in range(len(outline.sections))
    ]


def _matches(
    outline: Outline,
    held: Sequence[Sequence[tuple[Peer, Pair]]],
    host: str | None,
    *,
    templated: bool,
) -> TemplateMatches:
    matches = [
        _match(section, found, host) if len(found) >= MIN_PEERS else None
        for section, found in zip(outline.sections, held, strict=True)
    ]
    count = sum(match is not None for match in matches)
    documents = len({peer.stored.document for found in held for peer, _ in found})
    return TemplateMatches(
        tuple(None if main is None else matches[main] for main in outline.main),
        templated,
        f"{count} of its {len(matches)} sections recur in the same order in {documents} other "
        "documents on other subjects, and hold little that is particular"
        if templated
        else "",
    )


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
        coverage=round(min(1.0, sum(pair.evidence for _, pair in found) / len(found)), 3),
        first_seen=min(peer.stored.added for peer, _ in found),
        example_headings=tuple(sorted(headings)[:3]),
    )


def _keys(sections: Sequence[SectionOutline]) -> list[int]:
    """Hashes of what documents of one template may share.

    Stems of headings; two families in order, up to three sections apart; a few shingles of
    the bodies' skeletons; the row of forms, where it is not all prose.
    """
    keys = {f"stem:{stem}" for section in sections for stem in section.stems}
    for number, section in enumerate(sections):
        for later in sections[number + 1 : number + 4]:
            keys |= {f"{a}>{b}" for a in section.families for b in later.families}
    skeleton = sorted({value for section in sections for value in section.skeleton})
    keys |= {f"skeleton:{value}" for value in skeleton[:MAX_SKELETON_KEYS]}
    forms = [section.form for section in sections]
    if len(set(forms)) > 1:
        keys.add("forms:" + ",".join(forms))
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
        SectionOutline(h, tuple(f), tuple(s), op, form, w, p, tuple(sk))
        for h, f, s, op, form, w, p, sk in orjson.loads(blob)
    )
    return Stored.of(document, host, added, sections)
