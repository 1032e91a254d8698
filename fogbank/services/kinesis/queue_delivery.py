"""What queues on streams deliver: receiving records, acknowledging them, dead letters.

https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ReceiveQueueRecords.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from fogbank.kernel import AWSError, Context
from fogbank.services.kinesis import chunks, errors, sequence
from fogbank.services.kinesis.chunks import Found
from fogbank.services.kinesis.queue_records import (
    ON_QUEUE,
    Cursor,
    Place,
    Queue,
    Taken,
    cursors,
    drop,
    due,
    find,
    opened,
    put,
    receipt,
    taken,
)
from fogbank.services.kinesis.records import ACTIVE, UPDATING, Answer, Request, Stream, at
from fogbank.services.kinesis.records import shards as shard_rows
from fogbank.services.kinesis.records import topic as stream_topic
from fogbank.services.kinesis.sequence import Position
from fogbank.services.kinesis.service import service
from fogbank.services.kinesis.streams import horizon_ms

_RECORDS = 10
_BYTES = 10 * 2**20
_WAIT = 9
_SCANNED = 50


class _Attempt(NamedTuple):
    """What was received; `again` is when to look next (epoch seconds)."""

    found: list[Answer]
    again: float


# -- receiving


@service.operation(transaction=False, **ON_QUEUE)
async def receive_queue_records(ctx: Context, request: Request) -> Answer:
    return await _received(ctx, request, is_dead=False)


@service.operation(transaction=False, **ON_QUEUE)
async def receive_dead_letter_queue_records(ctx: Context, request: Request) -> Answer:
    return await _received(ctx, request, is_dead=True)


async def _received(ctx: Context, request: Request, is_dead: bool) -> Answer:
    """Receive what is visible; else wait for it, and look again whenever there may be something."""
    _, queue = await ctx.transact(find, ctx, request)
    deadline = ctx.now() + (request.get("WaitTimeSeconds") or _WAIT)
    with ctx.watch(*stream_topic(queue.stream_arn)) as on_stream:  # before it looks: nothing may come between the two
        attempt = await ctx.transact(_attempt, ctx, request, is_dead)
        while not attempt.found and (left := deadline - ctx.now()) > 0:
            await on_stream.wait(timeout=min(left, max(attempt.again - ctx.now(), 0)))
            attempt = await ctx.transact(_attempt, ctx, request, is_dead)
    return {"QueueRecords": attempt.found}


async def _attempt(ctx: Context, request: Request, is_dead: bool) -> _Attempt:
    scope, queue = await find(ctx, request)
    if queue.status not in (ACTIVE, UPDATING):
        return _Attempt([], scope.now() + 1)
    stream = await at(scope, queue.stream)
    most = request.get("Limit") or _RECORDS
    seconds = request.get("VisibilityTimeoutSeconds")
    seconds = queue.visibility if seconds is None else seconds
    hidden_until = int((scope.now() + seconds) * 1000)
    await _bury(scope, queue)
    found = await _again(scope, queue, stream, is_dead, most, hidden_until)
    if not is_dead:
        found += await _anew(scope, queue, stream, most - len(found), hidden_until)
    rows = await due.items(scope, (int, int, int, int), queue.id, int(is_dead), limit=1)
    soonest = int(rows[0][0][0]) / 1000 if rows else scope.now() + _WAIT
    return _Attempt(found, soonest)


async def _visible(scope: Context, queue: Queue, is_dead: bool, most: int) -> list[tuple[Place, Taken]]:
    """Up to so many records that were taken and are visible again."""
    types = (int, int, int, int)
    rows = await due.items(scope, types, queue.id, int(is_dead), until=(int(scope.now() * 1000) + 1,), limit=most)
    found = []
    for (_, shard, ms, nth), _value in rows:
        place = Place(int(shard), Position(int(ms), int(nth)))
        row = await taken.get(scope, queue.id, *place.key)
        if row is not None:
            found.append((place, row))
    return found


async def _bury(scope: Context, queue: Queue) -> None:
    """Records that were received as often as may be become dead letters."""
    if not queue.most:
        return
    while True:
        worn = [each for each in await _visible(scope, queue, False, _SCANNED) if each[1].count >= queue.most]
        for place, row in worn:
            drop(scope, queue, place, row)
            put(scope, queue, place, msgspec.structs.replace(row, is_dead=True))
        if not worn:
            return


async def _again(
    scope: Context, queue: Queue, stream: Stream, is_dead: bool, most: int, hidden_until: int
) -> list[Answer]:
    """Records that were received before. Those that the stream has forgotten go."""
    found = []
    for place, row in await _visible(scope, queue, is_dead, most):
        record = await _record(scope, stream, place)
        drop(scope, queue, place, row)
        if record is not None:
            following = Taken(row.count + 1, row.first, hidden_until, scope.ids.hex(16), is_dead)
            put(scope, queue, place, following)
            found.append(_described(queue, record, place, following))
    return found


async def _record(scope: Context, stream: Stream, place: Place) -> Found | None:
    shard = await shard_rows.get(scope, stream.id, place.shard)
    if shard is None or place.position.ms < horizon_ms(scope, stream):
        return None
    records, _ = await chunks.read(scope, stream, shard, place.position, 1, _BYTES)
    return records[0] if records and records[0].position == place.position else None


async def _anew(scope: Context, queue: Queue, stream: Stream, most: int, hidden_until: int) -> list[Answer]:
    """Records that nobody has received from the queue yet."""
    found: list[Answer] = []
    for shard in await shard_rows.scan(scope, stream.id):
        if len(found) >= most:
            break
        cursor = await cursors.get(scope, queue.id, shard.number)
        start = Position(*shard.first) if cursor is None else Position(cursor.ms, cursor.nth)
        start = max(start, Position(horizon_ms(scope, stream), 0))
        records, _ = await chunks.read(scope, stream, shard, start, most - len(found), _BYTES)
        for record in records:
            place = Place(shard.number, record.position)
            row = Taken(1, scope.now(), hidden_until, scope.ids.hex(16))
            put(scope, queue, place, row)
            found.append(_described(queue, record, place, row))
        if records:
            last = records[-1].position
            cursors.put(scope, Cursor(last.ms, last.nth + 1), queue.id, shard.number)
    return found


def _described(queue: Queue, record: Found, place: Place, row: Taken) -> Answer:
    return {
        "ReceiptHandle": receipt(queue, place, row.nonce),
        "RecordId": sequence.number(place.position, place.shard),
        "PartitionKey": record.key,
        "Data": record.data,
        "ApproximateArrivalTimestamp": place.position.ms / 1000,
        "FirstReceiveTimestamp": row.first,
        "ReceiveCount": row.count,
    }


# -- what is done with what was received

_Work = Callable[[Context, Queue, Place, Taken, Request], None]


async def _each(ctx: Context, request: Request, is_dead: bool, work: _Work) -> Answer:
    """Do it to every entry; those that do not have a valid receipt fail alone."""
    scope, queue = await find(ctx, request)
    done: list[Answer] = []
    failed: list[Answer] = []
    for entry in request["Entries"]:
        handle = {"ReceiptHandle": entry["ReceiptHandle"]}
        try:
            place, row = await _held(scope, queue, entry["ReceiptHandle"], is_dead)
        except AWSError as error:
            failed.append({**handle, "ErrorCode": error.code, "ErrorMessage": error.message})
        else:
            drop(scope, queue, place, row)
            work(scope, queue, place, row, entry)
            done.append(handle)
    scope.notify(*stream_topic(queue.stream_arn))
    return {"Successful": done, "Failed": failed}


async def _held(scope: Context, queue: Queue, handle: str, is_dead: bool) -> tuple[Place, Taken]:
    """The record of a receipt. Raises InvalidArgumentException, ResourceNotFoundException."""
    found = opened(queue, handle)
    if found is None:
        raise errors.invalid_argument("The receipt handle is not valid for the queue.")
    place, nonce = found
    row = await taken.get(scope, queue.id, *place.key)
    if row is None or row.is_dead is not is_dead:
        raise AWSError("ResourceNotFoundException", "The queue has no such record in flight.")
    if row.nonce != nonce:
        raise errors.invalid_argument("The receipt handle has expired: the record was received again.")
    return place, row


def _forget(scope: Context, queue: Queue, place: Place, row: Taken, entry: Request) -> None:
    """Nothing is left to do once the row is gone."""


def _hide(scope: Context, queue: Queue, place: Place, row: Taken, entry: Request) -> None:
    moment = int((scope.now() + entry["VisibilityTimeoutSeconds"]) * 1000)
    put(scope, queue, place, msgspec.structs.replace(row, due=moment))


def _restore(scope: Context, queue: Queue, place: Place, row: Taken, entry: Request) -> None:
    put(scope, queue, place, msgspec.structs.replace(row, count=0, due=int(scope.now() * 1000), is_dead=False))


@service.operation(**ON_QUEUE)
async def acknowledge_queue_records(ctx: Context, request: Request) -> Answer:
    return await _each(ctx, request, False, _forget)


@service.operation(**ON_QUEUE)
async def acknowledge_dead_letter_queue_records(ctx: Context, request: Request) -> Answer:
    return await _each(ctx, request, True, _forget)


@service.operation(**ON_QUEUE)
async def update_queue_records_visibility(ctx: Context, request: Request) -> Answer:
    return await _each(ctx, request, False, _hide)


@service.operation(**ON_QUEUE)
async def update_dead_letter_queue_records_visibility(ctx: Context, request: Request) -> Answer:
    return await _each(ctx, request, True, _hide)


@service.operation(**ON_QUEUE)
async def restore_dead_letter_queue_records(ctx: Context, request: Request) -> Answer:
    """They can be received again, as if they never had been."""
    return await _each(ctx, request, True, _restore)
