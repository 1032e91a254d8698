"""The bytes of an object as records: unpacked, cut to a range, split at delimiters. All of this runs in a thread of the query's own."""

from __future__ import annotations

import asyncio
import bz2
import gzip
import io
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any, BinaryIO

from fogbank.services.s3.select import errors

BLOCK = 1024 * 1024
RECORD_BYTES = 1024 * 1024


class ObjectBytes(io.RawIOBase):
    """An object's bytes as a file for code that waits: what is read comes from the event loop, piece by piece."""

    def __init__(self, loop: asyncio.AbstractEventLoop, pieces: AsyncIterator[bytes]) -> None:
        self._loop = loop
        self._pieces = pieces
        self._rest = memoryview(b"")
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = memoryview(asyncio.run_coroutine_threadsafe(self._pull(), self._loop).result())
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        self.count += size
        return size

    async def _pull(self) -> bytes:
        return await anext(self._pieces, b"")


class Unpacked:
    """The object's contents, and how many bytes of them were read so far."""

    def __init__(self, source: ObjectBytes, compression: str) -> None:
        self.raw = source
        self._file: Any = io.BufferedReader(source, BLOCK)
        if compression != "NONE":
            self._file = gzip.GzipFile(fileobj=self._file) if compression == "GZIP" else bz2.BZ2File(self._file)
        self._is_packed = compression != "NONE"
        self.count = 0

    def blocks(self) -> Iterator[bytes]:
        """Raises InvalidCompressionFormat for what is not packed so, TruncatedInput for what ends too early."""
        while block := self._read():
            self.count += len(block)
            yield block

    def _read(self) -> bytes:
        try:
            data: bytes = self._file.read(BLOCK)
            return data
        except EOFError:
            raise errors.refusal("TruncatedInput") from None
        except (OSError, zlib.error):
            if not self._is_packed:
                raise
            raise errors.refusal("TruncatedInput" if self.count else "InvalidCompressionFormat") from None

    @property
    def whole_file(self) -> BinaryIO:
        found: BinaryIO = self._file
        return found


class ByteRange:
    """The records that begin in a range of the object, bounds included. `start` is where reading has to begin."""

    def __init__(self, first: int, last: int, delimiter: bytes) -> None:
        self.first = first
        self._delimiter = delimiter
        # a delimiter that ends where the range begins says that a record begins there
        self.start = max(first - len(delimiter), 0)
        self._last = last

    def cut(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """From the first record that begins in the range to the end of the last one."""
        at, delimiter = self.start, self._delimiter
        skipping, buffer = self.first > 0, b""
        for block in blocks:
            buffer += block
            if skipping:
                found = buffer.find(delimiter)
                if found < 0:
                    at, buffer = at + len(buffer) - len(_tail(buffer, delimiter)), _tail(buffer, delimiter)
                    continue
                at, buffer, skipping = at + found + len(delimiter), buffer[found + len(delimiter) :], False
            if at > self._last:
                return
            end = buffer.find(delimiter, max(self._last + 1 - at - len(delimiter), 0))
            if end >= 0:
                yield buffer[: end + len(delimiter)]
                return
            if at + len(buffer) <= self._last - len(delimiter):
                yield buffer
                at, buffer = at + len(buffer), b""
        if not skipping and at <= self._last:
            yield buffer


def _tail(buffer: bytes, delimiter: bytes) -> bytes:
    """What may be the beginning of a delimiter."""
    return buffer[len(buffer) - len(delimiter) + 1 :] if len(delimiter) > 1 else b""


def lines(blocks: Iterator[bytes], delimiter: bytes) -> Iterator[str]:
    """Texts between delimiters. Raises InvalidTextEncoding, OverMaxRecordSize."""
    rest = b""
    for block in blocks:
        whole, found, rest = (rest + block).rpartition(delimiter)
        if found:
            yield from _decoded(whole).split(delimiter.decode())
        if len(rest) > RECORD_BYTES:
            raise errors.refusal("OverMaxRecordSize")
    if rest:
        yield _decoded(rest)


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise errors.refusal("InvalidTextEncoding") from None
