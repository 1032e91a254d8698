"""How images, and all that is in a repository, go. In transactions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from fogbank.kernel import Context
from fogbank.services.ecr import events, storing, uploads
from fogbank.services.ecr.manifests import read
from fogbank.services.ecr.records import (
    Home,
    Image,
    Request,
    find_named,
    images,
    layers,
    manifests,
    referrers,
    repositories,
    tags,
    uses,
)
from fogbank.services.ecr.service import service

_ARTIFACTS_STAY = 86400.0


# Who wants to know of images that were deleted, and of tags that were taken off: (repository, digest, tag or nothing).
after_delete: list[Callable[[Home, str, str], Awaitable[None]]] = []


async def untag(home: Home, image: Image, tag: str) -> None:
    """Somebody takes a tag off an image."""
    await take_off(home, image, tag)
    await _tell(home, image.digest, tag)


async def remove(home: Home, image: Image) -> None:
    """Somebody, or a lifecycle policy, deletes an image."""
    await take_out(home, image)
    await _tell(home, image.digest, "")


async def _tell(home: Home, digest: str, tag: str) -> None:
    for tell in after_delete:
        await tell(home, digest, tag)


async def take_off(home: Home, image: Image, tag: str) -> None:
    """Take a tag off an image; the image stays, even without any."""
    tags.delete(home.ctx, home.name, tag)
    left = [each for each in image.tags if each != tag]
    images.put(home.ctx, msgspec.structs.replace(image, tags=left), home.name, image.digest)


async def take_out(home: Home, image: Image) -> None:
    """Delete an image, and the layers that no other image of the repository has."""
    ctx, name, digest = home.ctx, home.name, image.digest
    data = await manifests.get(ctx, name, digest)
    images.delete(ctx, name, digest)
    manifests.delete(ctx, name, digest)
    for tag in image.tags:
        tags.delete(ctx, name, tag)
    if image.subject:
        referrers.delete(ctx, name, image.subject, digest)
    if data is not None:
        await _release(home, digest, data)
    if await referrers.count(ctx, name, digest, limit=1):
        await ctx.schedule("expire_artifacts", {"repository": name, "subject": digest}, delay=_ARTIFACTS_STAY)
    await events.image_action(home, "DELETE", digest, image.tags)


async def _release(home: Home, digest: str, data: bytes) -> None:
    manifest = read(data)
    for each in (*manifest.blobs, *manifest.images):
        uses.delete(home.ctx, home.name, each, digest)
    for each in manifest.blobs:
        if not await uses.count(home.ctx, home.name, each, limit=1):
            await storing.release(home, each)


async def indexes_with(home: Home, digest: str) -> list[str]:
    """The indexes that an image is in: as long as there are any, it cannot be deleted."""
    return [key[0] for key, _ in await uses.items(home.ctx, (str,), home.name, digest)]  # type: ignore[misc]


async def empty(home: Home) -> None:
    """Delete everything that is in a repository."""
    ctx, name = home.ctx, home.name
    for image in await images.scan(ctx, name):
        images.delete(ctx, name, image.digest)
        manifests.delete(ctx, name, image.digest)
        if image.subject:
            referrers.delete(ctx, name, image.subject, image.digest)
        for tag in image.tags:
            tags.delete(ctx, name, tag)
    for key, _ in await uses.items(ctx, (str, str), name):
        uses.delete(ctx, name, *key)
    for (digest,), _ in await layers.items(ctx, (str,), name):
        await storing.release(home, str(digest))
    await uploads.give_up_all(home)


@service.task
async def expire_artifacts(ctx: Context, payload: Request) -> None:
    """What is about an image goes a day after the image.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/images.html
    """
    name, subject = payload["repository"], payload["subject"]
    if await repositories.get(ctx, name) is None or await images.get(ctx, name, subject) is not None:
        return
    home = await find_named(ctx, name)
    for (digest,), _ in await referrers.items(ctx, (str,), name, subject):
        artifact = await images.get(ctx, name, digest)
        if artifact is not None and not await indexes_with(home, artifact.digest):
            await remove(home, artifact)
