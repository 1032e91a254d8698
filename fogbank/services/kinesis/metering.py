"""The metrics of streams, and of the shards of those with enhanced monitoring: `AWS/Kinesis`.

https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html
"""

from __future__ import annotations

from typing import NamedTuple

from fogbank.kernel import Context, metrics
from fogbank.services.kinesis.chunks import Found
from fogbank.services.kinesis.records import Stream, shard_id

NAMESPACE = "AWS/Kinesis"
_COUNT = "Count"
_BYTES = "Bytes"
_MILLISECONDS = "Milliseconds"

Value = tuple[str, float, str]


class Written(NamedTuple):
    """What a request wrote to one shard, or what was too much for it."""

    shard: int
    records: int
    size: int
    is_throttled: bool = False


def put_record(ctx: Context, stream: Stream, written: Written) -> None:
    own: list[Value] = [("PutRecord.Success", 1, _COUNT), ("PutRecord.Bytes", written.size, _BYTES)]
    _note(ctx, stream, own, [written])


def refused(ctx: Context, stream: Stream, written: Written) -> None:
    """PutRecord was throttled: a request that fails, so its transaction will not be committed."""
    gatherer, own = metrics.gatherer_of(ctx.app), [("PutRecord.Success", 0.0, _COUNT)]
    gatherer.add(ctx, NAMESPACE, _measured(stream, own, [written]))


def put_records(ctx: Context, stream: Stream, written: list[Written]) -> None:
    total = sum(each.records for each in written)
    throttled = sum(each.records for each in written if each.is_throttled)
    own: list[Value] = [
        ("PutRecords.Success", int(throttled < total), _COUNT),
        ("PutRecords.Bytes", sum(each.size for each in written if not each.is_throttled), _BYTES),
        ("PutRecords.TotalRecords", total, _COUNT),
        ("PutRecords.SuccessfulRecords", total - throttled, _COUNT),
        ("PutRecords.FailedRecords", 0, _COUNT),
        ("PutRecords.ThrottledRecords", throttled, _COUNT),
    ]
    _note(ctx, stream, own, written)


def _note(ctx: Context, stream: Stream, own: list[Value], written: list[Written]) -> None:
    metrics.note(ctx, NAMESPACE, _measured(stream, own, written))


def _measured(stream: Stream, own: list[Value], written: list[Written]) -> list[metrics.Measured]:
    of_shards: list[tuple[int, list[Value]]] = [
        (
            each.shard,
            [
                ("IncomingRecords", 0 if each.is_throttled else each.records, _COUNT),
                ("IncomingBytes", 0 if each.is_throttled else each.size, _BYTES),
                ("WriteProvisionedThroughputExceeded", each.records if each.is_throttled else 0, _COUNT),
            ],
        )
        for each in written
    ]
    values = [value for _, values in of_shards for value in values]
    return _of_stream(stream, own + values) + _of_shards(stream, of_shards)


def read(ctx: Context, stream: Stream, shard: int, records: list[Found]) -> None:
    """GetRecords has read these records. Their age is that of the last one."""
    size = sum(len(record.data) for record in records)
    age = max(ctx.now() * 1000 - records[-1].position.ms, 0) if records else 0.0
    own: list[Value] = [
        ("GetRecords.Success", 1, _COUNT),
        ("GetRecords.Records", len(records), _COUNT),
        ("GetRecords.Bytes", size, _BYTES),
        ("GetRecords.IteratorAgeMilliseconds", age, _MILLISECONDS),
        ("ReadProvisionedThroughputExceeded", 0, _COUNT),
    ]
    of_shard: list[Value] = [
        ("OutgoingRecords", len(records), _COUNT),
        ("OutgoingBytes", size, _BYTES),
        ("IteratorAgeMilliseconds", age, _MILLISECONDS),
        ("ReadProvisionedThroughputExceeded", 0, _COUNT),
    ]
    metrics.note(ctx, NAMESPACE, _of_stream(stream, own) + _of_shards(stream, [(shard, of_shard)]))


def pushed(ctx: Context, stream: Stream, consumer: str, records: list[Found], behind_ms: int) -> None:
    """A consumer with enhanced fan-out was given an event with these records."""
    dimensions = {"StreamName": stream.name, "ConsumerName": consumer}
    values: list[Value] = [
        ("SubscribeToShardEvent.Success", 1, _COUNT),
        ("SubscribeToShardEvent.Records", len(records), _COUNT),
        ("SubscribeToShardEvent.Bytes", sum(len(record.data) for record in records), _BYTES),
        ("SubscribeToShardEvent.MillisBehindLatest", behind_ms, _MILLISECONDS),
    ]
    metrics.note(ctx, NAMESPACE, [(*value, dimensions) for value in values])


def _of_stream(stream: Stream, values: list[Value]) -> list[metrics.Measured]:
    dimensions = {"StreamName": stream.name}
    return [(*value, dimensions) for value in values]


def _of_shards(stream: Stream, values: list[tuple[int, list[Value]]]) -> list[metrics.Measured]:
    """Those that the stream is asked for."""
    if not stream.monitored:
        return []
    return [
        (*value, {"StreamName": stream.name, "ShardId": shard_id(shard)})
        for shard, each in values
        for value in each
        if value[0] in stream.monitored
    ]
