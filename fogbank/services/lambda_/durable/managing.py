"""Stopping and deleting durable executions.

https://docs.aws.amazon.com/lambda/latest/dg/durable-managing-executions.html
"""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.services.lambda_.durable import errors, lifecycle, limits
from fogbank.services.lambda_.durable.ledger import opened, size_of
from fogbank.services.lambda_.durable.records import DELETING, ON_EXECUTION, STOPPED, placed
from fogbank.services.lambda_.records import Answer, Request
from fogbank.services.lambda_.service import service


@service.operation(**ON_EXECUTION)
async def stop_durable_execution(ctx: Context, request: Request) -> Answer:
    """What is under way may end, but nothing comes of it. One that is over stays as it is."""
    ledger = await opened(placed(ctx, request))
    error = request.get("Error") or {}
    if size_of(None, error) > limits.PAYLOAD_BYTES:
        raise errors.too_large("Error", limits.PAYLOAD_BYTES)
    if not ledger.execution.is_over:
        await lifecycle.end(ledger, STOPPED, error=error)
        ledger.save()
    return {"StopTimestamp": ledger.execution.ended}


@service.operation(**ON_EXECUTION)
async def delete_durable_execution(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/lambda/latest/dg/durable-delete.html"""
    ledger = await opened(placed(ctx, request))
    if not ledger.execution.is_over:
        raise errors.wrong_state(ledger.place.arn, ledger.execution.status)
    if ledger.execution.status != DELETING:
        ledger.change(status=DELETING)
        ledger.save()
        await ledger.scope.schedule("forget_durable_execution", ledger.payload, key=ledger.execution.id)
    return {"DeletionRequestTimestamp": ctx.now()}
