"""Lines that recur over a site: kept in the state, so the tenth page is cleaner than the first.

Each document leaves keys of its short lines: one of the folded line, one of its shape
(digits and names masked), so that "By Jane Doe, 3 min read" counts with its kind, and one of
the line with the next: words such as "None" or "Description" recur in text, but furniture
recurs in its place, beside the same lines. What counts is distinct near-duplicate clusters:
syndicated copies of one text are one document, or their paragraphs would look like furniture.

Of menus (`SiteLines.menu`) what counts is texts, told apart by their longest lines: where a menu
is most of every page, all pages of a site are near-duplicates because of it.

What was counted for a host is kept until something is added or removed, so judging all of a
host's documents reads each of its lines once, not once a document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from quality.chrome.site_keys import (
    MENU_LINES,
    LineKeys,
    line_keys,
    longest_keys,
    may_be_item,
    may_hold_menu,
    pair_key,
)
from quality.state import State

# Below this many distinct documents a share says nothing.
MIN_DOCUMENTS = 8
# What one document may leave, as a bound on the state; of 1,156 training pages 42 have more than
# 600 short lines, and none so many.
MAX_LINES = 2_000
# A line has a fixed place where it stands beside the same line in nearly all documents of the site,
# or in a passage of so many different lines, each of which follows the one before it in so many
# documents. Of 41 manuals, most of them those of `make bench-manuals`, 21,346 lines of furniture
# stand beside the same line in .95 of the documents, and 217 of the text, mostly words of a form.
# In part of the documents, passages of 15 lines and more are furniture; of shorter ones more are
# text.
PLACE_SHARE = 0.95
PASSAGE_LINES = 15
PASSAGE_SHARE, PASSAGE_DOCUMENTS = 0.3, 3
# In as few as two documents of many stands the menu of a section, or a listing that both show. So
# the line model is asked of the passage as a whole (`Repetition.passage`). Of passages of 15
# different lines and more on both pages of train hosts that have two (27 of 33 have some), 10,946
# lines are chrome and 154 are called text.
SHARED_LINES, SHARED_DOCUMENTS = 15, 2
# A menu stands on so large a share of a site's texts. On pages of 117 manuals 27,446 lines of such
# passages are furniture; 156 are called text, most of these in one whose pages repeat a list.
MENU_SHARE = 0.5
# No key of a line: keys are not negative.
_LOOKED_AT = -1
# Hosts whose counts are kept while documents are judged. Files come host by host in most
# folders; a host of 5,000 documents takes about a megabyte.
HOSTS_KEPT = 64

_TABLES = """
CREATE TABLE IF NOT EXISTS site_documents (
    number INTEGER PRIMARY KEY,
    document TEXT NOT NULL UNIQUE,
    host TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS site_documents_by_host ON site_documents (host);
CREATE TABLE IF NOT EXISTS site_lines (
    host TEXT NOT NULL,
    key INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (host, key, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS site_lines_by_document ON site_lines (number);
CREATE TABLE IF NOT EXISTS site_longest (
    number INTEGER NOT NULL,
    key INTEGER NOT NULL,
    PRIMARY KEY (number, key)
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Repetition:
    """In how many distinct documents of its site a line stands, and in which share of them.

    `shape` is True where only the shape of the line recurs, not its wording; `fixed` where it
    recurs in its place, beside the same lines; `passage` is the number of the first line of the
    long passage it is part of, where that recurs in fewer documents.
    """

    documents: int
    share: float
    shape: bool = False
    fixed: bool = False
    passage: int | None = None


class _Place(NamedTuple):
    """A line's place on its site: see `Repetition`."""

    fixed: bool = False
    passage: int | None = None


@dataclass(slots=True)
class _Host:
    """One host while its documents are judged: clusters by document number, counts by key."""

    clusters: dict[int, str] | dict[int, int]
    total: int
    counts: dict[int, int] = field(default_factory=dict)
    """Distinct clusters with a key, where there are several; single lines are not worth it."""


class SiteLines:
    """The lines of all sites in a state. Writes join the caller's transaction."""

    def __init__(self, state: State, *, min_documents: int = MIN_DOCUMENTS) -> None:
        self._state = state
        self._min_documents = min_documents
        self._hosts: dict[tuple[str, Callable[[str], str] | None], _Host] = {}
        state.define(_TABLES)

    def add(self, host: str | None, document_id: str, lines: Sequence[str]) -> None:
        """Remember a document's short lines; what was known under its id is replaced.

        Without a host there is nothing to remember, but clusters may have changed.
        """
        with self._state.transaction() as connection:
            self.remove(document_id)
            if host is None:
                return
            number = connection.execute(
                "INSERT INTO site_documents (document, host) VALUES (?, ?)", (document_id, host)
            ).lastrowid
            known = [line_keys(line) for line in lines[:MAX_LINES]]
            keys = {key for both in known for key in both if key is not None}
            keys |= {
                pair_key(first, second)
                for (first, _), (second, _) in pairwise(known)
                if first is not None and second is not None
            }
            connection.executemany(
                "INSERT INTO site_lines VALUES (?, ?, ?)",
                [(host, key, number) for key in sorted(keys)],
            )
            # One row more says that the document was looked at; earlier versions kept none.
            connection.execute("DELETE FROM site_longest WHERE number = ?", (number,))
            connection.executemany(
                "INSERT INTO site_longest VALUES (?, ?)",
                [(number, key) for key in (_LOOKED_AT, *longest_keys(lines))],
            )

    def remove(self, document_id: str) -> None:
        """Forget a document; nothing happens where it is not known."""
        self._hosts.clear()
        with self._state.transaction() as connection:
            row = connection.execute(
                "SELECT number FROM site_documents WHERE document = ?", (document_id,)
            ).fetchone()
            if row is not None:
                connection.execute("DELETE FROM site_lines WHERE number = ?", row)
                connection.execute("DELETE FROM site_longest WHERE number = ?", row)
                connection.execute("DELETE FROM site_documents WHERE number = ?", row)

    def recount(self) -> None:
        """Count anew from here on: the answers of `cluster_of` have changed."""
        for host, cluster_of in list(self._hosts):
            if cluster_of is not None:
                del self._hosts[host, cluster_of]

    def knows(self, document_id: str) -> bool:
        """Whether a document is remembered."""
        row = self._state.connection.execute(
            "SELECT 1 FROM site_documents WHERE document = ?", (document_id,)
        ).fetchone()
        return row is not None

    def documents(self, host: str) -> int:
        """How many documents of a host are remembered."""
        row = self._state.connection.execute(
            "SELECT count(*) FROM site_documents WHERE host = ?", (host,)
        ).fetchone()
        return int(row[0])

    def repetition(
        self, host: str | None, lines: Sequence[str], cluster_of: Callable[[str], str]
    ) -> list[Repetition | None]:
        """How each line recurs over the host's distinct clusters of documents.

        None for lines that stand in one document only, for long lines, and for all lines of
        a host with fewer than `min_documents` distinct documents. `cluster_of` must give the
        same answers until the next `add`, `remove` or `recount`.
        """
        if host is None:
            return [None] * len(lines)
        known = self._host(host, cluster_of)
        if known.total < self._min_documents:
            return [None] * len(lines)
        keys = [line_keys(line) for line in lines]
        counts = [self._counts(host, both, known) for both in keys]
        # Only what recurs by itself can recur beside another.
        wordings = [
            own if exact > 1 else None for (own, _), (exact, _) in zip(keys, counts, strict=True)
        ]
        places = _places(lines, wordings, self._pairs(host, wordings, known), known.total)
        return [
            _repetition(both, known.total, place)
            for both, place in zip(counts, places, strict=True)
        ]

    def menu(self, host: str | None, lines: Sequence[str]) -> frozenset[int]:
        """Which of these lines are of a menu that at least half of the host's texts show.

        None for a host with fewer than `min_documents` texts of their own.
        """
        if host is None or not may_hold_menu(lines):
            return frozenset()
        known = self._host(host, None)
        if known.total < self._min_documents:
            return frozenset()
        wordings = [line_keys(line)[0] for line in lines]
        return _menus(lines, wordings, self._pairs(host, wordings, known), known.total)

    def _host(self, host: str, cluster_of: Callable[[str], str] | None) -> _Host:
        """The host's documents by their clusters, or, without `cluster_of`, by their texts."""
        known = self._hosts.pop((host, cluster_of), None)
        if known is None:
            clusters = self._clusters(host, cluster_of) if cluster_of else self._texts(host)
            known = _Host(clusters, len(set(clusters.values())))
        # Last in, last out: the host seen longest ago makes room.
        self._hosts[host, cluster_of] = known
        if len(self._hosts) > HOSTS_KEPT:
            del self._hosts[next(iter(self._hosts))]
        return known

    def _clusters(self, host: str, cluster_of: Callable[[str], str]) -> dict[int, str]:
        """The cluster of each of the host's documents."""
        rows = self._state.connection.execute(
            "SELECT number, document FROM site_documents WHERE host = ?", (host,)
        )
        return {number: cluster_of(document) for number, document in rows}

    def _texts(self, host: str) -> dict[int, int]:
        """Which text each of the host's documents is; without those never looked at for it."""
        rows = self._state.connection.execute(
            "SELECT number, key FROM site_longest"
            " WHERE number IN (SELECT number FROM site_documents WHERE host = ?)",
            (host,),
        ).fetchall()
        numbers = [number for number, key in rows if key == _LOOKED_AT]
        shared = [(number, key) for number, key in rows if key != _LOOKED_AT]
        # Documents and what they share are the nodes of a graph; its components are the texts.
        document = {number: place for place, number in enumerate(numbers)}
        node = {key: place for place, key in enumerate({key for _, key in shared}, len(numbers))}
        begin = [document[number] for number, _ in shared]
        end = [node[key] for _, key in shared]
        size = len(document) + len(node)
        graph = coo_array((np.ones(len(shared)), (begin, end)), shape=(size, size))
        _, texts = connected_components(graph, directed=False)
        return dict(zip(numbers, texts.tolist(), strict=False))

    def _counts(self, host: str, keys: LineKeys, known: _Host) -> tuple[int, int]:
        """In how many clusters a line's wording and its shape stand."""
        exact, shape = (0 if key is None else self._clusters_with(host, key, known) for key in keys)
        return exact, shape

    def _pairs(self, host: str, wordings: Sequence[int | None], known: _Host) -> list[int]:
        """In how many clusters each line stands beside the next."""
        return [
            0
            if first is None or second is None
            else self._clusters_with(host, pair_key(first, second), known)
            for first, second in pairwise(wordings)
        ]

    def _clusters_with(self, host: str, key: int, known: _Host) -> int:
        count = known.counts.get(key)
        if count is None:
            rows = self._state.connection.execute(
                "SELECT number FROM site_lines WHERE host = ? AND key = ?", (host, key)
            )
            clusters = {known.clusters.get(number) for (number,) in rows}
            count = len(clusters - {None})
            if count > 1:
                known.counts[key] = count
        return count


def _places(
    lines: Sequence[str], wordings: Sequence[int | None], pairs_in: Sequence[int], total: int
) -> list[_Place]:
    """Where on the site each line stands."""
    places = [_Place() for _ in lines]
    least = max(PASSAGE_SHARE * total, PASSAGE_DOCUMENTS)
    fixed = set(_menus(lines, wordings, pairs_in, total))
    for passage in _passages(wordings, pairs_in, least, PASSAGE_LINES):
        fixed.update(passage)
    for number, clusters in enumerate(pairs_in):
        if clusters >= max(PLACE_SHARE * total, 2):
            fixed.update((number, number + 1))
    for number in fixed:
        places[number] = _Place(fixed=True)
    # What two pages show right under a menu is no passage by the lines of the menu.
    open_pairs = [
        0 if number in fixed or number + 1 in fixed else clusters
        for number, clusters in enumerate(pairs_in)
    ]
    for passage in _passages(wordings, open_pairs, SHARED_DOCUMENTS, SHARED_LINES):
        for number in passage:
            places[number] = _Place(passage=passage.start)
    return places


def _menus(
    lines: Sequence[str], wordings: Sequence[int | None], pairs_in: Sequence[int], total: int
) -> frozenset[int]:
    """The lines of passages that read like menus and stand in at least half of the site."""
    least = max(MENU_SHARE * total, PASSAGE_DOCUMENTS)
    found: set[int] = set()
    for passage in _passages(wordings, pairs_in, least, MENU_LINES):
        for is_item, run in groupby(passage, lambda number: may_be_item(lines[number])):
            menu = list(run)
            if is_item and len({wordings[number] for number in menu}) >= MENU_LINES:
                found.update(menu)
    return frozenset(found)


def _passages(
    wordings: Sequence[int | None], pairs_in: Sequence[int], least: float, length: int
) -> Iterator[range]:
    """Runs of lines, each beside the next in so many clusters, of enough different lines."""
    for recurs, run in groupby(range(len(pairs_in)), lambda number: pairs_in[number] >= least):
        pairs = list(run)
        lines = range(pairs[0], pairs[-1] + 2)
        # The cells of a table ("yes", "no") follow one another in any order.
        if recurs and len({wordings[number] for number in lines}) >= length:
            yield lines


def _repetition(counts: tuple[int, int], total: int, place: _Place) -> Repetition | None:
    exact, shape = counts
    if place.fixed:
        return Repetition(exact, exact / total, fixed=True)
    most = max(exact, shape)
    if most < 2:
        return None
    return Repetition(most, most / total, shape=exact < most, passage=place.passage)
