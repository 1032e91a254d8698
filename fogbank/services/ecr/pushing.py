"""How an image gets into a repository, by whatever way it comes: PutImage, the registry's protocol, replication. In transactions."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from fnmatch import fnmatchcase

import msgspec

from fogbank.services.ecr import errors, events, limits, storing
from fogbank.services.ecr.image_ids import by_digest, by_tag, check_tag
from fogbank.services.ecr.manifests import BadManifest, Manifest, read
from fogbank.services.ecr.records import Home, Image, Repository, images, manifests, referrers, tags, uses

# Who wants to know of images that were pushed: (repository, image, tag).
after_push: list[Callable[[Home, Image, str], Awaitable[None]]] = []


def is_immutable(repository: Repository, tag: str) -> bool:
    """May a tag that is there not be moved?

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
    """
    immutable = repository.mutability.startswith("IMMUTABLE")
    excluded = any(fnmatchcase(tag, pattern) for pattern in repository.exclusions)
    return immutable != excluded


async def put(home: Home, data: bytes, media_type: str | None, tag: str) -> Image:
    """An image is pushed: it is taken, and all who want to know are told. Raises as `take`."""
    image = await take(home, data, media_type, tag)
    for tell in after_push:
        await tell(home, image, tag)
    return image


async def take(home: Home, data: bytes, media_type: str | None, tag: str) -> Image:
    """Make a manifest, whose layers are there, an image, and point the tag at it if there is one.

    Raises InvalidParameterException, LayersNotFoundException, ReferencedImagesNotFoundException, ImageTagAlreadyExistsException,
    LimitExceededException.
    """
    manifest = _read(data, media_type)
    computed = digest_of(data)
    if tag:
        check_tag(tag)
        await _check_tag_is_free(home, tag, computed)
    await _check_blobs(home, manifest)
    size = await _size(home, manifest)
    image = await by_digest(home, computed) or _write(home, data, manifest, computed, size)
    if tag and tag not in image.tags:
        image = await _tag(home, image, tag)
    await events.image_action(home, "PUSH", computed, [tag] if tag else [])
    return image


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def check_digest(data: bytes, digest: str | None) -> None:
    """Raise ImageDigestDoesNotMatchException when the sender takes another digest for the manifest's."""
    if digest and digest != digest_of(data):
        raise errors.digest_does_not_match(digest, digest_of(data))


async def is_there(home: Home, data: bytes, tag: str) -> bool:
    """Is the image there already, and is the tag on it?"""
    image = await by_digest(home, digest_of(data))
    return image is not None and (not tag or tag in image.tags)


def _read(data: bytes, media_type: str | None) -> Manifest:
    if len(data) > limits.MANIFEST_BYTES:
        raise errors.invalid_manifest(f"a manifest has at most {limits.MANIFEST_BYTES} bytes")
    try:
        return read(data, media_type)
    except BadManifest as error:
        raise errors.invalid_manifest(str(error)) from error


async def _check_tag_is_free(home: Home, tag: str, digest: str) -> None:
    points_at = await tags.get(home.ctx, home.name, tag)
    if points_at not in (None, digest) and is_immutable(home.repository, tag):
        raise errors.tag_is_immutable(home.name, tag)


async def _check_blobs(home: Home, manifest: Manifest) -> None:
    missing = [digest for digest in manifest.blobs if not await storing.has(home, digest)]
    if missing:
        raise errors.layers_not_found(home.name, home.ctx.account, missing)
    missing = [digest for digest in manifest.images if await by_digest(home, digest) is None]
    if missing:
        raise errors.images_not_found(home.name, home.ctx.account, missing)


async def _size(home: Home, manifest: Manifest) -> int:
    """Of an index it is that of its largest image."""
    found = [await by_digest(home, digest) for digest in manifest.images]
    return max([manifest.size, *(image.size for image in found if image is not None)])


def _write(home: Home, data: bytes, manifest: Manifest, digest: str, size: int) -> Image:
    ctx, name = home.ctx, home.name
    image = Image(
        digest, manifest.media_type, manifest.kind, size, ctx.now(), [], manifest.subject, manifest.annotations
    )
    images.put(ctx, image, name, digest)
    manifests.put(ctx, data, name, digest)
    if manifest.subject:
        referrers.put(ctx, b"", name, manifest.subject, digest)
    for each in (*manifest.blobs, *manifest.images):
        uses.put(ctx, b"", name, each, digest)
    return image


async def _tag(home: Home, image: Image, tag: str) -> Image:
    """Point the tag at the image, and away from the one that it pointed at."""
    if len(image.tags) >= limits.TAGS_PER_IMAGE:
        raise errors.too_many_tags_on_image()
    before = await by_tag(home, tag)
    if before is not None:
        left = [each for each in before.tags if each != tag]
        images.put(home.ctx, msgspec.structs.replace(before, tags=left), home.name, before.digest)
    tagged = msgspec.structs.replace(image, tags=[*image.tags, tag])
    images.put(home.ctx, tagged, home.name, image.digest)
    tags.put(home.ctx, image.digest, home.name, tag)
    return tagged
