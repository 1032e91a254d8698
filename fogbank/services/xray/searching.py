"""Finding traces: GetTraceSummaries, BatchGetTraces."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from typing import Any

import orjson

from fogbank.kernel import Context
from fogbank.kernel import pages as tokens
from fogbank.services.xray import errors, filters, groups, keeping, limits
from fogbank.services.xray.documents import Document
from fogbank.services.xray.records import Known
from fogbank.services.xray.service import service
from fogbank.services.xray.summaries import summary
from fogbank.services.xray.traces import Trace

Request = dict[str, Any]

_PAGE = 1000
_PROCESSED = 5000
"""So many traces are looked at for one page: one whose filter fits few of them may be short, or empty, and have a next one."""
_TRACE_ID = re.compile(r"1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24}")


def require_range(request: Request, hours: int) -> tuple[float, float]:
    """(StartTime, EndTime). Raises InvalidRequestException."""
    since, until = request["StartTime"], request["EndTime"]
    if until <= since:
        raise errors.reversed_range()
    if until - since > hours * 3600:
        raise errors.long_range(hours)
    return since, until


def require_ids(request: Request) -> list[str]:
    """The trace ids, each once. Raises InvalidRequestException."""
    found: list[str] = list(dict.fromkeys(request["TraceIds"]))
    for trace_id in found:
        if not _TRACE_ID.fullmatch(trace_id):
            raise errors.invalid_trace_id(trace_id)
    return found


# -- summaries


@service.operation
async def get_trace_summaries(ctx: Context, request: Request) -> Request:
    """Summaries of the traces in a time range that fit a filter, the last one first. API_GetTraceSummaries."""
    since, until = require_range(request, limits.SUMMARY_HOURS)
    expression = request.get("FilterExpression")
    node = filters.parse(expression) if expression else None
    known_groups = await groups.known(ctx)
    before = _place(request.get("NextToken"))
    is_sampled = _sampler(request)
    found: list[Request] = []
    processed, following = 0, None
    async for trace, known in _in_range(ctx, request.get("TimeRangeType") or "TraceId", since, until, before):
        processed += 1
        if is_sampled(trace.id) and (node is None or filters.matches(node, trace, known_groups)):
            found.append({**summary(trace, known.revision), "MatchedEventTime": _matched(request, known, until)})
        if len(found) == _PAGE or processed == _PROCESSED:
            following = tokens.token(f"{known.time} {trace.id}")
            break
    is_partial_scan = request.get("Sampling") and not _rate(request)
    return {
        "TraceSummaries": found,
        "ApproximateTime": ctx.now(),
        "TracesProcessedCount": processed,
        "NextToken": None if is_partial_scan else following,
    }


def _place(token: str | None) -> keeping.Place | None:
    """Behind which trace the next page begins. Raises InvalidRequestException."""
    if token is None:
        return None
    time, _, trace_id = tokens.position(token, errors.invalid_token()).partition(" ")
    if not time.isdigit() or not trace_id:
        raise errors.invalid_token()
    return int(time), trace_id


async def _in_range(
    ctx: Context, kind: str, since: float, until: float, before: keeping.Place | None
) -> AsyncIterator[tuple[Trace, Known]]:
    """By the time in their ids, by when they were under way, or by when one of their segments ended."""
    if kind == "TraceId":
        async for found in keeping.started(ctx, since, until, before):
            yield found
        return
    async for trace, known in keeping.active(ctx, since, until, before):
        if kind == "Event" or _ended_in(trace, since, until):
            yield trace, known


def _ended_in(trace: Trace, since: float, until: float) -> bool:
    return any(since <= segment.document.get("end_time", -1) < until for segment in trace.segments)


def _matched(request: Request, known: Known, until: float) -> float | None:
    return min(known.ended, until) if request.get("TimeRangeType") == "Event" else None


def _rate(request: Request) -> float | None:
    """The share of traces that is asked for, where it is a fixed one. Raises InvalidRequestException."""
    strategy = request.get("SamplingStrategy") or {}
    if strategy.get("Name") != "FixedRate":
        return None
    rate = strategy.get("Value", 1.0)
    if not 0 <= rate <= 1:
        raise errors.invalid_request("The value of SamplingStrategy must be between 0 and 1")
    return float(rate)


def _sampler(request: Request) -> Any:
    """Is a trace one of those that are asked for? The same ones each time."""
    rate = _rate(request)
    if not request.get("Sampling") or rate is None:
        return lambda trace_id: True
    return lambda trace_id: int(hashlib.sha256(trace_id.encode()).hexdigest()[:8], 16) / 2**32 < rate


# -- whole traces


@service.operation
async def batch_get_traces(ctx: Context, request: Request) -> Request:
    """Full traces by id. An id that is not known is passed over. API_BatchGetTraces."""
    if request.get("NextToken") is not None:
        raise errors.invalid_token()
    ids = require_ids(request)
    if len(ids) > limits.BATCH:
        raise errors.invalid_request(f"At most {limits.BATCH} trace ids can be given")
    found = [await keeping.load(ctx, trace_id) for trace_id in ids]
    return {"Traces": [_shown(each[0]) for each in found if each is not None], "UnprocessedTraceIds": []}


def _shown(trace: Trace) -> Request:
    return {
        "Id": trace.id,
        "Duration": round(trace.end - trace.start, 3),
        "LimitExceeded": False,
        "Segments": [{"Id": each["id"], "Document": orjson.dumps(each).decode()} for each in told(trace)],
    }


def told(trace: Trace) -> list[Document]:
    """The documents of a full trace, with those that are inferred."""
    return [*(segment.document for segment in trace.segments if segment.is_told), *trace.strays]
