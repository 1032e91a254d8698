"""One durable execution while a transaction changes it: its operations, its history, its timers, its next invocation."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from fogbank.kernel import Context
from fogbank.services.lambda_.durable import records
from fogbank.services.lambda_.durable.records import (
    DUE,
    IDLE,
    RUNNING,
    Event,
    Execution,
    Operation,
    Place,
    Timer,
    micros,
    place_of,
)


class Ledger:
    """What is asked of it is written at once, but for the execution itself: that is written by `save`.

    `touched` has the operations that were put, in that order.
    """

    def __init__(self, scope: Context, execution: Execution) -> None:
        self.scope = scope
        self.execution = execution
        self.touched: dict[str, Operation] = {}

    @property
    def place(self) -> Place:
        return place_of(self.scope, self.execution)

    @property
    def payload(self) -> dict[str, Any]:
        """What a task says of the execution."""
        return {"function": self.execution.function, "name": self.execution.name, "id": self.execution.id}

    def change(self, **fields: Any) -> None:
        self.execution = msgspec.structs.replace(self.execution, **fields)

    def save(self) -> None:
        records.executions.put(self.scope, self.execution, self.execution.function, self.execution.name)

    # -- operations

    async def operation(self, name: str) -> Operation | None:
        known = self.touched.get(name)
        if known is not None:
            return known
        number = await records.numbers.get(self.scope, self.execution.id, name)
        return None if number is None else await records.operations.get(self.scope, self.execution.id, number)

    async def put(self, operation: Operation) -> Operation:
        """Write an operation, new or changed."""
        before = await self.operation(operation.id)
        if before is None:
            operation = msgspec.structs.replace(operation, number=self.execution.operations + 1)
            self.change(operations=operation.number)
            records.numbers.put(self.scope, operation.number, self.execution.id, operation.id)
        was_open = before is not None and before.ends_by_itself
        self.change(open=self.execution.open + operation.ends_by_itself - was_open)
        records.operations.put(self.scope, operation, self.execution.id, operation.number)
        self.touched[operation.id] = operation
        return operation

    async def end(self, operation: Operation, status: str, **fields: Any) -> Operation:
        return await self.put(msgspec.structs.replace(operation, status=status, ended=self.scope.now(), **fields))

    # -- history

    def note(self, kind: str, details: dict[str, Any], operation: Operation | None = None) -> None:
        """Add an event to the history."""
        number = self.execution.events + 1
        about = () if operation is None else (operation.id, operation.name, operation.subtype, operation.parent)
        event = Event(number, kind, self.scope.now(), details, *about)
        self.change(events=number)
        records.events.put(self.scope, event, self.execution.id, number)

    # -- later

    async def set_timer(self, due: float, operation: str, kind: str) -> None:
        timer = Timer(due, operation, kind)
        records.timers.put(self.scope, timer, self.execution.id, micros(due), operation, kind)
        await self.wind()

    async def wind(self) -> None:
        """Have the clock ring for the first of the timers."""
        first = await records.timers.scan(self.scope, self.execution.id, limit=1)
        if first:
            await self.scope.schedule("tick_durable_execution", self.payload, at=first[0].due, key=self.execution.id)

    async def wake(self, *changed: Operation) -> None:
        """Operations have changed without the function's doing: it is invoked, unless it is at work, or paused."""
        news = [each.id for each in changed if each.id not in self.execution.updated]
        self.change(updated=[*self.execution.updated, *news])
        if self.execution.status == RUNNING and self.execution.phase == IDLE:
            await self.invoke()

    async def invoke(self, delay: float = 0) -> None:
        """Have the function invoked."""
        turn = self.execution.turn + 1
        self.change(phase=DUE, turn=turn)
        await self.scope.schedule("drive_durable_execution", {**self.payload, "turn": turn}, delay=delay)

    def rest(self) -> None:
        """No invocation is under way, and none is about to begin: one that comes late will find its turn gone."""
        self.change(phase=IDLE, turn=self.execution.turn + 1, invocation="", token="", spent="", client_token="")


async def opened(place: Place) -> Ledger:
    """Raises ResourceNotFoundException."""
    return Ledger(place.scope, await records.find(place))


async def opened_by_task(ctx: Context, payload: dict[str, Any]) -> Ledger | None:
    """None when the execution is no more, or is over."""
    execution = await records.executions.get(ctx, payload["function"], payload["name"])
    if execution is None or execution.id != payload["id"] or execution.is_over:
        return None
    return Ledger(ctx, execution)


def size_of(text: str | None, error: dict[str, Any] | None = None) -> int:
    """Bytes of a payload, and of all fields of an error."""
    return len((text or "").encode()) + (len(orjson.dumps(error)) if error else 0)


# -- members of the details of events


def data(payload: Any) -> dict[str, Any]:
    """An EventInput, EventResult or EventError. What there is not, is left out."""
    return {"Truncated": False} if payload is None else {"Payload": payload, "Truncated": False}
