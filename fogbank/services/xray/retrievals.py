"""Retrieving traces of transaction search: StartTraceRetrieval, ListRetrievedTraces, GetRetrievedTracesGraph, CancelTraceRetrieval.

All traces of the time range can be retrieved, also those that are not indexed. A retrieval takes a moment, and can be read for an hour.

retrievals  (token)  Retrieval

https://docs.aws.amazon.com/xray/latest/api/API_StartTraceRetrieval.html
"""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from fogbank.kernel import Context, Record
from fogbank.kernel import pages as tokens
from fogbank.services.xray import destinations, errors, keeping, spans
from fogbank.services.xray.graphs import Graph
from fogbank.services.xray.searching import require_ids, told
from fogbank.services.xray.service import service
from fogbank.services.xray.traces import Trace

Request = dict[str, Any]

_RUNNING_SECONDS = 1.0
_KEPT_SECONDS = 3600.0
_PAGE = 5
_SPANS = 100


class Retrieval(Record, frozen=True):
    trace_ids: list[str]
    since: float
    until: float
    status: str = "RUNNING"


_retrievals = service.collection("retrievals", Retrieval)


@service.operation
async def start_trace_retrieval(ctx: Context, request: Request) -> Request:
    """API_StartTraceRetrieval."""
    if not await destinations.goes_to_logs(ctx):
        raise errors.invalid_request("Trace retrieval requires CloudWatchLogs as the trace segment destination")
    since, until = request["StartTime"], request["EndTime"]
    if until <= since:
        raise errors.reversed_range()
    token = ctx.ids.hex(64)
    _retrievals.put(ctx, Retrieval(require_ids(request), since, until), token)
    await ctx.schedule("complete_retrieval", {"token": token}, delay=_RUNNING_SECONDS)
    await ctx.schedule("forget_retrieval", {"token": token}, delay=_KEPT_SECONDS)
    return {"RetrievalToken": token}


@service.task
async def complete_retrieval(ctx: Context, payload: Request) -> None:
    found = await _retrievals.get(ctx, payload["token"])
    if found is not None and found.status == "RUNNING":
        _retrievals.put(ctx, msgspec.structs.replace(found, status="COMPLETE"), payload["token"])


@service.task
async def forget_retrieval(ctx: Context, payload: Request) -> None:
    _retrievals.delete(ctx, payload["token"])


async def _find(ctx: Context, request: Request) -> Retrieval:
    found = await _retrievals.get(ctx, request["RetrievalToken"])
    if found is None:
        raise errors.no_such_retrieval(request["RetrievalToken"])
    return found


@service.operation
async def cancel_trace_retrieval(ctx: Context, request: Request) -> Request:
    """API_CancelTraceRetrieval."""
    found = await _find(ctx, request)
    if found.status != "RUNNING":
        raise errors.invalid_request(f"The retrieval is {found.status}")
    _retrievals.put(ctx, msgspec.structs.replace(found, status="CANCELLED"), request["RetrievalToken"])
    return {}


@service.operation
async def list_retrieved_traces(ctx: Context, request: Request) -> Request:
    """The traces of a retrieval that is complete, five at a time. API_ListRetrievedTraces."""
    found = await _find(ctx, request)
    form = request.get("TraceFormat") or "XRAY"
    answer: Request = {"RetrievalStatus": found.status, "TraceFormat": form, "Traces": []}
    if found.status != "COMPLETE":
        return answer
    traces = await _traces(ctx, found)
    token = request.get("NextToken")
    if token is not None:
        after = tokens.position(token, errors.invalid_token())
        traces = [trace for trace in traces if trace.id > after]
    shown, answer["NextToken"] = tokens.page(traces, _PAGE, lambda trace: trace.id)
    answer["Traces"] = [_shown(trace, form) for trace in shown]
    return answer


async def _traces(ctx: Context, retrieval: Retrieval) -> list[Trace]:
    loaded = [await keeping.load(ctx, each, is_wanted=True) for each in sorted(retrieval.trace_ids)]
    return [
        trace
        for trace, known in (each for each in loaded if each is not None)
        if known.began <= retrieval.until and known.ended >= retrieval.since
    ]


def _shown(trace: Trace, form: str) -> Request:
    documents = told(trace)
    if form == "OTEL":
        documents = [
            {**span, "id": span["spanId"]}
            for each in trace.segments
            if not each.is_inferred
            for span in spans.of_segment(each.document)
        ]
    listed = [{"Id": each["id"], "Document": orjson.dumps(each).decode()} for each in documents[:_SPANS]]
    return {"Id": trace.id, "Duration": round(trace.end - trace.start, 3), "Spans": listed}


@service.operation
async def get_retrieved_traces_graph(ctx: Context, request: Request) -> Request:
    """The graph of the traces of a retrieval that is complete. API_GetRetrievedTracesGraph."""
    if request.get("NextToken") is not None:
        raise errors.invalid_token()
    found = await _find(ctx, request)
    graph = Graph()
    if found.status == "COMPLETE":
        for trace in await _traces(ctx, found):
            graph.add(trace)
    services = [{"Service": each, "Links": []} for each in graph.services]
    return {"RetrievalStatus": found.status, "Services": services}
