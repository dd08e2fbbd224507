"""Outlines in the state: by document, by host, and by what documents of one template share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from math import log

import orjson
from xxhash import xxh3_64_intdigest

from quality.neardup.outline import SectionOutline
from quality.neardup.peers import Neighbourhood, Stored
from quality.state import State

# Documents that one document is compared with, of its host and of all: a fixed sample of a
# host, the best of all, so that a large index costs no more than a small one.
SAMPLE = 64
# Read for each key at most, always the same ones of a key that is in fashion.
MAX_POSTINGS = 96
# The smallest skeleton hashes of a document, by which slot-filled texts find each other.
MAX_SKELETON_KEYS = 4
# Two families make a key when they are so many sections apart at most.
MAX_APART = 3
# Outlines held in memory, about 4 KB each.
MAX_LOADED = 10_000
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
"""


class OutlineStore:
    """What is remembered of outlines. Caches what it has read until something is written."""

    def __init__(self, state: State) -> None:
        self.state = state
        state.define(_DDL)
        self._hosts: dict[str, Neighbourhood] = {}
        self._loaded: dict[str, Stored | None] = {}
        self._count: int | None = None

    def put(self, document: str, host: str, sections: Sequence[SectionOutline]) -> None:
        """Remember an outline; the one of the same document before it is forgotten."""
        blob = _dump(sections)
        row = self.state.connection.execute(
            "SELECT added, host, outline FROM template_outlines WHERE document = ?", (document,)
        ).fetchone()
        if row and (row[1], row[2]) == (host, blob):
            return
        self.remove(document)
        added = row[0] if row else datetime.now(UTC).isoformat(timespec="seconds")
        place = _hash(document)
        with self.state.transaction() as connection:
            connection.execute(
                "INSERT INTO template_outlines VALUES (?, ?, ?, ?, ?)",
                (document, host, place, added, blob),
            )
            connection.executemany(
                "INSERT OR IGNORE INTO template_postings VALUES (?, ?, ?)",
                [(key, place, document) for key in _keys(sections)],
            )

    def remove(self, document: str) -> None:
        """Forget an outline."""
        self._hosts.clear()
        self._loaded.clear()
        self._count = None
        stored = self._load(document)
        self._loaded.clear()
        if stored is None:
            return
        with self.state.transaction() as connection:
            connection.execute("DELETE FROM template_outlines WHERE document = ?", (document,))
            connection.executemany(
                "DELETE FROM template_postings WHERE key = ? AND place = ? AND document = ?",
                [(key, _hash(document), document) for key in _keys(stored.sections)],
            )

    def count(self) -> int:
        """How many documents have an outline here."""
        if self._count is None:
            row = self.state.connection.execute("SELECT count(*) FROM template_outlines").fetchone()
            self._count = int(row[0])
        return self._count

    def of_host(self, host: str) -> Neighbourhood:
        """A host's documents, at most SAMPLE, always the same ones of the same documents."""
        if host not in self._hosts:
            rows = self.state.connection.execute(
                "SELECT document, host, added, outline FROM template_outlines "
                "WHERE host = ? ORDER BY place LIMIT ?",
                (host, SAMPLE),
            )
            self._hosts[host] = Neighbourhood.of([_stored(row) for row in rows])
        return self._hosts[host]

    def sharing(self, sections: Sequence[SectionOutline]) -> Neighbourhood:
        """The documents of any host that share most with an outline, at most SAMPLE."""
        weights: defaultdict[str, float] = defaultdict(float)
        for key in _keys(sections):
            rows = self.state.connection.execute(
                "SELECT document FROM template_postings WHERE key = ? ORDER BY place LIMIT ?",
                (key, MAX_POSTINGS),
            ).fetchall()
            # Where the limit cuts, the key is commoner than its rows show.
            weight = log((self.count() + 1) / len(rows)) if rows else 0.0
            for (document,) in rows:
                weights[document] += weight if len(rows) < MAX_POSTINGS else weight / 2
        best = sorted(weights, key=lambda document: (-weights[document], _hash(document)))
        loaded = (self._load(document) for document in best[:SAMPLE])
        return Neighbourhood.of([stored for stored in loaded if stored is not None])

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


def _keys(sections: Sequence[SectionOutline]) -> list[int]:
    """Hashes of what documents of one template may share.

    Stems of headings; two families in order; a few shingles of the bodies' skeletons; the
    row of forms, where it is not all prose.
    """
    keys = {f"stem:{stem}" for section in sections for stem in section.stems}
    for number, section in enumerate(sections):
        for later in sections[number + 1 : number + 1 + MAX_APART]:
            keys |= {f"{a}>{b}" for a in section.families for b in later.families}
    skeleton = sorted({value for section in sections for value in section.skeleton})
    keys |= {f"skeleton:{value}" for value in skeleton[:MAX_SKELETON_KEYS]}
    forms = [section.form for section in sections]
    if len(set(forms)) > 1:
        keys.add("forms:" + ",".join(forms))
    return sorted(_hash(key) for key in keys)


def _hash(text: str) -> int:
    """A hash that fits SQLite's signed 64 bits."""
    return xxh3_64_intdigest(text.encode()) >> 1


def _dump(sections: Sequence[SectionOutline]) -> bytes:
    return orjson.dumps(
        [[getattr(section, name) for name in SectionOutline.__slots__] for section in sections]
    )


def _stored(row: tuple[str, str, str, bytes]) -> Stored:
    document, host, added, blob = row
    sections = []
    for heading, span, families, stems, opener, form, words, particulars, skeleton in orjson.loads(
        blob
    ):
        sections.append(
            SectionOutline(
                heading=heading,
                span=(span[0], span[1]),
                families=tuple(families),
                stems=tuple(stems),
                opener=opener,
                form=form,
                words=words,
                particulars=particulars,
                skeleton=tuple(skeleton),
            )
        )
    return Stored.of(document, host, added, sections)
