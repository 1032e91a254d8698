"""Executions of Standard workflows as they lie in the store.

executions  (machine, name)                    Execution; a machine's children of a Map Run are under `machine/label`
started     (machine, -started us, name)       in the order in which they are listed
progress    (key)                              Progress, of those that were started; `key` is `machine:name`
strands     (key, number)                      Strand
values      (key, number, kind, place)         items and results of Parallel and Map states
history     (key, event id)                    Event
waiters     (execution ARN)                    the states that wait for the end of an execution
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.stepfunctions import arns, errors
from fogbank.services.stepfunctions.arns import Arn
from fogbank.services.stepfunctions.interpreter.run import RUNNING
from fogbank.services.stepfunctions.interpreter.strand import Strand
from fogbank.services.stepfunctions.service import service


class Child(Record, frozen=True):
    """What is known of an execution that a Map Run started: which machine of the definition it runs, and for which item."""

    run: str
    path: list[str]
    place: int
    variables: dict[str, Any]
    item: dict[str, Any] | None
    items: int = 1


class Execution(Record, frozen=True):
    """An execution. Times are epoch seconds, 0 for never; `version` and `alias` are what it was started by."""

    machine: str
    name: str
    revision: str
    role: str
    started: float
    input: str
    status: str = RUNNING
    stopped: float = 0.0
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    version: int = 0
    alias: str = ""
    trace: str = ""
    redrives: int = 0
    redriven: float = 0.0
    child: Child | None = None

    @property
    def key(self) -> str:
        return f"{self.machine}:{self.name}"

    @property
    def machine_name(self) -> str:
        """The state machine's name, without the label of a Map."""
        return self.machine.partition("/")[0]


class Progress(Record, frozen=True):
    """How many events and strands an execution has had."""

    events: int = 0
    strands: int = 0


class Event(Record, frozen=True):
    previous: int
    moment: float
    kind: str
    details: dict[str, Any]


class Value(Record, frozen=True):
    value: Any


class Waiter(Record, frozen=True):
    """The strand of an execution (account, region, machine, name, number) that waits, at which attempt."""

    account: str
    region: str
    machine: str
    name: str
    number: int
    attempt: int


executions = service.collection("executions", Execution)
started = service.collection("started", Value)
progress = service.collection("progress", Progress)
strands = service.collection("strands", Strand)
values = service.collection("values", Value)
history = service.collection("history", Event)
waiters = service.collection("waiters", list[Waiter])


def execution_arn(text: str) -> Arn:
    """Raises InvalidArn."""
    return arns.parse(text, arns.EXECUTION)


async def find_execution(ctx: Context, text: str) -> Execution:
    """Raises InvalidArn, ExecutionDoesNotExist."""
    arn = execution_arn(text)
    found = await executions.get(ctx, arn.name, arn.qualifier) if arn.qualifier else None
    if found is None or arn.account != ctx.account or arn.region != ctx.region:
        raise errors.no_execution(text)
    return found


def place_in_list(execution: Execution) -> tuple[str, int, str]:
    return execution.machine, -int(execution.started * 1e6), execution.name


def keep(ctx: Context, execution: Execution, **changes: Any) -> Execution:
    found = msgspec.structs.replace(execution, **changes)
    executions.put(ctx, found, found.machine, found.name)
    return found
