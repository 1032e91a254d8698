"""The logs of pipes: a record for each step of an execution that the pipe's level lets through.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-logs-schema.html
"""

from __future__ import annotations

import gzip
import logging
from datetime import UTC, datetime
from typing import Any

import orjson

from fogbank.http import Payload
from fogbank.identity.principals import service_principal
from fogbank.kernel import AWSError, Context, log_delivery
from fogbank.services.pipes.executions import Execution, Step
from fogbank.services.pipes.pipe import Pipe, pipe_arn

log = logging.getLogger("fogbank.pipes")

_LEVELS = ("OFF", "ERROR", "INFO", "TRACE")
_RECORD_BYTES = 256 * 1024
_DATA = {"payload": "payload", "awsRequest": "request", "awsResponse": "response"}

Document = dict[str, Any]


async def admit(ctx: Context, given: Document | None) -> None:
    """Have a stream of Firehose let logs in. Raises NotFoundException."""
    stream = (given or {}).get("FirehoseLogDestination")
    if not stream:
        return
    try:
        await log_delivery.admit(ctx, stream["DeliveryStreamArn"])
    except AWSError as error:
        if error.code != "ResourceNotFoundException":
            raise
        raise AWSError("NotFoundException", error.message) from error


def configured(given: Document) -> Document:
    """What is kept of a configuration, with its defaults."""
    kept = {name: value for name, value in given.items() if value is not None}
    bucket = kept.get("S3LogDestination")
    return {**kept, "S3LogDestination": {"OutputFormat": "json", **bucket}} if bucket else kept


async def write(execution: Execution) -> None:
    """Bring what an execution logs to where the pipe logs. A destination that does not take it gets nothing."""
    pipe = execution.pipe
    config = pipe.config.get("LogConfiguration") or {}
    level = _LEVELS.index(config.get("Level") or "OFF")
    wanted = [step for step in execution.steps if _LEVELS.index(step.level) <= level]
    if not wanted:
        return
    lines = [orjson.dumps(_record(execution, step, config)).decode() for step in wanted]
    if group := config.get("CloudwatchLogsLogDestination"):
        moments = [int(step.moment * 1000) for step in wanted]
        await _to_group(execution.ctx, pipe, group["LogGroupArn"], list(zip(moments, lines, strict=True)))
    if bucket := config.get("S3LogDestination"):
        await _to_bucket(execution.ctx, pipe, bucket, lines)
    if stream := config.get("FirehoseLogDestination"):
        await _to_stream(execution.ctx, stream["DeliveryStreamArn"], lines)


def _record(execution: Execution, step: Step, config: Document) -> Document:
    record: Document = {
        "resourceArn": pipe_arn(execution.ctx, execution.pipe.name),
        "timestamp": int(step.moment * 1000),
        "executionId": execution.id,
        "messageType": step.name,
        "logLevel": step.level,
    }
    if step.error is not None:
        record["error"] = _error(execution, step)
    if config.get("IncludeExecutionData"):
        record |= {name: data.decode() for name, field in _DATA.items() if (data := getattr(step, field)) is not None}
    return _cut(record)


def _error(execution: Execution, step: Step) -> Document:
    failure = step.error
    assert failure is not None
    found = {
        "httpStatusCode": failure.status,
        "message": str(failure),
        "details": "",
        "awsService": failure.service,
        "requestId": execution.id,
    }
    return {name: value for name, value in found.items() if value is not None}


def _cut(record: Document) -> Document:
    """The record within its limit: data is cut off at its end, one field after the other."""
    cut: list[str] = []
    for name in _DATA:
        excess = len(orjson.dumps(record)) - _RECORD_BYTES
        if excess > 0 and name in record:
            record[name] = record[name][: max(len(record[name]) - excess, 0)]
            cut.append(name)
    return {**record, "truncatedFields": cut} if cut else record


# -- destinations


async def _to_group(ctx: Context, pipe: Pipe, arn: str, lines: list[tuple[int, str]]) -> None:
    logs = ctx.app.services.get("logs")
    if logs is None:
        return
    try:
        await logs.provided["vended_to_group"](ctx.at(), arn, pipe.name, lines)
    except AWSError as error:
        log.info("the log of %s does not take what happened: %s", pipe.name, error)


async def _to_stream(ctx: Context, arn: str, lines: list[str]) -> None:
    try:
        await log_delivery.put(ctx, arn, [line.encode() for line in lines])
    except AWSError as error:
        log.info("%s does not take logs: %s", arn, error)


async def _to_bucket(ctx: Context, pipe: Pipe, given: Document, lines: list[str]) -> None:
    moment = datetime.fromtimestamp(ctx.now(), UTC)
    prefix = f"{given['Prefix'].rstrip('/')}/" if given.get("Prefix") else ""
    key = f"{prefix}AWSLogs/{ctx.account}/pipes/{ctx.region}/{pipe.name}/{moment:%Y/%m/%d/%H}/{ctx.ids.uuid()}.log.gz"
    body = gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)
    await _as_deliverer(
        ctx,
        "s3",
        "PutObject",
        {"Bucket": given["BucketName"], "ExpectedBucketOwner": given["BucketOwner"], "Key": key, "Body": Payload(body)},
    )


async def _as_deliverer(ctx: Context, service: str, operation: str, params: Document) -> None:
    """Call as the service that brings logs, which the destination's policy has to let in."""
    deliverer = ctx.at()
    deliverer.principal = service_principal("delivery.logs", ctx.account)
    try:
        await deliverer.call(service, operation, params, as_caller=True)
    except AWSError as error:
        log.info("%s does not take logs: %s", service, error)
