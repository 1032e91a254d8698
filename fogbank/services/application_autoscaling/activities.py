"""Scaling activities: what was scaled and why, or why not, in the last six weeks.

    activities  (namespace, place in time)  Activity    microseconds, of which each has one

https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scaling-activities.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, Record
from fogbank.services.application_autoscaling import limits, listing
from fogbank.services.application_autoscaling.records import Answer, Place, Request, members_of
from fogbank.services.application_autoscaling.service import service

IN_PROGRESS, SUCCESSFUL, FAILED = "InProgress", "Successful", "Failed"

# how many old ones go with each new one
_FORGOTTEN_AT_ONCE = 10
_END_OF_TIME = 2**62


class Activity(Record, frozen=True):
    """`begun` and `ended` are epoch seconds. One that did not scale has a reason."""

    id: str
    order: int
    place: Place
    description: str
    cause: str
    begun: float
    status: str
    message: str | None = None
    ended: float | None = None
    not_scaled: dict[str, Any] | None = None

    @property
    def key(self) -> tuple[str, int]:
        return self.place[0], self.order


activities = service.collection("activities", Activity)


async def begin(ctx: Context, place: Place, description: str, cause: str, status: str, **more: Any) -> Activity:
    """Write an activity that begins now; those that are too old go."""
    latest = await activities.scan(ctx, place[0], reverse=True, limit=1)
    order = max([int(ctx.now() * 1e6), *(each.order + 1 for each in latest)])
    activity = Activity(ctx.ids.uuid(), order, place, description, cause, ctx.now(), status, **more)
    activities.put(ctx, activity, *activity.key)
    oldest = int((ctx.now() - limits.ACTIVITY_SECONDS) * 1e6)
    for old in await activities.scan(ctx, place[0], until=(oldest,), limit=_FORGOTTEN_AT_ONCE):
        activities.delete(ctx, *old.key)
    return activity


@service.operation
async def describe_scaling_activities(ctx: Context, request: Request) -> Answer:
    """The latest first. Those that did not scale are told only where they are asked for."""
    listing.check(request)
    since = int((ctx.now() - limits.ACTIVITY_SECONDS) * 1e6)
    found = [
        each
        for each in await activities.scan(ctx, request["ServiceNamespace"], since=(since,), reverse=True)
        if listing.wants(request, each.place) and (each.not_scaled is None or request.get("IncludeNotScaledActivities"))
    ]
    shown, token = listing.page(request, found, limits.PAGE, _position)
    return {"ScalingActivities": [_described(each) for each in shown], "NextToken": token}


def _position(activity: Activity) -> str:
    """Texts in the order of the list: of later activities they are smaller."""
    return f"{_END_OF_TIME - activity.order:020}"


def _described(activity: Activity) -> Answer:
    return {
        "ActivityId": activity.id,
        **members_of(activity.place),
        "Description": activity.description,
        "Cause": activity.cause,
        "StartTime": activity.begun,
        "EndTime": activity.ended,
        "StatusCode": activity.status,
        "StatusMessage": activity.message,
        "NotScaledReasons": None if activity.not_scaled is None else [activity.not_scaled],
    }
