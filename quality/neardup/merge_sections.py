"""Relations of sections over several shards: where a section of one document stands in others.

The second part of `quality index merge`, after documents and clusters, on the tables that
`quality.neardup.merge` has made in the engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from quality.neardup.bands import Numbers, anchors
from quality.neardup.candidates import FEW_ANCHORS, SECTION_ANCHOR_SHARE, TextKeys
from quality.neardup.judging import (
    MAX_REPORTED,
    MAX_SECTION_VERIFIED,
    Limits,
    blocks_of,
    sections_of_anchors,
    word_starts,
)
from quality.neardup.relations import Passage, find_passage, trigrams
from quality.neardup.sets import distinct
from quality.neardup.shards import ANCHOR
from quality.neardup.shingles import U32
from quality.neardup.signature import MIN_WORDS
from quality.neardup.store import unpacked
from quality.neardup.texts import Texts

if TYPE_CHECKING:
    import duckdb

_DOCUMENTS_A_TIME = 4_096
_ROWS = 8_192
_DOCUMENTS = """
SELECT place, block_words, firsts, word_bytes
FROM documents JOIN texts USING (text) ORDER BY place
"""
# As `by_section` and `Judge` choose: enough anchors in common, those with most of them first.
_CANDIDATES = f"""
WITH shared AS (
    SELECT place, section, earliest.text AS target, count(*) AS shared
    FROM sought JOIN earliest USING (key) WHERE earliest.kind = {ANCHOR} GROUP BY ALL
), owned AS (SELECT place, section, count(*) AS owned FROM sought GROUP BY ALL),
chosen AS (
    SELECT place, section, documents.text, target, begin, after
    FROM shared JOIN owned USING (place, section) JOIN documents USING (place)
    JOIN sections USING (place, section)
    WHERE target <> documents.text AND shared
        >= if(owned < {FEW_ANCHORS}, 1, greatest(2, {SECTION_ANCHOR_SHARE}::DOUBLE * owned))
    QUALIFY row_number() OVER (PARTITION BY place, section ORDER BY shared DESC, target)
        <= {MAX_SECTION_VERIFIED}
)
SELECT place, section, begin, after, ours.word_bytes, target, theirs.word_bytes
FROM chosen JOIN texts AS ours ON ours.text = chosen.text
JOIN texts AS theirs ON theirs.text = target ORDER BY place, section
"""
_FOUND = f"""
CREATE TABLE section_found AS
WITH carriers AS (
    SELECT place, text, row_number() OVER (PARTITION BY text ORDER BY place) AS rank
    FROM first_carriers WHERE text IS NOT NULL
)
SELECT passages.place, section, carriers.place AS other, begin, after, similarity
FROM passages JOIN carriers ON text = target AND rank <= {MAX_REPORTED}
UNION ALL
SELECT sections.place, section, carriers.place, begin, after, 1.0
FROM sections JOIN documents USING (place) JOIN carriers ON carriers.text = documents.text
WHERE carriers.place <> sections.place
"""
_ANSWER = f"""
SELECT ours.path, ours.record, ours.id, sections.first, sections.last,
    theirs.path, theirs.record, theirs.id, theirs.block_words, found.begin, found.after,
    similarity, theirs.place < ours.place AS earlier
FROM section_found AS found JOIN sections USING (place, section)
JOIN documents AS ours ON ours.place = found.place
JOIN documents AS theirs ON theirs.place = found.other
QUALIFY row_number() OVER (PARTITION BY found.place, section ORDER BY similarity DESC, found.other)
    <= {MAX_REPORTED}
ORDER BY found.place, section, similarity DESC, found.other
"""


def _schema(kind: pa.DataType, *names: str) -> list[tuple[str, pa.DataType]]:
    return [(name, kind) for name in names]


_SECTIONS = pa.schema(_schema(pa.int64(), "place", "section", "first", "last", "begin", "after"))
_SOUGHT = pa.schema(_schema(pa.int64(), "place", "section", "key"))
_PASSAGES = pa.schema(
    [
        *_schema(pa.int64(), "place", "section", "target", "begin", "after"),
        ("similarity", pa.float64()),
    ]
)
_RESULT = pa.schema(
    [
        *(("path", pa.string()), ("record", pa.int64()), ("document", pa.string())),
        *_schema(pa.int64(), "first", "last"),
        *(("other_path", pa.string()), ("other_record", pa.int64())),
        ("other_document", pa.string()),
        *_schema(pa.int64(), "other_first", "other_last"),
        *(("similarity", pa.float64()), ("earlier", pa.bool_())),
    ]
)


def write_sections(engine: duckdb.DuckDBPyConnection, out: Path, limits: Limits) -> None:
    """Write `sections.parquet`: for each section the passages of other documents like it."""
    with TemporaryDirectory(dir=out, prefix=".merge-") as work:
        folder = Path(work)
        _cut_up(engine, folder)
        for name in ("sections", "sought"):
            _load(engine, folder, name)
        with pq.ParquetWriter(folder / "passages.parquet", _PASSAGES) as writer:
            for rows in _chunks(engine.execute(_CANDIDATES)):
                writer.write_table(_table(list(_passages(rows, limits)), _PASSAGES))
        _load(engine, folder, "passages")
    engine.execute(_FOUND)
    part = out / "sections.parquet.part"
    with pq.ParquetWriter(part, _RESULT) as writer:
        for rows in _chunks(engine.execute(_ANSWER)):
            writer.write_table(_table([_answered(row) for row in rows], _RESULT))
    part.replace(out / "sections.parquet")


def _cut_up(engine: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Files of all sections that are long enough to be sought, and of their anchors."""
    with (
        pq.ParquetWriter(folder / "sections.parquet", _SECTIONS) as sections,
        pq.ParquetWriter(folder / "sought.parquet", _SOUGHT) as sought,
    ):
        for rows in _chunks(engine.execute(_DOCUMENTS), _DOCUMENTS_A_TIME):
            documents = _Documents.of(rows)
            sections.write_table(_table(documents.long_sections(), _SECTIONS))
            sought.write_table(documents.anchors())


@dataclass(frozen=True, slots=True, eq=False)
class _Documents:
    """Some documents with their words, and where their blocks and sections begin."""

    places: list[int]
    texts: Texts
    starts: list[Numbers]
    firsts: list[list[int]]

    @classmethod
    def of(cls, rows: Sequence[tuple[Any, ...]]) -> _Documents:
        """Rows of the query for documents."""
        places, block_words, firsts, words = zip(*rows, strict=True)
        ends = np.cumsum([len(one) for one in words], dtype=np.int64)
        together = np.frombuffer(b"".join(words), np.uint8)
        return cls(
            places=list(places),
            texts=Texts(np.empty((len(rows), 0), np.uint16), together, ends),
            starts=[word_starts(unpacked(one)) for one in block_words],
            firsts=[[0] if one is None else unpacked(one).tolist() for one in firsts],
        )

    def long_sections(self) -> list[tuple[int, ...]]:
        """Rows of `_SECTIONS`, without the sections of too few words."""
        rows: list[tuple[int, ...]] = []
        for place, firsts, starts in zip(self.places, self.firsts, self.starts, strict=True):
            ends = [*firsts[1:], len(starts) - 1]
            for number, (first, end) in enumerate(zip(firsts, ends, strict=False)):
                begin, after = int(starts[first]), int(starts[end])
                if after - begin >= MIN_WORDS:
                    rows.append((place, number, first, end - 1, begin, after))
        return rows

    def anchors(self) -> pa.Table:
        """A table of `_SOUGHT`: the anchors that stand in sections."""
        keys, rows, windows = anchors(self.texts.words, self.texts.ends)
        none = TextKeys(windows[:0], keys[:0], rows, keys, windows)
        sections = sections_of_anchors(self.texts, none, self.firsts, self.starts)
        counts = [len(firsts) for firsts in self.firsts]
        places = np.repeat(np.array(self.places, np.int64), counts)
        numbers = np.concatenate([np.arange(count) for count in counts])
        inside = sections >= 0
        found = sections[inside]
        columns = [places[found], numbers[found], keys[inside].astype(np.int64)]
        return pa.table(columns, schema=_SOUGHT)


def _passages(rows: Sequence[tuple[Any, ...]], limits: Limits) -> Iterator[tuple[Any, ...]]:
    """Rows of `_PASSAGES`: where the candidates of sections hold a passage like them."""
    for (place, section), group in groupby(rows, key=itemgetter(0, 1)):
        candidates = list(group)
        begin, after, ours = candidates[0][2:5]
        sought = distinct(_trigrams(ours[begin:after]))
        for *_, target, theirs in candidates:
            passage = find_passage(sought, _trigrams(theirs))
            if passage.similarity >= limits.passage:
                yield place, section, target, passage.start, passage.end, passage.similarity


def _answered(row: tuple[Any, ...]) -> tuple[Any, ...]:
    block_words, begin, after, similarity, earlier = row[8:]
    first, last = blocks_of(Passage(begin, after, similarity), word_starts(unpacked(block_words)))
    return (*row[:8], first, last, similarity, earlier)


def _trigrams(word_bytes: bytes) -> U32:
    return trigrams(np.frombuffer(word_bytes, np.uint8))


def _load(engine: duckdb.DuckDBPyConnection, folder: Path, name: str) -> None:
    path = str(folder / f"{name}.parquet").replace("'", "''")
    engine.execute(f"CREATE TABLE {name} AS SELECT * FROM read_parquet('{path}')")


def _table(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table([list(column) for column in columns], schema=schema)


def _chunks(result: Any, size: int = _ROWS) -> Iterator[list[tuple[Any, ...]]]:
    while rows := result.fetchmany(size):
        yield rows
