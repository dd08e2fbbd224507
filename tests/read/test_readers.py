"""Every container of the contract, whole and broken."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from quality.document import Markup, Page
from quality.read import READERS, Input, ReadFailure, find_inputs, read

TEXT = "The ferry to Öland left at noon.\nNobody was on board."
HTML = "<html><body><p>The ferry to Öland left at noon.</p></body></html>"


def read_file(path: Path, data: bytes, **limits: int) -> list[Page | ReadFailure]:
    """What reading a file of these bytes yields."""
    path.write_bytes(data)
    (source,) = find_inputs([path], settle_s=0, now=9e9)
    return list(read(source, **limits))


def jsonl(*rows: Any) -> bytes:
    """Rows as JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def parquet(*rows: dict[str, Any]) -> bytes:
    """Rows as a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), sink)
    return sink.getvalue()


def warc(*, is_gzip: bool = False, kind: str = "response", count: int = 1) -> bytes:
    """An archive of a few records."""
    records = [warc_record("warcinfo", "", "application/warc-fields", b"software: a test\r\n")]
    for number in range(count):
        body = ((HTML if kind == "response" else TEXT) * 200).encode()
        http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
        records.append(
            warc_record(
                kind,
                f"https://harbour.example/{number}",
                "application/http; msgtype=response" if kind == "response" else "text/plain",
                http + body if kind == "response" else body,
            )
        )
    return b"".join(gzip.compress(record) if is_gzip else record for record in records)


def warc_record(kind: str, url: str, content_type: str, data: bytes) -> bytes:
    """One record of an archive."""
    target = f"WARC-Target-URI: {url}\r\n" if url else ""
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:{len(data)}>\r\n"
        f"WARC-Date: 2026-01-02T03:04:05Z\r\n{target}"
        f"Content-Type: {content_type}\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data + b"\r\n\r\n"


def zstd(data: bytes) -> bytes:
    """Data in one Zstandard frame."""
    return zstandard.ZstdCompressor().compress(data)


ROWS = jsonl({"text": TEXT, "url": "https://harbour.example/a"})
CONTAINERS: dict[str, Callable[[], bytes]] = {
    "a.txt": lambda: TEXT.encode(),
    "a.md": lambda: TEXT.encode(),
    "a.html": lambda: HTML.encode(),
    "a.htm": lambda: HTML.encode(),
    "a.txt.gz": lambda: gzip.compress(TEXT.encode()),
    "a.md.gz": lambda: gzip.compress(TEXT.encode()),
    "a.HTML.gz": lambda: gzip.compress(HTML.encode()),
    "a.htm.gz": lambda: gzip.compress(HTML.encode()),
    "a.jsonl": lambda: ROWS,
    "a.jsonl.gz": lambda: gzip.compress(ROWS),
    "a.jsonl.zst": lambda: zstd(ROWS),
    "a.parquet": lambda: parquet({"text": TEXT, "url": "https://harbour.example/a"}),
    "a.warc": warc,
    "a.warc.gz": lambda: warc(is_gzip=True),
    "a.wet": lambda: warc(kind="conversion"),
    "a.wet.gz": lambda: warc(is_gzip=True, kind="conversion"),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_each_container_of_the_contract_is_read(tmp_path: Path, name: str) -> None:
    """One page comes out, with its text whole and in the right markup."""
    (page,) = read_file(tmp_path / name, CONTAINERS[name]())
    assert isinstance(page, Page)
    assert "The ferry to Öland left at noon." in page.content
    assert page.markup is (Markup.HTML if "<p>" in page.content else page.markup)
    assert len(page.id) == 32


@pytest.mark.parametrize("name", [name for name in CONTAINERS if name[-2:] in ("gz", "st", "rc")])
def test_a_cut_off_container_fails_with_a_cure(tmp_path: Path, name: str) -> None:
    """Half a file is a failure row that says what to do."""
    data = CONTAINERS[name]()
    *_, failure = read_file(tmp_path / name, data[: len(data) // 2])
    assert isinstance(failure, ReadFailure)
    assert failure.message.startswith((tmp_path / name).as_posix())
    assert "cut off" in failure.message
    assert "again" in failure.message


def test_records_before_a_break_come_through(tmp_path: Path) -> None:
    """A truncated download loses only what is missing."""
    rows = [{"text": f"Row {number} of the ferry log, {number**7}."} for number in range(3000)]
    data = gzip.compress(jsonl(*rows))
    *pages, failure = read_file(tmp_path / "log.jsonl.gz", data[: len(data) * 2 // 3])
    assert len(pages) > 1000
    assert all(isinstance(page, Page) for page in pages)
    assert isinstance(failure, ReadFailure)
    assert failure.record == len(pages)


def test_a_broken_record_is_one_failure_and_the_others_go_on(tmp_path: Path) -> None:
    """Bad JSON, no object, no text: a row each, with the number of the line."""
    data = jsonl({"text": "One."}) + b'{"text": \n[1, 2]\n\n' + jsonl({"id": 7}, {"text": "Two."})
    items = read_file(tmp_path / "a.jsonl", data)
    assert [(type(item), item.record) for item in items] == [
        (Page, 0),
        (ReadFailure, 1),
        (ReadFailure, 2),
        (ReadFailure, 4),
        (Page, 5),
    ]


def test_keys_are_taken_in_the_order_of_the_contract(tmp_path: Path) -> None:
    """`text` before `content`, text before HTML, blank values skipped, `metadata.url` last."""
    rows = [
        {"content": "Second.", "text": "First.", "html": "<p>Third."},
        {"text": "  ", "raw_html": "<p>Only.", "metadata": {"url": "https://harbour.example/b"}},
        {"articleBody": "Body.", "source": "some corpus", "link": "https://harbour.example/c"},
    ]
    pages = [page for page in read_file(tmp_path / "a.jsonl", jsonl(*rows)) if page]
    assert all(isinstance(page, Page) for page in pages)
    assert [page.content for page in pages if isinstance(page, Page)] == [
        "First.",
        "<p>Only.",
        "Body.",
    ]
    assert [page.url for page in pages if isinstance(page, Page)] == [
        None,
        "https://harbour.example/b",
        "https://harbour.example/c",
    ]


def test_an_appended_file_keeps_the_ids_of_its_old_records(tmp_path: Path) -> None:
    """Ids come from a record's bytes and number, not from the file."""
    rows = [{"text": "One."}, {"text": "One."}, {"text": "Two."}]
    before = [page.id for page in read_file(tmp_path / "a.jsonl", jsonl(*rows)) if page.record < 9]  # type: ignore[union-attr]
    after = [page.id for page in read_file(tmp_path / "a.jsonl", jsonl(*rows, {"text": "Three."}))]  # type: ignore[union-attr]
    assert after[:3] == before
    assert len(set(after)) == 4


def test_a_compressed_copy_has_the_same_id(tmp_path: Path) -> None:
    """The id is of the content, not of how it is packed."""
    (plain,) = read_file(tmp_path / "a.txt", TEXT.encode())
    (packed,) = read_file(tmp_path / "b.txt.gz", gzip.compress(TEXT.encode()))
    assert isinstance(plain, Page)
    assert isinstance(packed, Page)
    assert plain.id == packed.id


def test_half_a_surrogate_pair_and_nan_are_survived(tmp_path: Path) -> None:
    """JSON that other programs write and strict parsers refuse is read."""
    (page,) = read_file(tmp_path / "a.jsonl", b'{"text": "Sail \\ud83d on \\u26f5", "score": NaN}')
    assert isinstance(page, Page)
    assert page.content == "Sail \ufffd on \u26f5"


def test_sidecar_facts_reach_the_page(tmp_path: Path) -> None:
    """URL, title and date come from `NAME.json`."""
    facts = {"url": "https://harbour.example/a", "title": "Ferry", "published": "2026-01-02"}
    (tmp_path / "a.json").write_text(json.dumps(facts))
    (page,) = read_file(tmp_path / "a.txt", TEXT.encode())
    assert isinstance(page, Page)
    assert (page.url, page.title, page.published) == tuple(facts.values())


def test_a_broken_sidecar_is_a_failure_beside_the_page(tmp_path: Path) -> None:
    """The page is read all the same; the row names the sidecar."""
    (tmp_path / "a.json").write_text("{not json")
    failure, page = read_file(tmp_path / "a.txt", TEXT.encode())
    assert isinstance(failure, ReadFailure)
    assert failure.message.startswith((tmp_path / "a.json").as_posix())
    assert isinstance(page, Page)


def test_an_unknown_suffix_names_the_known_ones(tmp_path: Path) -> None:
    """The message lists what can be read."""
    (failure,) = read_file(tmp_path / "letter.docx", b"PK")
    assert isinstance(failure, ReadFailure)
    assert "no reader for '.docx'; known: .htm, .html, .jsonl" in failure.message


def test_a_file_without_a_suffix_says_what_to_do(tmp_path: Path) -> None:
    """The message names the suffix for plain text and all others."""
    (failure,) = read_file(tmp_path / "README", TEXT.encode())
    assert isinstance(failure, ReadFailure)
    assert ".txt for plain text: .htm, .html, .jsonl" in failure.message
    assert "no reader for" not in failure.message


def test_a_small_file_cannot_unpack_into_all_of_memory(tmp_path: Path) -> None:
    """The limit holds for what comes out of the compression."""
    (failure,) = read_file(
        tmp_path / "bomb.txt.gz", gzip.compress(b"a" * 5_000_000), max_bytes=10_000
    )
    assert isinstance(failure, ReadFailure)
    assert "more than 10,000 bytes" in failure.message


def test_an_oversized_record_does_not_stop_the_next(tmp_path: Path) -> None:
    """A line over the limit is a failure; the line after it is read."""
    data = jsonl({"text": "a" * 5000}, {"text": "Short."})
    failure, page = read_file(tmp_path / "a.jsonl", data, max_bytes=1000)
    assert isinstance(failure, ReadFailure)
    assert isinstance(page, Page)
    assert page.content == "Short."


def test_a_file_that_is_gone_is_a_failure(tmp_path: Path) -> None:
    """A file removed between listing and reading is a row like any other."""
    (failure,) = read(Input(tmp_path / "gone.txt", "gone.txt", 0, 0.0))
    assert isinstance(failure, ReadFailure)
    assert failure.message.startswith("gone.txt: cannot be read (No such file")


def test_pages_of_an_archive_carry_their_address(tmp_path: Path) -> None:
    """A WARC record's target is the page's URL, and requests and warcinfo are no pages."""
    pages = read_file(tmp_path / "a.warc.gz", warc(is_gzip=True, count=3))
    assert [page.url for page in pages if isinstance(page, Page)] == [
        f"https://harbour.example/{number}" for number in range(3)
    ]


def test_a_record_without_an_address_is_a_page_without_one(tmp_path: Path) -> None:
    """The page is read all the same, and so is the one after it."""
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + HTML.encode()
    record = warc_record("response", "", "application/http; msgtype=response", http)
    pages = read_file(tmp_path / "a.warc", record + warc())
    assert [(page.record, page.url) for page in pages if isinstance(page, Page)] == [
        (0, None),
        (2, "https://harbour.example/0"),
    ]


def test_a_response_without_an_http_head_is_one_failure(tmp_path: Path) -> None:
    """Its row says what is wrong with it; the records after it are read."""
    record = warc_record("response", "https://harbour.example/x", "text/html", HTML.encode())
    failure, page = read_file(tmp_path / "a.warc", record + warc())
    assert isinstance(failure, ReadFailure)
    assert "a.warc, record 0: a response without an HTTP head" in failure.message
    assert isinstance(page, Page)


def test_a_table_without_text_columns_says_which_are_known(tmp_path: Path) -> None:
    """A Parquet file of other columns names what it has and what is needed."""
    (failure,) = read_file(tmp_path / "a.parquet", parquet({"words": "x"}))
    assert isinstance(failure, ReadFailure)
    assert "it has words, known: text, raw_text" in failure.message


def test_every_reader_has_a_container_under_test() -> None:
    """A new format without a test is noticed."""
    tested = {"." + name.lower().split(".", 1)[1] for name in CONTAINERS}
    beyond_the_contract = {
        suffix for suffix in READERS if suffix.endswith(".zst") and suffix != ".jsonl.zst"
    }
    assert set(READERS) - beyond_the_contract - {".parquet.gz"} == tested
