"""Scheduled actions: PutScheduledAction, DescribeScheduledActions, DeleteScheduledAction, and what they do at their moments.

    actions  (namespace, resource ID, dimension, name)  Action

An action has one task, `perform`, at its next moment.
https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scheduled-scaling.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, Record, schedules
from fogbank.kernel.schedules import InvalidSchedule
from fogbank.services.application_autoscaling import activities, errors, kinds, limits, listing, scaling
from fogbank.services.application_autoscaling.records import (
    ON_TARGET,
    Answer,
    Place,
    Request,
    Target,
    members_of,
    place_of,
    put,
    registered,
    targets,
)
from fogbank.services.application_autoscaling.service import service

_UTC = "UTC"


class Action(Record, frozen=True):
    """`least` and `most` are the new bounds; None where one stays. Times are epoch seconds."""

    place: Place
    name: str
    id: str
    expression: str
    created: float
    least: int | None = None
    most: int | None = None
    zone: str | None = None
    start: float | None = None
    end: float | None = None

    @property
    def key(self) -> str:
        return "|".join((*self.place, self.name))


actions = service.collection("actions", Action)


@service.operation(**ON_TARGET)
async def put_scheduled_action(ctx: Context, request: Request) -> Answer:
    """What is not given stays, of an action that is there already, but for its start and end."""
    place, name = place_of(request), request["ScheduledActionName"]
    if kinds.find(*place) is None:
        raise errors.unsupported()
    await registered(ctx, place)
    known = await actions.get(ctx, *place, name)
    if known is None and await actions.count(ctx, *place, limit=limits.SCHEDULED_ACTIONS) >= limits.SCHEDULED_ACTIONS:
        raise errors.limit_exceeded("scheduled actions of a scalable target", limits.SCHEDULED_ACTIONS)
    action = _asked(ctx, known, request)
    _check(action, ctx.now())
    actions.put(ctx, action, *place, name)
    await _arrange(ctx, action, ctx.now())
    return {}


def _asked(ctx: Context, known: Action | None, request: Request) -> Action:
    if known is None:
        if request.get("Schedule") is None:
            raise errors.schedule_required()
        named = request["ScheduledActionName"]
        known = Action(place_of(request), named, ctx.ids.uuid(), request["Schedule"], ctx.now())
    bounds = request.get("ScalableTargetAction") or {}
    given = {
        "expression": request.get("Schedule"),
        "zone": request.get("Timezone"),
        "least": bounds.get("MinCapacity"),
        "most": bounds.get("MaxCapacity"),
    }
    changes = {field: value for field, value in given.items() if value is not None}
    if bounds:
        changes |= {"least": given["least"], "most": given["most"]}
    return msgspec.structs.replace(known, start=request.get("StartTime"), end=request.get("EndTime"), **changes)


def _check(action: Action, now: float) -> None:
    """Raises ValidationException."""
    if action.least is None and action.most is None:
        raise errors.action_needs_bounds()
    if action.least is not None and action.least < kinds.of(action.place[2]).least:
        raise errors.minimum_too_low(kinds.of(action.place[2]).least)
    if action.least is not None and action.most is not None and action.most < action.least:
        raise errors.bounds_cross()
    try:
        schedules.parse("cron(0 0 * * ? *)", zone=action.zone or _UTC)
    except InvalidSchedule:
        raise errors.invalid_zone(action.zone or "") from None
    try:
        times = schedules.parse(action.expression, zone=action.zone or _UTC)
    except InvalidSchedule:
        raise errors.invalid_schedule(action.expression) from None
    if isinstance(times, schedules.Once) and times.after(now) is None:
        raise errors.schedule_is_past()
    if action.start is not None and action.end is not None and action.end <= action.start:
        raise errors.end_before_start()


# -- at its moments


async def _arrange(ctx: Context, action: Action, after: float) -> None:
    """Have the action performed at its first moment after that one, if there is one before its end."""
    moment = _following(action, after)
    if moment is None:
        await ctx.unschedule("perform", action.key)
        return
    payload = {"place": list(action.place), "name": action.name, "moment": moment}
    await ctx.schedule("perform", payload, at=moment, key=action.key)


def _following(action: Action, after: float) -> float | None:
    """A rate counts from the start, or from when the action was made."""
    begin = action.created if action.start is None else action.start
    times = schedules.parse(action.expression, zone=action.zone or _UTC)
    moment = times.after(max(after, begin - 1e-6), begin)
    return None if moment is None or (action.end is not None and moment > action.end) else moment


@service.task
async def perform(ctx: Context, payload: dict[str, Any]) -> None:
    namespace, resource, dimension = payload["place"]
    place = (namespace, resource, dimension)
    action, target = await actions.get(ctx, *place, payload["name"]), await targets.get(ctx, *place)
    if action is None or target is None:
        return
    if not target.suspended.scheduled:
        await _perform(ctx, target, action)
    await _arrange(ctx, action, max(ctx.now(), payload["moment"]))


async def _perform(ctx: Context, target: Target, action: Action) -> None:
    least = target.least if action.least is None else action.least
    most = target.most if action.most is None else action.most
    given = {"min": action.least, "max": action.most}
    bounds = " and ".join(f"{which} capacity to {value}" for which, value in given.items() if value is not None)
    cause, description = f"scheduled action name {action.name} was triggered", f"Setting {bounds}"
    if most < least:
        ended = {"message": f"Failed to set {bounds}. Reason: {errors.bounds_cross().message}", "ended": ctx.now()}
        await activities.begin(ctx, target.place, description, cause, activities.FAILED, **ended)
        return
    message = f"Successfully set {bounds}"
    await activities.begin(ctx, target.place, description, cause, activities.SUCCESSFUL, message=message)
    await scaling.keep_within(ctx, put(ctx, target, least=least, most=most))


# -- the rest


@service.operation
async def describe_scheduled_actions(ctx: Context, request: Request) -> Answer:
    listing.check(request)
    names = request.get("ScheduledActionNames") or ()
    rows = [
        each
        for each in await actions.scan(ctx, request["ServiceNamespace"])
        if listing.wants(request, each.place) and (not names or each.name in names)
    ]
    shown, token = listing.page(request, rows, limits.PAGE, lambda each: each.key)
    return {"ScheduledActions": [_described(ctx, each) for each in shown], "NextToken": token}


def _described(ctx: Context, action: Action) -> Answer:
    namespace, resource, _ = action.place
    of = f"{action.id}:resource/{namespace}/{resource}:scheduledActionName/{action.name}"
    bounds = {"MinCapacity": action.least, "MaxCapacity": action.most}
    return {
        "ScheduledActionName": action.name,
        "ScheduledActionARN": f"arn:{ctx.partition}:autoscaling:{ctx.region}:{ctx.account}:scheduledAction:{of}",
        **members_of(action.place),
        "Schedule": action.expression,
        "Timezone": action.zone,
        "StartTime": action.start,
        "EndTime": action.end,
        "ScalableTargetAction": {name: value for name, value in bounds.items() if value is not None},
        "CreationTime": action.created,
    }


@service.operation(**ON_TARGET)
async def delete_scheduled_action(ctx: Context, request: Request) -> Answer:
    place, name = place_of(request), request["ScheduledActionName"]
    action = await actions.get(ctx, *place, name)
    if action is None:
        raise errors.no_such_action(name, *place)
    await _remove(ctx, action)
    return {}


async def _remove(ctx: Context, action: Action) -> None:
    actions.delete(ctx, *action.place, action.name)
    await ctx.unschedule("perform", action.key)


async def forget_all(ctx: Context, target: Target) -> None:
    """The target is being deregistered."""
    for each in await actions.scan(ctx, *target.place):
        await _remove(ctx, each)
