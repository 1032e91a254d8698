"""Activities' tasks that wait for a worker.

tasks  (activity, us, token)  Queued
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, Record
from fogbank.services.stepfunctions import arns
from fogbank.services.stepfunctions.interpreter.strand import Work
from fogbank.services.stepfunctions.language.failure import Failure
from fogbank.services.stepfunctions.language.paths import text_of
from fogbank.services.stepfunctions.records import activities
from fogbank.services.stepfunctions.service import service

_TOPIC = "stepfunctions-activity"


class Queued(Record, frozen=True):
    """`signal` says which strand waits."""

    token: str
    input: str
    signal: dict[str, Any]
    heartbeat: float = 0.0


queued = service.collection("activity_tasks", Queued)


def topic(ctx: Context, name: str) -> tuple[str, ...]:
    return _TOPIC, ctx.account, ctx.region, name


async def add(ctx: Context, activity: str, signal: dict[str, Any], token: str, work: Work) -> None:
    """Raises Failure when there is no such activity."""
    arn = arns.parse(activity, arns.ACTIVITY)
    scope = arns.scope(ctx, arn)
    if await activities.get(scope, arn.name) is None:
        raise Failure("States.Runtime", f"The activity ARN '{activity}' does not exist.")
    task = Queued(token, text_of(work.arguments), signal, work.heartbeat)
    queued.put(scope, task, arn.name, int(ctx.now() * 1e6), signal["machine"], signal["name"], signal["number"])
    ctx.notify(*topic(scope, arn.name))
