"""What is kept of durable executions, and where it lies in the store.

    durable-executions   function, name                -> Execution; its name is taken until it is deleted
    durable-started      function, moment, name        -> the name: lists are in the order of time
    durable-running      function, name                -> 1, for each that has not ended
    durable-operations   id, number                    -> Operation, in the order of their starts; the execution itself is number 0
    durable-numbers      id, operation                 -> the operation's number
    durable-events       id, number                    -> Event, from 1
    durable-timers       id, moment, operation, kind   -> Timer
    durable-outcomes     id                            -> Outcome

`id` is that of the execution, unique for ever. Moments in keys are microseconds; in records, epoch seconds.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from fogbank.kernel import Context, Record
from fogbank.services.lambda_.durable import errors
from fogbank.services.lambda_.records import Request, arn_of
from fogbank.services.lambda_.service import service

RUNNING, PAUSING, PAUSED, DELETING = "RUNNING", "PAUSING", "PAUSED", "DELETING"
SUCCEEDED, FAILED, TIMED_OUT, STOPPED = "SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED"
OVER = frozenset({SUCCEEDED, FAILED, TIMED_OUT, STOPPED, DELETING})

# what operations can be besides
STARTED, PENDING, READY, CANCELLED = "STARTED", "PENDING", "READY", "CANCELLED"
OPEN = frozenset({STARTED, PENDING, READY})

EXECUTION, CONTEXT, STEP, WAIT = "EXECUTION", "CONTEXT", "STEP", "WAIT"
CALLBACK, CHAINED_INVOKE = "CALLBACK", "CHAINED_INVOKE"

# where the invocations of an execution are: there is none, one is about to begin, one is under way
IDLE, DUE, INVOKING = "idle", "due", "invoking"

Error = dict[str, Any]
"""An ErrorObject as it is on the wire."""


class Pause(Record, frozen=True):
    """`stops_clock`: the time of the pause does not count. `since` is when it began, None as long as an invocation goes on;
    `deadline` the execution's until then."""

    requested: float
    reason: str | None
    stops_clock: bool
    client_token: str
    since: float | None = None
    deadline: float = 0


class Resumed(Record, frozen=True):
    """The last time that it was resumed, so that the request can be repeated."""

    requested: float
    client_token: str


class Parent(Record, frozen=True):
    """The operation of another execution that waits for this one."""

    account: str
    region: str
    function: str
    name: str
    id: str
    operation: str


class Execution(Record, frozen=True):
    """`invoked` is the qualified ARN that was asked for, `config` the function's DurableConfig when it began.

    digest       of its input, for who starts it again
    waits        somebody waits for what it gives
    open         how many operations can end by themselves
    operations   the number of the last operation; `steps` counts retries, too
    turn         changes whenever an invocation becomes due, so that late ones know that they are
    invocation   the request id of the one that is under way
    updated      operations that have changed without the function's doing, and that it has not been told of
    token        the checkpoint token that is good; `spent` is the one before it, `answered` what it was told then
    failures     how many invocations in a row have failed
    """

    name: str
    id: str
    function: str
    version: str
    invoked: str
    started: float
    deadline: float
    config: dict[str, Any]
    digest: bytes
    waits: bool
    trace: str
    request_id: str
    parent: Parent | None = None
    status: str = RUNNING
    ended: float | None = None
    phase: str = IDLE
    turn: int = 0
    invocation: str = ""
    token: str = ""
    spent: str = ""
    client_token: str = ""
    answered: list[str] = []
    updated: list[str] = []
    open: int = 0
    operations: int = 0
    steps: int = 0
    events: int = 0
    written: int = 0
    failures: int = 0
    pause: Pause | None = None
    interrupted: bool = False
    resumed: Resumed | None = None

    @property
    def is_over(self) -> bool:
        return self.status in OVER


class Operation(Record, frozen=True):
    """`input` is the execution's; `due` when a wait ends, or the next attempt begins; `heard` when a callback was last heard of.

    `timeout` and `heartbeat` are seconds, 0 for none. `attempt` counts the attempts that are over.
    """

    id: str
    type: str
    status: str
    started: float
    number: int = 0
    parent: str = ""
    name: str = ""
    subtype: str = ""
    ended: float | None = None
    input: str | None = None
    result: str | None = None
    error: Error | None = None
    attempt: int = 0
    due: float | None = None
    callback: str = ""
    timeout: int = 0
    heartbeat: int = 0
    heard: float = 0
    replays_children: bool = False

    @property
    def is_over(self) -> bool:
        return self.status not in OPEN

    @property
    def ends_by_itself(self) -> bool:
        """Will something happen to it while no invocation is under way?"""
        if self.type == STEP:
            return self.status == PENDING
        return self.status == STARTED and self.type in (WAIT, CALLBACK, CHAINED_INVOKE)


class Event(Record, frozen=True):
    """`details` as they are on the wire, with all data."""

    number: int
    type: str
    at: float
    details: dict[str, Any]
    operation: str = ""
    name: str = ""
    subtype: str = ""
    parent: str = ""


class Timer(Record, frozen=True):
    """`kind` says what is over: the `execution`, a `wait`, the pause before a `retry`, the `timeout` or the `heartbeat` of a callback."""

    due: float
    operation: str
    kind: str


class Outcome(Record, frozen=True):
    result: str | None
    error: Error | None


executions = service.collection("durable-executions", Execution)
started = service.collection("durable-started", str)
running = service.collection("durable-running", int)
operations = service.collection("durable-operations", Operation)
numbers = service.collection("durable-numbers", int)
events = service.collection("durable-events", Event)
timers = service.collection("durable-timers", Timer)
outcomes = service.collection("durable-outcomes", Outcome)


def micros(moment: float) -> int:
    return round(moment * 1e6)


# -- names


class Place(NamedTuple):
    """An execution as a request names it."""

    scope: Context
    function: str
    version: str
    name: str
    id: str

    @property
    def arn(self) -> str:
        function = arn_of(self.scope, self.function)
        return f"{function}:{self.version}/durable-execution/{self.name}/{self.id}"


def place_of(scope: Context, execution: Execution) -> Place:
    return Place(scope, execution.function, execution.version, execution.name, execution.id)


_ARN = re.compile(r"arn:[^:]+:lambda:([^:]+):(\d{12}):function:([^:]+):([^:/]+)/durable-execution/([^/]+)/([^/]+)")


def placed(ctx: Context, request: Request) -> Place:
    """The execution of a request's DurableExecutionArn, whose form the model has checked."""
    match = _ARN.fullmatch(request["DurableExecutionArn"])
    if match is None:
        raise errors.execution_not_found(request["DurableExecutionArn"])
    region, account, *names = match.groups()
    scope = ctx if (account, region) == (ctx.account, ctx.region) else ctx.at(account=account, region=region)
    return Place(scope, *names)


async def lookup(place: Place) -> Execution | None:
    execution = await executions.get(place.scope, place.function, place.name)
    if execution is None or (execution.id, execution.version) != (place.id, place.version):
        return None
    return execution


async def find(place: Place) -> Execution:
    """Raises ResourceNotFoundException."""
    execution = await lookup(place)
    if execution is None:
        raise errors.execution_not_found(place.arn)
    return execution


def _arn(ctx: Context, request: Request) -> str:
    return placed(ctx, request).arn


async def _owner(ctx: Context, request: Request) -> str | None:
    return placed(ctx, request).scope.account


ON_EXECUTION: dict[str, Any] = {"resource": _arn, "owner": _owner}
