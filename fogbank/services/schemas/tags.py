"""Tags of registries, schemas and discoverers: TagResource, UntagResource, ListTagsForResource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from fogbank.kernel import Collection, Context
from fogbank.services.schemas import errors
from fogbank.services.schemas.records import arn, discoverers, registries, schemas
from fogbank.services.schemas.service import service

Request = dict[str, Any]
Tags = dict[str, str]

_TAGS = 50


def added(present: Mapping[str, str], tags: Mapping[str, str]) -> Tags:
    """The tags of a resource with others added. Raises BadRequestException."""
    merged = {**present, **tags}
    if len(merged) > _TAGS or any(key.lower().startswith("aws:") for key in tags):
        raise errors.too_many_tags()
    return merged


_KINDS: dict[str, Collection[Any]] = {"registry": registries, "schema": schemas, "discoverer": discoverers}


async def _find(ctx: Context, request: Request) -> tuple[Collection[Any], tuple[str, ...], Any]:
    """Where the resource lies, and what it is. Raises NotFoundException."""
    text = request["ResourceArn"]
    kind, *names = text.split(":", 5)[-1].split("/")
    collection = _KINDS.get(kind)
    found = None
    if collection is not None and text == arn(ctx, kind, *names):
        found = await collection.get(ctx, *names)
    if collection is None or found is None:
        raise errors.no_such_arn(text)
    return collection, tuple(names), found


async def _tags(ctx: Context, request: Request) -> Tags:
    return (await _find(ctx, request))[2].tags  # type: ignore[no-any-return]


_ON_RESOURCE: dict[str, Any] = {"resource": lambda ctx, request: request["ResourceArn"], "tags": _tags}


@service.operation(**_ON_RESOURCE)
async def tag_resource(ctx: Context, request: Request) -> None:
    """Add tags, and replace those that are there already. API_TagResource."""
    collection, key, found = await _find(ctx, request)
    collection.put(ctx, msgspec.structs.replace(found, tags=added(found.tags, request["Tags"])), *key)


@service.operation(**_ON_RESOURCE)
async def untag_resource(ctx: Context, request: Request) -> None:
    """Remove tags; a key that is not there is passed over. API_UntagResource."""
    collection, key, found = await _find(ctx, request)
    left = {name: value for name, value in found.tags.items() if name not in request["TagKeys"]}
    collection.put(ctx, msgspec.structs.replace(found, tags=left), *key)


@service.operation(**_ON_RESOURCE)
async def list_tags_for_resource(ctx: Context, request: Request) -> Request:
    """API_ListTagsForResource."""
    return {"Tags": await _tags(ctx, request)}
