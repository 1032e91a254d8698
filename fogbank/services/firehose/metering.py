"""The metrics of delivery streams: `AWS/Firehose`.

https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
"""

from __future__ import annotations

from collections.abc import Sequence

from fogbank.kernel import Context, metrics
from fogbank.services.firehose.buffers import Item
from fogbank.services.firehose.records import Stream

NAMESPACE = "AWS/Firehose"
_COUNT, _BYTES, _SECONDS, _MILLISECONDS = "Count", "Bytes", "Seconds", "Milliseconds"

Value = tuple[str, float, str]


def note(ctx: Context, stream: Stream, values: list[Value]) -> None:
    dimensions = {"DeliveryStreamName": stream.name}
    metrics.note(ctx, NAMESPACE, [(name, value, unit, dimensions) for name, value, unit in values])


def size_of(items: Sequence[Item]) -> int:
    return sum(len(item.data) for item in items)


def put(ctx: Context, stream: Stream, operation: str, items: list[Item]) -> None:
    """A request has brought records."""
    size, count = size_of(items), len(items)
    values: list[Value] = [
        ("IncomingBytes", size, _BYTES),
        ("IncomingRecords", count, _COUNT),
        ("IncomingPutRequests", 1, _COUNT),
        (f"{operation}.Bytes", size, _BYTES),
        (f"{operation}.Requests", 1, _COUNT),
        (f"{operation}.Latency", 0, _MILLISECONDS),
        ("ThrottledRecords", 0, _COUNT),
    ]
    if operation == "PutRecordBatch":
        values.append(("PutRecordBatch.Records", count, _COUNT))
    note(ctx, stream, values)


def read(ctx: Context, stream: Stream, items: list[Item]) -> None:
    """Records were read from the stream's source."""
    behind = max(ctx.now() - items[-1].at, 0) * 1000
    size, count = size_of(items), len(items)
    values: list[Value] = [
        ("DataReadFromKinesisStream.Bytes", size, _BYTES),
        ("DataReadFromKinesisStream.Records", count, _COUNT),
        ("KinesisMillisBehindLatest", behind, _MILLISECONDS),
        ("IncomingBytes", size, _BYTES),
        ("IncomingRecords", count, _COUNT),
    ]
    note(ctx, stream, values)


def delivered(ctx: Context, stream: Stream, to: str, items: Sequence[Item], objects: int = 1) -> None:
    """`to` is what the metrics call the destination: `DeliveryToS3`, `BackupToS3`, `DeliveryToHttpEndpoint`."""
    oldest = min((item.at for item in items), default=ctx.now())
    values: list[Value] = [
        (f"{to}.Bytes", size_of(items), _BYTES),
        (f"{to}.Records", len(items), _COUNT),
        (f"{to}.DataFreshness", max(ctx.now() - oldest, 0), _SECONDS),
        *([(f"{to}.Success", 1.0, _COUNT)] * objects),
    ]
    note(ctx, stream, values)


def failed(ctx: Context, stream: Stream, to: str) -> None:
    note(ctx, stream, [(f"{to}.Success", 0, _COUNT)])


def processed(ctx: Context, stream: Stream, seconds: float, succeeded: list[Item], is_good: bool) -> None:
    """A function was invoked."""
    values: list[Value] = [
        ("ExecuteProcessing.Duration", seconds * 1000, _MILLISECONDS),
        ("ExecuteProcessing.Success", int(is_good), _COUNT),
        ("SucceedProcessing.Bytes", size_of(succeeded), _BYTES),
        ("SucceedProcessing.Records", len(succeeded), _COUNT),
    ]
    note(ctx, stream, values)


def partitioned(ctx: Context, stream: Stream, partitions: int) -> None:
    values: list[Value] = [
        ("PartitionCount", partitions, _COUNT),
        ("PartitionCountExceeded", 0, _COUNT),
        ("DeliveryToS3.ObjectCount", partitions, _COUNT),
    ]
    note(ctx, stream, values)
