"""Delivers the reports of audits to log groups, buckets and Firehose.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/mask-sensitive-log-data-audit-findings.html
"""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from typing import Any

import orjson

from fogbank.http import Payload
from fogbank.kernel import Context, log_delivery
from fogbank.services.logs.protection.admission import stream_arn
from fogbank.services.logs.records import LogStream, arn_of, groups, milliseconds, name_in, streams
from fogbank.services.logs.service import service
from fogbank.services.logs.writing import write

_STREAM = "data-protection-audit"


@service.task(transaction=False)
async def audit(ctx: Context, payload: dict[str, Any]) -> None:
    """Raises what a destination says, so that it is tried again."""
    moment = datetime.fromtimestamp(int(ctx.now()), UTC)
    about = {"auditTimestamp": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "resourceArn": f"{arn_of(ctx, payload['group'])}:*"}
    reports = [orjson.dumps({**about, "dataIdentifiers": found}).decode() for found in payload["findings"]]
    destination = payload["destination"]
    if "CloudWatchLogs" in destination:
        await ctx.transact(_to_group, ctx, destination["CloudWatchLogs"]["LogGroup"], reports)
    if "S3" in destination:
        await _to_bucket(ctx, destination["S3"]["Bucket"], reports, moment)
    if "Firehose" in destination:
        lines = [f"{report}\n".encode() for report in reports]
        await log_delivery.put(ctx, stream_arn(ctx, destination), lines)


async def _to_group(ctx: Context, identifier: str, reports: list[str]) -> None:
    """A group that is gone gets nothing."""
    group = await groups.get(ctx, name_in(ctx, identifier))
    if group is None:
        return
    stream = await streams.get(ctx, group.id, _STREAM) or LogStream(_STREAM, ctx.ids.hex(16), milliseconds(ctx))
    now = milliseconds(ctx)
    await write(ctx, group, stream, [(now, report) for report in reports], now)


async def _to_bucket(ctx: Context, bucket: str, reports: list[str], moment: datetime) -> None:
    key = f"AWSLogs/{ctx.account}/CloudWatchLogs/{ctx.region}/{moment:%Y/%m/%d/%H}/{ctx.ids.uuid()}.log.gz"
    body = gzip.compress("\n".join(reports).encode(), mtime=0)
    await ctx.call("s3", "PutObject", {"Bucket": bucket, "Key": key, "Body": Payload(body)})
