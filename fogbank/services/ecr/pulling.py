"""How an image is got out of a repository, by whatever way. In transactions."""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.services.ecr import errors
from fogbank.services.ecr.pull_through import is_upstream
from fogbank.services.ecr.pull_times import note_pull
from fogbank.services.ecr.records import ACTIVE, Home, Image, find_named, manifests, repositories


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
