"""The operations on schedules: CreateSchedule, GetSchedule, UpdateSchedule, ListSchedules, DeleteSchedule."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context, pages
from fogbank.kernel.schedules import InvalidSchedule
from fogbank.services.scheduler import errors, limits, templates, universal
from fogbank.services.scheduler.groups import DEFAULT, DELETING, find_group, group_arn, groups
from fogbank.services.scheduler.invocation import Invocation
from fogbank.services.scheduler.schedule import (
    ENABLED,
    Schedule,
    arrange,
    cancel,
    find_schedule,
    first,
    following,
    kept,
    parsed,
    schedule_arn,
    window_seconds,
)
from fogbank.services.scheduler.service import service

Request = dict[str, Any]

_EMPTIED_AT_ONCE = 100


def _group(request: Request) -> str:
    return request.get("GroupName") or DEFAULT


def _named(ctx: Context, request: Request) -> str:
    return schedule_arn(ctx, _group(request), request["Name"])


# -- making and changing


@service.operation(resource=_named)
async def create_schedule(ctx: Context, request: Request) -> Request:
    """API_CreateSchedule. The same request with the same token is answered as the first one was."""
    schedule = _asked(request, ctx.now())
    await _check(ctx, schedule)
    group = await find_group(ctx, schedule.group)
    known = await kept.get(ctx, schedule.group, schedule.name)
    if known is not None and _is_again(known, schedule):
        return {"ScheduleArn": _named(ctx, request)}
    if known is not None:
        raise errors.schedule_exists(schedule.name)
    if group.state == DELETING:
        raise errors.group_is_going(group.name)
    if await kept.count(ctx, limit=limits.SCHEDULES) >= limits.SCHEDULES:
        raise errors.quota_exceeded("schedules", limits.SCHEDULES)
    return await _keep(ctx, schedule)


@service.operation(resource=_named)
async def update_schedule(ctx: Context, request: Request) -> Request:
    """Replace all of a schedule: what is not given has its default again. API_UpdateSchedule."""
    known = await kept.get(ctx, _group(request), request["Name"])
    schedule = _asked(request, ctx.now())
    if known is not None:
        schedule = msgspec.structs.replace(schedule, created=known.created)
    await _check(ctx, schedule)
    group = await find_group(ctx, schedule.group)
    if known is None:
        raise errors.no_such_schedule(schedule.name)
    if group.state == DELETING:
        raise errors.group_is_going(group.name)
    return await _keep(ctx, schedule)


def _asked(request: Request, now: float) -> Schedule:
    return Schedule(
        _group(request),
        request["Name"],
        request["ScheduleExpression"],
        _given(request["Target"]),
        _given(request["FlexibleTimeWindow"]),
        now,
        now,
        request.get("ScheduleExpressionTimezone") or "UTC",
        request.get("State") or ENABLED,
        request.get("StartDate"),
        request.get("EndDate"),
        request.get("Description"),
        request.get("KmsKeyArn"),
        request.get("ActionAfterCompletion") or "NONE",
        request.get("ClientToken") or "",
    )


def _given(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value is not None}


def _is_again(known: Schedule, asked: Schedule) -> bool:
    times = {"created": known.created, "modified": known.modified}
    return bool(asked.token) and known == msgspec.structs.replace(asked, **times)


async def _keep(ctx: Context, schedule: Schedule) -> Request:
    kept.put(ctx, schedule, schedule.group, schedule.name)
    await arrange(ctx, schedule, first(ctx, schedule))
    return {"ScheduleArn": schedule_arn(ctx, schedule.group, schedule.name)}


# -- checking


async def _check(ctx: Context, schedule: Schedule) -> None:
    """Raises ValidationException, AccessDenied, NotImplemented."""
    _check_times(ctx, schedule)
    _check_window(schedule)
    target = schedule.target
    if universal.is_universal(target["Arn"]):
        arn = schedule_arn(ctx, schedule.group, schedule.name)
        universal.check(ctx, target, Invocation(arn, target, ctx.now(), "0" * 16, ctx.now()))
    else:
        templates.check(ctx, target)
    if schedule.key is not None:
        await _check_key(ctx, schedule.key)
    await _check_role(ctx, schedule)


def _check_times(ctx: Context, schedule: Schedule) -> None:
    try:
        parsed("rate(1 minute)" if schedule.zone == "UTC" else "cron(0 0 * * ? *)", schedule.zone)
    except InvalidSchedule:
        raise errors.invalid_zone(schedule.zone) from None
    try:
        parsed(schedule.expression, schedule.zone)
    except InvalidSchedule:
        raise errors.invalid_expression(schedule.expression) from None
    if schedule.is_once:
        return  # neither start nor end has a meaning
    if schedule.start is not None and schedule.start < ctx.now() - limits.START_GRACE_SECONDS:
        raise errors.start_too_early()
    if schedule.end is not None and schedule.end < ctx.now():
        raise errors.end_in_the_past()
    if schedule.start is not None and schedule.end is not None and schedule.end <= schedule.start:
        raise errors.end_before_start()


def _check_window(schedule: Schedule) -> None:
    is_flexible = schedule.window["Mode"] == "FLEXIBLE"
    has_length = "MaximumWindowInMinutes" in schedule.window
    if is_flexible and not has_length:
        raise errors.window_required()
    if has_length and not is_flexible:
        raise errors.window_not_allowed()


async def _check_key(ctx: Context, arn: str) -> None:
    """The key has to be there, enabled, and the caller's to use.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/encryption-rest.html
    """
    try:
        key = (await ctx.call("kms", "DescribeKey", {"KeyId": arn}, as_caller=True))["KeyMetadata"]
    except AWSError as error:
        raise errors.key_not_usable(arn, error.message) from error
    if key["KeyState"] != "Enabled":
        raise errors.key_not_usable(arn, f"its state is {key['KeyState']}.")


async def _check_role(ctx: Context, schedule: Schedule) -> None:
    role = schedule.target["RoleArn"]
    await ctx.pass_role(role)
    try:
        await ctx.assume(role, source_arn=group_arn(ctx, schedule.group))
    except AWSError:
        raise errors.role_not_assumable() from None


# -- the rest


@service.operation(resource=_named)
async def get_schedule(ctx: Context, request: Request) -> Request:
    """API_GetSchedule."""
    await find_group(ctx, _group(request))
    schedule = await find_schedule(ctx, _group(request), request["Name"])
    return {
        **_summary(ctx, schedule),
        "ScheduleExpression": schedule.expression,
        "ScheduleExpressionTimezone": schedule.zone,
        "StartDate": schedule.start,
        "EndDate": schedule.end,
        "Description": schedule.description,
        "KmsKeyArn": schedule.key,
        "Target": {**schedule.target, "RetryPolicy": {**_RETRIES, **(schedule.target.get("RetryPolicy") or {})}},
        "FlexibleTimeWindow": schedule.window,
        "ActionAfterCompletion": schedule.completion,
    }


_RETRIES = {
    "MaximumEventAgeInSeconds": limits.EVENT_AGE_SECONDS,
    "MaximumRetryAttempts": limits.RETRY_ATTEMPTS,
}


def _summary(ctx: Context, schedule: Schedule) -> Request:
    return {
        "Arn": schedule_arn(ctx, schedule.group, schedule.name),
        "GroupName": schedule.group,
        "Name": schedule.name,
        "State": schedule.state,
        "CreationDate": schedule.created,
        "LastModificationDate": schedule.modified,
        "Target": {"Arn": schedule.target["Arn"]},
    }


def _listed(ctx: Context, request: Request) -> str:
    return schedule_arn(ctx, request.get("GroupName") or "*", "*")


@service.operation(resource=_listed)
async def list_schedules(ctx: Context, request: Request) -> Request:
    """The schedules by group and name. API_ListSchedules."""
    group, token = request.get("GroupName"), request.get("NextToken")
    if group is not None:
        await find_group(ctx, group)
    prefix, state = request.get("NamePrefix") or "", request.get("State")
    after = None if token is None else tuple(pages.position(token, errors.invalid_next_token()).split("/"))
    found = await kept.scan(ctx, after=after) if group is None else await _of_group(ctx, group, after)
    fitting = [each for each in found if each.name.startswith(prefix) and state in (None, each.state)]
    most = request.get("MaxResults") or limits.PAGE
    shown, following_page = pages.page(fitting, most, lambda each: f"{each.group}/{each.name}")
    return {"Schedules": [_summary(ctx, each) for each in shown], "NextToken": following_page}


async def _of_group(ctx: Context, group: str, after: tuple[str, ...] | None) -> list[Schedule]:
    return await kept.scan(ctx, group, after=None if after is None else after[1:])


@service.operation(resource=_named)
async def delete_schedule(ctx: Context, request: Request) -> Request:
    """API_DeleteSchedule."""
    await find_group(ctx, _group(request))
    await remove(ctx, await find_schedule(ctx, _group(request), request["Name"]))
    return {}


async def remove(ctx: Context, schedule: Schedule) -> None:
    kept.delete(ctx, schedule.group, schedule.name)
    await cancel(ctx, schedule)


@service.task
async def empty_group(ctx: Context, payload: Request) -> None:
    """Delete the schedules of a group that is to go, a hundred at a time, and then the group."""
    name = payload["name"]
    found = await kept.scan(ctx, name, limit=_EMPTIED_AT_ONCE)
    for schedule in found:
        await remove(ctx, schedule)
    if len(found) == _EMPTIED_AT_ONCE:
        await ctx.schedule("empty_group", payload)
    else:
        groups.delete(ctx, name)


async def go_on(ctx: Context, schedule: Schedule, moment: float) -> None:
    """What follows a moment of a schedule: the next one whose window is not over, or after the last one nothing, or its end."""
    # a task runs up to a microsecond early, which must not make its moment come twice
    over = max(ctx.now() - window_seconds(schedule), moment)
    upcoming = None if schedule.is_once else following(schedule, over)
    if upcoming is None and schedule.completion == "DELETE":
        await remove(ctx, schedule)
    else:
        await arrange(ctx, schedule, upcoming)
