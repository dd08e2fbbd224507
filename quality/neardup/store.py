"""The index's tables: texts with their signatures, and the documents that carry them.

Documents with the same words share one text, so a story that a hundred sites copy word for
word is signed, kept and searched once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from xxhash import xxh3_64_intdigest

from quality.neardup.bands import Numbers
from quality.neardup.shingles import U8, U32
from quality.neardup.signature import DocumentSignature
from quality.neardup.texts import Texts, stored_minhash
from quality.state import State

# Paths and ids are found by a 64-bit hash: an index over the strings would take more room
# than a third of the signature.
TABLES = """
CREATE TABLE IF NOT EXISTS near_texts (
    number INTEGER PRIMARY KEY, exact BLOB NOT NULL, minhash BLOB NOT NULL,
    word_bytes BLOB NOT NULL, leader INTEGER NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS near_texts_exact ON near_texts (exact);
CREATE INDEX IF NOT EXISTS near_texts_leader ON near_texts (leader);
CREATE TABLE IF NOT EXISTS near_documents (
    sequence INTEGER PRIMARY KEY, place INTEGER NOT NULL, key INTEGER NOT NULL,
    id TEXT NOT NULL, path TEXT NOT NULL, record INTEGER NOT NULL, host TEXT, text INTEGER,
    block_words BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS near_sections (sequence INTEGER PRIMARY KEY, firsts BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS near_documents_place ON near_documents (place);
CREATE INDEX IF NOT EXISTS near_documents_key ON near_documents (key);
CREATE INDEX IF NOT EXISTS near_documents_text ON near_documents (text)
"""
# The sections of a document are only for merging with other indexes: the first block of each, and
# no row where one section is all.
# SQLite allows 32,766 values in a statement since 3.32 and 999 before.
_VALUES_A_STATEMENT = 900
_Value = TypeVar("_Value", int, str)


@dataclass(frozen=True, slots=True, eq=False)
class StoredTexts:
    """Texts of the index, in the order of their numbers: what finds and verifies them."""

    numbers: Numbers
    leaders: Numbers
    texts: Texts

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document of the index, without its signature."""

    sequence: int
    id: str
    path: str
    record: int
    host: str | None
    text: int | None
    packed_blocks: bytes

    @property
    def block_words(self) -> U32:
        """Words of each block; unpacked when asked for, since few of many documents are."""
        return unpacked(self.packed_blocks)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A near-duplicate cluster: its earliest document, and how far it spreads."""

    id: str
    sequence: int
    documents: int
    hosts: tuple[str, ...]


class Store:
    """Rows in, rows out; no judgement. Writes join the caller's transaction."""

    def __init__(self, state: State) -> None:
        state.define(TABLES)
        self.connection: sqlite3.Connection = state.connection

    def count_documents(self) -> int:
        """How many documents are stored."""
        return self._value("SELECT count(*) FROM near_documents")

    def count_texts(self) -> int:
        """How many different texts are stored."""
        return self._value("SELECT count(*) FROM near_texts")

    def last_text(self) -> int:
        """The highest text number, 0 where there is none."""
        return self._value("SELECT coalesce(max(number), 0) FROM near_texts")

    def find_text(self, exact: bytes) -> int | None:
        """The number of the text with this exact hash."""
        row = self.connection.execute(
            "SELECT number FROM near_texts WHERE exact = ?", (exact,)
        ).fetchone()
        return None if row is None else int(row[0])

    def insert_text(self, signature: DocumentSignature) -> int:
        """Store a new text, for now as its own cluster; its number."""
        number = self.last_text() + 1
        minhash = stored_minhash(signature.minhash).tobytes()
        self.connection.execute(
            "INSERT INTO near_texts VALUES (?, ?, ?, ?, ?)",
            (number, signature.exact, minhash, signature.word_bytes.tobytes(), number),
        )
        return number

    def delete_text(self, number: int) -> None:
        """Forget a text."""
        self.connection.execute("DELETE FROM near_texts WHERE number = ?", (number,))

    def set_leader(self, number: int, leader: int) -> None:
        """Put a text into the cluster of another."""
        self.connection.execute(
            "UPDATE near_texts SET leader = ? WHERE number = ?", (leader, number)
        )

    def at_place(self, path: str, record: int) -> StoredDocument | None:
        """The document stored for this path and record."""
        rows = self._documents("place = ? AND path = ?", (_place(path, record), path))
        return next(rows, None)

    def with_id(self, document_id: str, limit: int = -1) -> list[StoredDocument]:
        """The documents with this id, earliest first."""
        where = "key = ? AND id = ? ORDER BY sequence LIMIT ?"
        return list(self._documents(where, (_hash(document_id), document_id, limit)))

    def at_paths(self, paths: Sequence[str]) -> list[StoredDocument]:
        """The documents read from these paths (reads all documents: for removal only)."""
        return [
            document
            for part in _parts(paths)
            for document in self._documents(f"path IN ({_marks(part)})", part)
        ]

    def carrying(self, text: int, limit: int = -1) -> list[StoredDocument]:
        """The documents that carry a text, earliest first."""
        return list(self._documents("text = ? ORDER BY sequence LIMIT ?", (text, limit)))

    def leader_of(self, text: int | None) -> int | None:
        """The text that stands for a text's cluster; None where the text is not stored."""
        row = self.connection.execute(
            "SELECT leader FROM near_texts WHERE number = ?", (text,)
        ).fetchone()
        return None if row is None else int(row[0])

    def cluster(self, leader: int | None) -> Cluster | None:
        """The cluster that a text stands for; None where it has no document."""
        representative = [] if leader is None else self.carrying(leader, 1)
        if not representative:
            return None
        documents, hosts = self.connection.execute(
            "SELECT count(*), group_concat(DISTINCT host) FROM near_documents"
            " JOIN near_texts ON text = number WHERE leader = ?",
            (leader,),
        ).fetchone()
        first = representative[0]
        names = sorted(hosts.split(",")) if hosts else ()
        return Cluster(first.id, first.sequence, int(documents), tuple(names))

    def insert_document(self, signature: DocumentSignature, text: int | None) -> None:
        """Store a document at the end of the sequence."""
        cursor = self.connection.execute(
            "INSERT INTO near_documents (place, key, id, path, record, host, text, block_words)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                _place(signature.path, signature.record),
                _hash(signature.id),
                signature.id,
                signature.path,
                signature.record,
                signature.host,
                text,
                _packed(signature.block_words),
            ),
        )
        self._insert_sections(cursor.lastrowid, signature)

    def update_document(
        self, sequence: int, signature: DocumentSignature, text: int | None
    ) -> None:
        """Replace what is known of a document that keeps its place in the sequence."""
        self.connection.execute(
            "UPDATE near_documents SET host = ?, text = ?, block_words = ? WHERE sequence = ?",
            (signature.host, text, _packed(signature.block_words), sequence),
        )
        self._delete_sections(sequence)
        self._insert_sections(sequence, signature)

    def delete_document(self, sequence: int) -> None:
        """Forget a document."""
        self._delete_sections(sequence)
        self.connection.execute("DELETE FROM near_documents WHERE sequence = ?", (sequence,))

    def word_bytes(self, numbers: Sequence[int]) -> dict[int, U8]:
        """The bytes of the words of several texts; those not stored are left out."""
        found: dict[int, U8] = {}
        for part in _parts(numbers):
            query = f"SELECT number, word_bytes FROM near_texts WHERE number IN ({_marks(part)})"
            rows = self.connection.execute(query, part)
            found.update((number, np.frombuffer(blob, np.uint8)) for number, blob in rows)
        return found

    def texts(self, after: int, limit: int) -> StoredTexts:
        """The texts after one."""
        return self._texts("number > ? ORDER BY number LIMIT ?", (after, limit))

    def texts_led_by(self, leader: int) -> StoredTexts:
        """The texts of a cluster."""
        return self._texts("leader = ? ORDER BY number", (leader,))

    def reset_leaders(self) -> None:
        """Let every text stand for itself."""
        self.connection.execute("UPDATE near_texts SET leader = number WHERE leader <> number")

    def leaders_among(self, numbers: Sequence[int]) -> list[int]:
        """Those of the texts that stand for a cluster, in the order given."""
        leading: set[int] = set()
        for part in _parts(numbers):
            where = f"leader = number AND number IN ({_marks(part)})"
            rows = self.connection.execute(f"SELECT number FROM near_texts WHERE {where}", part)
            leading.update(number for (number,) in rows)
        return [number for number in numbers if number in leading]

    def representative(self, document_id: str) -> str | None:
        """The id of the document that stands for the cluster of this one."""
        row = self.connection.execute(
            "SELECT first.id FROM near_documents AS own"
            " JOIN near_texts ON near_texts.number = own.text"
            " JOIN near_documents AS first ON first.text = near_texts.leader"
            " WHERE own.key = ? AND own.id = ? ORDER BY own.sequence, first.sequence LIMIT 1",
            (_hash(document_id), document_id),
        ).fetchone()
        return None if row is None else str(row[0])

    def count_clusters(self) -> int:
        """How many near-duplicate clusters there are."""
        return self._value("SELECT count(*) FROM near_texts WHERE leader = number")

    def exact_hashes(self, first: int, last: int) -> list[bytes]:
        """The exact hashes of the texts from `first` to `last`, both inside, in order."""
        rows = self.connection.execute(
            "SELECT exact FROM near_texts WHERE number BETWEEN ? AND ? ORDER BY number",
            (first, last),
        )
        return [exact for (exact,) in rows]

    def document_batches(self, size: int) -> Iterator[list[dict[str, object]]]:
        """All documents in order, as plain rows; what is of blocks as `unpacked` takes it."""
        names = ("sequence", "id", "path", "record", "host", "number", "block_words", "firsts")
        rows = self.connection.execute(
            "SELECT sequence, id, path, record, host, text, block_words, firsts"
            " FROM near_documents LEFT JOIN near_sections USING (sequence) ORDER BY sequence"
        )
        while batch := rows.fetchmany(size):
            yield [dict(zip(names, row, strict=True)) for row in batch]

    def _insert_sections(self, sequence: int | None, signature: DocumentSignature) -> None:
        firsts = [first for first, _ in signature.sections]
        if firsts != [0]:
            packed = _packed(np.array(firsts, np.uint32))
            self.connection.execute("INSERT INTO near_sections VALUES (?, ?)", (sequence, packed))

    def _delete_sections(self, sequence: int) -> None:
        self.connection.execute("DELETE FROM near_sections WHERE sequence = ?", (sequence,))

    def _documents(self, where: str, values: Sequence[object]) -> Iterator[StoredDocument]:
        rows = self.connection.execute(
            "SELECT sequence, id, path, record, host, text, block_words"
            f" FROM near_documents WHERE {where}",
            values,
        )
        for sequence, id_, path, record, host, text, blob in rows:
            yield StoredDocument(sequence, id_, path, record, host, text, blob)

    def _texts(self, where: str, values: Sequence[object]) -> StoredTexts:
        rows = self.connection.execute(
            f"SELECT number, leader, minhash, word_bytes FROM near_texts WHERE {where}", values
        ).fetchall()
        numbers, leaders, minhashes, words = zip(*rows, strict=True) if rows else ((),) * 4
        values_together = np.frombuffer(b"".join(minhashes), np.uint16)
        texts = Texts(
            values_together.reshape(len(rows), -1) if rows else values_together.reshape(0, 0),
            np.frombuffer(b"".join(words), np.uint8),
            np.cumsum([len(blob) for blob in words], dtype=np.int64),
        )
        return StoredTexts(np.array(numbers, np.int64), np.array(leaders, np.int64), texts)

    def _value(self, query: str) -> int:
        return int(self.connection.execute(query).fetchone()[0])


def _packed(block_words: U32) -> bytes:
    """The numbers in one, two or four bytes each, with that size in front."""
    size = next(n for n in (1, 2, 4) if block_words.max(initial=0) < 1 << 8 * n)
    return bytes([size]) + block_words.astype(f"<u{size}").tobytes()


def unpacked(packed: bytes) -> U32:
    """The numbers that were stored in one, two or four bytes each."""
    return np.frombuffer(packed, f"<u{packed[0]}", offset=1).astype(np.uint32)


def _parts(values: Sequence[_Value]) -> Iterator[Sequence[_Value]]:
    for start in range(0, len(values), _VALUES_A_STATEMENT):
        yield values[start : start + _VALUES_A_STATEMENT]


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _place(path: str, record: int) -> int:
    return _hash(f"{record} {path}")


def _hash(text: str) -> int:
    """A signed 64-bit hash, as SQLite keeps integers."""
    value = xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))
    return value - (1 << 64) if value >> 63 else value
