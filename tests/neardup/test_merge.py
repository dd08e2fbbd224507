"""Merging shards gives what one index over all documents gives."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from quality.document import Section
from quality.errors import StateError
from quality.neardup.index import SectionIndex
from quality.neardup.merge import merge_shards
from quality.neardup.shards import export_shard
from quality.neardup.signature import DocumentSignature, sign_documents
from quality.state import State
from tests.neardup.texts import article, document, replaced

pytest.importorskip("duckdb", reason="needs the extra `merge`")

Rows = dict[str, list[tuple[object, ...]]]
Answers = tuple[Rows, dict[str, str], Rows]


def _signatures(count: int, words: int = 150) -> list[DocumentSignature]:
    """Articles, edits and compounds of them, exact copies and empty texts."""
    rng = random.Random(4)
    documents = []
    for number in range(count):
        seed = rng.randrange(count // 2)
        text = article(seed, words + seed % 7 * 20)
        edit = rng.random()
        if edit < 0.4:
            text = replaced(text, rng.uniform(0, 0.25), number)
        elif edit < 0.5:
            text = [*text[: rng.randrange(7)], *article(10**6 + number, words)]
        elif edit < 0.55:
            text = []
        half = len(text) // 2
        sections = (Section(0, half - 1), Section(half, len(text) - 1)) if half else ()
        facts = {"sections": sections} if number % 3 and half else {}
        documents.append((document(text, f"{number:05}", **facts), ()))
    return sign_documents(documents)


def _single(signatures: Sequence[DocumentSignature]) -> Answers:
    duplicates: Rows = {}
    sections: Rows = {}
    clusters = {}
    with State.in_memory() as state:
        index = SectionIndex.open(state)
        index.add(signatures)
        for one, relations in zip(signatures, index.judge_batch(signatures), strict=True):
            clusters[one.path] = relations.cluster
            for d in relations.duplicates:
                duplicates.setdefault(one.path, []).append(
                    (d.path, d.kind, d.similarity, d.containment, d.inside, d.earlier)
                )
            for span, found in zip(one.sections, relations.sections, strict=True):
                for s in found:
                    sections.setdefault(one.path, []).append(
                        (*span, s.path, s.first, s.last, s.similarity, s.earlier)
                    )
    return duplicates, clusters, sections


def _merged(
    signatures: Sequence[DocumentSignature],
    shards: int,
    folder: Path,
    merge: Callable[[list[Path], Path], None] = merge_shards,
) -> Answers:
    size = -(-len(signatures) // shards)
    folders = []
    for number in range(shards):
        folders.append(folder / f"shard{number}")
        with State.in_memory() as state:
            SectionIndex.open(state).add(signatures[number * size : (number + 1) * size])
            export_shard(state, folders[-1])
    merge(folders, folder / "merged")
    return _read(folder / "merged")


def _read(folder: Path) -> Answers:
    clusters = pq.read_table(folder / "clusters.parquet").to_pylist()
    place = ("first", "last", "other_path", "other_first", "other_last", "similarity", "earlier")
    figures = ("other_path", "kind", "similarity", "containment", "inside", "earlier")
    return (
        _by_path(folder / "duplicates.parquet", figures),
        {row["path"]: row["cluster"] for row in clusters},
        _by_path(folder / "sections.parquet", place),
    )


def _by_path(path: Path, names: Sequence[str]) -> Rows:
    rows: Rows = {}
    for row in pq.read_table(path).to_pylist():
        rows.setdefault(row["path"], []).append(tuple(row[name] for name in names))
    return rows


@pytest.mark.parametrize("shards", [1, 4])
def test_shards_merge_to_the_answers_of_one_index(tmp_path: Path, shards: int) -> None:
    """Duplicates with their figures, clusters and sections are the same, however split."""
    signatures = _signatures(400)
    expected, found = _single(signatures), _merged(signatures, shards, tmp_path)
    assert found == expected
    assert sum(map(len, expected[0].values())) > 300
    assert sum(map(len, expected[2].values())) > 600


def test_twenty_thousand_documents_merge_to_the_same_answers(tmp_path: Path) -> None:
    """At a size where buckets overflow the result is still that of one index."""
    signatures = _signatures(20_000, words=30)
    assert _merged(signatures, 3, tmp_path) == _single(signatures)


# Dask 2026.8 uses what pandas 3.1 deprecates.
@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_dask_gives_the_same_answers(tmp_path: Path) -> None:
    """Joined and compared in Dask, the result is that of one index too."""
    pytest.importorskip("dask.dataframe", reason="needs the extra `dask`")
    from quality.neardup.dask_merge import merge_with_dask

    signatures = _signatures(150)
    found = _merged(signatures, 3, tmp_path, lambda s, out: merge_with_dask(s, out, partitions=2))
    assert found == _single(signatures)


def test_a_shard_without_sections_is_refused(tmp_path: Path) -> None:
    """What an earlier version exported lacks the sections; the message says what to do."""
    with State.in_memory() as state:
        SectionIndex.open(state).add(_signatures(10))
        export_shard(state, tmp_path)
    documents = pq.read_table(tmp_path / "documents.parquet")
    pq.write_table(documents.drop_columns(["firsts"]), tmp_path / "documents.parquet")
    with pytest.raises(StateError, match="Export it anew"):
        merge_shards([tmp_path], tmp_path / "out")


def test_a_shard_of_another_scheme_is_refused(tmp_path: Path) -> None:
    """A folder without a shard stops the merge with the cure."""
    with pytest.raises(StateError, match="quality index export"):
        merge_shards([tmp_path], tmp_path / "out")
