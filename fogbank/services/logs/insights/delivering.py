"""Where the results of scheduled queries go: objects of a bucket, and lookup tables.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/ScheduledQueries.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson

from fogbank.http import Payload
from fogbank.kernel import AWSError, Context
from fogbank.services.logs import lookup_tables
from fogbank.services.logs.insights import records, results
from fogbank.services.logs.insights.scheduled import (
    FAILED,
    ScheduledQuery,
    Trigger,
    arn_of,
    scheduled,
    starts,
    triggered,
)
from fogbank.services.logs.service import service

Delivered = dict[str, Any]


@service.task(transaction=False)
async def deliver_results(ctx: Context, payload: dict[str, Any]) -> None:
    """A query that a schedule has started is over."""
    found = await ctx.transact(_ended, ctx, payload["query"])
    if found is None:
        return
    query, trigger = found
    given = query.settings.get("destinationConfiguration") or {}
    delivered: list[Delivered] = []
    if trigger.status != FAILED and "s3Configuration" in given:
        delivered.append(await _to_bucket(ctx, query, trigger, given["s3Configuration"]))
    if trigger.status != FAILED and "lookupTableConfiguration" in given:
        delivered.append(await _to_table(ctx, query, trigger, given["lookupTableConfiguration"]))
    await ctx.transact(_note, ctx, query.name, msgspec.structs.replace(trigger, destinations=tuple(delivered)))


async def _ended(ctx: Context, query_id: str) -> tuple[ScheduledQuery, Trigger] | None:
    """The scheduled query and its start, with how it ended."""
    following, record = await starts.get(ctx, query_id), await records.queries.get(ctx, query_id)
    records.followed.delete(ctx, query_id)
    starts.delete(ctx, query_id)
    if following is None or record is None:
        return None
    query, trigger = (
        await scheduled.get(ctx, following.name),
        await triggered.get(ctx, following.name, following.moment),
    )
    if query is None or trigger is None:
        return None
    status = record.status if record.status == records.COMPLETE else FAILED
    return query, msgspec.structs.replace(trigger, status=status)


async def _note(ctx: Context, name: str, trigger: Trigger) -> None:
    query = await scheduled.get(ctx, name)
    if query is None:
        return
    triggered.put(ctx, trigger, name, trigger.moment)
    if query.triggered == trigger.moment:
        scheduled.put(ctx, msgspec.structs.replace(query, status=trigger.status), name)


async def _to_bucket(ctx: Context, query: ScheduledQuery, trigger: Trigger, given: dict[str, Any]) -> Delivered:
    bucket, _, prefix = given["destinationIdentifier"].removeprefix("s3://").partition("/")
    moment = datetime.fromtimestamp(trigger.moment / 1000, UTC)
    folder = f"{prefix.rstrip('/')}/" if prefix else ""
    key = f"{folder}{query.name}/{moment:%Y/%m/%d/%H/%M}/{trigger.query}.json"
    rows = await ctx.transact(results.rows_of_complete, ctx, trigger.query)
    request: dict[str, Any] = {"Bucket": bucket, "Key": key, "Body": Payload(orjson.dumps({"results": rows}))}
    if given.get("ownerAccountId"):
        request["ExpectedBucketOwner"] = given["ownerAccountId"]
    if given.get("kmsKeyId"):
        request |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": given["kmsKeyId"]}
    told = {"destinationType": "S3", "destinationIdentifier": given["destinationIdentifier"]}
    try:
        await ctx.call("s3", "PutObject", request, role=given["roleArn"], source_arn=arn_of(ctx, query.name))
    except AWSError as error:
        return {**told, "status": "CLIENT_ERROR", "errorMessage": error.message}
    return {**told, "status": "COMPLETE", "processedIdentifier": f"s3://{bucket}/{key}"}


async def _to_table(ctx: Context, query: ScheduledQuery, trigger: Trigger, given: dict[str, Any]) -> Delivered:
    told = {"destinationType": "LOOKUP_TABLE", "destinationIdentifier": given["tableName"]}
    try:
        arn = await ctx.transact(_refresh, ctx, query, trigger, given)
    except AWSError as error:
        return {**told, "status": "CLIENT_ERROR", "errorMessage": error.message}
    return {**told, "status": "COMPLETE", "processedIdentifier": arn}


async def _refresh(ctx: Context, query: ScheduledQuery, trigger: Trigger, given: dict[str, Any]) -> str:
    """Make the table, or give it another body, as the role of the destination."""
    name = given["tableName"]
    arn = lookup_tables.arn_of(ctx, name)
    common = {name: given[name] for name in ("description", "kmsKeyId") if given.get(name)} | {"queryId": trigger.query}
    source, role = arn_of(ctx, query.name), given["roleArn"]
    if await lookup_tables.tables.get(ctx, name) is None:
        made = common | {"lookupTableName": name} | ({"tags": given["tags"]} if given.get("tags") else {})
        await ctx.call("logs", "CreateLookupTable", made, role=role, source_arn=source)
    else:
        await ctx.call("logs", "UpdateLookupTable", common | {"lookupTableArn": arn}, role=role, source_arn=source)
    return arn
