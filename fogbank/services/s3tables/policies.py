"""Resource policies of table buckets and tables."""

from __future__ import annotations

from typing import Any

from fogbank.identity import policy_grammar
from fogbank.kernel import Context
from fogbank.services.s3tables import errors, limits
from fogbank.services.s3tables.access import ON_RESOURCE
from fogbank.services.s3tables.records import find_bucket, find_table, save_bucket, save_table, with_setting
from fogbank.services.s3tables.service import service

Request = dict[str, Any]


def _checked(text: str) -> str:
    if len(text.encode()) > limits.POLICY_BYTES:
        raise errors.bad_request("The policy is too large.")
    try:
        policy_grammar.check(text, "resource")
    except policy_grammar.MalformedPolicy as error:
        raise errors.bad_request(f"The specified policy is not valid: {error.message}") from None
    return text


@service.operation(**ON_RESOURCE)
async def put_table_bucket_policy(ctx: Context, request: Request) -> Request:
    """Who else may use the bucket and its tables. API_s3Buckets_PutTableBucketPolicy."""
    found = await find_bucket(ctx, request)
    save_bucket(found, settings=with_setting(found.bucket.settings, "policy", _checked(request["resourcePolicy"])))
    return {}


@service.operation(**ON_RESOURCE)
async def get_table_bucket_policy(ctx: Context, request: Request) -> Request:
    found = await find_bucket(ctx, request)
    if "policy" not in found.bucket.settings:
        raise errors.no_such("table bucket policy")
    return {"resourcePolicy": found.bucket.settings["policy"]}


@service.operation(**ON_RESOURCE)
async def delete_table_bucket_policy(ctx: Context, request: Request) -> Request:
    found = await find_bucket(ctx, request)
    save_bucket(found, settings=with_setting(found.bucket.settings, "policy", None))
    return {}


@service.operation(**ON_RESOURCE)
async def put_table_policy(ctx: Context, request: Request) -> Request:
    """Who else may use the table. API_s3Buckets_PutTablePolicy."""
    found, table = await find_table(ctx, request)
    settings = with_setting(table.settings, "policy", _checked(request["resourcePolicy"]))
    save_table(found.ctx, table, settings=settings)
    return {}


@service.operation(**ON_RESOURCE)
async def get_table_policy(ctx: Context, request: Request) -> Request:
    _, table = await find_table(ctx, request)
    if "policy" not in table.settings:
        raise errors.no_such("table policy")
    return {"resourcePolicy": table.settings["policy"]}


@service.operation(**ON_RESOURCE)
async def delete_table_policy(ctx: Context, request: Request) -> Request:
    found, table = await find_table(ctx, request)
    save_table(found.ctx, table, settings=with_setting(table.settings, "policy", None))
    return {}
