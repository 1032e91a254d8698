"""Tags of objects: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.s3 import changes
from fogbank.services.s3.content import digests
from fogbank.services.s3.object import reads, tags, vault
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import Home, Object, home_of
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]


@service.operation(action=access.on_version("PutObjectTagging"), **access.ON_OBJECT)
async def put_object_tagging(ctx: Context, request: Request) -> Answer:
    digests.check_document(ctx.request)
    return await _replace(ctx, request, tags.check_object(tags.from_set(request["Tagging"]["TagSet"])))


@service.operation(action=access.on_version("DeleteObjectTagging"), **access.ON_OBJECT)
async def delete_object_tagging(ctx: Context, request: Request) -> Answer:
    return await _replace(ctx, request, {})


@service.operation(action=access.on_version("GetObjectTagging"), **access.ON_OBJECT)
async def get_object_tagging(ctx: Context, request: Request) -> Answer:
    home = await home_of(ctx, request)
    record = await reads.readable(home, request)
    return {"VersionId": _version_id(home, record), "TagSet": tags.to_set(record.traits.tags)}


async def _replace(ctx: Context, request: Request, wanted: tags.Tags) -> Answer:
    home = await home_of(ctx, request)
    record = await reads.readable(home, request)
    changed = msgspec.structs.replace(record, traits=msgspec.structs.replace(record.traits, tags=wanted))
    await vault.rewrite(home, request["Key"], changed)
    await changes.happened(changes.TAGGED if wanted else changes.UNTAGGED, home, request["Key"], changed)
    return {"VersionId": _version_id(home, record)}


def _version_id(home: Home, record: Object) -> str | None:
    return record.version_id if home.bucket.versioning else None
