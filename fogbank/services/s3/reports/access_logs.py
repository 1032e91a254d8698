"""Server access logs: what is asked of a bucket is written into another one, a line a request.

    log-lines    bucket, microseconds, id -> a line that was not delivered yet

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html. The lines are gathered for a while; an object of the
log and the lines that are in it are one transaction, so none is lost or comes twice. Where the policy of the target lets
nobody write, the lines are dropped, as on AWS.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from fogbank.kernel import Answered, AWSError, Collection, Context
from fogbank.services.s3 import changes, errors, limits, records, settings
from fogbank.services.s3.changes import Change
from fogbank.services.s3.content import digests
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import ENFORCED, Home, home_of
from fogbank.services.s3.reports import deliveries, log_lines, observing
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

log = logging.getLogger("fogbank.s3.logs")

KIND = "logging"
# Seconds for which lines are gathered; AWS takes up to a few hours.
GATHER = 60
# Lines of one object of a log: small enough for it to be written in the transaction that takes them away.
_LINES = 500

lines: Collection[bytes] = service.collection("log-lines", bytes, scope="account")


# -- the configuration


@service.operation(action="s3:PutBucketLogging", **access.ON_BUCKET)
async def put_bucket_logging(ctx: Context, request: Request) -> Answer:
    """Log requests from now on, or no more: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html

    Errors: InvalidTargetBucketForLogging, CrossLocationLoggingProhibitted.
    """
    digests.check_document(ctx.request)
    enabled = (request["BucketLoggingStatus"] or {}).get("LoggingEnabled")
    home = await home_of(ctx, request)
    if enabled is None:
        settings.erase(home, KIND)
    else:
        await _check(home, enabled)
        settings.write(home, KIND, enabled)
    changes.set_feature(home, KIND, enabled is not None)
    return {}


async def _check(home: Home, enabled: Request) -> None:
    target = await records.find(home.ctx, enabled["TargetBucket"])
    if target is None:
        raise errors.invalid_log_target("The target bucket for logging does not exist", enabled["TargetBucket"])
    if target.bucket.account != home.bucket.account:
        raise errors.invalid_log_target(
            "The owner for the bucket to be logged and the target bucket must be the same.", target.name
        )
    if target.bucket.region != home.bucket.region:
        raise errors.cross_location_logging(home.bucket.region, target.bucket.region)
    if enabled.get("TargetGrants") and target.bucket.ownership == ENFORCED:
        raise errors.acl_not_supported()
    if len(enabled.get("TargetObjectKeyFormat") or {}) > 1:
        raise errors.malformed_xml()


@service.operation(action="s3:GetBucketLogging", **access.ON_BUCKET)
async def get_bucket_logging(ctx: Context, request: Request) -> Answer:
    return {"LoggingEnabled": await settings.read(await home_of(ctx, request), KIND)}


# -- gathering lines


@observing.observe(KIND)
async def note_request(ctx: Context, bucket: records.Bucket, answered: Answered) -> None:
    await ctx.transact(_keep, ctx, bucket, log_lines.of_request(ctx, bucket, answered))


async def _keep(ctx: Context, bucket: records.Bucket, line: str) -> None:
    scope = ctx.at(account=bucket.account, region=bucket.region, service=service)
    is_first = not await lines.count(scope, bucket.name, limit=1)
    lines.put(scope, line.encode(), bucket.name, int(scope.now() * 1e6), scope.ids.hex(8))
    if is_first:
        await scope.schedule("deliver_logs", {"bucket": bucket.name}, delay=GATHER, key=bucket.name)


@changes.follow(KIND)
async def note_lifecycle(change: Change) -> None:
    """What the lifecycle does is in the log, too."""
    line = log_lines.of_change(change)
    if line is not None:
        await _keep(change.home.ctx, change.home.bucket, line)


# -- delivering them


@service.task
async def deliver_logs(ctx: Context, payload: Request) -> None:
    """Write one object of the log, and come again if there are more lines."""
    name = payload["bucket"]
    found = await lines.items(ctx, (int, str), name, limit=_LINES + 1)
    batch = _up_to(found[:_LINES], limits.INLINE_BYTES)
    home = await records.find(ctx, name)
    enabled = None if home is None else await settings.read(home, KIND)
    if home is not None and enabled is not None and batch:
        await _deliver(ctx, home, enabled, batch)
    for (moment, number), _ in batch:
        lines.delete(ctx, name, moment, number)
    if len(batch) < len(found):
        await ctx.schedule("deliver_logs", payload, key=name)


def _up_to(found: list[Any], most: int) -> list[Any]:
    """As many of the lines as make an object of that size, at least one."""
    size = 0
    batch: list[Any] = []
    for item in found:
        size += len(item[1])
        if batch and size > most:
            break
        batch.append(item)
    return batch


async def _deliver(ctx: Context, home: Home, enabled: Request, batch: Iterable[Any]) -> None:
    """Put the lines into the target; where the key names the day of the requests, an object for each day."""
    by_day = (enabled.get("TargetObjectKeyFormat") or {}).get("PartitionedPrefix", {}).get("PartitionDateSource")
    courier = deliveries.courier(ctx, home.bucket, "logging.s3")
    for moment, group in groupby(batch, lambda item: _day(item[0][0] / 1e6) if by_day == "EventTime" else ctx.now()):
        data = b"".join(line for _, line in group)
        key = _key(ctx, home, enabled, moment)
        try:
            await ctx.undoing(deliveries.deliver, courier, enabled["TargetBucket"], key, data, "text/plain")
        except AWSError as error:
            log.warning("access logs of %s are dropped: %s", home.name, error)


def _day(moment: float) -> float:
    return moment // 86400 * 86400


def _key(ctx: Context, home: Home, enabled: Request, moment: float) -> str:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html#server-log-keyname-format"""
    prefix = enabled["TargetPrefix"]
    if "PartitionedPrefix" in (enabled.get("TargetObjectKeyFormat") or {}):
        day = time.strftime("%Y/%m/%d", time.gmtime(moment))
        prefix = f"{prefix}{home.bucket.account}/{home.bucket.region}/{home.name}/{day}/"
    stamp = time.strftime("%Y-%m-%d-%H-%M-%S", time.gmtime(moment))
    return f"{prefix}{stamp}-{ctx.ids.hex(16).upper()}"
