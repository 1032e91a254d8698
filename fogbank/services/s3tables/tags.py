"""Tags of table buckets and tables."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3tables import errors, limits
from fogbank.services.s3tables.access import ON_RESOURCE
from fogbank.services.s3tables.records import Found, look_up, save_bucket, save_table
from fogbank.services.s3tables.service import service

Request = dict[str, Any]
Tags = dict[str, str]


def checked(present: Tags, added: Tags) -> Tags:
    """The tags with others added. Raises BadRequestException."""
    if any(key.lower().startswith("aws:") for key in added):
        raise errors.bad_request("Tag keys cannot begin with aws:.")
    tags = {**present, **added}
    if len(tags) > limits.TAGS:
        raise errors.bad_request(f"A resource can have at most {limits.TAGS} tags.")
    return tags


async def _find(ctx: Context, request: Request) -> Found:
    found = await look_up(ctx, request)
    if found is None:
        raise errors.no_such("resource")
    return found


def _tags_of(found: Found) -> Tags:
    return found.bucket.tags if found.table is None else found.table.tags


def _save(found: Found, tags: Tags) -> None:
    if found.table is None:
        save_bucket(found, tags=tags)
    else:
        save_table(found.ctx, found.table, tags=tags)


@service.operation(**ON_RESOURCE)
async def tag_resource(ctx: Context, request: Request) -> Request:
    """Add tags, and replace those that are there. API_s3Buckets_TagResource."""
    found = await _find(ctx, request)
    _save(found, checked(_tags_of(found), request["tags"]))
    return {}


@service.operation(**ON_RESOURCE)
async def untag_resource(ctx: Context, request: Request) -> Request:
    """Remove tags; a key that is not there is passed over."""
    found, gone = await _find(ctx, request), frozenset(request["tagKeys"])
    _save(found, {key: value for key, value in _tags_of(found).items() if key not in gone})
    return {}


@service.operation(**ON_RESOURCE)
async def list_tags_for_resource(ctx: Context, request: Request) -> Request:
    return {"tags": _tags_of(await _find(ctx, request))}
