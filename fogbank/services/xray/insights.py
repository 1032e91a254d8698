"""Insights: times in which a group's requests fail more often than they should.

GetInsightSummaries, GetInsight, GetInsightEvents, GetInsightImpactGraph.

AWS compares with a forecast that it does not document. Here a minute is anomalous when at least three requests of the group fail in it, and
more than a tenth of them. Such a minute begins an insight, or is another event of the one that is active; five minutes without close it.
Groups that want insights are looked at every minute while there are traces; EventBridge is told of every step, if they want that, too.

insights  (began in seconds, id)   Insight
places    (id)                     Place: when it began
active    (group)                  Place of the insight of a group that is not closed

https://docs.aws.amazon.com/xray/latest/devguide/xray-console-insights.html
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import msgspec

from fogbank.kernel import Context, Record, service_events
from fogbank.kernel import pages as tokens
from fogbank.services.xray import errors, filters, groups, keeping, limits
from fogbank.services.xray.graphs import Graph
from fogbank.services.xray.groups import Group
from fogbank.services.xray.root_causes import of_flag
from fogbank.services.xray.searching import require_range
from fogbank.services.xray.service import service
from fogbank.services.xray.traces import Trace

Request = dict[str, Any]

_MINUTE = 60
_LEAST_FAULTS, _LEAST_SHARE = 3, 0.1
_QUIET_SECONDS = 300
_GRAPH_SECONDS = 300
_ACTIVE, _CLOSED = "ACTIVE", "CLOSED"
_FAULT = "FAULT"
_PAGE, _EVENTS = 100, 50


class Event(Record, frozen=True):
    """A minute with an anomaly: what clients got, and what the service got that is its cause."""

    time: float
    requests: tuple[int, int]
    causes: tuple[int, int]
    """Each: (faults, all)."""


class Insight(Record, frozen=True):
    """`service` is the cause, as the API shows it; times are epoch seconds."""

    id: str
    group: str
    arn: str
    service: dict[str, Any]
    began: int
    ended: float
    events: list[Event]
    state: str = _ACTIVE


class Place(Record, frozen=True):
    began: int
    id: str


_insights = service.collection("insights", Insight)
_places = service.collection("insight-places", Place)
_active = service.collection("insights-active", Place)


# -- finding them


async def watch(ctx: Context) -> None:
    """Traces have come: have groups looked at when the minute is over, if some want it."""
    if await groups.watched.get(ctx) is not None:
        await _look_later(ctx)


async def _look_later(ctx: Context) -> None:
    minute = int(ctx.now()) // _MINUTE
    at = (minute + 1) * _MINUTE
    await ctx.schedule("look_for_anomalies", {"since": minute * _MINUTE}, at=at, key=str(minute))


@service.task
async def look_for_anomalies(ctx: Context, payload: Request) -> None:
    """Look at the minute that is over, in every group that wants it."""
    since = payload["since"]
    wanting = {group.name: group for group in await groups.groups.scan(ctx) if group.insights}
    for group in wanting.values():
        await _look(ctx, group, since)
    for (name,), place in await _active.items(ctx, (str,)):
        insight = await _insights.get(ctx, place.began, place.id)
        if name not in wanting and insight is not None:  # nobody would ever close it
            await _keep(ctx, msgspec.structs.replace(insight, state=_CLOSED))
    if await _active.count(ctx, limit=1):
        await _look_later(ctx)


async def _look(ctx: Context, group: Group, since: int) -> None:
    traces = await _of_group(ctx, group, since, since + _MINUTE)
    failed = [trace for trace in traces if trace.root is not None and trace.root.document.get("fault") is True]
    place = await _active.get(ctx, group.name)
    insight = None if place is None else await _insights.get(ctx, place.began, place.id)
    if len(failed) >= _LEAST_FAULTS and len(failed) > _LEAST_SHARE * len(traces):
        cause = insight.service if insight is not None else _cause(failed)
        event = Event(since, (len(failed), len(traces)), _counts(cause, traces))
        insight = insight or Insight(ctx.ids.uuid(), group.name, groups.arn_of(ctx, group), cause, since, since, [])
        insight = msgspec.structs.replace(insight, events=[*insight.events, event], ended=since + _MINUTE)
    elif insight is not None and since + _MINUTE - insight.ended >= _QUIET_SECONDS:
        insight = msgspec.structs.replace(insight, state=_CLOSED)
    else:
        return
    await _keep(ctx, insight)
    if group.notifications:
        await _notify(ctx, insight)


async def _keep(ctx: Context, insight: Insight) -> None:
    """One that is closed can be read for as long as traces are kept."""
    place = Place(insight.began, insight.id)
    _insights.put(ctx, insight, insight.began, insight.id)
    _places.put(ctx, place, insight.id)
    if insight.state == _ACTIVE:
        _active.put(ctx, place, insight.group)
    else:
        _active.delete(ctx, insight.group)
        await ctx.schedule("forget_insight", {"id": insight.id}, delay=limits.RETENTION_SECONDS)


@service.task
async def forget_insight(ctx: Context, payload: Request) -> None:
    place = await _places.get(ctx, payload["id"])
    if place is not None:
        _insights.delete(ctx, place.began, place.id)
        _places.delete(ctx, place.id)


async def _notify(ctx: Context, insight: Insight) -> None:
    """Tell EventBridge. https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-xray.html"""
    detail = {key: value for key, value in _shown(insight).items() if key != "Categories"}
    await service_events.tell(ctx, "AWS X-Ray Insight Update", {**detail, "Category": _FAULT}, [insight.arn])


async def _of_group(ctx: Context, group: Group, since: float, until: float) -> list[Trace]:
    node = filters.parse(group.filter) if group.filter else None
    known = await groups.known(ctx)
    return [
        trace
        async for trace, _ in keeping.started(ctx, since, until)
        if node is None or filters.matches(node, trace, known)
    ]


def _cause(failed: list[Trace]) -> dict[str, Any]:
    """The service in which most of the faults came up."""
    last = [of_flag(trace, "fault")[0]["Services"][-1] for trace in failed]
    names = Counter((each["Name"], each["Type"]) for each in last)
    name, kind = names.most_common(1)[0][0]
    found = next(each for each in last if (each["Name"], each["Type"]) == (name, kind))
    return {member: found[member] for member in ("Name", "Names", "AccountId", "Type")}


def _counts(cause: dict[str, Any], traces: list[Trace]) -> tuple[int, int]:
    """(faults, all) of the segments of a service"""
    found = [segment.document for trace in traces for segment in trace.segments if segment.service.shown == cause]
    return sum(each.get("fault") is True for each in found), len(found)


# -- telling of them


@service.operation
async def get_insight_summaries(ctx: Context, request: Request) -> Request:
    """The insights of a group that were active in a time range, the last one first. API_GetInsightSummaries."""
    group = await groups.find(ctx, request)
    since, until = request["StartTime"], request["EndTime"]
    if until <= since:
        raise errors.reversed_range()
    if since < ctx.now() - limits.RETENTION_SECONDS:
        raise errors.invalid_request("StartTime cannot be more than 30 days old")
    states = request.get("States") or (_ACTIVE, _CLOSED)
    rows = await _insights.scan(ctx, until=(math.ceil(until),), reverse=True)
    found = [each for each in rows if each.group == group.name and each.ended >= since and each.state in states]
    shown, token = _page(request, found, lambda each: each.id, _PAGE)
    return {"InsightSummaries": [{**_shown(each), "LastUpdateTime": each.ended} for each in shown], "NextToken": token}


def _page(request: Request, found: list[Any], key: Any, most: int) -> tuple[list[Any], str | None]:
    token = request.get("NextToken")
    if token is not None:
        after = tokens.position(token, errors.invalid_token())
        places = [key(each) for each in found]
        found = found[places.index(after) + 1 :] if after in places else []
    shown, next_token = tokens.page(found, request.get("MaxResults", most), key)
    return list(shown), next_token


async def _find(ctx: Context, request: Request) -> Insight:
    place = await _places.get(ctx, request["InsightId"])
    found = None if place is None else await _insights.get(ctx, place.began, place.id)
    if found is None:
        raise errors.no_such_insight(request["InsightId"])
    return found


@service.operation
async def get_insight(ctx: Context, request: Request) -> Request:
    """API_GetInsight."""
    return {"Insight": _shown(await _find(ctx, request))}


def _shown(insight: Insight) -> Request:
    return {
        "InsightId": insight.id,
        "GroupARN": insight.arn,
        "GroupName": insight.group,
        "RootCauseServiceId": insight.service,
        "Categories": [_FAULT],
        "State": insight.state,
        "StartTime": insight.began,
        "EndTime": insight.ended if insight.state == _CLOSED else None,
        **_impact(insight, insight.events),
    }


def _impact(insight: Insight, events: list[Event]) -> Request:
    requests = _statistics([event.requests for event in events])
    return {
        "Summary": f"{insight.service['Name']} is the cause of {requests['FaultCount']} faults of "
        f"{requests['TotalCount']} client requests.",
        "ClientRequestImpactStatistics": requests,
        "RootCauseServiceRequestImpactStatistics": _statistics([event.causes for event in events]),
        "TopAnomalousServices": [{"ServiceId": insight.service}],
    }


def _statistics(counts: list[tuple[int, int]]) -> Request:
    faults, total = sum(each[0] for each in counts), sum(each[1] for each in counts)
    return {"FaultCount": faults, "OkCount": total - faults, "TotalCount": total}


@service.operation
async def get_insight_events(ctx: Context, request: Request) -> Request:
    """The minutes with anomalies, the last one first. API_GetInsightEvents."""
    insight = await _find(ctx, request)
    shown, token = _page(request, insight.events[::-1], lambda each: str(each.time), _EVENTS)
    events = [{"EventTime": each.time, **_impact(insight, [each])} for each in shown]
    return {"InsightEvents": events, "NextToken": token}


@service.operation
async def get_insight_impact_graph(ctx: Context, request: Request) -> Request:
    """The structure of the group's graph, in the time that is asked for. API_GetInsightImpactGraph."""
    if request.get("NextToken") is not None:
        raise errors.invalid_token()
    insight = await _find(ctx, request)
    since, until = require_range(request, limits.GRAPH_HOURS)
    graph = Graph()
    group = await groups.groups.get(ctx, insight.group)
    if group is not None:
        for trace in await _of_group(ctx, group, since, until):
            graph.add(trace)
    begun = max(insight.began - _GRAPH_SECONDS, since)
    return {
        "InsightId": insight.id,
        "StartTime": since,
        "EndTime": until,
        "ServiceGraphStartTime": begun,
        "ServiceGraphEndTime": min(insight.ended + _GRAPH_SECONDS, until),
        "Services": graph.services,
    }
