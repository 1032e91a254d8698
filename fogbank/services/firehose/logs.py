"""Logs of what went wrong, where a destination asks for them.

https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html
"""

from __future__ import annotations

import logging
from typing import Any

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.services.firehose import roles
from fogbank.services.firehose.records import Settings, Stream

log = logging.getLogger("fogbank.firehose")


async def write(
    ctx: Context, stream: Stream, options: Settings, role: str, code: str, message: str, **more: Any
) -> None:
    """Tell the log of a destination, with its role. A log that cannot be written stops nothing. Outside of transactions."""
    settings = options.get("CloudWatchLoggingOptions") or {}
    if not settings.get("Enabled"):
        return
    line = {
        "deliveryStreamARN": stream.arn,
        "destination": destination_of(options),
        "deliveryStreamVersionId": stream.version,
        "message": message,
        "errorCode": code,
        **more,
    }
    request = {
        "logGroupName": settings["LogGroupName"],
        "logStreamName": settings["LogStreamName"],
        "logEvents": [{"timestamp": int(ctx.now() * 1000), "message": orjson.dumps(line).decode()}],
    }
    try:
        scope = await roles.acting(ctx, stream.arn, role)
        await scope.transact(_put, scope, request)
    except AWSError as error:
        log.info("the log of %s cannot be written: %s", stream.arn, error)


async def _put(scope: Context, request: dict[str, Any]) -> None:
    await scope.call("logs", "PutLogEvents", request, as_caller=True)


def destination_of(options: Settings) -> str:
    if "BucketARN" in options:
        return str(options["BucketARN"])
    return str(options.get("HECEndpoint") or options["EndpointConfiguration"]["Url"])
