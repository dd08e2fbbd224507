"""Outlines in the state: by document, by host, and by what documents of one template share."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from heapq import nsmallest
from itertools import chain, combinations, product
from math import log
from typing import Any

import orjson
from xxhash import xxh3_64_intdigest

from quality.neardup.outline import SectionOutline
from quality.neardup.peers import Neighbourhood, Stored
from quality.state import State

# Documents of its host that one document is compared with: a fixed sample, so that a large
# host costs no more than a small one.
HOST_SAMPLE = 64
# Documents of any host: those that share most. With 32 as many farm documents are found among
# 2,000 without hosts as with 64, in half the time (benchmarks/templates.py).
BEST = 32
# Keys of one document at most; of more, the same ones in every document.
MAX_KEYS = 96
# Read for each key at most, always the same ones of a key that is in fashion.
MAX_POSTINGS = 96
# The smallest skeleton hashes of a document, by which slot-filled texts find each other.
MAX_SKELETON_KEYS = 4
# The families of a key are so many sections apart at most.
MAX_APART = 3
# Outlines held in memory, about 4 KB each.
MAX_LOADED = 10_000
# SQLite keeps a number of 48 bits in 6 bytes, one of 31 in 4; 48 bits tell documents apart.
_PLACE_BITS = 48
_KEY_BITS = 31
_DDL = """
CREATE TABLE IF NOT EXISTS template_outlines (
    place INTEGER PRIMARY KEY, document TEXT NOT NULL, host TEXT NOT NULL,
    added TEXT NOT NULL, outline BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS template_outlines_host ON template_outlines (host, place);
CREATE TABLE IF NOT EXISTS template_postings (
    key INTEGER NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (key, place)
) WITHOUT ROWID;
"""
_COLUMNS = "document, host, added, outline"


class OutlineStore:
    """What is remembered of outlines. Caches what it has read until that is written anew."""

    def __init__(self, state: State) -> None:
        self.state = state
        state.define(_DDL)
        self._hosts: dict[str, Neighbourhood] = {}
        self._loaded: dict[int, Stored] = {}
        self._count: int | None = None

    def put(self, document: str, host: str, sections: Sequence[SectionOutline]) -> None:
        """Remember an outline; the one of the same document before it is forgotten."""
        place, blob = _place(document), _dump(sections)
        row = self.state.connection.execute(
            "SELECT added, host, outline FROM template_outlines WHERE place = ?", (place,)
        ).fetchone()
        if row and (row[1], row[2]) == (host, blob):
            return
        self.remove(document)
        added = row[0] if row else datetime.now(UTC).isoformat(timespec="seconds")
        with self.state.transaction() as connection:
            connection.execute(
                "INSERT INTO template_outlines VALUES (?, ?, ?, ?, ?)",
                (place, document, host, added, blob),
            )
            connection.executemany(
                "INSERT OR IGNORE INTO template_postings VALUES (?, ?)",
                [(key, place) for key in _keys(sections)],
            )

    def remove(self, document: str) -> None:
        """Forget an outline."""
        self._hosts.clear()
        self._count = None
        place = _place(document)
        self._loaded.pop(place, None)
        row = self.state.connection.execute(
            f"SELECT {_COLUMNS} FROM template_outlines WHERE place = ?", (place,)
        ).fetchone()
        if row is None:
            return
        with self.state.transaction() as connection:
            connection.execute("DELETE FROM template_outlines WHERE place = ?", (place,))
            connection.executemany(
                "DELETE FROM template_postings WHERE key = ? AND place = ?",
                [(key, place) for key in _keys(_stored(row).sections)],
            )

    def count(self) -> int:
        """How many documents have an outline here."""
        if self._count is None:
            row = self.state.connection.execute("SELECT count(*) FROM template_outlines").fetchone()
            self._count = int(row[0])
        return self._count

    def of_host(self, host: str) -> Neighbourhood:
        """A host's documents, a sample that is the same for the same documents."""
        if host not in self._hosts:
            rows = self.state.connection.execute(
                f"SELECT {_COLUMNS} FROM template_outlines WHERE host = ? ORDER BY place LIMIT ?",
                (host, HOST_SAMPLE),
            )
            self._hosts[host] = Neighbourhood.of([_stored(row) for row in rows])
        return self._hosts[host]

    def sharing(self, sections: Sequence[SectionOutline]) -> Neighbourhood:
        """The documents of any host that share most with an outline."""
        weights: defaultdict[int, float] = defaultdict(float)
        for key in _keys(sections):
            rows = self.state.connection.execute(
                "SELECT place FROM template_postings WHERE key = ? ORDER BY place LIMIT ?",
                (key, MAX_POSTINGS),
            ).fetchall()
            # Where the limit cuts, the key is commoner than its rows show.
            weight = log((self.count() + 1) / len(rows)) if rows else 0.0
            for (place,) in rows:
                weights[place] += weight if len(rows) < MAX_POSTINGS else weight / 2
        best = nsmallest(BEST, weights, key=lambda place: (-weights[place], place))
        return Neighbourhood.of([self._load(place) for place in best])

    def _load(self, place: int) -> Stored:
        if place not in self._loaded:
            if len(self._loaded) >= MAX_LOADED:
                self._loaded.clear()
            row = self.state.connection.execute(
                f"SELECT {_COLUMNS} FROM template_outlines WHERE place = ?", (place,)
            ).fetchone()
            self._loaded[place] = _stored(row)
        return self._loaded[place]


def _keys(sections: Sequence[SectionOutline]) -> list[int]:
    """Hashes of what documents of one template may share.

    Stems of headings; two or three families in order; a few shingles of the bodies'
    skeletons; the row of forms, where it is not all prose.
    """
    keys = {f"stem:{stem}" for section in sections for stem in section.stems}
    families = [section.families for section in sections]
    for number, first in enumerate(families):
        following = families[number + 1 : number + 1 + MAX_APART]
        for later in chain(combinations(following, 1), combinations(following, 2)):
            keys |= {">".join(run) for run in product(first, *later)}
    skeleton = sorted({value for section in sections for value in section.skeleton})
    keys |= {f"skeleton:{value}" for value in skeleton[:MAX_SKELETON_KEYS]}
    forms = [section.form for section in sections]
    if len(set(forms)) > 1:
        keys.add("forms:" + ",".join(forms))
    return sorted(_hash(key, _KEY_BITS) for key in keys)[:MAX_KEYS]


def _place(document: str) -> int:
    """The number of a document, and its place in samples: as good as random, and fixed."""
    return _hash(document, _PLACE_BITS)


def _hash(text: str, bits: int) -> int:
    return xxh3_64_intdigest(text.encode()) >> (64 - bits)


def _dump(sections: Sequence[SectionOutline]) -> bytes:
    rows = [[getattr(section, name) for name in SectionOutline.__slots__] for section in sections]
    return zlib.compress(orjson.dumps(rows), level=1)


def _stored(row: tuple[str, str, str, bytes]) -> Stored:
    document, host, added, blob = row
    rows: list[list[Any]] = orjson.loads(zlib.decompress(blob))
    sections = []
    for values in rows:
        fields: list[Any] = [tuple(v) if isinstance(v, list) else v for v in values]
        sections.append(SectionOutline(*fields))
    return Stored.of(document, host, added, sections)
