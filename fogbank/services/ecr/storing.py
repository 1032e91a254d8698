"""The bytes of layers: how they come in, when two repositories share them, and when they go."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Sequence

import msgspec

from fogbank.kernel import Context
from fogbank.services.ecr import errors, limits
from fogbank.services.ecr.records import Home, Part, Stored, layers, stored
from fogbank.storage.blobs import DIGEST_BYTES, SHA256, Blobs

_READ = 4 << 20


async def receive(ctx: Context, chunks: AsyncIterable[bytes]) -> Part:
    """Write bytes into a blob that no transaction names yet. Raises InvalidParameterException when they are too many."""
    writer = ctx.blobs.create()
    digest, size = hashlib.sha256(), 0
    try:
        async for chunk in chunks:
            size += len(chunk)
            if size > limits.LAYER_BYTES:
                raise errors.unsatisfied("layerPartBlob", f"a layer has at most {limits.LAYER_BYTES} bytes")
            digest.update(chunk)
            await writer.write(chunk)
        blob = await writer.finish(digest.digest()[:DIGEST_BYTES], SHA256)
    except BaseException:
        writer.abort()
        raise
    return Part(size, f"sha256:{digest.hexdigest()}", blob)


async def joined(blobs: Blobs, parts: Sequence[Part]) -> AsyncIterator[bytes]:
    """The bytes of parts, one after another."""
    for part in parts:
        for offset in range(0, part.size, _READ):
            yield await asyncio.to_thread(blobs.read, part.blob, offset, _READ)


async def has(home: Home, digest: str) -> bool:
    return await layers.get(home.ctx, home.name, digest) is not None


async def find(home: Home, digest: str) -> Stored | None:
    """The bytes of a layer of the repository."""
    return await stored.get(home.ctx, digest) if await has(home, digest) else None


async def add(home: Home, part: Part, is_kept: bool) -> None:
    """Make the bytes a layer of the repository; `is_kept` says whether the blob is part of the state already."""
    ctx = home.ctx
    if await hold(home, part.sha256):
        if is_kept:
            ctx.drop_blob(part.blob)
        else:
            ctx.after_commit(lambda: ctx.blobs.discard(part.blob))
        return
    if not is_kept:
        ctx.keep_blob(part.blob)
    stored.put(ctx, Stored(part.blob, part.size, 1), part.sha256)
    layers.put(ctx, part.size, home.name, part.sha256)


async def hold(home: Home, digest: str) -> bool:
    """Make a layer that the account has one of the repository's, too. False when the account does not have it."""
    there = await stored.get(home.ctx, digest)
    if there is not None and not await has(home, digest):
        stored.put(home.ctx, msgspec.structs.replace(there, count=there.count + 1), digest)
        layers.put(home.ctx, there.size, home.name, digest)
    return there is not None


async def release(home: Home, digest: str) -> None:
    """The repository has the layer no more; the last one takes the bytes with it."""
    ctx = home.ctx
    there = await stored.get(ctx, digest)
    if there is None or not await has(home, digest):
        return
    layers.delete(ctx, home.name, digest)
    if there.count > 1:
        stored.put(ctx, msgspec.structs.replace(there, count=there.count - 1), digest)
    else:
        stored.delete(ctx, digest)
        ctx.drop_blob(there.blob)
