"""PutRecord, PutRecords. https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html"""

from __future__ import annotations

from hashlib import md5

from fogbank.kernel import Context
from fogbank.services.kinesis import channel_delivery, chunks, errors, limits, metering, sealing, sequence, shards
from fogbank.services.kinesis.records import (
    ACTIVE,
    ON_STREAM,
    UPDATING,
    Answer,
    Request,
    Stream,
    find,
    shard_id,
    topic,
)
from fogbank.services.kinesis.service import service

_THROTTLED = "ProvisionedThroughputExceededException"


@service.operation(**ON_STREAM)
async def put_record(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html"""
    scope, stream = await _writable(ctx, request)
    number = shards.Ring(stream).shard_of(_hash_key(request))
    _check_size(stream, request)
    ordering = request.get("SequenceNumberForOrdering")
    if ordering is not None and not ordering.isdecimal():
        raise errors.bad_ordering_number(ordering)
    if await _is_throttled(scope, stream, number, 1, _size(request)):
        metering.refused(scope, stream, metering.Written(number, 1, _size(request), is_throttled=True))
        raise errors.throttled(shard_id(number), stream.name, scope.account)
    if request.get("DryRun"):
        raise _would_do()
    key = await _key(scope, stream)
    position = await chunks.append(scope, stream, number, [(request["PartitionKey"], request["Data"])], key)
    if stream.channels:
        await channel_delivery.announce(scope, stream)
    scope.notify(*topic(stream.arn))
    metering.put_record(scope, stream, metering.Written(number, 1, _size(request)))
    return {
        "ShardId": shard_id(number),
        "SequenceNumber": sequence.number(position, number),
        "EncryptionType": _encryption_type(stream),
    }


@service.operation(**ON_STREAM)
async def put_records(ctx: Context, request: Request) -> Answer:
    """Write up to 500 records. Those of one shard follow each other in the order that they have in the request."""
    scope, stream = await _writable(ctx, request)
    records = request["Records"]
    if sum(map(_size, records)) > limits.BYTES_PER_PUT:
        raise errors.records_too_large(limits.BYTES_PER_PUT)
    if len(records) > limits.RECORDS_PER_PUT:
        raise errors.invalid_argument(f"Records must have at most {limits.RECORDS_PER_PUT} members.")
    ring = shards.Ring(stream)
    by_shard: dict[int, list[int]] = {}
    for index, record in enumerate(records):
        _check_size(stream, record)
        by_shard.setdefault(ring.shard_of(_hash_key(record)), []).append(index)
    if request.get("DryRun"):
        raise _would_do()
    key = await _key(scope, stream)
    results: list[Answer] = [{}] * len(records)
    failed = 0
    written: list[metering.Written] = []
    for number, indexes in by_shard.items():
        size = sum(_size(records[index]) for index in indexes)
        is_throttled = await _is_throttled(scope, stream, number, len(indexes), size)
        written.append(metering.Written(number, len(indexes), size, is_throttled))
        if is_throttled:
            failed += len(indexes)
            refusal = errors.throttled(shard_id(number), stream.name, scope.account)
            for index in indexes:
                results[index] = {"ErrorCode": _THROTTLED, "ErrorMessage": refusal.message}
            continue
        await _append(scope, stream, number, [(index, records[index]) for index in indexes], results, key)
    if stream.channels:
        await channel_delivery.announce(scope, stream)
    scope.notify(*topic(stream.arn))
    metering.put_records(scope, stream, written)
    return {"FailedRecordCount": failed, "Records": results, "EncryptionType": _encryption_type(stream)}


async def _append(
    scope: Context,
    stream: Stream,
    number: int,
    records: list[tuple[int, Request]],
    results: list[Answer],
    key: bytes | None,
) -> None:
    """Write the records (index, record) of one shard, and note at their indexes where they are."""
    pairs = [(record["PartitionKey"], record["Data"]) for _, record in records]
    first = await chunks.append(scope, stream, number, pairs, key)
    name = shard_id(number)
    value = sequence.base(first.ms, number) + first.nth * sequence.STEP
    for index, _ in records:
        results[index] = {"SequenceNumber": str(value), "ShardId": name}
        value += sequence.STEP


async def _writable(ctx: Context, request: Request) -> tuple[Context, Stream]:
    scope, stream = await find(ctx, request)
    if stream.status not in (ACTIVE, UPDATING):
        raise errors.stream_not_found(scope, stream.name)
    return scope, stream


async def _key(scope: Context, stream: Stream) -> bytes | None:
    return await sealing.key_of(scope, stream, stream.key) if stream.key else None


def _hash_key(record: Request) -> int:
    """Which hash key a record has: the MD5 of its partition key, or the one that it brings."""
    explicit = record.get("ExplicitHashKey")
    if explicit is None:
        return int.from_bytes(md5(record["PartitionKey"].encode(), usedforsecurity=False).digest(), "big")
    if not explicit.isdecimal() or int(explicit) > limits.MAX_HASH:
        raise errors.bad_hash_key(explicit)
    return int(explicit)


def _size(record: Request) -> int:
    return len(record["Data"]) + len(record["PartitionKey"])


def _check_size(stream: Stream, record: Request) -> None:
    if _size(record) > stream.record_kib * limits.KIB:
        raise errors.record_too_large(stream.record_kib * limits.KIB)


def _encryption_type(stream: Stream) -> str | None:
    return "KMS" if stream.key else None


def _would_do() -> errors.AWSError:
    return errors.AWSError("DryRunOperationException", "The request would have succeeded, but the DryRun flag is set.")


async def _is_throttled(scope: Context, stream: Stream, number: int, records: int, size: int) -> bool:
    """Would the shard get more in this second than it takes? Only asked where throttling is switched on."""
    if "kinesis" not in scope.app.settings.throttle:
        return False
    since = int(scope.now() * 1000) - 999
    written, written_bytes = await chunks.written_since(scope, stream, number, since)
    return (
        written + records > limits.WRITTEN_RECORDS_PER_SECOND or written_bytes + size > limits.WRITTEN_BYTES_PER_SECOND
    )
