"""What the decision about a request needs to know: its resource, the policies of table and bucket, the owner, tags and keys.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3tables.html
"""

from __future__ import annotations

import json
from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.s3tables.records import Found, bucket_arn, look_up, parsed

Request = dict[str, Any]
Keys = dict[str, str | tuple[str, ...]]


async def _found(ctx: Context, request: Request) -> Found | None:
    try:
        return await ctx.transact(look_up, ctx, request)
    except AWSError:
        return None  # the operation refuses it


async def resource(ctx: Context, request: Request) -> str:
    """The ARN of what is there; of a table that is not, the pattern of all in its bucket."""
    found = await _found(ctx, request)
    if found is not None:
        return found.arn
    named = (
        request.get("tableArn")
        or request.get("tableARN")
        or request.get("resourceArn")
        or request.get("tableBucketARN")
    )
    if not named:
        return f"{bucket_arn(ctx, '*')}"
    return f"{named}/table/*" if request.get("name") and "/table/" not in named else str(named)


async def new_table(ctx: Context, request: Request) -> str:
    """A table that is about to be made has no id yet."""
    return f"{request['tableBucketARN']}/table/*"


async def owner(ctx: Context, request: Request) -> str:
    found = await _found(ctx, request)
    return ctx.account if found is None else found.ctx.account


async def policy(ctx: Context, request: Request) -> str | None:
    """The policies of the table and of its bucket, as one."""
    found = await _found(ctx, request) or await _bucket_of(ctx, request)
    if found is None:
        return None
    texts = [
        found.bucket.settings.get("policy"),
        found.table.settings.get("policy") if found.table is not None else None,
    ]
    statements: list[Any] = []
    for text in filter(None, texts):
        listed = json.loads(text)["Statement"]
        statements += listed if isinstance(listed, list) else [listed]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else None


async def _bucket_of(ctx: Context, request: Request) -> Found | None:
    """The bucket, for a table that is not there."""
    arn = request.get("tableBucketARN")
    return await _found(ctx, {"tableBucketARN": arn}) if arn else None


async def tags(ctx: Context, request: Request) -> dict[str, str]:
    found = await _found(ctx, request)
    if found is None:
        return {}
    return found.bucket.tags if found.table is None else found.table.tags


async def condition_keys(ctx: Context, request: Request) -> Keys:
    found = await _found(ctx, request)
    table = found.table if found is not None else None
    namespace = table.namespace if table is not None else request.get("namespace")
    name = table.name if table is not None else request.get("name")
    encryption, storage = request.get("encryptionConfiguration") or {}, request.get("storageClassConfiguration") or {}
    given = {
        "s3tables:namespace": namespace[0] if isinstance(namespace, list) else namespace,
        "s3tables:tableName": name if namespace else None,
        "s3tables:SSEAlgorithm": encryption.get("sseAlgorithm"),
        "s3tables:KMSKeyArn": encryption.get("kmsKeyArn"),
        "s3tables:storageClass": storage.get("storageClass"),
    }
    keys: Keys = {key: value for key, value in given.items() if value}
    bucket_tags = found.bucket.tags if found is not None else {}
    return {**keys, **{f"s3tables:TableBucketTag/{key}": value for key, value in bucket_tags.items()}}


async def owner_of_arn(ctx: Context, request: Request) -> str:
    return parsed(ctx, request["tableBucketARN"])[0].account


ON_RESOURCE: dict[str, Any] = {
    "resource": resource,
    "owner": owner,
    "policy": policy,
    "tags": tags,
    "keys": condition_keys,
}
ON_NEW_TABLE: dict[str, Any] = {**ON_RESOURCE, "resource": new_table, "owner": owner_of_arn}
