"""How fast a shard is read, for servers with `--throttle kinesis`: five calls and 2 MiB a second, but for enhanced fan-out.

    reads  stream id, shard number  -> Reads

https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
"""

from __future__ import annotations

from fogbank.kernel import Context, Record
from fogbank.services.kinesis import errors, limits
from fogbank.services.kinesis.records import Shard, Stream
from fogbank.services.kinesis.service import service


class Reads(Record, frozen=True):
    """`calls` are those of the last second (epoch milliseconds); what was read takes until `busy` (epoch seconds)."""

    calls: tuple[int, ...] = ()
    busy: float = 0.0


reads = service.collection("reads", Reads)


async def admit(scope: Context, stream: Stream, shard: Shard) -> None:
    """Raises ProvisionedThroughputExceededException for a call of GetRecords that comes too soon."""
    if "kinesis" not in scope.app.settings.throttle:
        return
    before, now = await _before(scope, stream, shard), int(scope.now() * 1000)
    calls = tuple(moment for moment in before.calls if moment > now - 1000)
    if len(calls) >= limits.READS_PER_SECOND or before.busy > scope.now():
        raise errors.throttled(shard.id, stream.name, scope.account)
    reads.put(scope, Reads((*calls, now), before.busy), stream.id, shard.number)


async def count(scope: Context, stream: Stream, shard: Shard, size: int) -> None:
    """So many bytes were read: up to a second's worth needs no pause."""
    if "kinesis" in scope.app.settings.throttle and size > limits.BYTES_READ_PER_SECOND:
        before = await _before(scope, stream, shard)
        busy = scope.now() + size / limits.BYTES_READ_PER_SECOND
        reads.put(scope, Reads(before.calls, busy), stream.id, shard.number)


async def _before(scope: Context, stream: Stream, shard: Shard) -> Reads:
    return await reads.get(scope, stream.id, shard.number) or Reads()
