"""Scheduled queries: a query that is started again and again, as a role, and whose results go to a bucket or a lookup table.

scheduled   (name)                     a scheduled query
triggered   (name, moment in ms)       one start of it, and what became of it

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/ScheduledQueries.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context, Record, pages, schedules
from fogbank.services.logs import errors, limits, tags
from fogbank.services.logs.insights import records
from fogbank.services.logs.insights.query import parse
from fogbank.services.logs.insights.tokens import MalformedQuery
from fogbank.services.logs.records import Answer, Request, milliseconds
from fogbank.services.logs.service import service

ENABLED, DISABLED = "ENABLED", "DISABLED"
RUNNING, COMPLETE, FAILED, INVALID = "Running", "Complete", "Failed", "InvalidQuery"
_HOUR = 3600
_SETTINGS = (
    "description", "queryLanguage", "queryString", "logGroupIdentifiers", "scheduleExpression", "timezone", "startTimeOffset",
    "endTimeOffset", "destinationConfiguration", "scheduleStartTime", "scheduleEndTime", "executionRoleArn",
)  # fmt: skip


class ScheduledQuery(Record, frozen=True):
    """`settings` are as they were given; times are in milliseconds, offsets among the settings in seconds."""

    name: str
    settings: dict[str, Any]
    state: str
    created: int
    updated: int
    tags: dict[str, str] = {}
    triggered: int = 0
    status: str = ""


class Trigger(Record, frozen=True):
    """`moment` is in milliseconds."""

    moment: int
    query: str
    status: str = RUNNING
    error: str = ""
    destinations: tuple[dict[str, Any], ...] = ()


class Following(Record, frozen=True):
    """Whose start a query is."""

    name: str
    moment: int


scheduled = service.collection("scheduled-queries", ScheduledQuery)
triggered = service.collection("scheduled-triggers", Trigger)
starts = service.collection("scheduled-starts", Following)


def arn_of(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:logs:{ctx.region}:{ctx.account}:scheduled-query:{name}"


def _name(ctx: Context, identifier: str) -> str:
    return identifier.removeprefix(arn_of(ctx, ""))


def _of_name(ctx: Context, request: Request) -> str:
    return arn_of(ctx, request["name"])


def _of_identifier(ctx: Context, request: Request) -> str:
    return arn_of(ctx, _name(ctx, request["identifier"]))


async def find(ctx: Context, identifier: str) -> ScheduledQuery:
    found = await scheduled.get(ctx, _name(ctx, identifier))
    if found is None:
        raise errors.not_found("scheduled query")
    return found


# -- making and changing


@service.operation(resource=_of_name)
async def create_scheduled_query(ctx: Context, request: Request) -> Answer:
    name = request["name"]
    if await scheduled.get(ctx, name) is not None:
        raise errors.conflict(f"A scheduled query with the name {name} already exists.")
    if await scheduled.count(ctx, limit=limits.SCHEDULED_QUERIES) >= limits.SCHEDULED_QUERIES:
        raise errors.quota_exceeded("There are too many scheduled queries.")
    await _check(ctx, request)
    now = milliseconds(ctx)
    made = ScheduledQuery(name, _settings(request), request.get("state", ENABLED), now, now, request.get("tags") or {})
    tags.checked(arn_of(ctx, name), {}, made.tags)
    scheduled.put(ctx, made, name)
    await _plan(ctx, made)
    return {"scheduledQueryArn": arn_of(ctx, name), "state": made.state}


@service.operation(resource=_of_identifier)
async def update_scheduled_query(ctx: Context, request: Request) -> Answer:
    """What is not given is not kept of the settings before."""
    before = await find(ctx, request["identifier"])
    await _check(ctx, request)
    changed = msgspec.structs.replace(
        before, settings=_settings(request), state=request.get("state", before.state), updated=milliseconds(ctx)
    )
    scheduled.put(ctx, changed, changed.name)
    await _plan(ctx, changed)
    return _described(ctx, changed)


@service.operation(resource=_of_identifier)
async def delete_scheduled_query(ctx: Context, request: Request) -> Answer:
    found = await find(ctx, request["identifier"])
    scheduled.delete(ctx, found.name)
    await ctx.unschedule("trigger_query", found.name)
    for (moment,), _ in await triggered.items(ctx, (int,), found.name):
        triggered.delete(ctx, found.name, moment)
    return {}


def _settings(request: Request) -> dict[str, Any]:
    return {name: request[name] for name in _SETTINGS if request.get(name) is not None}


async def _check(ctx: Context, request: Request) -> None:
    """Raises ValidationException; AccessDenied when the roles may not be handed over."""
    if request["queryLanguage"] != records.LANGUAGE:
        raise errors.validation(f"Fogbank runs queries in Logs Insights QL only, not in {request['queryLanguage']}.")
    try:
        parse(request["queryString"])
        schedules.parse(request["scheduleExpression"], frozenset({"cron"}), request.get("timezone") or "UTC")
    except (MalformedQuery, schedules.InvalidSchedule) as error:
        raise errors.validation(str(error)) from None
    if not request.get("logGroupIdentifiers") and not request["queryString"].lstrip().upper().startswith("SOURCE"):
        raise errors.validation("logGroupIdentifiers are required unless the query has a SOURCE.")
    start, end = request.get("scheduleStartTime"), request.get("scheduleEndTime")
    if start is not None and end is not None and start >= end:
        raise errors.validation("scheduleStartTime must be before scheduleEndTime.")
    if request.get("startTimeOffset", _HOUR) <= request.get("endTimeOffset", 0):
        raise errors.validation("startTimeOffset must be greater than endTimeOffset.")
    await ctx.pass_role(request["executionRoleArn"])
    for destination in (request.get("destinationConfiguration") or {}).values():
        await ctx.pass_role(destination["roleArn"])


# -- finding


@service.operation(resource=_of_identifier)
async def get_scheduled_query(ctx: Context, request: Request) -> Answer:
    return _described(ctx, await find(ctx, request["identifier"]))


@service.operation
async def list_scheduled_queries(ctx: Context, request: Request) -> Answer:
    token = request.get("nextToken")
    last = "" if token is None else pages.position(token, errors.validation("The specified nextToken is invalid."))
    state, kind = request.get("state"), request.get("scheduleType")
    rows = [
        each
        for each in await scheduled.scan(ctx)
        if each.name > last and state in (None, each.state) and kind in (None, "CUSTOMER_MANAGED")
    ]
    found, following = pages.page(rows, request.get("maxResults") or limits.PAGE, lambda each: each.name)
    return {"scheduledQueries": [_described(ctx, each) for each in found], "nextToken": following}


def _described(ctx: Context, query: ScheduledQuery) -> Answer:
    return {
        **query.settings,
        "scheduledQueryArn": arn_of(ctx, query.name),
        "name": query.name,
        "state": query.state,
        "scheduleType": "CUSTOMER_MANAGED",
        "lastTriggeredTime": query.triggered or None,
        "lastExecutionStatus": query.status or None,
        "creationTime": query.created,
        "lastUpdatedTime": query.updated,
    }


@service.operation(resource=_of_identifier)
async def get_scheduled_query_history(ctx: Context, request: Request) -> Answer:
    """Starts between two moments (ms), the newest first."""
    query, wanted = await find(ctx, request["identifier"]), request.get("executionStatuses")
    until = request["endTime"] + 1
    token = request.get("nextToken")
    if token is not None:
        until = min(until, int(pages.position(token, errors.validation("The specified nextToken is invalid."))))
    rows = await triggered.scan(ctx, query.name, since=(request["startTime"],), until=(until,), reverse=True)
    rows = [each for each in rows if wanted is None or each.status in wanted]
    found, following = pages.page(rows, request.get("maxResults") or limits.PAGE, lambda each: str(each.moment))
    history = [
        {
            "queryId": each.query or None,
            "executionStatus": each.status,
            "triggeredTimestamp": each.moment,
            "errorMessage": each.error or None,
            "destinations": list(each.destinations),
        }
        for each in found
    ]
    return {
        "name": query.name,
        "scheduledQueryArn": arn_of(ctx, query.name),
        "triggerHistory": history,
        "nextToken": following,
    }


# -- at work


async def _plan(ctx: Context, query: ScheduledQuery) -> None:
    """Have it started at its next time, if there is one."""
    settings = query.settings
    schedule = schedules.parse(settings["scheduleExpression"], frozenset({"cron"}), settings.get("timezone") or "UTC")
    upcoming = schedule.after(max(ctx.now(), settings.get("scheduleStartTime", 0) / 1000))
    is_over = upcoming is None or upcoming * 1000 > settings.get("scheduleEndTime", 1 << 60)
    if query.state == DISABLED or is_over:
        await ctx.unschedule("trigger_query", query.name)
        return
    await ctx.schedule("trigger_query", {"name": query.name}, at=upcoming, key=query.name)


@service.task
async def trigger_query(ctx: Context, payload: dict[str, Any]) -> None:
    query = await scheduled.get(ctx, payload["name"])
    if query is None:
        return
    now = milliseconds(ctx)
    trigger = await _started(ctx, query, now)
    triggered.put(ctx, trigger, query.name, now)
    if trigger.query:
        starts.put(ctx, Following(query.name, now), trigger.query)
        records.followed.put(ctx, b"", trigger.query)
    scheduled.put(ctx, msgspec.structs.replace(query, triggered=now, status=trigger.status), query.name)
    await _plan(ctx, query)


async def _started(ctx: Context, query: ScheduledQuery, now: int) -> Trigger:
    settings, moment = query.settings, now // 1000
    request = {
        "queryString": settings["queryString"],
        "startTime": moment - settings.get("startTimeOffset", _HOUR),
        "endTime": moment - settings.get("endTimeOffset", 0),
        "logGroupIdentifiers": settings.get("logGroupIdentifiers"),
    }
    given = {name: value for name, value in request.items() if value is not None}
    role, arn = settings["executionRoleArn"], arn_of(ctx, query.name)
    try:
        answer = await ctx.call("logs", "StartQuery", given, role=role, source_arn=arn)
    except AWSError as error:
        return Trigger(now, "", INVALID if error.code == "MalformedQueryException" else FAILED, error.message)
    return Trigger(now, answer["queryId"])
