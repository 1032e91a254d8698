"""Bodies that lie in blobs, as they go out: the ranges of blobs that make up what was asked for, read in worker threads."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from typing import NamedTuple

from fogbank.http import FileBody
from fogbank.services.s3.encryption.ciphers import CHUNK, Cipher
from fogbank.services.s3.encryption.keys import Keys, cipher_of
from fogbank.services.s3.records import Part
from fogbank.storage.blobs import BlobBody, Blobs

_READ = 1024 * 1024
# So many parts are opened before the first byte is sent, so that a delete cannot break the answer.
_OPEN_AHEAD = 64


class Span(NamedTuple):
    """A range of the bytes of a blob, which has `size` of them, not counting what encryption adds; `salt` is a part's."""

    blob: str
    offset: int
    length: int
    size: int
    salt: bytes = b""


def spans(parts: Iterable[Part], offset: int, length: int) -> list[Span]:
    """Where the bytes from `offset` on lie in parts that follow each other."""
    found: list[Span] = []
    for part in parts:
        if offset < part.size and length > 0:
            taken = min(part.size - offset, length)
            found.append(Span(part.blob, offset, taken, part.size, part.salt))
            length -= taken
            offset = 0
        else:
            offset -= part.size
    return found


class SpanBody:
    """The bytes of several blobs after one another, read in worker threads."""

    def __init__(self, blobs: Blobs, wanted: list[Span]) -> None:
        self._blobs = blobs
        self._closed = wanted[_OPEN_AHEAD:][::-1]
        self._open: list[BlobBody] = []
        for span in reversed(wanted[:_OPEN_AHEAD]):
            self._open.append(_open(blobs, span))

    @classmethod
    def of(cls, blobs: Blobs, file: FileBody) -> SpanBody:
        """The bytes of one open file."""
        body = cls(blobs, [])
        body._open.append(file)
        return body

    def __del__(self) -> None:
        self.close()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while True:
            if not self._open:
                if not self._closed:
                    raise StopAsyncIteration
                self._open.append(_open(self._blobs, self._closed.pop()))
            if data := await _next_piece(self._open[-1]):
                return data
            _let_go(self._open.pop())

    async def aclose(self) -> None:
        self.close()

    def close(self) -> None:
        for body in self._open:
            _let_go(body)
        self._open.clear()
        self._closed.clear()


def _open(blobs: Blobs, span: Span) -> BlobBody:
    return blobs.open(span.blob, span.offset, span.length)


async def _next_piece(body: BlobBody) -> bytes:
    """Empty at the end. Raises EOFError when that comes too early."""
    if not isinstance(body, FileBody):
        return await anext(body, b"")
    if body.length == 0:
        return b""
    return await asyncio.get_running_loop().run_in_executor(None, _read, body, min(_READ, body.length))


def _read(body: FileBody, size: int) -> bytes:
    """The next bytes of a file; blocks."""
    os.lseek(body.fd, body.offset, os.SEEK_SET)
    data = os.read(body.fd, size)
    if not data:
        raise EOFError("a blob is shorter than its record says")
    body.offset += len(data)
    body.length -= len(data)
    return data


def _let_go(body: BlobBody) -> None:
    if isinstance(body, FileBody):
        body.close()


# -- encrypted ones


class Decrypted:
    """The bytes of encrypted blobs after one another, in the clear.

    While a piece is being sent, the next one is read and decrypted in a worker thread.
    """

    def __init__(self, blobs: Blobs, wanted: list[Span], keys: Keys) -> None:
        self._blobs = blobs
        self._keys = keys
        self._closed = wanted[_OPEN_AHEAD:][::-1]
        self._ahead: asyncio.Future[bytes] | None = None
        self._open: list[_Sealed] = []
        for span in reversed(wanted[:_OPEN_AHEAD]):  # those that are open are closed again when one is missing
            self._open.append(_Sealed(blobs, span, keys))

    def body(self) -> bytes | AsyncIterator[bytes]:
        """As a body of a response: the bytes themselves where they are few."""
        if len(self._open) > 1 or not self._open[0].is_small:
            return self
        data = self._open[0].take()
        self.close()
        return data

    def __del__(self) -> None:
        self.close()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        ahead = self._ahead or self._begin()
        if ahead is None:
            raise StopAsyncIteration
        # shielded: a reader who leaves must not take the file from under the thread
        data = await asyncio.shield(ahead)
        self._ahead = self._begin()
        return data

    def _begin(self) -> asyncio.Future[bytes] | None:
        """Begin to read the next piece; None at the end."""
        self._ahead = None
        while self._open or self._closed:
            if not self._open:
                self._open.append(_Sealed(self._blobs, self._closed.pop(), self._keys))
            sealed = self._open[-1]
            if sealed.left:
                return sealed.begin()
            self._open.pop().close()
        return None

    async def aclose(self) -> None:
        self.close()

    def close(self) -> None:
        opened, self._open = self._open, []
        self._closed.clear()
        if self._ahead is None or self._ahead.done():
            _close_all(opened)
        else:
            self._ahead.add_done_callback(lambda ahead: _close_all(opened, ahead))


def _close_all(opened: list[_Sealed], ahead: asyncio.Future[bytes] | None = None) -> None:
    if ahead is not None and not ahead.cancelled():
        ahead.exception()  # nobody waits for it any more
    for sealed in opened:
        sealed.close()


class _Sealed:
    """What is left to read of a range of an encrypted blob."""

    __slots__ = ("_body", "_cipher", "_held", "_number", "_skip", "_unread", "left")

    def __init__(self, blobs: Blobs, span: Span, keys: Keys) -> None:
        cipher = cipher_of(keys, span.salt)
        assert cipher is not None
        window = cipher.window(span.offset, span.length, span.size)
        self._cipher: Cipher = cipher
        self._body = blobs.open(span.blob, window.offset, window.length)
        self._unread = window.length
        self._number = window.first
        self._skip = window.skip
        self._held = b""
        self.left = span.length

    @property
    def is_small(self) -> bool:
        """Is it read at once, since a thread would cost more?"""
        return isinstance(self._body, FileBody) and self._unread <= 2 * self._cipher.stride

    def begin(self) -> asyncio.Future[bytes]:
        if isinstance(self._body, FileBody):
            return asyncio.get_running_loop().run_in_executor(None, self.take)
        return asyncio.ensure_future(self._fetch(self._body))

    @property
    def _wanted(self) -> int:
        """How many bytes the next piece is read from: whole chunks."""
        return min(_READ // CHUNK * self._cipher.stride, self._unread)

    def take(self) -> bytes:
        """The next piece from a file; blocks."""
        assert isinstance(self._body, FileBody)
        wanted = self._wanted
        data = _read(self._body, wanted)
        while len(data) < wanted:
            data += _read(self._body, wanted - len(data))
        return self._opened(data)

    async def _fetch(self, body: AsyncIterator[bytes]) -> bytes:
        """The next piece from a place that sends bytes as it likes."""
        wanted = self._wanted
        got = [self._held]
        length = len(self._held)
        while length < wanted:
            data = await anext(body, b"")
            if not data:
                raise EOFError("a blob is shorter than its record says")
            got.append(data)
            length += len(data)
        data = b"".join(got)
        self._held = data[wanted:]
        return await asyncio.get_running_loop().run_in_executor(None, self._opened, data[:wanted])

    def _opened(self, data: bytes) -> bytes:
        plain = self._cipher.decrypt(data, self._number)
        self._unread -= len(data)
        self._number += -(-len(data) // self._cipher.stride)
        if self._skip or len(plain) > self.left:
            plain = plain[self._skip : self._skip + self.left]
            self._skip = 0
        self.left -= len(plain)
        return plain

    def close(self) -> None:
        _let_go(self._body)
