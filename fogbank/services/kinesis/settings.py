"""What can be changed about a stream: retention, encryption, metrics, mode, throughput, size of records; and the account's settings."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.kinesis import errors, limits, sealing, shards
from fogbank.services.kinesis.channel_records import channels_of
from fogbank.services.kinesis.records import (
    ON_DEMAND,
    ON_STREAM,
    PROVISIONED,
    Answer,
    Request,
    Settings,
    account,
    begin_update,
    queues_of,
    streams,
    updating,
)
from fogbank.services.kinesis.service import service

METRICS = (
    "IncomingBytes",
    "IncomingRecords",
    "IteratorAgeMilliseconds",
    "OutgoingBytes",
    "OutgoingRecords",
    "ReadProvisionedThroughputExceeded",
    "WriteProvisionedThroughputExceeded",
)

# -- retention


@service.operation(**ON_STREAM)
async def increase_stream_retention_period(ctx: Context, request: Request) -> None:
    hours = _hours(request)
    scope, stream = await begin_update(ctx, request)
    if hours < stream.retention_hours:
        raise errors.retention_not_longer(hours, stream.name, stream.retention_hours)
    await updating(scope, stream, retention_hours=hours)


@service.operation(**ON_STREAM)
async def decrease_stream_retention_period(ctx: Context, request: Request) -> None:
    hours = _hours(request)
    scope, stream = await begin_update(ctx, request)
    if hours > stream.retention_hours:
        raise errors.retention_not_shorter(hours, stream.name, stream.retention_hours)
    await updating(scope, stream, retention_hours=hours)


def _hours(request: Request) -> int:
    hours: int = request["RetentionPeriodHours"]
    stream = (request.get("StreamName") or request.get("StreamARN") or "").rpartition("/")[2]
    if hours < limits.MINIMUM_RETENTION_HOURS:
        raise errors.retention_too_short(hours, limits.MINIMUM_RETENTION_HOURS)
    if hours > limits.MAXIMUM_RETENTION_HOURS:
        raise errors.retention_too_long(hours, stream, limits.MAXIMUM_RETENTION_HOURS)
    return hours


# -- encryption


@service.operation(**ON_STREAM)
async def start_stream_encryption(ctx: Context, request: Request) -> None:
    """From now on records are encrypted with a key of KMS; those that are there stay as they are."""
    scope, stream = await begin_update(ctx, request)
    if request["EncryptionType"] != "KMS":
        raise errors.invalid_argument("EncryptionType must be KMS to start the encryption of a stream.")
    keys = (*stream.keys, await sealing.new_key(scope, stream, request["KeyId"]))
    await updating(scope, stream, keys=keys, key=len(keys))


@service.operation(**ON_STREAM)
async def stop_stream_encryption(ctx: Context, request: Request) -> None:
    scope, stream = await begin_update(ctx, request)
    encryption = stream.encryption
    if encryption is not None and encryption.key_id != request["KeyId"]:
        raise errors.invalid_argument(
            f"The KeyId {request['KeyId']} is not the one that the stream {stream.name} is encrypted with."
        )
    await updating(scope, stream, key=0)


# -- metrics of shards


@service.operation(**ON_STREAM)
async def enable_enhanced_monitoring(ctx: Context, request: Request) -> Answer:
    return await _monitor(ctx, request, lambda now, asked: now | asked)


@service.operation(**ON_STREAM)
async def disable_enhanced_monitoring(ctx: Context, request: Request) -> Answer:
    return await _monitor(ctx, request, lambda now, asked: now - asked)


async def _monitor(ctx: Context, request: Request, change: Any) -> Answer:
    scope, stream = await begin_update(ctx, request)
    asked = set(METRICS) if "ALL" in request["ShardLevelMetrics"] else set(request["ShardLevelMetrics"])
    desired = tuple(sorted(change(set(stream.monitored), asked)))
    await updating(scope, stream, monitored=desired)
    return {
        "StreamName": stream.name,
        "StreamARN": stream.arn,
        "CurrentShardLevelMetrics": list(stream.monitored),
        "DesiredShardLevelMetrics": list(desired),
    }


# -- capacity


@service.operation(**ON_STREAM)
async def update_stream_mode(ctx: Context, request: Request) -> None:
    scope, stream = await begin_update(ctx, request)
    mode = request["StreamModeDetails"]["StreamMode"]
    if mode == PROVISIONED and stream.mode != PROVISIONED:
        if await queues_of.count(scope, stream.id, limit=1):
            raise errors.queues_left(scope, stream.name)
        if await channels_of.count(scope, stream.id, limit=1):
            raise errors.channels_left(scope, stream.name)
        await shards.require_room(scope, len(stream.open))
    if mode == ON_DEMAND and stream.mode != ON_DEMAND:
        there = sum(other.mode == ON_DEMAND for other in await streams.scan(scope))
        if there >= limits.ON_DEMAND_STREAMS:
            raise errors.too_many_on_demand(scope, limits.ON_DEMAND_STREAMS)
    warm = request.get("WarmThroughputMiBps")
    await updating(scope, stream, mode=mode, warm_mibps=stream.warm_mibps if warm is None else warm)


@service.operation(**ON_STREAM)
async def update_stream_warm_throughput(ctx: Context, request: Request) -> Answer:
    scope, stream = await begin_update(ctx, request)
    if stream.mode != ON_DEMAND:
        raise errors.validation(
            f"Request is invalid. Stream {stream.name} under account {scope.account} is not in On-Demand mode."
        )
    warm = request["WarmThroughputMiBps"]
    await updating(scope, stream, warm_mibps=warm)
    return {
        "StreamARN": stream.arn,
        "StreamName": stream.name,
        "WarmThroughput": {"TargetMiBps": warm, "CurrentMiBps": stream.warm_mibps},
    }


@service.operation(**ON_STREAM)
async def update_max_record_size(ctx: Context, request: Request) -> None:
    scope, stream = await begin_update(ctx, request)
    await updating(scope, stream, record_kib=request["MaxRecordSizeInKiB"])


@service.operation(**ON_STREAM)
async def update_stream_record_distribution_strategy(ctx: Context, request: Request) -> None:
    scope, stream = await begin_update(ctx, request)
    await updating(scope, stream, distribution=request["RecordDistributionStrategy"])


# -- the account


def _any(ctx: Context, request: Request) -> str:
    return "*"


# A commitment lasts for at least a day (the operation's documentation).
_COMMITTED_SECONDS = 24 * 3600


@service.operation(resource=_any)
async def describe_account_settings(ctx: Context, request: Request) -> Answer:
    return _commitment(await account.get(ctx) or Settings(), ctx.now())


@service.operation(resource=_any)
async def update_account_settings(ctx: Context, request: Request) -> Answer:
    before = await account.get(ctx) or Settings()
    is_on = before.started is not None and before.ended is None
    wants = request["MinimumThroughputBillingCommitment"]["Status"] == "ENABLED"
    after = before
    if wants and not is_on:
        after = Settings(started=ctx.now())
    elif is_on and not wants:
        assert before.started is not None
        after = msgspec.structs.replace(before, ended=max(ctx.now(), before.started + _COMMITTED_SECONDS))
    account.put(ctx, after)
    return _commitment(after, ctx.now())


def _commitment(settings: Settings, now: float) -> Answer:
    if settings.started is None:
        return {"MinimumThroughputBillingCommitment": {"Status": "DISABLED"}}
    earliest = settings.started + _COMMITTED_SECONDS
    if settings.ended is None:
        status = "ENABLED"
    else:
        status = "DISABLED" if settings.ended <= now else "ENABLED_UNTIL_EARLIEST_ALLOWED_END"
    return {
        "MinimumThroughputBillingCommitment": {
            "Status": status,
            "StartedAt": settings.started,
            "EndedAt": settings.ended if status == "DISABLED" else None,
            "EarliestAllowedEndAt": earliest,
        }
    }
