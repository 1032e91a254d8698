"""Hidden buckets for the files of tables of S3 Tables, `<id>--table-s3`: reached by the ordinary operations, listed nowhere.

They belong to an account of the service's own, as on AWS, and let the account of the table in by a policy.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-tables.html
"""

from __future__ import annotations

import json
from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3.object import vault
from fogbank.services.s3.records import Bucket, Claim, Encryption, Home, buckets, claims, objects
from fogbank.services.s3.service import service
from fogbank.services.s3.upload import uploads

OWNER = "s3tables"
PRINCIPAL = "maintenance.s3tables.amazonaws.com"

_BATCH = 200
# What table buckets do: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-restrictions.html
_OBJECT_ACTIONS = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
_BUCKET_ACTIONS = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]


class Warehouses:
    """See `fogbank.identity.warehouses`."""

    async def create(self, ctx: Context, name: str, algorithm: str, kms_key: str) -> None:
        home = _home(ctx)
        encryption = Encryption(algorithm, kms_key, bool(kms_key))
        bucket = Bucket(name, OWNER, ctx.region, ctx.now(), encryption=encryption, policy=_policy(ctx.account, name))
        claims.put(home, Claim(OWNER, ctx.region), name)
        buckets.put(home, bucket, name)

    async def delete(self, ctx: Context, name: str) -> None:
        await _home(ctx).schedule("remove_warehouse", {"name": name}, key=name)

    async def delete_files(self, ctx: Context, name: str, keys: list[str]) -> None:
        home = _home(ctx)
        bucket = await buckets.get(home, name)
        if bucket is None:
            return
        for key in keys:
            record = await objects.get(home, name, key)
            if record is not None:
                await vault.remove(Home(home, bucket), key, record)


def _home(ctx: Context) -> Context:
    return ctx.at(account=OWNER, service=service)


def _policy(account: str, name: str) -> str:
    principals = {"AWS": account, "Service": PRINCIPAL}
    arn = f"arn:aws:s3:::{name}"
    statements = [
        {"Effect": "Allow", "Principal": principals, "Action": _OBJECT_ACTIONS, "Resource": f"{arn}/*"},
        {"Effect": "Allow", "Principal": principals, "Action": _BUCKET_ACTIONS, "Resource": arn},
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@service.task
async def remove_warehouse(ctx: Context, payload: dict[str, Any]) -> None:
    """Remove the objects, some at a time, and then the bucket."""
    name = payload["name"]
    bucket = await buckets.get(ctx, name)
    if bucket is None:
        return
    home = Home(ctx, bucket)
    found = await objects.items(ctx, (str,), name, limit=_BATCH)
    for (key,), record in found:
        await vault.remove(home, str(key), record)
    if len(found) == _BATCH:
        await ctx.schedule("remove_warehouse", payload, key=name)
        return
    await uploads.abort_all(home)
    claims.delete(ctx, name)
    buckets.delete(ctx, name)


service.provide("warehouses", Warehouses())
