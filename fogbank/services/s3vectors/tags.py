"""Tags of buckets and indexes."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3vectors import errors, limits
from fogbank.services.s3vectors.access import ON_TAGGED, tagged
from fogbank.services.s3vectors.records import Address, bucket_at, buckets, index_at, indexes, replace
from fogbank.services.s3vectors.service import service

Request = dict[str, Any]
Tags = dict[str, str]


def checked(present: Tags, added: Tags) -> Tags:
    """The tags with others added. Raises ValidationException."""
    for key in added:
        if key.lower().startswith("aws:"):
            raise errors.validation(f"Tag keys cannot begin with aws: {key}", "tags")
    tags = {**present, **added}
    if len(tags) > limits.TAGS:
        raise errors.validation(f"A resource can have at most {limits.TAGS} tags", "tags")
    return tags


async def _tags_at(address: Address) -> Tags:
    return (await index_at(address) if address.index else await bucket_at(address)).tags


async def _save(address: Address, tags: Tags) -> None:
    ctx = address.ctx
    if address.index:
        indexes.put(ctx, replace(await index_at(address), tags=tags), address.bucket, address.index)
    else:
        buckets.put(ctx, replace(await bucket_at(address), tags=tags), address.bucket)


@service.operation(**ON_TAGGED)
async def tag_resource(ctx: Context, request: Request) -> Request:
    """Add tags, and replace those that are there. API_S3VectorBuckets_TagResource."""
    address = tagged(ctx, request)
    await _save(address, checked(await _tags_at(address), request["tags"]))
    return {}


@service.operation(**ON_TAGGED)
async def untag_resource(ctx: Context, request: Request) -> Request:
    """Remove tags; a key that is not there is passed over."""
    address, gone = tagged(ctx, request), frozenset(request["tagKeys"])
    await _save(address, {key: value for key, value in (await _tags_at(address)).items() if key not in gone})
    return {}


@service.operation(**ON_TAGGED)
async def list_tags_for_resource(ctx: Context, request: Request) -> Request:
    return {"tags": await _tags_at(tagged(ctx, request))}
