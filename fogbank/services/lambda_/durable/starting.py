"""Invocations of durable functions: each starts an execution, or finds the one of its name.

https://docs.aws.amazon.com/lambda/latest/dg/durable-invoking.html
https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-idempotency.html
"""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from fogbank.kernel import Context
from fogbank.services.lambda_.durable import errors, lifecycle, limits, records, settings
from fogbank.services.lambda_.durable.records import Error, Execution, Outcome, Parent, place_of
from fogbank.services.lambda_.invocation import running
from fogbank.services.lambda_.invocation.running import Done, Invocation
from fogbank.services.lambda_.records import Function

_LOOK_SECONDS = 60.0
_PARTS_OF_QUALIFIED = 8


async def run(scope: Context, function: Function, invocation: Invocation, name: str | None = None) -> Done:
    """Invoke a version, durable or not, and wait for what it gives; not in a transaction. Raises as `running.run` does."""
    check(function, invocation, name, waits=True)
    if not settings.is_durable(function):
        return await running.run(scope, function, invocation)
    execution = await scope.transact(start, scope, function, invocation, name, True)
    return await _outcome(scope, execution)


def check(function: Function, invocation: Invocation, name: str | None, waits: bool) -> None:
    """May the function be invoked so? Raises InvalidParameterValueException."""
    if not settings.is_durable(function):
        if name is not None:
            raise errors.name_without_durability()
        return
    if len(invocation.invoked.split(":")) < _PARTS_OF_QUALIFIED:
        raise errors.unqualified()
    if waits and not settings.may_be_waited_for(function):
        raise errors.too_long_to_wait()


async def start(
    scope: Context,
    function: Function,
    invocation: Invocation,
    name: str | None,
    waits: bool,
    parent: Parent | None = None,
) -> Execution:
    """Start an execution; in a transaction. One of the same name and input is found instead.

    Raises DurableExecutionAlreadyStartedException when that has another input.
    """
    digest = hashlib.sha256(invocation.payload).digest()
    known = None if name is None else await records.executions.get(scope, function.name, name)
    if known is not None:
        if known.digest != digest:
            raise errors.already_started(known.name)
        return known
    config, now = function.config["DurableConfig"], scope.now()
    execution = Execution(
        name or scope.ids.uuid(),
        scope.ids.uuid(),
        function.name,
        function.version,
        invocation.invoked,
        now,
        now + config["ExecutionTimeout"],
        config,
        digest,
        waits,
        invocation.trace or f"Root=1-{int(now):08x}-{scope.ids.hex(24)}",
        invocation.request_id,
        parent,
    )
    return (await lifecycle.begin(scope, execution, invocation.payload.decode())).execution


async def _outcome(scope: Context, execution: Execution) -> Done:
    """Wait until the execution is over."""
    place = place_of(scope, execution)
    give_up = scope.now() + limits.SYNC_SECONDS

    async def look() -> Outcome | None:
        return await records.outcomes.get(scope, execution.id)

    with scope.watch(*lifecycle.topic(execution)) as watch:
        while (outcome := await scope.transact(look)) is None:
            if scope.now() > give_up:  # it is paused
                outcome = Outcome(None, _waited_in_vain())
                break
            await watch.wait(timeout=_LOOK_SECONDS)
    if outcome.error is None:
        return Done((outcome.result or "null").encode(), "", b"", None, place.arn)
    return Done(orjson.dumps(error_document(outcome.error)), "Unhandled", b"", None, place.arn)


def _waited_in_vain() -> Error:
    message = f"Task timed out after {limits.SYNC_SECONDS:.2f} seconds"
    return {"ErrorType": "Sandbox.Timedout", "ErrorMessage": message}


_MEMBERS = {
    "ErrorType": "errorType",
    "ErrorMessage": "errorMessage",
    "ErrorData": "errorData",
    "StackTrace": "stackTrace",
}


def error_document(error: Error) -> dict[str, Any]:
    """An ErrorObject as functions give their errors."""
    return {name: error[member] for member, name in _MEMBERS.items() if error.get(member) is not None}


def error_object(payload: bytes) -> Error:
    """What a function gave as its error, as an ErrorObject."""
    try:
        document = orjson.loads(payload)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        return {"ErrorMessage": payload.decode("utf-8", "replace")}
    return {member: document[name] for member, name in _MEMBERS.items() if document.get(name) is not None}
