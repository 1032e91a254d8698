"""The bytes of objects: how they come in, where they are put, how they go out.

Small bodies are rows of the store and never leave the event loop. Larger ones are hashed, encrypted and written by worker threads, a batch
at a time, while the next batch arrives: memory stays flat, and the loop free, whatever the size of the object.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from typing import Any

from fogbank.http import FileBody, Payload, ResponseBody
from fogbank.kernel import Context
from fogbank.services.s3 import errors, limits
from fogbank.services.s3.content.digests import Claim, Hashes, Sums, sums_of, verify
from fogbank.services.s3.content.spans import Decrypted, Span, SpanBody, spans
from fogbank.services.s3.encryption import keys
from fogbank.services.s3.encryption.choices import CustomerKey
from fogbank.services.s3.encryption.ciphers import Encryptor
from fogbank.services.s3.encryption.keys import Sealing
from fogbank.services.s3.records import Home, Manifest, Object, bodies, manifests
from fogbank.storage.base import Uncertain
from fogbank.storage.blobs import DIGEST_BYTES, SHA256, BlobWriter, in_thread

_BATCH = 1024 * 1024


class Received:
    """A body that has arrived: `data` when it is small, else the `blob` that holds it, named by no record yet.

    `sealing` is how the blob is encrypted, with a part's `salt`; small bodies are encrypted when it is known where they go.
    """

    __slots__ = ("algorithm", "blob", "data", "salt", "sealing", "size", "sums", "trailers")

    def __init__(
        self,
        size: int,
        algorithm: str,
        sums: Sums,
        data: bytes,
        blob: str,
        trailers: dict[str, str],
        sealing: Sealing | None = None,
        salt: bytes = b"",
    ) -> None:
        self.size = size
        self.algorithm = algorithm
        self.sums = sums
        self.data = data
        self.blob = blob
        self.trailers = trailers
        self.sealing = sealing
        self.salt = salt

    def check(self, claim: Claim) -> None:
        verify(claim, self.sums, self.trailers)

    def keep(self, home: Home, key: str, record: Object, data: bytes) -> None:
        """Make the bytes those of a version, in the transaction that writes its record; `data` are those of a small body."""
        if record.blob:
            home.ctx.keep_blob(self.blob)
        elif record.has_row:
            bodies.put(home.ctx, data, home.name, key, record.slot)

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


async def receive(ctx: Context, payload: Payload, algorithm: str, sealing: Sealing, salt: bytes = b"") -> Received:
    """A large body, into a blob. Raises PayloadError when it breaks off or is not what was signed, and keeps nothing then."""
    if payload.length is not None and payload.length > limits.OBJECT_BYTES:
        raise errors.entity_too_large(payload.length, limits.OBJECT_BYTES)
    sink = Sink(ctx, algorithm, sealing, salt, payload.expected_sha256 is not None)
    try:
        async for chunk in payload:
            await sink.write(chunk)
        return await sink.finish(payload)
    except BaseException:
        sink.abort()
        raise


async def drain(
    ctx: Context, stream: AsyncIterator[bytes], algorithm: str, sealing: Sealing, salt: bytes = b""
) -> Received:
    """Hash, encrypt and write a stream of ours into a blob."""
    sink = Sink(ctx, algorithm, sealing, salt)
    try:
        async for data in stream:
            await sink.write(data)
        return await sink.finish()
    except BaseException:
        sink.abort()
        raise
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()


class Sink:
    """Hashes, encrypts and writes a blob in two worker threads, one batch behind what arrives."""

    def __init__(
        self, ctx: Context, algorithm: str, sealing: Sealing, salt: bytes = b"", with_sha256: bool = False
    ) -> None:
        self._writer: BlobWriter = ctx.blobs.create()
        self._algorithm = algorithm
        self._hashes = Hashes(algorithm, with_sha256)
        self._sealing = sealing
        self._salt = salt
        cipher = sealing.cipher(salt)
        self._encryptor = Encryptor(cipher) if cipher is not None else None
        # of the bytes as they are kept, where those are others than came
        self._kept = hashlib.sha256()
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
        if self._encryptor is not None:
            batch = [self._encryptor.update(batch)]
            self._kept.update(batch[0])
        for data in batch:
            self._writer.write_now(data)

    def _write_rest(self, encryptor: Encryptor) -> None:
        rest = encryptor.finish()
        self._kept.update(rest)
        self._writer.write_now(rest)

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
        trailers = payload.trailers if payload is not None else {}
        sums, blob = self._hashes.sums(), await self._finish_blob()
        return Received(self.size, self._algorithm, sums, b"", blob, trailers, self._sealing, self._salt)

    async def _finish_blob(self) -> str:
        if self._encryptor is None:
            return await self._writer.finish(self._hashes.md5.digest())
        await in_thread(self._write_rest, self._encryptor)
        return await self._writer.finish(self._kept.digest()[:DIGEST_BYTES], SHA256)

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


async def open_body(
    home: Home, key: str, record: Object, offset: int, length: int, customer: CustomerKey | None = None
) -> ResponseBody:
    """A range of an object's bytes as a response body; inside the transaction that read the record.

    `customer` is the key of the customer that came with the request. Raises as `keys.unwrap`.
    """
    content = await keys.unwrap(home, key, record.traits.encryption, record.envelope, customer)
    if length == 0:
        return b""
    if not record.blob and not record.parts:
        data = record.body or await bodies.get(home.ctx, home.name, key, record.slot) or b""
        data = await keys.decrypt_small(home.ctx, record.envelope, content, data)
        return data if length == record.size else data[offset : offset + length]
    if record.blob:
        wanted = [Span(record.blob, offset, length, record.size)]
    else:
        wanted = await part_spans(home, key, record, offset, length)
    if content:
        return Decrypted(home.ctx.blobs, wanted, content).body()
    if len(wanted) > 1:
        return SpanBody(home.ctx.blobs, wanted)
    return home.ctx.blobs.open(record.blob or wanted[0].blob, wanted[0].offset, length)


async def manifest_of(home: Home, key: str, record: Object) -> Manifest:
    manifest = await manifests.get(home.ctx, home.name, key, record.slot)
    return manifest if manifest is not None else Manifest([])


async def part_spans(home: Home, key: str, record: Object, offset: int, length: int) -> list[Span]:
    return spans((await manifest_of(home, key, record)).parts, offset, length)


async def pieces(
    home: Home, key: str, record: Object, offset: int, length: int, customer: CustomerKey | None = None
) -> AsyncIterator[bytes]:
    """A body to read from, for copies. Made inside the transaction that read the record, read outside of it."""
    body = await open_body(home, key, record, offset, length, customer)
    if isinstance(body, bytes):
        return _one(body)
    return SpanBody.of(home.ctx.blobs, body) if isinstance(body, FileBody) else body


async def _one(data: bytes) -> AsyncIterator[bytes]:
    if data:
        yield data
