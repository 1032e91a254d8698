"""Tags of authorities: TagCertificateAuthority, UntagCertificateAuthority, ListTags."""

from __future__ import annotations

from typing import Any

from fogbank.certificates import tagging
from fogbank.kernel import Context, pages
from fogbank.services.acm_pca import errors, limits, states
from fogbank.services.acm_pca.access import OWNED
from fogbank.services.acm_pca.authority import Authority, find, save
from fogbank.services.acm_pca.service import service

Request = dict[str, Any]
Tags = dict[str, str]


def added(ctx: Context, present: Tags, given: list[dict[str, str]]) -> Tags:
    """The tags with those of a request added. Raises TooManyTagsException, InvalidTagException."""
    return tagging.added(ctx, present, given, limits.TAGS, errors.too_many_tags())


@service.operation(**OWNED)
async def tag_certificate_authority(ctx: Context, request: Request) -> None:
    """Add tags, and replace those that are there already. API_TagCertificateAuthority."""
    scope, authority = await _find(ctx, request)
    save(scope, authority, tags=added(ctx, authority.tags, request["Tags"]))


@service.operation(**OWNED)
async def untag_certificate_authority(ctx: Context, request: Request) -> None:
    """Remove tags; one that is given with a value only if it has that value. API_UntagCertificateAuthority."""
    scope, authority = await _find(ctx, request)
    save(scope, authority, tags=tagging.removed(authority.tags, request["Tags"]))


@service.operation(**OWNED)
async def list_tags(ctx: Context, request: Request) -> Request:
    """The tags of an authority. API_ListTags."""
    _, authority = await _find(ctx, request)
    rows = sorted(authority.tags)
    if "NextToken" in request:
        last = pages.position(request["NextToken"], errors.invalid_next_token())
        rows = [key for key in rows if key > last]
    shown, token = pages.page(rows, request.get("MaxResults", limits.PAGE), str)
    return {"Tags": [{"Key": key, "Value": authority.tags[key]} for key in shown], "NextToken": token}


async def _find(ctx: Context, request: Request) -> tuple[Context, Authority]:
    scope, authority = await find(ctx, request)
    if authority.status == states.DELETED:
        raise errors.invalid_state(authority.status)
    return scope, authority
