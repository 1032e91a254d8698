"""What a checkpoint does to operations: one update after the other, each checked as it is applied.

https://docs.aws.amazon.com/lambda/latest/api/API_OperationUpdate.html
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from fogbank.services.lambda_.durable import chaining, errors, lifecycle, limits
from fogbank.services.lambda_.durable.ledger import Ledger, data, size_of
from fogbank.services.lambda_.durable.records import (
    CALLBACK,
    CANCELLED,
    CHAINED_INVOKE,
    CONTEXT,
    EXECUTION,
    FAILED,
    PENDING,
    STARTED,
    STEP,
    SUCCEEDED,
    WAIT,
    Operation,
)

Update = dict[str, Any]
Apply = Callable[[Ledger, Update, "Operation | None"], Awaitable[None]]


async def apply(ledger: Ledger, update: Update) -> None:
    """Raises InvalidParameterValueException."""
    kind, action = update["Type"], update["Action"]
    applied = _ACTIONS.get((kind, action))
    if applied is None:
        raise errors.bad_action(kind, action)
    _count(ledger, update)
    if kind == EXECUTION:
        await applied(ledger, update, None)
        return
    before = await ledger.operation(update["Id"])
    if before is not None and before.type != kind:
        raise errors.other_kind(update["Id"], before.type)
    if before is not None and before.is_over:
        raise errors.operation_is_there(kind, before.status)
    await applied(ledger, update, before)


def _count(ledger: Ledger, update: Update) -> None:
    """The limits of payloads, and of the whole execution."""
    kind, action = update["Type"], update["Action"]
    size = size_of(update.get("Payload"), update.get("Error"))
    most = limits.SYNC_PAYLOAD_BYTES if kind == EXECUTION else limits.PAYLOAD_BYTES
    if size > most:
        raise errors.too_large(f"{kind} {'input' if action == 'START' else 'output'}", most)
    written, steps = ledger.execution.written + size, ledger.execution.steps + (action in ("START", "RETRY"))
    if written > limits.WRITTEN_BYTES:
        raise errors.too_much_written(limits.WRITTEN_BYTES)
    if steps > limits.OPERATIONS:
        raise errors.too_many_operations(limits.OPERATIONS)
    ledger.change(written=written, steps=steps)


async def _new(ledger: Ledger, update: Update, **fields: Any) -> Operation:
    """An operation that begins. Raises when its parent is not a context of the execution."""
    parent = update.get("ParentId")
    if parent:
        context = await ledger.operation(parent)
        if context is None or context.type not in (CONTEXT, EXECUTION):
            raise errors.no_parent()
    return Operation(
        update["Id"],
        update["Type"],
        STARTED,
        ledger.scope.now(),
        parent=parent or "",
        name=update.get("Name") or "",
        subtype=update.get("SubType") or "",
        **fields,
    )


def _there(update: Update, before: Operation | None) -> Operation:
    if before is None:
        raise errors.no_operation(update["Type"])
    return before


def _not_there(before: Operation | None) -> None:
    if before is not None:
        raise errors.operation_is_there(before.type, before.status)


# -- the execution


async def _succeed_execution(ledger: Ledger, update: Update, _: Operation | None) -> None:
    await lifecycle.end(ledger, SUCCEEDED, update.get("Payload"))


async def _fail_execution(ledger: Ledger, update: Update, _: Operation | None) -> None:
    await lifecycle.end(ledger, FAILED, error=update.get("Error") or {})


# -- contexts


async def _start_context(ledger: Ledger, update: Update, before: Operation | None) -> None:
    if before is None:
        ledger.note("ContextStarted", {}, await ledger.put(await _new(ledger, update)))


async def _succeed_context(ledger: Ledger, update: Update, before: Operation | None) -> None:
    result = update.get("Payload")
    replays = bool((update.get("ContextOptions") or {}).get("ReplayChildren"))
    ended = await ledger.end(_there(update, before), SUCCEEDED, result=result, replays_children=replays)
    ledger.note("ContextSucceeded", {"Result": data(result)}, ended)


async def _fail_context(ledger: Ledger, update: Update, before: Operation | None) -> None:
    error = update.get("Error") or {}
    ledger.note("ContextFailed", {"Error": data(error)}, await ledger.end(_there(update, before), FAILED, error=error))


# -- steps


async def _start_step(ledger: Ledger, update: Update, before: Operation | None) -> None:
    """The first attempt, or another one."""
    if before is not None and before.status == PENDING:
        raise errors.operation_is_there(STEP, PENDING)
    if before is None:
        step = await _new(ledger, update)
    else:
        step = msgspec.structs.replace(before, status=STARTED, due=None)
    ledger.note("StepStarted", {}, await ledger.put(step))


async def _succeed_step(ledger: Ledger, update: Update, before: Operation | None) -> None:
    result, step = update.get("Payload"), _there(update, before)
    attempt = step.attempt + 1
    ended = await ledger.end(step, SUCCEEDED, result=result, error=None, attempt=attempt)
    ledger.note("StepSucceeded", {"Result": data(result), "RetryDetails": {"CurrentAttempt": attempt}}, ended)


async def _fail_step(ledger: Ledger, update: Update, before: Operation | None) -> None:
    error, step = update.get("Error") or {}, _there(update, before)
    attempt = step.attempt + 1
    ended = await ledger.end(step, FAILED, result=None, error=error, attempt=attempt)
    ledger.note("StepFailed", {"Error": data(error), "RetryDetails": {"CurrentAttempt": attempt}}, ended)


async def _retry_step(ledger: Ledger, update: Update, before: Operation | None) -> None:
    """Another attempt after a while: the step has failed, or waits for a condition, whose state is the payload."""
    step, delay = _there(update, before), (update.get("StepOptions") or {}).get("NextAttemptDelaySeconds")
    if delay is None:
        raise errors.missing(STEP, "StepOptions.NextAttemptDelaySeconds")
    result, error = update.get("Payload"), update.get("Error")
    due, attempt = ledger.scope.now() + delay, step.attempt + 1
    changed = msgspec.structs.replace(
        step, status=PENDING, due=due, attempt=attempt, result=result or step.result, error=error
    )
    await ledger.put(changed)
    await ledger.set_timer(due, step.id, "retry")
    retried = {"CurrentAttempt": attempt, "NextAttemptDelaySeconds": delay}
    outcome = {"Result": data(result)} if error is None else {"Error": data(error)}
    ledger.note("StepSucceeded" if error is None else "StepFailed", {**outcome, "RetryDetails": retried}, changed)


# -- waits


async def _start_wait(ledger: Ledger, update: Update, before: Operation | None) -> None:
    _not_there(before)
    seconds = (update.get("WaitOptions") or {}).get("WaitSeconds")
    if seconds is None:
        raise errors.missing(WAIT, "WaitOptions.WaitSeconds")
    due = ledger.scope.now() + seconds
    wait = await ledger.put(await _new(ledger, update, due=due))
    await ledger.set_timer(due, wait.id, "wait")
    ledger.note("WaitStarted", {"Duration": seconds, "ScheduledEndTimestamp": due}, wait)


async def _cancel_wait(ledger: Ledger, update: Update, before: Operation | None) -> None:
    cancelled = await ledger.end(_there(update, before), CANCELLED)
    ledger.note("WaitCancelled", {"Error": data(update.get("Error"))} if update.get("Error") else {}, cancelled)


# -- callbacks


async def _start_callback(ledger: Ledger, update: Update, before: Operation | None) -> None:
    _not_there(before)
    options, now = update.get("CallbackOptions") or {}, ledger.scope.now()
    timeout, heartbeat = options.get("TimeoutSeconds") or 0, options.get("HeartbeatTimeoutSeconds") or 0
    token = callback_id(ledger, update["Id"])
    fields = {"callback": token, "timeout": timeout, "heartbeat": heartbeat, "heard": now}
    callback = await ledger.put(await _new(ledger, update, **fields))
    for seconds, kind in ((timeout, "timeout"), (heartbeat, "heartbeat")):
        if seconds:
            await ledger.set_timer(now + seconds, callback.id, kind)
    details = {"CallbackId": token, "Timeout": timeout or None, "HeartbeatTimeout": heartbeat or None}
    ledger.note("CallbackStarted", {name: value for name, value in details.items() if value is not None}, callback)


def callback_id(ledger: Ledger, operation: str) -> str:
    """Says where the operation is; what is random in it makes it a secret."""
    scope, execution = ledger.scope, ledger.execution
    parts = (scope.account, scope.region, execution.function, execution.name, operation, secrets.token_hex(16))
    return b64encode(" ".join(parts).encode()).decode()


# -- other functions


async def _start_chained(ledger: Ledger, update: Update, before: Operation | None) -> None:
    _not_there(before)
    options = update.get("ChainedInvokeOptions")
    if not options:
        raise errors.missing(CHAINED_INVOKE, "ChainedInvokeOptions")
    invoke = await ledger.put(await _new(ledger, update))
    await chaining.start(ledger, invoke, options, update.get("Payload") or "null")


_ACTIONS: dict[tuple[str, str], Apply] = {
    (EXECUTION, "SUCCEED"): _succeed_execution,
    (EXECUTION, "FAIL"): _fail_execution,
    (CONTEXT, "START"): _start_context,
    (CONTEXT, "SUCCEED"): _succeed_context,
    (CONTEXT, "FAIL"): _fail_context,
    (STEP, "START"): _start_step,
    (STEP, "SUCCEED"): _succeed_step,
    (STEP, "FAIL"): _fail_step,
    (STEP, "RETRY"): _retry_step,
    (WAIT, "START"): _start_wait,
    (WAIT, "CANCEL"): _cancel_wait,
    (CALLBACK, "START"): _start_callback,
    (CHAINED_INVOKE, "START"): _start_chained,
}
