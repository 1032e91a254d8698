"""Operations as they are on the wire: in answers, and in the event of an invocation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from fogbank.kernel import Context, pages
from fogbank.services.lambda_.durable import errors, limits, records
from fogbank.services.lambda_.durable.records import (
    CALLBACK,
    CHAINED_INVOKE,
    CONTEXT,
    EXECUTION,
    PENDING,
    STEP,
    WAIT,
    Operation,
)

_AT_ONCE = 100

Moment = Callable[[float], Any]


def described(operation: Operation, moment: Moment = float) -> dict[str, Any]:
    """An Operation of the API; `moment` spells timestamps."""
    answer = {
        "Id": operation.id,
        "ParentId": operation.parent or None,
        "Name": operation.name or None,
        "Type": operation.type,
        "SubType": operation.subtype or None,
        "StartTimestamp": moment(operation.started),
        "EndTimestamp": None if operation.ended is None else moment(operation.ended),
        "Status": operation.status,
        **_details(operation, moment),
    }
    return _present(answer)


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _details(operation: Operation, moment: Moment) -> dict[str, Any]:
    due = None if operation.due is None else moment(operation.due)
    outcome = {"Result": operation.result, "Error": operation.error}
    if operation.type == EXECUTION:
        return {"ExecutionDetails": _present({"InputPayload": operation.input})}
    if operation.type == CONTEXT:
        return {"ContextDetails": _present({"ReplayChildren": operation.replays_children or None, **outcome})}
    if operation.type == STEP:
        upcoming = due if operation.status == PENDING else None
        return {
            "StepDetails": _present({"Attempt": operation.attempt, "NextAttemptTimestamp": upcoming, **outcome}),
        }
    if operation.type == WAIT:
        return {"WaitDetails": _present({"ScheduledEndTimestamp": due})}
    if operation.type == CALLBACK:
        return {"CallbackDetails": _present({"CallbackId": operation.callback, **outcome})}
    assert operation.type == CHAINED_INVOKE
    return {"ChainedInvokeDetails": _present(outcome)}


def milliseconds(moment: float) -> int:
    """How the event of an invocation spells timestamps."""
    return round(moment * 1000)


class Page(NamedTuple):
    """`last` is the number of the last operation when there are more."""

    operations: list[Operation]
    last: int | None


async def state(scope: Context, execution_id: str, after: int = -1, most: int = 1000) -> Page:
    """What a replay needs to know, in the order of starts: not what happened in contexts that are over.

    https://docs.aws.amazon.com/lambda/latest/api/API_GetDurableExecutionState.html
    """
    found: list[Operation] = []
    size = 0
    replayed = _Replayed(scope, execution_id)
    while True:
        rows = await records.operations.scan(scope, execution_id, after=(after,), limit=_AT_ONCE)
        for operation in rows:
            if await replayed.has(operation):
                size += len(orjson.dumps(described(operation)))
                if found and (len(found) == most or size > limits.STATE_BYTES):
                    return Page(found, after)
                found.append(operation)
            after = operation.number
        if len(rows) < _AT_ONCE:
            return Page(found, None)


class _Replayed:
    """Tells which operations are looked at in a replay: those whose contexts are not over, or are to be replayed."""

    def __init__(self, scope: Context, execution_id: str) -> None:
        self._scope = scope
        self._id = execution_id
        self._contexts: dict[str, bool] = {"": True}

    async def has(self, operation: Operation) -> bool:
        if operation.parent not in self._contexts:
            number = await records.numbers.get(self._scope, self._id, operation.parent)
            parent = None if number is None else await records.operations.get(self._scope, self._id, number)
            self._contexts[operation.parent] = parent is None or await self._shows_children(parent)
        return self._contexts[operation.parent]

    async def _shows_children(self, context: Operation) -> bool:
        return (not context.is_over or context.replays_children) and await self.has(context)


def marker(page: Page) -> str | None:
    return None if page.last is None else pages.token(str(page.last))


def after(marker: str | None) -> int:
    """The number behind which a page begins. Raises InvalidParameterValueException."""
    return -1 if not marker else int(pages.position(marker, errors.bad_marker()))
