"""Pausing durable executions: their function is not invoked, while what they wait for goes on.

https://docs.aws.amazon.com/lambda/latest/dg/durable-pause-resume.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.lambda_.durable import errors, limits, telling
from fogbank.services.lambda_.durable.ledger import Ledger, data, opened
from fogbank.services.lambda_.durable.records import (
    DUE,
    INVOKING,
    ON_EXECUTION,
    PAUSED,
    PAUSING,
    RUNNING,
    Execution,
    Pause,
    Resumed,
    placed,
)
from fogbank.services.lambda_.records import Answer, Request
from fogbank.services.lambda_.service import service


@service.operation(**ON_EXECUTION)
async def pause_durable_execution(ctx: Context, request: Request) -> Answer:
    ledger = await opened(placed(ctx, request))
    execution, token = ledger.execution, request.get("ClientToken") or ""
    if _is_repeated(ctx, execution.pause, token):
        return {}
    if execution.status != RUNNING:
        raise errors.wrong_state(ledger.place.arn, execution.status)
    stops_clock = request.get("ExecutionTimeoutPaused") is not False
    ledger.change(pause=Pause(ctx.now(), request.get("Reason"), stops_clock, token))
    if execution.phase == INVOKING:
        ledger.change(status=PAUSING)
        await telling.status_changed(ledger.scope, ledger.execution)
    else:
        ledger.rest()
        await paused(ledger, interrupted=execution.phase == DUE)
    ledger.save()
    return {}


def _is_repeated(ctx: Context, before: Pause | Resumed | None, token: str) -> bool:
    if before is None or not token or before.client_token != token:
        return False
    return ctx.now() - before.requested < limits.CLIENT_TOKEN_SECONDS


async def paused(ledger: Ledger, interrupted: bool) -> None:
    """The pause begins. `interrupted`: there was something to do, and there will be when it ends."""
    pause = ledger.execution.pause
    assert pause is not None
    now = ledger.scope.now()
    begun = msgspec.structs.replace(pause, since=now, deadline=ledger.execution.deadline)
    ledger.change(status=PAUSED, interrupted=interrupted, pause=begun)
    if pause.stops_clock:
        await _move_deadline(ledger, ledger.execution.started + limits.LONGEST_SECONDS)
    details: dict[str, Any] = {
        "PauseRequestTimestamp": pause.requested,
        "ExecutionTimeoutPaused": pause.stops_clock,
    }
    if pause.reason is not None:
        details["Reason"] = data(pause.reason)
    ledger.note("ExecutionPaused", details)
    await telling.status_changed(ledger.scope, ledger.execution)


async def _move_deadline(ledger: Ledger, deadline: float) -> None:
    ledger.change(deadline=deadline)
    await ledger.set_timer(deadline, "", "execution")


@service.operation(**ON_EXECUTION)
async def resume_durable_execution(ctx: Context, request: Request) -> Answer:
    ledger = await opened(placed(ctx, request))
    execution, token = ledger.execution, request.get("ClientToken") or ""
    if _is_repeated(ctx, execution.resumed, token):
        return {}
    if execution.status not in (PAUSING, PAUSED) or execution.pause is None:
        raise errors.wrong_state(ledger.place.arn, execution.status)
    ledger.change(status=RUNNING, pause=None, resumed=Resumed(ctx.now(), token))
    if execution.status == PAUSED:
        await _go_on(ledger, execution, request.get("Reason"))
    await telling.status_changed(ledger.scope, ledger.execution)
    ledger.save()
    return {}


async def _go_on(ledger: Ledger, before: Execution, reason: str | None) -> None:
    now, pause = ledger.scope.now(), before.pause
    assert pause is not None and pause.since is not None
    if pause.stops_clock:
        latest = before.started + limits.LONGEST_SECONDS
        await _move_deadline(ledger, min(pause.deadline + now - pause.since, latest))
    details: dict[str, Any] = {"ResumeRequestTimestamp": now}
    if reason is not None:
        details["Reason"] = data(reason)
    ledger.note("ExecutionResumed", details)
    ledger.change(interrupted=False)
    if before.interrupted or before.updated:
        await ledger.invoke()
