"""The records of a shard, as they lie in the store: a row for what one request wrote to it.

The key of a chunk is the position of its first record, all of it is of one millisecond, and its records follow each other in count. So
putting 500 records costs a row for each shard and not 500, and a position is found by the last chunk that begins at or before it. A
chunk is a MessagePack array: [count, number of the data key or 0, [[partition key, data], ...]]; the last is bytes when it is encrypted.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from fogbank.kernel import Context
from fogbank.services.kinesis import sealing
from fogbank.services.kinesis.records import Shard, Stream, chunks
from fogbank.services.kinesis.sequence import Position

Pair = tuple[str, bytes]

_encode = msgspec.msgpack.Encoder().encode
_pairs = msgspec.msgpack.Decoder(list[tuple[str, bytes]]).decode

# So many chunks are read at a time.
_STRIDE = 64


class _Chunk(msgspec.Struct, frozen=True, array_like=True):
    count: int
    key: int
    records: msgspec.Raw


class _Head(msgspec.Struct, frozen=True, array_like=True):
    count: int


_chunk = msgspec.msgpack.Decoder(_Chunk).decode
_head = msgspec.msgpack.Decoder(_Head).decode
_bytes = msgspec.msgpack.Decoder(bytes).decode


class Found(NamedTuple):
    position: Position
    key: str
    data: bytes
    is_encrypted: bool


async def last_position(scope: Context, stream: Stream, number: int) -> Position | None:
    """That of the last record of a shard; None when it has none (any more)."""
    rows = await chunks.items(scope, (int, int), stream.id, number, limit=1, reverse=True)
    if not rows:
        return None
    (ms, count), value = rows[0]
    assert isinstance(ms, int) and isinstance(count, int)
    return Position(ms, count + _head(value).count - 1)


async def next_position(scope: Context, stream: Stream, number: int) -> Position:
    """Where the next record goes: now, or right after the last one."""
    now = int(scope.now() * 1000)
    last = await last_position(scope, stream, number)
    if last is None or last.ms < now:
        return Position(now, 1)
    return Position(last.ms, last.nth + 1)


async def append(scope: Context, stream: Stream, number: int, records: list[Pair], key: bytes | None) -> Position:
    """Write records to a shard. Returns the position of the first. `key` is the data key of an encrypted stream."""
    first = await next_position(scope, stream, number)
    packed = _encode(records)
    sealed = packed if key is None else _encode(sealing.seal(key, packed))
    value = _encode((len(records), stream.key, msgspec.Raw(sealed)))
    chunks.put(scope, value, stream.id, number, first.ms, first.nth)
    return first


async def read(
    scope: Context, stream: Stream, shard: Shard, start: Position, most: int, most_bytes: int
) -> tuple[list[Found], bool]:
    """Up to `most` records from `start` on, and whether there are more after them."""
    found: list[Found] = []
    size = 0
    keys: dict[int, bytes] = {}
    since = await _chunk_of(scope, stream, shard.number, start)
    while True:
        rows = await chunks.items(scope, (int, int), stream.id, shard.number, since=since, limit=_STRIDE)
        for (ms, count), value in rows:
            assert isinstance(ms, int) and isinstance(count, int)
            for record in await _opened(scope, stream, Position(ms, count), value, keys):
                if record.position < start:
                    continue
                cost = len(record.data) + len(record.key)
                if len(found) == most or (found and size + cost > most_bytes):
                    return found, True
                found.append(record)
                size += cost
        if len(rows) < _STRIDE:
            return found, False
        ms, count = rows[-1][0]
        since = (int(ms), int(count) + 1)


async def _chunk_of(scope: Context, stream: Stream, number: int, start: Position) -> tuple[int, int]:
    """The key of the chunk in which a position lies, or would lie."""
    until = (start.ms, start.nth + 1)
    rows = await chunks.items(
        scope, (int, int), stream.id, number, since=(start.ms, 0), until=until, limit=1, reverse=True
    )
    return (start.ms, int(rows[0][0][1])) if rows else start


async def _opened(scope: Context, stream: Stream, first: Position, value: bytes, keys: dict[int, bytes]) -> list[Found]:
    """The records of a chunk. `keys` holds the data keys that KMS was asked for already."""
    chunk = _chunk(value)
    packed: bytes | msgspec.Raw = chunk.records
    if chunk.key:
        if chunk.key not in keys:
            keys[chunk.key] = await sealing.key_of(scope, stream, chunk.key)
        packed = sealing.unseal(keys[chunk.key], _bytes(chunk.records))
    ms, count = first
    return [
        Found(Position(ms, count + index), name, data, chunk.key > 0)
        for index, (name, data) in enumerate(_pairs(packed))
    ]


async def written_since(scope: Context, stream: Stream, number: int, ms: int) -> tuple[int, int]:
    """(records, bytes, about) that were written to a shard since then."""
    rows = await chunks.items(scope, (int, int), stream.id, number, since=(ms, 0))
    return sum(_head(value).count for _, value in rows), sum(len(value) for _, value in rows)


async def any_left(scope: Context, stream_id: str, number: int) -> bool:
    return await chunks.count(scope, stream_id, number, limit=1) > 0


async def trim(scope: Context, stream_id: str, number: int, before_ms: int, most: int) -> int:
    """Remove up to `most` chunks that are older. Returns how many."""
    rows = await chunks.items(scope, (int, int), stream_id, number, until=(before_ms,), limit=most)
    for key, _ in rows:
        chunks.delete(scope, stream_id, number, *key)
    return len(rows)
