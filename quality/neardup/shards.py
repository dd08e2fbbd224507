"""An index as Parquet files, so that several can be joined: `quality index merge`.

Each shard is a folder of three files: `documents`, `texts` (signatures) and `keys` (bands and
anchors). Shards are ordered as they are given; their documents must be different ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from quality.errors import StateError
from quality.neardup.candidates import TextKeys, keys_of
from quality.neardup.index import SCHEME_KEY, check_scheme
from quality.neardup.signature import DEFAULT, Scheme
from quality.neardup.store import Store, StoredTexts
from quality.state import State

BAND, ANCHOR = 0, 1
_BATCH = 4_096
_DOCUMENTS = pa.schema(
    [
        ("sequence", pa.int64()),
        ("id", pa.string()),
        ("path", pa.string()),
        ("record", pa.int64()),
        ("host", pa.string()),
        ("number", pa.int64()),
        ("block_words", pa.binary()),
        ("firsts", pa.binary()),
    ]
)
_TEXTS = pa.schema(
    [
        ("number", pa.int64()),
        ("exact", pa.string()),
        ("minhash", pa.binary()),
        ("word_bytes", pa.binary()),
        ("anchors", pa.int64()),
    ]
)
_KEYS = pa.schema([("kind", pa.int64()), ("key", pa.int64()), ("number", pa.int64())])


def export_shard(state: State, folder: Path, scheme: Scheme = DEFAULT) -> None:
    """Write the index of a state as one shard into `folder`.

    Raises StateError where the state holds no index, or one of another scheme.
    """
    if state.meta(SCHEME_KEY) is None:
        raise StateError(
            f"{state.path}: no near-duplicate index here. Score into this state first."
        )
    check_scheme(state, scheme)
    folder.mkdir(parents=True, exist_ok=True)
    store = Store(state)
    with _writer(folder / "documents.parquet", _DOCUMENTS, scheme) as documents:
        for batch in store.document_batches(_BATCH):
            documents.write_table(pa.Table.from_pylist(batch, schema=_DOCUMENTS))
    with (
        _writer(folder / "texts.parquet", _TEXTS, scheme) as texts,
        _writer(folder / "keys.parquet", _KEYS, scheme) as keys,
    ):
        last = 0
        while stored := store.texts(after=last, limit=_BATCH):
            last = int(stored.numbers[-1])
            found = keys_of(stored.texts, scheme)
            texts.write_table(_text_table(store, stored, found))
            keys.write_table(_key_table(stored, found))


def check_shards(folders: Sequence[Path], scheme: Scheme = DEFAULT) -> None:
    """Raise StateError unless all folders hold shards of this scheme."""
    for folder in folders:
        path = folder / "texts.parquet"
        if not path.is_file():
            raise StateError(f"{folder}: no shard here. Make one with `quality index export`.")
        stored = (pq.read_schema(path).metadata or {}).get(b"scheme", b"")
        is_old = not pq.read_schema(folder / "documents.parquet").equals(_DOCUMENTS)
        if stored != scheme.to_json().encode() or is_old:
            raise StateError(
                f"{folder}: a shard of another scheme. Export it anew with this version."
            )


def _writer(path: Path, schema: pa.Schema, scheme: Scheme) -> pq.ParquetWriter:
    return pq.ParquetWriter(path, schema.with_metadata({"scheme": scheme.to_json()}))


def _text_table(store: Store, stored: StoredTexts, found: TextKeys) -> pa.Table:
    first, last = int(stored.numbers[0]), int(stored.numbers[-1])
    rows = range(len(stored))
    columns = {
        "number": stored.numbers,
        "exact": [value.hex() for value in store.exact_hashes(first, last)],
        "minhash": [stored.texts.minhashes[row].tobytes() for row in rows],
        "word_bytes": [stored.texts.word_bytes(row).tobytes() for row in rows],
        "anchors": np.bincount(found.anchor_rows, minlength=len(stored)),
    }
    return pa.table(columns, schema=_TEXTS)


def _key_table(stored: StoredTexts, found: TextKeys) -> pa.Table:
    columns = {
        "kind": np.repeat([BAND, ANCHOR], [len(found.bands), len(found.anchors)]),
        "key": np.concatenate([found.bands, found.anchors]).astype(np.int64),
        "number": stored.numbers[np.concatenate([found.band_rows, found.anchor_rows])],
    }
    return pa.table(columns, schema=_KEYS)
