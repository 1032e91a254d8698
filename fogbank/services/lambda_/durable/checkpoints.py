"""What a function saves of its execution, and reads: CheckpointDurableExecution, GetDurableExecutionState.

A checkpoint consumes its token and gives the next one; without one the invocation is to end. A request that is repeated, since its answer
got lost, is answered again.
https://docs.aws.amazon.com/lambda/latest/api/API_CheckpointDurableExecution.html
"""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.services.lambda_.durable import errors, limits, records, updates, wire
from fogbank.services.lambda_.durable.ledger import Ledger
from fogbank.services.lambda_.durable.pausing import paused
from fogbank.services.lambda_.durable.records import ON_EXECUTION, PAUSING, Execution, placed
from fogbank.services.lambda_.durable.tokens import next_token
from fogbank.services.lambda_.records import Answer, Request
from fogbank.services.lambda_.service import service


@service.operation(**ON_EXECUTION)
async def checkpoint_durable_execution(ctx: Context, request: Request) -> Answer:
    ledger = await _opened(ctx, request)
    if _is_repeated(ledger.execution, request):
        return await _answer(ledger, ledger.execution.answered)
    if request["CheckpointToken"] != ledger.execution.token:
        raise errors.bad_token()
    for update in request.get("Updates") or ():
        if ledger.execution.is_over:
            raise errors.bad_token()
        await updates.apply(ledger, update)
    news = list(dict.fromkeys([*ledger.touched, *ledger.execution.updated]))
    ledger.change(updated=[])
    if ledger.execution.status == PAUSING:
        ledger.rest()
        await paused(ledger, interrupted=True)
    elif not ledger.execution.is_over:
        spent, client_token = request["CheckpointToken"], request.get("ClientToken") or ""
        ledger.change(token=next_token(ctx, ledger.execution), spent=spent, client_token=client_token, answered=news)
    ledger.save()
    return await _answer(ledger, news)


async def _opened(ctx: Context, request: Request) -> Ledger:
    place = placed(ctx, request)
    execution = await records.lookup(place)
    if execution is None:
        raise errors.bad_token()
    return Ledger(place.scope, execution)


def _is_repeated(execution: Execution, request: Request) -> bool:
    asked = (request["CheckpointToken"], request.get("ClientToken"))
    return bool(execution.client_token) and asked == (execution.spent, execution.client_token)


async def _answer(ledger: Ledger, changed: list[str]) -> Answer:
    """The operations that have changed since the last checkpoint, with or without the function's doing."""
    found = [await ledger.operation(each) for each in changed]
    return {
        "CheckpointToken": ledger.execution.token or None,
        "NewExecutionState": {"Operations": [wire.described(each) for each in found if each is not None]},
    }


@service.operation(**ON_EXECUTION)
async def get_durable_execution_state(ctx: Context, request: Request) -> Answer:
    ledger = await _opened(ctx, request)
    if request["CheckpointToken"] != ledger.execution.token:
        raise errors.bad_token()
    after = wire.after(request.get("Marker"))
    page = await wire.state(ledger.scope, ledger.execution.id, after, request.get("MaxItems") or limits.LISTED)
    return {"Operations": [wire.described(each) for each in page.operations], "NextMarker": wire.marker(page)}
