"""Tags of certificates: AddTagsToCertificate, RemoveTagsFromCertificate, ListTagsForCertificate."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.acm import errors, limits
from fogbank.services.acm.access import ON_CERTIFICATE
from fogbank.services.acm.certificate import find, save
from fogbank.services.acm.service import service

Request = dict[str, Any]
Tags = dict[str, str]


def added(ctx: Context, present: Tags, given: list[dict[str, str]]) -> Tags:
    """The tags with those of a request added. Raises TooManyTagsException, InvalidTagException."""
    for tag in given:
        if tag["Key"].lower().startswith("aws:") and ctx.principal.kind != "service":
            raise errors.reserved_tag()
    tags = {**present, **{tag["Key"]: tag.get("Value", "") for tag in given}}
    if len(tags) > limits.TAGS:
        raise errors.too_many_tags()
    return tags


@service.operation(**ON_CERTIFICATE)
async def add_tags_to_certificate(ctx: Context, request: Request) -> None:
    """Add tags, and replace those that are there already. API_AddTagsToCertificate."""
    certificate = await find(ctx, request)
    save(ctx, certificate, tags=added(ctx, certificate.tags, request["Tags"]))


@service.operation(**ON_CERTIFICATE)
async def remove_tags_from_certificate(ctx: Context, request: Request) -> None:
    """Remove tags; one that is given with a value only if it has that value. API_RemoveTagsFromCertificate."""
    certificate = await find(ctx, request)
    tags = dict(certificate.tags)
    for tag in request["Tags"]:
        if "Value" not in tag or tags.get(tag["Key"]) == tag["Value"]:
            tags.pop(tag["Key"], None)
    save(ctx, certificate, tags=tags)


@service.operation(**ON_CERTIFICATE)
async def list_tags_for_certificate(ctx: Context, request: Request) -> Request:
    """All tags of a certificate. API_ListTagsForCertificate."""
    certificate = await find(ctx, request)
    return {"Tags": [{"Key": key, "Value": value} for key, value in certificate.tags.items()]}
