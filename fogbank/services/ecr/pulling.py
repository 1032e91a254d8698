"""How an image is got out of a repository, by whatever way. In transactions."""

from __future__ import annotations

from typing import NamedTuple

from fogbank.kernel import Context
from fogbank.services.ecr import errors
from fogbank.services.ecr.manifests import read
from fogbank.services.ecr.pull_through import is_upstream
from fogbank.services.ecr.pull_times import note_pull
from fogbank.services.ecr.records import ACTIVE, Home, Image, find_named, manifests, repositories, stored
from fogbank.services.ecr.service import service


async def repository_of(registry: Context, name: str) -> Home:
    """Where to pull from. Raises RepositoryNotFoundException, or UnableToGetUpstreamImageException where a rule would fetch it."""
    if await repositories.get(registry, name) is None and await is_upstream(registry, name):
        raise errors.upstream_out_of_reach()
    return await find_named(registry, name)


async def manifest_of(home: Home, image: Image, is_pull: bool = True) -> bytes:
    """The manifest, unless the image is archived (ImageArchivedException); a pull is noted."""
    if image.status != ACTIVE:
        raise errors.image_archived(home.name, home.ctx.account, image.digest)
    if is_pull:
        await note_pull(home, image)
    return await manifests.get(home.ctx, home.name, image.digest) or b""


class Content(NamedTuple):
    """An image's manifest, and the names of the blobs of what it names, by digest."""

    manifest: bytes
    blobs: dict[str, str]


async def image_content(registry: Context, name: str, digest: str) -> Content | None:
    """What an image is made of, for services that run images. In a transaction; whoever asks has seen to the permission."""
    data = await manifests.get(registry, name, digest)
    if data is None:
        return None
    found = {each: await stored.get(registry, each) for each in read(data).blobs}
    return Content(data, {each: there.blob for each, there in found.items() if there is not None})


service.provide("image_content", image_content)
