"""The bytes of objects: how they come in, where they are put, how they go out.

Small bodies are rows of the store and never leave the event loop. Larger ones are hashed and written by a worker thread, a batch at a
time, while the next batch arrives: memory stays flat, and the loop free, whatever the size of the object.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterable
from typing import Any, NamedTuple

from fogbank.http import FileBody, Payload, ResponseBody
from fogbank.kernel import Context
from fogbank.services.s3 import errors, limits
from fogbank.services.s3.digests import Claim, Hashes, Sums, sums_of, verify
from fogbank.services.s3.records import Home, Manifest, Object, bodies, manifests
from fogbank.storage.base import Uncertain
from fogbank.storage.blobs import BlobBody, Blobs, BlobWriter, in_thread

_BATCH = 1024 * 1024
_READ = 1024 * 1024
# So many parts are opened before the first byte is sent, so that a delete cannot break the answer.
_OPEN_AHEAD = 64


class Received:
    """A body that has arrived: `data` when it is small, else the `blob` that holds it, named by no record yet."""

    __slots__ = ("algorithm", "blob", "data", "size", "sums", "trailers")

    def __init__(self, size: int, algorithm: str, sums: Sums, data: bytes, blob: str, trailers: dict[str, str]) -> None:
        self.size = size
        self.algorithm = algorithm
        self.sums = sums
        self.data = data
        self.blob = blob
        self.trailers = trailers

    def check(self, claim: Claim) -> None:
        verify(claim, self.sums, self.trailers)

    @property
    def pocket(self) -> bytes:
        """The bytes that lie in the object's record."""
        return self.data if self.size <= limits.POCKET_BYTES else b""

    def keep(self, home: Home, key: str, record: Object) -> None:
        """Make the bytes those of a version: in the transaction that writes its record."""
        if record.blob:
            home.ctx.keep_blob(self.blob)
        elif record.has_row:
            bodies.put(home.ctx, self.data, home.name, key, record.slot)

    def give_up(self, ctx: Context, error: BaseException) -> None:
        """The transaction failed, so the bytes go; if it may have been kept all the same, the blobs' upkeep finds out."""
        if not self.blob:
            return
        if isinstance(error, Uncertain | asyncio.CancelledError):
            ctx.app.upkeep.named(self.blob)
        else:
            ctx.blobs.discard(self.blob)


# -- coming in


def is_small(payload: Payload) -> bool:
    return payload.data is not None and len(payload.data) <= limits.INLINE_BYTES


def take(payload: Payload, algorithm: str) -> Received:
    """A small body, at once."""
    data = payload.data or b""
    return Received(len(data), algorithm, sums_of(data, algorithm), data, "", payload.trailers)


async def receive(ctx: Context, payload: Payload, algorithm: str) -> Received:
    """A large body, into a blob. Raises PayloadError when it breaks off or is not what was signed, and keeps nothing then."""
    if payload.length is not None and payload.length > limits.OBJECT_BYTES:
        raise errors.entity_too_large(payload.length, limits.OBJECT_BYTES)
    sink = Sink(ctx, algorithm, payload.expected_sha256 is not None)
    try:
        async for chunk in payload:
            await sink.write(chunk)
        return await sink.finish(payload)
    except BaseException:
        sink.abort()
        raise


class Sink:
    """Hashes and writes a blob in two worker threads, one batch behind what arrives."""

    def __init__(self, ctx: Context, algorithm: str, with_sha256: bool = False) -> None:
        self._writer: BlobWriter = ctx.blobs.create()
        self._algorithm = algorithm
        self._hashes = Hashes(algorithm, with_sha256)
        self._batch: list[bytes] = []
        self._batched = 0
        self._working: asyncio.Future[Any] | None = None
        self.size = 0

    async def write(self, data: bytes) -> None:
        self._batch.append(data)
        self._batched += len(data)
        self.size += len(data)
        if self.size > limits.OBJECT_BYTES:
            raise errors.entity_too_large(self.size, limits.OBJECT_BYTES)
        if self._batched >= _BATCH:
            await self._settle()
            self._hand_over()

    def _hand_over(self) -> None:
        batch, self._batch, self._batched = self._batch, [], 0
        run = asyncio.get_running_loop().run_in_executor
        self._working = asyncio.gather(run(None, self._hash, batch), run(None, self._write, batch))

    def _hash(self, batch: list[bytes]) -> None:
        for data in batch:
            self._hashes.md5.update(data)

    def _write(self, batch: list[bytes]) -> None:
        for data in batch:
            self._hashes.update_others(data)
            self._writer.write_now(data)

    async def _settle(self) -> None:
        # shielded: a request that is cancelled must not take the file from under the thread
        if self._working is not None:
            await asyncio.shield(self._working)

    async def finish(self, payload: Payload | None = None) -> Received:
        """Flush what is left. `payload` is asked whether the bytes are those that were signed."""
        await self._settle()
        if self._batch:
            self._hand_over()
            await self._settle()
        if payload is not None:
            payload.check_sha256(self._hashes.sha256())
        blob = await self._writer.finish(self._hashes.md5.digest())
        trailers = payload.trailers if payload is not None else {}
        return Received(self.size, self._algorithm, self._hashes.sums(), b"", blob, trailers)

    def abort(self) -> None:
        """Throw everything away, as soon as the thread has let go of it."""
        if self._working is None or self._working.done():
            self._writer.abort()
            return

        def let_go(working: asyncio.Future[Any]) -> None:
            with contextlib.suppress(Exception, asyncio.CancelledError):
                working.result()
            self._writer.abort()

        self._working.add_done_callback(let_go)


# -- going out


class Span(NamedTuple):
    blob: str
    offset: int
    length: int


async def open_body(home: Home, key: str, record: Object, offset: int, length: int) -> ResponseBody:
    """A range of an object's bytes as a response body; inside the transaction that read the record."""
    if length == 0:
        return b""
    if record.blob:
        return home.ctx.blobs.open(record.blob, offset, length)
    if record.parts:
        wanted = await part_spans(home, key, record, offset, length)
        return SpanBody(home.ctx.blobs, wanted) if len(wanted) > 1 else home.ctx.blobs.open(*wanted[0])
    data = record.body or await bodies.get(home.ctx, home.name, key, record.slot) or b""
    return data if length == record.size else data[offset : offset + length]


async def manifest_of(home: Home, key: str, record: Object) -> Manifest:
    manifest = await manifests.get(home.ctx, home.name, key, record.slot)
    return manifest if manifest is not None else Manifest([])


async def part_spans(home: Home, key: str, record: Object, offset: int, length: int) -> list[Span]:
    manifest = await manifest_of(home, key, record)
    return spans([(part.blob, part.size) for part in manifest.parts], offset, length)


def spans(pieces: Iterable[tuple[str, int]], offset: int, length: int) -> list[Span]:
    """Where the bytes from `offset` on lie in pieces (blob, size) that follow each other."""
    found: list[Span] = []
    for blob, size in pieces:
        if offset < size and length > 0:
            taken = min(size - offset, length)
            found.append(Span(blob, offset, taken))
            length -= taken
            offset = 0
        else:
            offset -= size
    return found


class SpanBody:
    """The bytes of several blobs after one another, read in worker threads."""

    def __init__(self, blobs: Blobs, wanted: list[Span]) -> None:
        self._blobs = blobs
        self._closed = wanted[_OPEN_AHEAD:][::-1]
        self._open: list[BlobBody] = [blobs.open(*span) for span in reversed(wanted[:_OPEN_AHEAD])]

    @classmethod
    def of(cls, blobs: Blobs, file: FileBody) -> SpanBody:
        """The bytes of one open file."""
        body = cls(blobs, [])
        body._open.append(file)
        return body

    def __del__(self) -> None:
        self._close()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while True:
            if not self._open:
                if not self._closed:
                    raise StopAsyncIteration
                self._open.append(self._blobs.open(*self._closed.pop()))
            if data := await _next_piece(self._open[-1]):
                return data
            _let_go(self._open.pop())

    async def aclose(self) -> None:
        self._close()

    def _close(self) -> None:
        for body in self._open:
            _let_go(body)
        self._open.clear()
        self._closed.clear()


async def _next_piece(body: BlobBody) -> bytes:
    """Empty at the end. Raises EOFError when that comes too early."""
    if not isinstance(body, FileBody):
        return await anext(body, b"")
    if body.length == 0:
        return b""
    data: bytes = await in_thread(os.pread, body.fd, min(_READ, body.length), body.offset)
    if not data:
        raise EOFError("a blob is shorter than its record says")
    body.offset += len(data)
    body.length -= len(data)
    return data


def _let_go(body: BlobBody) -> None:
    if isinstance(body, FileBody):
        body.close()


async def pieces(home: Home, key: str, record: Object, offset: int, length: int) -> AsyncIterator[bytes]:
    """A body to read from, for copies. Made inside the transaction that read the record, read outside of it."""
    body = await open_body(home, key, record, offset, length)
    if isinstance(body, bytes):
        return _one(body)
    return SpanBody.of(home.ctx.blobs, body) if isinstance(body, FileBody) else body


async def _one(data: bytes) -> AsyncIterator[bytes]:
    if data:
        yield data
