"""Strands: an execution is one line of control, and each branch of a Parallel and iteration of a Map is one more."""

from __future__ import annotations

from typing import Any

import msgspec

READY = ""
WAITING = "waiting"  # for a moment: a Wait state, or a retry
WORKING = "working"  # a service is at work
SUBMITTED = "submitted"  # the service has answered; somebody has to say that the work is done
FORKED = "forked"  # other strands are on their way
ENDED = "ended"  # without success; kept for a redrive


class Fork(msgspec.Struct, array_like=True):
    """How far the strands of a Parallel or a Map are. `running` are their numbers, `limit` is how many may run at a time."""

    total: int
    limit: int
    started: int = 0
    done: int = 0
    running: list[int] = []


class Strand(msgspec.Struct, array_like=True):
    """A line of control, which changes with every step; stored by position as records are.

    parent, place   the strand that forked it, and which of its strands it is
    path, state     where it is: which machine of the definition, which state
    input           the state's raw input
    variables       all that are visible here
    item            `Map` of the context object
    last            the event of the history that comes before its next one
    entered, event  when the state was entered (epoch seconds), and the id of the event that says so
    attempt         how often something was asked for: what answers an earlier attempt is too late
    retried         how often each retrier was used
    again           is the state begun again, without being entered?
    token           of the task that is under way, if somebody else is to say that it is done
    fork, map_run   what it waits for in a Parallel or a Map
    arguments       what its strands begin with
    heartbeat       how often somebody has to say that the task goes on (seconds)
    nested          the ARN of the execution whose end its task waits for
    """

    number: int
    parent: int = -1
    place: int = 0
    path: list[str] = []
    state: str = ""
    phase: str = READY
    input: Any = None
    variables: dict[str, Any] = {}
    item: dict[str, Any] | None = None
    last: int = 0
    entered: float = 0.0
    event: int = 0
    attempt: int = 0
    retried: list[int] = []
    again: bool = False
    token: str = ""
    fork: Fork | None = None
    map_run: str = ""
    arguments: Any = None
    heartbeat: float = 0.0
    nested: str = ""


class Work(msgspec.Struct, array_like=True):
    """What a Task state asks for. `timeout` and `heartbeat` are seconds, 0 for none; `role` is that of the state's credentials."""

    resource: str
    arguments: Any
    token: str = ""
    timeout: float = 0.0
    heartbeat: float = 0.0
    role: str | None = None


class Outcome(msgspec.Struct, array_like=True):
    """How an execution ended."""

    status: str
    output: Any = None
    error: str | None = None
    cause: str | None = None
