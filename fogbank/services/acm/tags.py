"""Tags of certificates: AddTagsToCertificate, RemoveTagsFromCertificate, ListTagsForCertificate."""

from __future__ import annotations

from typing import Any

from fogbank.certificates import tagging
from fogbank.kernel import Context
from fogbank.services.acm import errors, limits
from fogbank.services.acm.access import ON_CERTIFICATE
from fogbank.services.acm.certificate import find, save
from fogbank.services.acm.service import service

Request = dict[str, Any]
Tags = dict[str, str]


def added(ctx: Context, present: Tags, given: list[dict[str, str]]) -> Tags:
    """The tags with those of a request added. Raises TooManyTagsException, InvalidTagException."""
    return tagging.added(ctx, present, given, limits.TAGS, errors.too_many_tags())


@service.operation(**ON_CERTIFICATE)
async def add_tags_to_certificate(ctx: Context, request: Request) -> None:
    """Add tags, and replace those that are there already. API_AddTagsToCertificate."""
    certificate = await find(ctx, request)
    save(ctx, certificate, tags=added(ctx, certificate.tags, request["Tags"]))


@service.operation(**ON_CERTIFICATE)
async def remove_tags_from_certificate(ctx: Context, request: Request) -> None:
    """Remove tags; one that is given with a value only if it has that value. API_RemoveTagsFromCertificate."""
    certificate = await find(ctx, request)
    save(ctx, certificate, tags=tagging.removed(certificate.tags, request["Tags"]))


@service.operation(**ON_CERTIFICATE)
async def list_tags_for_certificate(ctx: Context, request: Request) -> Request:
    """All tags of a certificate. API_ListTagsForCertificate."""
    certificate = await find(ctx, request)
    return {"Tags": [{"Key": key, "Value": value} for key, value in certificate.tags.items()]}
