"""Events: what happened to clusters and groups, for two weeks; and word of it to the cluster's topic."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.kernel.keys import Part
from fogbank.services.dax import errors, limits, listing
from fogbank.services.dax.records import Cluster, Event, cluster_arn, events
from fogbank.services.dax.service import service

_KEPT = limits.LONGEST_DURATION * 60
_DEFAULT_DURATION = 60


async def note(ctx: Context, source: str, kind: str, message: str) -> None:
    """Write an event, and drop the first of those that are too old for anybody to see."""
    now = ctx.now()
    for key, _ in await events.items(ctx, (int, str), until=(int((now - _KEPT) * 1e6),), limit=2):
        events.delete(ctx, *key)
    events.put(ctx, Event(source, kind, message, now), int(now * 1e6), ctx.ids.hex(8))


async def note_cluster(ctx: Context, cluster: Cluster, message: str) -> None:
    """An event of a cluster; its topic hears of it."""
    await note(ctx, cluster.name, "CLUSTER", message)
    if cluster.topic is not None and cluster.topic_status == "active":
        await ctx.schedule("publish", {"topic": cluster.topic, "cluster": cluster.name, "message": message})


@service.task
async def publish(ctx: Context, payload: dict[str, str]) -> None:
    """A topic that is gone, or does not let DAX publish, is not told; nobody hears of that at AWS either."""
    message = orjson.dumps({"DAX:Event": payload["message"], "ClusterName": payload["cluster"]}).decode()
    with suppress(AWSError):
        await ctx.call(
            "sns",
            "Publish",
            {"TopicArn": payload["topic"], "Subject": "DAX Notification Message", "Message": message},
            source_arn=cluster_arn(ctx, payload["cluster"]),
        )


@service.operation(resource=lambda ctx, request: "*")
async def describe_events(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Events of the last hour, or of the time that is asked for, the oldest first."""
    since, until = _span(ctx, request)
    found = await events.items(ctx, (int, str), since=(int(since * 1e6),), until=(int(until * 1e6) + 1,))
    wanted = [(_position(time, id), event) for (time, id), event in found if _matches(event, request)]
    rows, token = listing.page(request, wanted, lambda row: row[0])
    return {"Events": [_shape(event) for _, event in rows], "NextToken": token}


def _span(ctx: Context, request: dict[str, Any]) -> tuple[float, float]:
    """(first, last) epoch second. Raises InvalidParameterCombinationException, InvalidParameterValueException."""
    start, end, duration = request.get("StartTime"), request.get("EndTime"), request.get("Duration")
    if duration is not None and start is not None and end is not None:
        raise errors.invalid_combination("StartTime, EndTime and Duration cannot be used together.")
    if duration is not None and not 0 < duration <= limits.LONGEST_DURATION:
        raise errors.invalid_value(f"Duration must be between 1 and {limits.LONGEST_DURATION}.")
    if start is not None and end is not None and start > end:
        raise errors.invalid_combination("StartTime must be before EndTime.")
    seconds = (duration or _DEFAULT_DURATION) * 60
    if start is not None:
        return start, end if end is not None else (start + seconds if duration is not None else ctx.now())
    until = ctx.now() if end is None else end
    return until - seconds, until


def _position(time: Part, id: Part) -> str:
    return f"{time!s:0>20}{id!s}"


def _matches(event: Event, request: dict[str, Any]) -> bool:
    return (
        request.get("SourceName", event.source) == event.source and request.get("SourceType", event.kind) == event.kind
    )


def _shape(event: Event) -> dict[str, Any]:
    return {"SourceName": event.source, "SourceType": event.kind, "Message": event.message, "Date": event.time}
