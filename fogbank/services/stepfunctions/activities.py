"""Activities, and what workers say: GetActivityTask, SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-activities.html
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import Context, pages
from fogbank.services.stepfunctions import arns, durable, errors, limits, queues, tags
from fogbank.services.stepfunctions.configuration import OWNED, check_encryption, encryption_of
from fogbank.services.stepfunctions.durable import DurableRun
from fogbank.services.stepfunctions.executions_store import executions
from fogbank.services.stepfunctions.interpreter import tasks
from fogbank.services.stepfunctions.interpreter.run import Done
from fogbank.services.stepfunctions.interpreter.strand import Strand
from fogbank.services.stepfunctions.language.failure import Failure
from fogbank.services.stepfunctions.queues import Queued, queued
from fogbank.services.stepfunctions.records import Activity, activities, given
from fogbank.services.stepfunctions.service import service

Request = dict[str, Any]

_LOOKED_AT = 10


def _named(ctx: Context, request: Request) -> str:
    return arns.own(ctx, arns.ACTIVITY, request["name"])


@service.operation(resource=_named)
async def create_activity(ctx: Context, request: Request) -> Request:
    """The same request again is answered as the first one was. API_CreateActivity."""
    name, arn = request["name"], _named(ctx, request)
    arns.check_name(name)
    tagged = tags.merged(arn, {}, request.get("tags") or [])
    encryption = encryption_of(request.get("encryptionConfiguration"))
    known = await activities.get(ctx, name)
    if known is None:
        await check_encryption(ctx, encryption)
        if await activities.count(ctx, limit=limits.ACTIVITIES) >= limits.ACTIVITIES:
            raise errors.too_many_activities(limits.ACTIVITIES)
        known = Activity(name, ctx.now(), tagged, encryption)
        activities.put(ctx, known, name)
    elif known.encryption != encryption:
        raise errors.activity_exists(arn)
    return {"activityArn": arn, "creationDate": known.created}


async def _find(ctx: Context, text: str) -> Activity:
    """Raises InvalidArn, ActivityDoesNotExist."""
    arn = arns.parse(text, arns.ACTIVITY)
    activity = await activities.get(ctx, arn.name)
    if activity is None or arn.account != ctx.account or arn.region != ctx.region:
        raise errors.no_activity(text)
    return activity


@service.operation(resource=given)
async def describe_activity(ctx: Context, request: Request) -> Request:
    """API_DescribeActivity."""
    activity = await _find(ctx, request["activityArn"])
    return {**_shown(ctx, activity), "encryptionConfiguration": activity.encryption or OWNED}


def _shown(ctx: Context, activity: Activity) -> Request:
    arn = arns.own(ctx, arns.ACTIVITY, activity.name)
    return {"activityArn": arn, "name": activity.name, "creationDate": activity.created}


@service.operation(resource=given)
async def delete_activity(ctx: Context, request: Request) -> Request:
    """One that is not there is no error. API_DeleteActivity."""
    arn = arns.parse(request["activityArn"], arns.ACTIVITY)
    activities.delete(ctx, arn.name)
    return {}


@service.operation
async def list_activities(ctx: Context, request: Request) -> Request:
    """The activities by name. API_ListActivities."""
    token = request.get("nextToken")
    after = None if token is None else (pages.position(token, errors.invalid_token()),)
    limit = request.get("maxResults") or limits.PAGE
    rows = await activities.scan(ctx, after=after, limit=limit + 1)
    found, following = pages.page(rows, limit, lambda activity: activity.name)
    return {"activities": [_shown(ctx, activity) for activity in found], "nextToken": following}


# -- taking tasks


@service.operation(transaction=False, resource=given)
async def get_activity_task(ctx: Context, request: Request) -> Request:
    """The next task, for which it waits a minute; then an answer without a token. API_GetActivityTask."""
    activity = await ctx.transact(_find, ctx, request["activityArn"])
    ends = ctx.now() + limits.POLL_SECONDS
    with ctx.watch(*queues.topic(ctx, activity.name), competes=True) as watch:
        while True:
            task = await ctx.transact(_take, ctx, activity.name, request.get("workerName"))
            if task is not None:
                return {"taskToken": task.token, "input": task.input}
            if not await watch.wait(ends - ctx.now()):
                return {}


async def _take(ctx: Context, activity: str, worker: str | None) -> Queued | None:
    """The first task that its execution still waits for."""
    while rows := await queued.items(ctx, (int, str, str, int), activity, limit=_LOOKED_AT):
        for key, task in rows:
            queued.delete(ctx, activity, *key)

            async def started(run: DurableRun, strand: Strand) -> None:
                await tasks.started(run, strand, worker)
                await run.beat(strand)

            if await durable.signalled(ctx, task.signal, started):
                return task
    return None


# -- what workers say


async def _tell(ctx: Context, token: str, how: Done | Failure) -> None:
    """Raises InvalidToken, TaskDoesNotExist, TaskTimedOut."""
    signal, _ = durable.signal_in(token)
    if not await durable.signalled(ctx, signal, lambda run, strand: tasks.settle(run, strand, how)):
        raise await _too_late(ctx, signal)


async def _too_late(ctx: Context, signal: Request) -> Exception:
    found = await executions.get(ctx, signal["machine"], signal["name"])
    return errors.task_does_not_exist() if found is None else errors.task_is_over()


@service.operation(resource=lambda ctx, request: "*")
async def send_task_success(ctx: Context, request: Request) -> Request:
    """API_SendTaskSuccess."""
    text = request["output"]
    if len(text.encode()) > limits.PAYLOAD_BYTES:
        raise errors.invalid_output("Output is too long")
    try:
        output = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise errors.invalid_output(str(error)) from None
    await _tell(ctx, request["taskToken"], Done(output))
    return {}


@service.operation(resource=lambda ctx, request: "*")
async def send_task_failure(ctx: Context, request: Request) -> Request:
    """API_SendTaskFailure."""
    await _tell(ctx, request["taskToken"], Failure(request.get("error"), request.get("cause")))
    return {}


@service.operation(resource=lambda ctx, request: "*")
async def send_task_heartbeat(ctx: Context, request: Request) -> Request:
    """The task goes on: its next heartbeat is due later. API_SendTaskHeartbeat."""
    signal, _ = durable.signal_in(request["taskToken"])
    if not await durable.signalled(ctx, signal, DurableRun.beat):
        raise await _too_late(ctx, signal)
    return {}
