"""Layers on their way: begun, continued, ended, for the API and for the registry's protocol alike."""

from __future__ import annotations

from collections.abc import AsyncIterable

import msgspec

from fogbank.kernel import Context
from fogbank.services.ecr import errors, limits, storing
from fogbank.services.ecr.records import Home, Part, Request, Upload, find_named, repositories, uploads
from fogbank.services.ecr.service import service


async def begin(home: Home) -> Upload:
    """A new upload; one that nobody ends is forgotten after a day. In a transaction."""
    upload = Upload(home.ctx.ids.uuid(), home.ctx.now(), [])
    uploads.put(home.ctx, upload, home.name, upload.id)
    await home.ctx.schedule(
        "expire_upload", {"repository": home.name, "upload": upload.id}, delay=limits.UPLOAD_SECONDS, key=upload.id
    )
    return upload


async def find(home: Home, id: str) -> Upload:
    """Raises UploadNotFoundException."""
    upload = await uploads.get(home.ctx, home.name, id)
    if upload is None:
        raise errors.upload_not_found(home.name, home.ctx.account, id)
    return upload


async def found(ctx: Context, name: str, id: str) -> tuple[Home, Upload]:
    home = await find_named(ctx, name)
    return home, await find(home, id)


async def proceed(ctx: Context, name: str, id: str, first: int | None, chunks: AsyncIterable[bytes]) -> int:
    """Add bytes to an upload. Returns how many it has then. Not in a transaction.

    `first` is where they belong, None for behind the others. Raises InvalidLayerPartException when that is not where they end.
    """
    _, upload = await ctx.transact(found, ctx, name, id)
    _check_place(ctx, name, upload, first)
    part = await storing.receive(ctx, chunks)
    try:
        return await ctx.transact(_added, ctx, name, id, first, part)
    except BaseException:
        ctx.blobs.discard(part.blob)
        raise


def _check_place(ctx: Context, name: str, upload: Upload, first: int | None) -> None:
    if first not in (None, upload.size):
        raise errors.invalid_part(name, ctx.account, upload.id, upload.size - 1)


async def _added(ctx: Context, name: str, id: str, first: int | None, part: Part) -> int:
    home, upload = await found(ctx, name, id)
    _check_place(ctx, name, upload, first)
    if len(upload.parts) >= limits.LAYER_PARTS:
        raise errors.limit_exceeded("parts of a layer")
    ctx.keep_blob(part.blob)
    changed = msgspec.structs.replace(upload, parts=[*upload.parts, part])
    uploads.put(ctx, changed, home.name, id)
    return changed.size


async def complete(ctx: Context, name: str, id: str, digest: str) -> None:
    """Make an upload a layer. Raises InvalidLayerException unless its bytes have the digest. Not in a transaction."""
    _, upload = await ctx.transact(found, ctx, name, id)
    whole = await _whole(ctx, upload)
    try:
        if whole.sha256 != digest:
            raise errors.invalid_layer(digest, whole.sha256)
        await ctx.transact(_completed, ctx, name, upload, whole)
    except BaseException:
        if whole not in upload.parts:
            ctx.blobs.discard(whole.blob)
        raise


async def _whole(ctx: Context, upload: Upload) -> Part:
    """The parts as one; the only part is that already."""
    if len(upload.parts) == 1:
        return upload.parts[0]
    return await storing.receive(ctx, storing.joined(ctx.blobs, upload.parts))


async def _completed(ctx: Context, name: str, before: Upload, whole: Part) -> None:
    home, upload = await found(ctx, name, before.id)
    if upload != before:
        raise errors.invalid_part(name, ctx.account, upload.id, upload.size - 1)
    await storing.add(home, whole, is_kept=whole in upload.parts)
    await _forget(home, msgspec.structs.replace(upload, parts=[each for each in upload.parts if each != whole]))


async def give_up(home: Home, id: str) -> None:
    """Forget an upload. Raises UploadNotFoundException. In a transaction."""
    await _forget(home, await find(home, id))


async def _forget(home: Home, upload: Upload) -> None:
    for part in upload.parts:
        home.ctx.drop_blob(part.blob)
    uploads.delete(home.ctx, home.name, upload.id)
    await home.ctx.unschedule("expire_upload", upload.id)


async def give_up_all(home: Home) -> None:
    for upload in await uploads.scan(home.ctx, home.name):
        await _forget(home, upload)


@service.task
async def expire_upload(ctx: Context, payload: Request) -> None:
    repository = await repositories.get(ctx, payload["repository"])
    upload = await uploads.get(ctx, payload["repository"], payload["upload"])
    if repository is not None and upload is not None:
        await _forget(Home(ctx, repository), upload)
