"""How requests name images (by digest, by tag, by both), and what is said of those that they name wrongly."""

from __future__ import annotations

import re

from fogbank.services.ecr import errors
from fogbank.services.ecr.records import Answer, Home, Image, images, tags

_DIGEST = re.compile(r"[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+")
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]*")

Failure = tuple[str, str]

_NOT_FOUND = ("ImageNotFound", "Requested image not found")


def check_tag(tag: str) -> None:
    """Raise InvalidParameterException unless an image may be called so."""
    if _TAG.fullmatch(tag) is None:
        raise errors.unsatisfied("imageTag", "must satisfy regular expression '[a-zA-Z0-9-_.]{1,300}'")


async def by_tag(home: Home, tag: str) -> Image | None:
    digest = await tags.get(home.ctx, home.name, tag)
    return await by_digest(home, digest) if digest is not None else None


async def by_digest(home: Home, digest: str) -> Image | None:
    return await images.get(home.ctx, home.name, digest)


async def look_up(home: Home, id: Answer) -> Image | Failure:
    """The image of an imageId, or (code, reason) of its failure."""
    digest, tag = id.get("imageDigest"), id.get("imageTag")
    if not digest and not tag:
        return "MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null"
    if digest and _DIGEST.fullmatch(digest) is None:
        return (
            "InvalidImageDigest",
            "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
        )
    if tag and _TAG.fullmatch(tag) is None:
        return (
            "InvalidImageTag",
            "Invalid request parameters: image tag should satisfy the regex '[a-zA-Z0-9-_.]{1,300}'",
        )
    image = await by_digest(home, digest) if digest else await by_tag(home, tag or "")
    if image is None:
        return _NOT_FOUND
    if digest and tag and tag not in image.tags:
        if await tags.get(home.ctx, home.name, tag) is None:
            return _NOT_FOUND
        return "ImageTagDoesNotMatchDigest", "Requested image tag does not match the requested image digest"
    return image


async def find(home: Home, id: Answer) -> Image:
    """The image of an imageId. Raises InvalidParameterException, ImageNotFoundException."""
    found = await look_up(home, id)
    if isinstance(found, Image):
        return found
    if found[0] in ("MissingDigestAndTag", "InvalidImageDigest", "InvalidImageTag"):
        raise errors.invalid_parameter(found[1])
    raise errors.image_not_found(home.name, home.ctx.account, id.get("imageDigest"), id.get("imageTag"))


def failure(id: Answer, found: Failure) -> Answer:
    return {"imageId": id, "failureCode": found[0], "failureReason": found[1]}
