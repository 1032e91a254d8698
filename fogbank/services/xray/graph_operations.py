"""Service graphs: GetTraceGraph, GetServiceGraph, GetTimeSeriesServiceStatistics."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

from fogbank.kernel import Context
from fogbank.services.xray import errors, filters, groups, keeping, limits
from fogbank.services.xray.documents import Document
from fogbank.services.xray.filters.matching import is_of
from fogbank.services.xray.filters.nodes import Id, OfEdge, OfService
from fogbank.services.xray.graphs import Graph, Tally
from fogbank.services.xray.searching import require_ids, require_range
from fogbank.services.xray.service import service
from fogbank.services.xray.traces import Trace

Request = dict[str, Any]

_PERIODS = (60, 300)
_DEVIATIONS = 2


@service.operation
async def get_trace_graph(ctx: Context, request: Request) -> Request:
    """The graph of some traces. API_GetTraceGraph."""
    _require_no_token(request)
    graph = Graph()
    for trace_id in require_ids(request):
        found = await keeping.load(ctx, trace_id)
        if found is not None:
            graph.add(found[0])
    return {"Services": graph.services}


def _require_no_token(request: Request) -> None:
    """These answers are never so long that there is more."""
    if request.get("NextToken") is not None:
        raise errors.invalid_token()


@service.operation
async def get_service_graph(ctx: Context, request: Request) -> Request:
    """The graph of what happened in a time range, of all traces or of a group. API_GetServiceGraph."""
    _require_no_token(request)
    since, until = require_range(request, limits.GRAPH_HOURS)
    graph = Graph(lambda entity: since <= entity["start_time"] < until)
    for trace in await _traces(ctx, request, since, until):
        graph.add(trace)
    return {"StartTime": since, "EndTime": until, "Services": graph.services, "ContainsOldGroupVersions": False}


async def _traces(ctx: Context, request: Request, since: float, until: float) -> list[Trace]:
    """Those under way in the time range, and in the group that the request names, the first one first."""
    node = await groups.of_request(ctx, request)
    known = await groups.known(ctx)
    found = [
        trace
        async for trace, _ in keeping.active(ctx, since, until)
        if node is None or filters.matches(node, trace, known)
    ]
    return found[::-1]


# -- time series


@service.operation
async def get_time_series_service_statistics(ctx: Context, request: Request) -> Request:
    """Statistics of services, or of edges, minute by minute. API_GetTimeSeriesServiceStatistics."""
    _require_no_token(request)
    since, until = require_range(request, limits.GRAPH_HOURS)
    period = request.get("Period", _PERIODS[0])
    if period not in _PERIODS:
        raise errors.invalid_request("Period must be 60 or 300")
    expression = request.get("EntitySelectorExpression")
    wanted = filters.selector(expression) if expression else OfEdge(Id(), Id(), None)
    if request.get("ForecastStatistics") and not isinstance(wanted, OfService):
        raise errors.invalid_request("ForecastStatistics requires an EntitySelectorExpression of one service")
    tallies: dict[int, Tally] = {}
    for trace in await _traces(ctx, request, since, until):
        for entity in _selected(wanted, trace):
            if since <= entity["start_time"] < until:
                moment = int(entity["start_time"]) // period * period
                tallies.setdefault(moment, Tally()).add(entity)
    forecast = _forecast(tallies) if request.get("ForecastStatistics") else None
    rows = [_row(wanted, moment, tally, forecast) for moment, tally in sorted(tallies.items())]
    return {"TimeSeriesServiceStatistics": rows, "ContainsOldGroupVersions": False}


def _selected(wanted: filters.Node, trace: Trace) -> Iterator[Document]:
    if isinstance(wanted, OfService):
        yield from (each.document for each in trace.segments if is_of(wanted.id, each.service))
    elif isinstance(wanted, OfEdge):
        for call in trace.calls:
            if is_of(wanted.source, call.source.service) and is_of(wanted.target, call.target.service):
                yield call.via
        if wanted.source == wanted.target == Id():  # those of clients, too
            yield from (root.document for root in trace.roots)


def _row(wanted: filters.Node, moment: int, tally: Tally, forecast: Request | None) -> Request:
    member = "ServiceSummaryStatistics" if isinstance(wanted, OfService) else "EdgeSummaryStatistics"
    return {
        "Timestamp": moment,
        member: tally.statistics,
        "ServiceForecastStatistics": forecast,
        "ResponseTimeHistogram": tally.entries,
    }


def _forecast(tallies: dict[int, Tally]) -> Request:
    """Between which counts faults are to be expected: two standard deviations around the mean of the range.

    How AWS forecasts is not documented.
    """
    counts = [tally.faults for tally in tallies.values()] or [0]
    mean, deviation = statistics.fmean(counts), statistics.pstdev(counts)
    return {
        "FaultCountHigh": round(mean + _DEVIATIONS * deviation),
        "FaultCountLow": max(round(mean - _DEVIATIONS * deviation), 0),
    }
