"""Moving dead letters back, or elsewhere: StartMessageMoveTask, ListMessageMoveTasks, CancelMessageMoveTask.

    moves  (queue name, started in microseconds)   Move

A move goes on in a task that moves some messages and comes back: every second when it has a rate, else at once. What it moves arrives as
a new message with a new id, as the developer guide says ("Learn how to configure a dead-letter queue redrive").
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.sqs import addresses, errors, limits
from fogbank.services.sqs.backlogs import open_backlog
from fogbank.services.sqs.messages import Backlog, Found, Message
from fogbank.services.sqs.queue import Queue, arn, queues
from fogbank.services.sqs.redrive import has_sources
from fogbank.services.sqs.service import service

Request = dict[str, Any]

# messages that one transaction moves when there is no rate
_CHUNK = 100
# moves of a queue that are kept: as many as can be listed
_KEPT = limits.LISTED_MOVES

RUNNING, COMPLETED, CANCELLED, FAILED = "RUNNING", "COMPLETED", "CANCELLED", "FAILED"

_GONE = "AWS.SimpleQueueService.NonExistentQueue"
_NO_SOURCE = "CouldNotDetermineMessageSource"


class Move(Record, frozen=True):
    """A move of messages out of a dead-letter queue.

    id           a UUID, part of the task handle
    queue_id     which queue of that name it was
    rate         messages per second, None for as fast as it goes
    to_move      how many there were at the start
    """

    id: str
    source: str
    queue_id: int
    destination: str | None
    rate: int | None
    started: int
    to_move: int
    moved: int = 0
    status: str = RUNNING
    failure: str | None = None


moves = service.collection("moves", Move)


def _source_arn(ctx: Context, request: Request) -> str:
    return str(request["SourceArn"])


async def _source_owner(ctx: Context, request: Request) -> str | None:
    source = addresses.parse_arn(request["SourceArn"])
    return source.account if source else None


def _actions(action: str) -> tuple[str, ...]:
    """What a move takes of its source besides: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html"""
    return (action, "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


_OF_SOURCE: dict[str, Any] = {"resource": _source_arn, "owner": _source_owner}


# -- operations


@service.operation(action=_actions("sqs:StartMessageMoveTask"), **_OF_SOURCE)
async def start_message_move_task(ctx: Context, request: Request) -> Request:
    """Begin to move the messages of a dead-letter queue. API_StartMessageMoveTask."""
    queue = await _source(ctx, request)
    rate = request.get("MaxNumberOfMessagesPerSecond")
    if rate is not None and not 1 <= rate <= limits.MOVES_PER_SECOND:
        raise errors.move_rate()
    if not await has_sources(ctx, queue.name):
        raise errors.not_a_dead_letter_queue()
    await _check_destination(ctx, queue, request.get("DestinationArn"))
    earlier = await _moves_of(ctx, queue)
    if any(move.status == RUNNING for move in earlier):
        raise errors.move_is_running()
    for move in earlier[_KEPT - 1 :]:
        moves.delete(ctx, queue.name, move.started)
    move = await _begin(ctx, queue, request.get("DestinationArn"), rate)
    return {"TaskHandle": _handle(move)}


async def _begin(ctx: Context, queue: Queue, destination: str | None, rate: int | None) -> Move:
    backlog = await open_backlog(ctx, queue)
    to_move, _, _ = await backlog.counted()
    source = arn(ctx, queue.name)
    move = Move(ctx.ids.uuid(), source, queue.id, destination, rate, backlog.now, to_move)
    moves.put(ctx, move, queue.name, move.started)
    await ctx.schedule("move_messages", {"queue": queue.name, "started": move.started})
    return move


@service.operation(action=_actions("sqs:ListMessageMoveTasks"), **_OF_SOURCE)
async def list_message_move_tasks(ctx: Context, request: Request) -> Request:
    """The latest moves out of a queue, the last one first. API_ListMessageMoveTasks."""
    queue = await _source(ctx, request)
    limit = request.get("MaxResults")
    limit = 1 if limit is None else limit
    if not 1 <= limit <= limits.LISTED_MOVES:
        raise errors.out_of_range(limit, "MaxResults", 1, limits.LISTED_MOVES)
    return {"Results": [_shown(move) for move in (await _moves_of(ctx, queue))[:limit]]}


def _of_handle(ctx: Context, request: Request) -> str:
    return _read_handle(request["TaskHandle"])[1]


@service.operation(action=_actions("sqs:CancelMessageMoveTask"), resource=_of_handle)
async def cancel_message_move_task(ctx: Context, request: Request) -> Request:
    """Stop a move. What was moved stays where it is. API_CancelMessageMoveTask."""
    move_id, source = _read_handle(request["TaskHandle"])
    queue = await _source(ctx, {"SourceArn": source})
    move = next((move for move in await _moves_of(ctx, queue) if move.id == move_id), None)
    if move is None:
        raise errors.no_such_move()
    if move.status != RUNNING:
        raise errors.move_is_over()
    _keep(ctx, queue.name, move, status=CANCELLED)
    return {"ApproximateNumberOfMessagesMoved": move.moved}


async def _source(ctx: Context, request: Request) -> Queue:
    source = addresses.parse_arn(request["SourceArn"])
    if source is None and not addresses.looks_like_an_arn(request["SourceArn"]):
        raise errors.malformed_arn("SourceArn")
    queue = await _queue_at(ctx, source)
    if queue is None:
        raise errors.no_such_source()
    return queue


async def _queue_at(ctx: Context, place: addresses.Arn | None) -> Queue | None:
    """The queue of an ARN, in the caller's account and region: a move stays within them."""
    if place is None or (place.account, place.region) != (ctx.account, ctx.region):
        return None
    return await queues.get(ctx, place.name)


async def _check_destination(ctx: Context, source: Queue, destination: str | None) -> None:
    if destination is None:
        return
    await ctx.authorise("sqs:SendMessage", destination)
    place = addresses.parse_arn(destination)
    if place is None and not addresses.looks_like_an_arn(destination):
        raise errors.malformed_arn("DestinationArn")
    queue = await _queue_at(ctx, place)
    if queue is None:
        raise errors.no_such_destination()
    if queue.id == source.id:
        raise errors.destination_is_source()
    if queue.fifo != source.fifo:
        raise errors.destination_of_another_type()


async def _moves_of(ctx: Context, queue: Queue) -> list[Move]:
    """The last one first. Moves of an earlier queue of the same name are none of its."""
    return [move for move in await moves.scan(ctx, queue.name, reverse=True) if move.queue_id == queue.id]


def _keep(ctx: Context, name: str, move: Move, **changes: Any) -> None:
    moves.put(ctx, msgspec.structs.replace(move, **changes), name, move.started)


def _shown(move: Move) -> Request:
    return {
        "TaskHandle": _handle(move) if move.status == RUNNING else None,
        "Status": move.status,
        "SourceArn": move.source,
        "DestinationArn": move.destination,
        "MaxNumberOfMessagesPerSecond": move.rate,
        "ApproximateNumberOfMessagesMoved": move.moved,
        "ApproximateNumberOfMessagesToMove": move.to_move,
        "FailureReason": move.failure,
        "StartedTimestamp": move.started // 1000,
    }


def _handle(move: Move) -> str:
    document = json.dumps({"taskId": move.id, "sourceArn": move.source}, separators=(",", ":"))
    return base64.b64encode(document.encode()).decode()


def _read_handle(text: str) -> tuple[str, str]:
    """(id, source) of a task handle. Raises InvalidParameterValue."""
    try:
        document = json.loads(base64.b64decode(text, validate=True))
        return str(document["taskId"]), str(document["sourceArn"])
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise errors.invalid_task_handle() from error


# -- the move itself


class _Stopped(Exception):
    """The move cannot go on. The argument is the failure reason that AWS gives."""


@service.task
async def move_messages(ctx: Context, payload: dict[str, Any]) -> None:
    """Move some messages, and come back if there may be more."""
    name = payload["queue"]
    move = await moves.get(ctx, name, payload["started"])
    if move is None or move.status != RUNNING:
        return
    queue = await queues.get(ctx, name)
    if queue is None or queue.id != move.queue_id:
        _keep(ctx, name, move, status=FAILED, failure=_GONE)
        return
    before = move.moved
    wanted = min(move.rate or _CHUNK, move.to_move - before)
    moved, failure = await _move_some(await open_backlog(ctx, queue), move.destination, wanted)
    if failure is not None:
        _keep(ctx, name, move, moved=before + moved, status=FAILED, failure=failure)
    elif moved < wanted or before + moved >= move.to_move:
        _keep(ctx, name, move, moved=before + moved, status=COMPLETED)
    else:
        _keep(ctx, name, move, moved=before + moved)
        await ctx.schedule("move_messages", payload, delay=1.0 if move.rate else 0.0)


async def _move_some(backlog: Backlog, destination: str | None, wanted: int) -> tuple[int, str | None]:
    """How many messages were moved, and why no more can be."""
    moved = 0
    try:
        while moved < wanted and (found := await backlog.first_visible()) is not None:
            await _move_one(backlog, found, destination)
            moved += 1
    except _Stopped as stopped:
        return moved, str(stopped)
    finally:
        await backlog.used()
    return moved, None


async def _move_one(backlog: Backlog, found: Found, destination: str | None) -> None:
    place = addresses.parse_arn(destination or found.message.source or "")
    if place is None:
        raise _Stopped(_NO_SOURCE)
    queue = await queues.get(backlog.ctx, place.name)
    if queue is None or queue.fifo != backlog.queue.fifo:
        raise _Stopped(_GONE)
    await backlog.remove(found)
    other = await open_backlog(backlog.ctx, queue)
    await other.add(_as_new(other, found.message), await other.next_sequence())
    await other.used()


def _as_new(backlog: Backlog, message: Message) -> Message:
    new_id = backlog.ctx.ids.uuid()
    return msgspec.structs.replace(
        message, id=new_id, source=None, earlier_receives=0, first_received=0, visible=backlog.now
    )
