"""Queues on streams, as they are stored.

    queues      name                                          -> Queue
    cursors     queue id, shard number                        -> Cursor: up to where records of the shard were taken
    taken       queue id, shard number, ms, count             -> Taken: a record that was received and is not acknowledged
    due         queue id, is dead, ms, shard number, ms, count -> b"": when each of these is visible (again)

A record is not copied: what is taken says where it lies in its shard. The queue's id is new for every queue.
https://docs.aws.amazon.com/streams/latest/dev/consuming-with-queues.html
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fogbank.kernel import Context, Record, pages
from fogbank.services.kinesis import errors
from fogbank.services.kinesis.records import CREATING, Answer, Request, scope_of
from fogbank.services.kinesis.sequence import Position
from fogbank.services.kinesis.service import service

BUILT_IN = "BUILT_IN"


class Queue(Record, frozen=True):
    """`created`, `stream_created` and `start` are epoch seconds; `most` is how often a record is received before it is dead, 0 for ever."""

    name: str
    id: str
    arn: str
    created: float
    stream: str
    stream_id: str
    stream_arn: str
    stream_created: float
    start_type: str
    start: float | None
    visibility: int
    most: int
    status: str = CREATING
    tags: dict[str, str] = {}
    policy: str = ""


class Cursor(Record, frozen=True):
    ms: int
    nth: int


class Taken(Record, frozen=True):
    """`first` is when it was first received (epoch seconds), `due` when it is visible again (ms), `nonce` that of its latest receipt."""

    count: int
    first: float
    due: int
    nonce: str
    is_dead: bool = False


class Place(NamedTuple):
    """Of a record: in a shard, at a position."""

    shard: int
    position: Position

    @property
    def key(self) -> tuple[int, int, int]:
        return self.shard, *self.position


queues = service.collection("queues", Queue)
cursors = service.collection("queue_cursors", Cursor)
taken = service.collection("queue_taken", Taken)
due = service.collection("queue_due", bytes)


def arn_of(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:kinesis:{ctx.region}:{ctx.account}:queue/{name}"


async def find(ctx: Context, request: Request) -> tuple[Context, Queue]:
    """The queue of a request's QueueARN, with its scope. Raises ResourceNotFoundException."""
    scope = scope_of(ctx, request["QueueARN"])
    queue = await queues.get(scope, request["QueueARN"].partition("/")[2])
    if queue is None:
        raise errors.queue_not_found(scope, request["QueueARN"])
    return scope, queue


def put(scope: Context, queue: Queue, place: Place, row: Taken) -> None:
    """Note when a record is visible again."""
    taken.put(scope, row, queue.id, *place.key)
    due.put(scope, b"", queue.id, int(row.is_dead), row.due, *place.key)


def drop(scope: Context, queue: Queue, place: Place, row: Taken) -> None:
    taken.delete(scope, queue.id, *place.key)
    due.delete(scope, queue.id, int(row.is_dead), row.due, *place.key)


# -- receipts


def receipt(queue: Queue, place: Place, nonce: str) -> str:
    return pages.token(f"{queue.id} {place.shard} {place.position.ms} {place.position.nth} {nonce}")


def opened(queue: Queue, text: str) -> tuple[Place, str] | None:
    """(place, nonce) of a receipt of that queue; None for what is none."""
    try:
        parts = pages.position(text, errors.invalid_token()).split(" ")
    except errors.AWSError:
        return None
    if len(parts) != 5 or parts[0] != queue.id:
        return None
    return Place(int(parts[1]), Position(int(parts[2]), int(parts[3]))), parts[4]


# -- for the decision about a request


def _arn(ctx: Context, request: Request) -> str:
    return str(request["QueueARN"])


async def _owner(ctx: Context, request: Request) -> str | None:
    return scope_of(ctx, request["QueueARN"]).account


async def _tags(ctx: Context, request: Request) -> dict[str, str]:
    scope, name = scope_of(ctx, request["QueueARN"]), request["QueueARN"].partition("/")[2]
    found = await (scope.transact(queues.get, scope, name) if scope.tx is None else queues.get(scope, name))
    return {} if found is None else found.tags


ON_QUEUE: dict[str, Any] = {"resource": _arn, "owner": _owner, "tags": _tags}


def described(queue: Queue) -> Answer:
    dead_letters = {"TargetType": BUILT_IN, "MaxReceiveCount": queue.most} if queue.most else {"TargetType": "NONE"}
    starting = {"Type": queue.start_type, "Timestamp": queue.start}
    return {
        "QueueName": queue.name,
        "QueueARN": queue.arn,
        "QueueStatus": queue.status,
        "QueueCreationTimestamp": queue.created,
        "StreamConfigurationList": [{"StreamARN": queue.stream_arn, "StartingPosition": starting}],
        "QueueAttributes": {
            "VisibilityTimeoutSeconds": queue.visibility,
            "DeadLetterConfiguration": dead_letters,
        },
    }
