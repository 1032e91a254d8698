"""What others send a durable execution that waits for a callback.

https://docs.aws.amazon.com/lambda/latest/api/API_SendDurableExecutionCallbackSuccess.html
"""

from __future__ import annotations

from base64 import b64decode
from typing import Any, NamedTuple

import msgspec

from fogbank.http import Payload
from fogbank.kernel import Context
from fogbank.services.lambda_.durable import errors, limits, records
from fogbank.services.lambda_.durable.ledger import Ledger, data, size_of
from fogbank.services.lambda_.durable.records import (
    CALLBACK,
    FAILED,
    STARTED,
    SUCCEEDED,
    Execution,
    Operation,
    place_of,
)
from fogbank.services.lambda_.records import Request
from fogbank.services.lambda_.service import service

_PARTS = 6


class _Called(NamedTuple):
    scope: Context
    function: str
    name: str
    operation: str


def _called(ctx: Context, request: Request) -> _Called:
    """Where the operation of a callback id is. Raises InvalidParameterValueException."""
    try:
        parts = b64decode(request["CallbackId"], validate=True).decode().split(" ")
    except ValueError as error:
        raise errors.bad_callback() from error
    if len(parts) != _PARTS:
        raise errors.bad_callback()
    account, region, function, name, operation, _ = parts
    scope = ctx if (account, region) == (ctx.account, ctx.region) else ctx.at(account=account, region=region)
    return _Called(scope, function, name, operation)


async def _execution(called: _Called, request: Request) -> Execution:
    execution = await records.executions.get(called.scope, called.function, called.name)
    if execution is None:
        raise errors.execution_not_found(request["CallbackId"])
    return execution


async def _arn(ctx: Context, request: Request) -> str:
    """Of the execution: what permissions are for."""
    called = _called(ctx, request)

    async def look() -> str:
        return place_of(called.scope, await _execution(called, request)).arn

    return await (called.scope.transact(look) if called.scope.tx is None else look())


async def _owner(ctx: Context, request: Request) -> str | None:
    return _called(ctx, request).scope.account


_ON_CALLBACK: dict[str, Any] = {"resource": _arn, "owner": _owner}


async def _opened(ctx: Context, request: Request) -> tuple[Ledger, Operation]:
    """A callback that is waited for. Raises CallbackTimeoutException when it is not any more."""
    called = _called(ctx, request)
    ledger = Ledger(called.scope, await _execution(called, request))
    callback = await ledger.operation(called.operation)
    if callback is None or callback.type != CALLBACK or callback.callback != request["CallbackId"]:
        raise errors.bad_callback()
    if callback.status != STARTED or ledger.execution.is_over:
        raise errors.callback_closed()
    return ledger, callback


@service.operation(transaction=False, **_ON_CALLBACK)
async def send_durable_execution_callback_success(ctx: Context, request: Request) -> None:
    body = request.get("Result")
    raw = await body.read() if isinstance(body, Payload) else body or b""
    if len(raw) > limits.PAYLOAD_BYTES:
        raise errors.too_large(f"{CALLBACK} output", limits.PAYLOAD_BYTES)
    result = raw.decode("utf-8", "replace") if raw else None

    async def work() -> None:
        ledger, callback = await _opened(ctx, request)
        ended = await ledger.end(callback, SUCCEEDED, result=result)
        ledger.note("CallbackSucceeded", {"Result": data(result)}, ended)
        await _go_on(ledger, ended)

    await ctx.transact(work)


@service.operation(**_ON_CALLBACK)
async def send_durable_execution_callback_failure(ctx: Context, request: Request) -> None:
    ledger, callback = await _opened(ctx, request)
    error = request.get("Error") or {}
    if size_of(None, error) > limits.PAYLOAD_BYTES:
        raise errors.too_large(f"{CALLBACK} output", limits.PAYLOAD_BYTES)
    ended = await ledger.end(callback, FAILED, error=error)
    ledger.note("CallbackFailed", {"Error": data(error)}, ended)
    await _go_on(ledger, ended)


async def _go_on(ledger: Ledger, ended: Operation) -> None:
    ledger.change(written=ledger.execution.written + size_of(ended.result, ended.error))
    await ledger.wake(ended)
    ledger.save()


@service.operation(**_ON_CALLBACK)
async def send_durable_execution_callback_heartbeat(ctx: Context, request: Request) -> None:
    """Its timer finds out when it rings that the callback was heard of."""
    ledger, callback = await _opened(ctx, request)
    await ledger.put(msgspec.structs.replace(callback, heard=ctx.now()))
    ledger.save()
