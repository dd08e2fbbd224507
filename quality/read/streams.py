"""Open streams: decompressed on the fly, with damage told apart from a plain end of file."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, BinaryIO, Protocol

from quality.errors import ReadError
from quality.read.inputs import Input, full_suffix

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# A Zstandard block of 4 bytes can stand for 128 KiB: 1 KiB of input is 32 MiB at most.
_ZSTD_INPUT_BYTES = 1024


@contextmanager
def open_stream(source: Input) -> Iterator[BinaryIO]:
    """The input's bytes, decompressed.

    Raises ReadError, here or at any later read, for damaged or cut-off compressed data.
    """
    suffix = full_suffix(source.path.name)
    with source.path.open("rb") as raw:
        if suffix.endswith(".gz"):
            yield _Decompressed(gzip.GzipFile(fileobj=raw), source.name)
        elif suffix.endswith(".zst"):
            yield _Decompressed(_Zstandard(raw), source.name)
        else:
            yield raw


def read_bounded(stream: BinaryIO, max_bytes: int, place: str) -> bytes:
    """All that is left in the stream. Raises ReadError beyond `max_bytes`."""
    data = stream.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise too_large(place, max_bytes)
    return data


def too_large(place: str, max_bytes: int) -> ReadError:
    """What to raise for a page or record over the limit."""
    return ReadError(f"{place}: more than {max_bytes:,} bytes. Raise max_bytes or split the file.")


class _Decompressed(io.BufferedReader):
    """A stream that raises ReadError with the cure where the compressed data is damaged."""

    def __init__(self, inner: _Chunks, place: str) -> None:
        super().__init__(_Raw(inner, place), buffer_size=1 << 17)


class _Chunks(Protocol):
    def read1(self, size: int, /) -> bytes: ...


class _Raw(io.RawIOBase):
    # `read1`, not `read`: what comes before a break in the data is still handed out.
    def __init__(self, inner: _Chunks, place: str) -> None:
        self._inner = inner
        self._place = place

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        data = self._read(len(view))
        view[: len(data)] = data
        return len(data)

    def _read(self, size: int) -> bytes:
        from zstandard import ZstdError

        try:
            return self._inner.read1(size)
        except EOFError as error:
            raise ReadError(
                f"{self._place}: the compressed data is cut off before its end. "
                "Fetch the file again."
            ) from error
        except (gzip.BadGzipFile, zlib.error, ZstdError) as error:
            raise ReadError(
                f"{self._place}: the compressed data is damaged ({error}). "
                "Fetch the file again, or drop the suffix if it is not compressed."
            ) from error


class _Zstandard:
    """Zstandard frames, one after the other; unlike the library's reader it sees a cut-off."""

    def __init__(self, raw: IO[bytes]) -> None:
        import zstandard

        self._raw = raw
        self._start = zstandard.ZstdDecompressor().decompressobj
        self._frame = self._start()
        self._is_inside = False
        self._ready = b""

    def read1(self, size: int, /) -> bytes:
        while not self._ready:
            chunk = self._frame.unused_data if self._frame.eof else b""
            chunk = chunk or self._raw.read(_ZSTD_INPUT_BYTES)
            if not chunk:
                if self._is_inside:
                    raise EOFError("zstandard frame without its end")
                return b""
            if self._frame.eof:
                self._frame = self._start()
            self._ready = self._frame.decompress(chunk)
            self._is_inside = not self._frame.eof
        data, self._ready = self._ready[:size], self._ready[size:]
        return data
