"""Several indexes joined into one answer, out of core: `quality index merge`.

Shards (quality/neardup/shards.py) are joined by band and anchor in an engine that spills to
disk; pairs that share keys are verified as the index does; then clusters are chosen in the
order of the shards. Duplicates and clusters are those that one index over all documents, in
that order, would give; relations of sections follow in quality/neardup/merge_sections.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from quality.errors import UsageError
from quality.neardup.bands import BUCKET_CAP
from quality.neardup.candidates import (
    ANCHORS_A_BAND,
    ANCHORS_A_SHARED_ONE,
    COMMON_CLUSTERS,
    LEAST_ANCHORS,
)
from quality.neardup.clusters import MAX_LEADERS, choose_leader
from quality.neardup.judging import MAX_REPORTED, MAX_VERIFIED, Limits
from quality.neardup.merge_sections import write_sections
from quality.neardup.relations import (
    MIN_SPREAD,
    PART_CONTAINMENT,
    PART_SIZE,
    Overlap,
    overlaps,
    trigrams,
)
from quality.neardup.shards import ANCHOR, BAND, check_shards
from quality.neardup.shingles import U32

if TYPE_CHECKING:
    import duckdb

DEFAULT_LIMITS = Limits()
# A text's number over all shards: the shard's place in front keeps the order.
SHARD_STEP = 1 << 40
_ROWS = 8_192
_LOAD = f"""
CREATE TABLE texts_of AS
    SELECT shard, number, min(shard * {SHARD_STEP} + number) OVER (PARTITION BY exact) AS text
    FROM shard_texts;
CREATE TABLE texts AS
    SELECT text, word_bytes, anchors FROM shard_texts JOIN texts_of USING (shard, number)
    WHERE text = (shard * {SHARD_STEP} + number);
CREATE TABLE documents AS
    SELECT row_number() OVER (ORDER BY shard, sequence) AS place, id, path, record, host, text,
        block_words, firsts
    FROM shard_documents LEFT JOIN texts_of USING (shard, number);
CREATE TABLE keys AS
    SELECT kind, key, text FROM shard_keys JOIN texts_of USING (shard, number)
    WHERE text = (shard * {SHARD_STEP} + number);
CREATE TABLE earliest AS
    SELECT kind, key, text FROM (SELECT DISTINCT kind, key, text FROM keys)
    QUALIFY row_number() OVER (PARTITION BY kind, key ORDER BY text) <= {BUCKET_CAP}
"""
_PAIR = f"""
CREATE TABLE pairs AS
WITH shared AS (
    SELECT keys.text AS source, earliest.text AS target, sum(kind) AS shared, min(kind) AS kind
    FROM keys JOIN earliest USING (kind, key)
    WHERE keys.text <> earliest.text GROUP BY ALL
)
SELECT source, target, shared FROM shared
JOIN texts AS ours ON ours.text = source JOIN texts AS theirs ON theirs.text = target
WHERE shared >= {LEAST_ANCHORS}
    AND shared * {ANCHORS_A_SHARED_ONE} >= least(ours.anchors, theirs.anchors)
    OR kind = {BAND} AND shared >= least(ours.anchors, theirs.anchors) // {ANCHORS_A_BAND}
"""
_CANDIDATES = """
SELECT source, target, ours.word_bytes AS our_bytes, theirs.word_bytes AS their_bytes
FROM pairs JOIN texts AS ours ON ours.text = source JOIN texts AS theirs ON theirs.text = target
ORDER BY source, shared DESC, target
"""
_ANSWER = f"""
CREATE TABLE led AS
    SELECT texts.text, coalesce(leader, texts.text) AS leader
    FROM texts LEFT JOIN leaders USING (text);
CREATE TABLE specific AS
    SELECT kind, key FROM earliest JOIN led USING (text) WHERE kind = {ANCHOR}
    GROUP BY kind, key HAVING count(DISTINCT leader) < {COMMON_CLUSTERS};
CREATE TABLE specific_keys AS SELECT keys.* FROM keys JOIN specific USING (kind, key);
CREATE TABLE commonplace AS
    WITH owned AS (SELECT text AS source, count(*) AS owned FROM specific_keys GROUP BY text),
    shared AS (
        SELECT compared.source, compared.target, count(*) AS specific
        FROM compared JOIN specific_keys AS ours ON ours.text = compared.source
        JOIN earliest ON earliest.text = compared.target
            AND earliest.kind = ours.kind AND earliest.key = ours.key
        GROUP BY ALL
    )
    SELECT source, target FROM compared
    LEFT JOIN owned USING (source) LEFT JOIN shared USING (source, target)
    JOIN texts ON texts.text = target
    WHERE coalesce(specific, 0) * {ANCHORS_A_SHARED_ONE} < least(coalesce(owned, 0), anchors);
CREATE TABLE standing AS
    SELECT led.text, arg_min(id, place) AS cluster, min(place) AS representative
    FROM led JOIN documents ON documents.text = led.leader GROUP BY led.text;
CREATE TABLE first_carriers AS
    SELECT * FROM documents
    QUALIFY row_number() OVER (PARTITION BY coalesce(text::VARCHAR, id) ORDER BY place)
        <= {MAX_REPORTED + 1};
CREATE TABLE verified AS
    SELECT source, target, ours AS size, theirs AS other_size, spread,
        shared::DOUBLE / (ours + theirs - shared) AS similarity,
        shared::DOUBLE / least(ours, theirs) AS containment,
        similarity >= $similarity AND NOT (containment >= {PART_CONTAINMENT}
            AND least(ours, theirs) <= {PART_SIZE} * greatest(ours, theirs)) AS near
    FROM compared JOIN led ON led.text = source
    QUALIFY row_number() OVER (PARTITION BY source ORDER BY target <> leader, rank)
        <= {MAX_VERIFIED};
CREATE TABLE found AS
    SELECT ours.place, theirs.place AS other, 'exact' AS kind, 1.0::DOUBLE AS similarity,
        1.0::DOUBLE AS containment, NULL AS inside
    FROM documents AS ours JOIN first_carriers AS theirs
    ON ours.text = theirs.text OR ours.text IS NULL AND theirs.text IS NULL AND ours.id = theirs.id
    WHERE ours.place <> theirs.place
    UNION ALL
    SELECT ours.place, theirs.place, if(near, 'near', 'contained'),
        similarity, containment, CASE WHEN near THEN NULL
            WHEN size < other_size OR size = other_size AND theirs.place < ours.place
            THEN 'this' ELSE 'other' END
    FROM verified JOIN documents AS ours ON ours.text = source
    JOIN first_carriers AS theirs ON theirs.text = target
    LEFT JOIN commonplace USING (source, target)
    WHERE similarity >= $similarity
        OR containment >= $containment
            AND (spread >= {MIN_SPREAD} OR commonplace.source IS NULL)
"""
_DUPLICATES = f"""
SELECT ours.path, ours.record, ours.id AS document, theirs.path AS other_path,
    theirs.record AS other_record, theirs.id AS other_document, kind, similarity, containment,
    inside, found.other < found.place AS earlier
FROM found JOIN documents AS ours ON ours.place = found.place
JOIN documents AS theirs ON theirs.place = found.other
LEFT JOIN standing ON standing.text = ours.text
QUALIFY row_number() OVER (PARTITION BY found.place ORDER BY
    found.other IS DISTINCT FROM representative, similarity DESC, found.other) <= {MAX_REPORTED}
ORDER BY found.place, found.other IS DISTINCT FROM representative, similarity DESC, found.other
"""
_CLUSTERS = """
SELECT path, record, id AS document, coalesce(cluster, id) AS cluster
FROM documents LEFT JOIN standing USING (text) ORDER BY place
"""
COMPARED = pa.schema(
    [(name, pa.int64()) for name in ("source", "target", "rank", "shared", "ours", "theirs")]
    + [("spread", pa.float64())]
)
_LEADERS = pa.schema([("text", pa.int64()), ("leader", pa.int64())])


def merge_shards(
    shards: Sequence[Path],
    out: Path,
    *,
    limits: Limits = DEFAULT_LIMITS,
    memory: str = "2GB",
) -> None:
    """Write `duplicates`, `clusters` and `sections.parquet` of all shards into `out`.

    `memory` bounds the join engine, which spills into `out` while it works. Raises
    StateError for shards of another scheme and UsageError where DuckDB is not installed.
    """
    check_shards(shards)
    with open_engine(out, memory) as engine:
        load_shards(engine, shards)
        engine.execute(_PAIR)
        with TemporaryDirectory(dir=out, prefix=".merge-") as work:
            _compare_all(engine, Path(work))
        finish(engine, out, limits)


@contextmanager
def open_engine(out: Path, memory: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB database in a file beside the result, gone afterwards."""
    try:
        import duckdb
    except ImportError as error:
        raise UsageError(
            "Merging indexes needs DuckDB. Install it with `pip install 'quality-pipeline[merge]'`."
        ) from error
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out, prefix=".merge-") as work:
        engine = duckdb.connect(f"{work}/merge.duckdb")
        try:
            # What is ordered says so; keeping the order of everything else takes memory.
            engine.execute("SET preserve_insertion_order = false")
            engine.execute(f"SET memory_limit = '{memory}'; SET temp_directory = '{work}/spill'")
            yield engine
        except duckdb.OutOfMemoryException as error:
            raise UsageError(
                f"{out}: {memory} of memory are not enough for this merge. Give more with --memory."
            ) from error
        finally:
            engine.close()


def load_shards(engine: duckdb.DuckDBPyConnection, shards: Sequence[Path]) -> None:
    """Number texts and documents over all shards, equal texts as one."""
    for name in ("texts", "documents", "keys"):
        parts = [
            f"SELECT {place}::BIGINT AS shard, * FROM {_parquet(folder, name)}"
            for place, folder in enumerate(shards)
        ]
        engine.execute(f"CREATE VIEW shard_{name} AS {' UNION ALL '.join(parts)}")
    engine.execute(_LOAD)


def finish(engine: duckdb.DuckDBPyConnection, out: Path, limits: Limits) -> None:
    """From the table `compared` to the three files: choose representatives, rank, write."""
    leaders = _choose_leaders(engine)
    engine.register("chosen", pa.table([list(leaders), list(leaders.values())], schema=_LEADERS))
    engine.execute("CREATE TABLE leaders AS SELECT * FROM chosen")
    parameters = {"similarity": limits.similarity, "containment": limits.containment}
    for statement in _ANSWER.split(";"):
        used = {name: value for name, value in parameters.items() if f"${name}" in statement}
        engine.execute(statement, used)
    for name, query in (("duplicates", _DUPLICATES), ("clusters", _CLUSTERS)):
        part = out / f"{name}.parquet.part"
        engine.execute(f"COPY ({query}) TO {_quoted(part)} (FORMAT parquet)")
        part.replace(out / f"{name}.parquet")
    write_sections(engine, out, limits)


def compare(
    source: int, our_bytes: bytes, targets: Sequence[tuple[int, bytes]]
) -> list[tuple[float, ...]]:
    """Rows of `COMPARED` for one text and its candidates in order."""
    others = [_trigrams(their_bytes) for _, their_bytes in targets]
    return [
        (source, target, rank, one.shared, one.ours, one.theirs, one.spread)
        for rank, ((target, _), one) in enumerate(
            zip(targets, overlaps(_trigrams(our_bytes), others), strict=True)
        )
    ]


def _compare_all(engine: duckdb.DuckDBPyConnection, work: Path) -> None:
    """The table `compared`, from the table `pairs`."""
    with pq.ParquetWriter(work / "compared.parquet", COMPARED) as writer:
        rows: list[tuple[float, ...]] = []
        for source, group in groupby(_rows(engine, _CANDIDATES), key=itemgetter(0)):
            candidates = list(group)
            targets = [(target, their_bytes) for _, target, _, their_bytes in candidates]
            rows += compare(source, candidates[0][2], targets)
            if len(rows) >= _ROWS:
                writer.write_table(_compared_table(rows))
                rows = []
        writer.write_table(_compared_table(rows))
    engine.execute(f"CREATE TABLE compared AS SELECT * FROM {_parquet(work, 'compared')}")


def _compared_table(rows: list[tuple[float, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(COMPARED)
    return pa.table([list(column) for column in columns], schema=COMPARED)


def _choose_leaders(engine: duckdb.DuckDBPyConnection) -> dict[int, int]:
    """Who joins whom, text by text in order."""
    leaders: dict[int, int] = {}
    earlier = "SELECT * FROM compared WHERE target < source ORDER BY source, rank"
    for source, group in groupby(_rows(engine, earlier), key=itemgetter(0)):
        found = [
            (target, Overlap(*figures)) for _, target, _, *figures in group if target not in leaders
        ][:MAX_LEADERS]
        leader = choose_leader([target for target, _ in found], [one for _, one in found])
        if leader is not None:
            leaders[source] = leader
    return leaders


def _rows(engine: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[Any, ...]]:
    result = engine.execute(query)
    while rows := result.fetchmany(_ROWS):
        yield from rows


def _trigrams(word_bytes: bytes) -> U32:
    return trigrams(np.frombuffer(word_bytes, np.uint8))


def _parquet(folder: Path, name: str) -> str:
    return f"read_parquet({_quoted(folder / f'{name}.parquet')})"


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
