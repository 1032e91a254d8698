"""Tags of ACME resources: TagResource, UntagResource, ListTagsForResource. Those of certificates have operations of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.acm import errors, tags
from fogbank.services.acm.acme.access import ON_ACME
from fogbank.services.acm.acme.records import (
    bindings,
    domain_validations,
    endpoints,
    find_binding,
    find_endpoint,
    find_validation,
)
from fogbank.services.acm.service import service

Request = dict[str, Any]
Tags = dict[str, str]


async def _find(ctx: Context, arn: str) -> tuple[Tags, Callable[[Tags], None]]:
    """The tags of a resource, and what gives it others."""
    if ":certificate/" in arn:
        raise errors.tags_of_certificates_elsewhere()
    key: tuple[str, ...]
    found: Any
    if "/acme-domain-validation/" in arn:
        endpoint_id, found = await find_validation(ctx, arn)
        collection, key = domain_validations, (endpoint_id, found.id)
    elif "/acme-external-account-binding/" in arn:
        endpoint_id, found = await find_binding(ctx, arn)
        collection, key = bindings, (endpoint_id, found.id)  # type: ignore[assignment]
    else:
        found = await find_endpoint(ctx, arn)
        collection, key = endpoints, (found.id,)  # type: ignore[assignment]
    return found.tags, lambda changed: collection.put(ctx, msgspec.structs.replace(found, tags=changed), *key)


@service.operation(**ON_ACME)
async def tag_resource(ctx: Context, request: Request) -> None:
    """Add tags, and replace those that are there already. API_TagResource."""
    present, put = await _find(ctx, request["ResourceArn"])
    put(tags.added(ctx, present, request["Tags"]))


@service.operation(**ON_ACME)
async def untag_resource(ctx: Context, request: Request) -> None:
    """Remove tags; a key that is not there is passed over. API_UntagResource."""
    present, put = await _find(ctx, request["ResourceArn"])
    put({key: value for key, value in present.items() if key not in request["TagKeys"]})


@service.operation(**ON_ACME)
async def list_tags_for_resource(ctx: Context, request: Request) -> Request:
    """All tags of a resource. API_ListTagsForResource."""
    present, _ = await _find(ctx, request["ResourceArn"])
    return {"Tags": [{"Key": key, "Value": value} for key, value in present.items()]}
