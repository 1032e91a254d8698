"""Durable executions described and listed, and their histories."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, pages
from fogbank.services.lambda_.durable import errors, limits, records
from fogbank.services.lambda_.durable.records import (
    ON_EXECUTION,
    Event,
    Execution,
    find,
    micros,
    place_of,
    placed,
)
from fogbank.services.lambda_.records import ON_FUNCTION, Answer, Named, Request, latest, named
from fogbank.services.lambda_.records import find as find_version
from fogbank.services.lambda_.service import service

_AT_ONCE = 200


def _summary(scope: Context, execution: Execution) -> Answer:
    return {
        "DurableExecutionArn": place_of(scope, execution).arn,
        "DurableExecutionName": execution.name,
        "FunctionArn": execution.invoked,
        "Status": execution.status,
        "StartTimestamp": execution.started,
        "EndTimestamp": execution.ended,
        "KMSKeyArn": execution.config.get("KMSKeyArn"),
    }


@service.operation(**ON_EXECUTION)
async def get_durable_execution(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/lambda/latest/api/API_GetDurableExecution.html"""
    place = placed(ctx, request)
    execution = await find(place)
    with_data = request.get("IncludeExecutionData") is not False
    answer: Answer = {
        **_summary(place.scope, execution),
        "Version": execution.version,
        "TraceHeader": {"XAmznTraceId": execution.trace},
        "DurableConfig": execution.config,
        "ExecutionDataIncluded": with_data,
    }
    if not execution.is_over:
        answer["ExpectedExecutionTimeoutTimestamp"] = execution.deadline
    if execution.pause is not None:
        answer["PauseDetails"] = {
            "PauseRequestTimestamp": execution.pause.requested,
            "ExecutionTimeoutPaused": execution.pause.stops_clock,
            "Reason": execution.pause.reason if with_data else None,
        }
    return answer | (await _data(place.scope, execution) if with_data else {})


async def _data(scope: Context, execution: Execution) -> Answer:
    first = await records.operations.get(scope, execution.id, 0)
    outcome = await records.outcomes.get(scope, execution.id)
    return {
        "InputPayload": None if first is None else first.input,
        "Result": None if outcome is None else outcome.result,
        "Error": None if outcome is None else outcome.error,
    }


# -- lists


@service.operation(**ON_FUNCTION)
async def list_durable_executions_by_function(ctx: Context, request: Request) -> Answer:
    """The newest first. https://docs.aws.amazon.com/lambda/latest/api/API_ListDurableExecutionsByFunction.html"""
    of = named(ctx, request)
    await latest(of)
    version = (await find_version(of)).version if of.qualifier else None
    limit = request.get("MaxItems") or limits.LISTED
    found: list[Execution] = []
    async for execution in _started(of, request):
        if _matches(execution, request, version):
            found.append(execution)
        if len(found) > limit:
            break
    shown, marker = pages.page(found, limit, lambda each: f"{micros(each.started)} {each.name}")
    return {"DurableExecutions": [_summary(of.scope, each) for each in shown], "NextMarker": marker}


def _matches(execution: Execution, request: Request, version: str | None) -> bool:
    statuses = request.get("Statuses")
    return (
        (version is None or execution.version == version)
        and (not statuses or execution.status in statuses)
        and request.get("DurableExecutionName") in (None, execution.name)
    )


async def _started(of: Named, request: Request) -> Any:
    """The executions of the function that began in the time that is asked for, from the marker on."""
    oldest_first = bool(request.get("ReverseOrder"))
    bounds: dict[str, Any] = {}
    if request.get("StartedAfter") is not None:
        bounds["after"] = (micros(request["StartedAfter"]),)
    if request.get("StartedBefore") is not None:
        bounds["until"] = (micros(request["StartedBefore"]),)
    if request.get("Marker"):
        moment, _, name = pages.position(request["Marker"], errors.bad_marker()).partition(" ")
        bounds["after" if oldest_first else "until"] = (int(moment), name)
    while True:
        rows = await records.started.items(
            of.scope, (int, str), of.name, limit=_AT_ONCE, reverse=not oldest_first, **bounds
        )
        for _, name in rows:
            execution = await records.executions.get(of.scope, of.name, name)
            if execution is not None:
                yield execution
        if len(rows) < _AT_ONCE:
            return
        bounds["after" if oldest_first else "until"] = rows[-1][0]


# -- history


@service.operation(**ON_EXECUTION)
async def get_durable_execution_history(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/lambda/latest/api/API_GetDurableExecutionHistory.html"""
    place = placed(ctx, request)
    execution = await find(place)
    newest_first = bool(request.get("ReverseOrder"))
    limit = request.get("MaxItems") or limits.LISTED
    bounds: dict[str, Any] = {}
    if request.get("Marker"):
        number = int(pages.position(request["Marker"], errors.bad_marker()))
        bounds["until" if newest_first else "after"] = (number,)
    rows = await records.events.scan(place.scope, execution.id, limit=limit + 1, reverse=newest_first, **bounds)
    shown, marker = pages.page(rows, limit, lambda each: str(each.number))
    with_data = request.get("IncludeExecutionData") is not False
    return {"Events": [_described(each, with_data) for each in shown], "NextMarker": marker}


def _described(event: Event, with_data: bool) -> Answer:
    return {
        "EventType": event.type,
        "SubType": event.subtype or None,
        "EventId": event.number,
        "Id": event.operation or None,
        "Name": event.name or None,
        "EventTimestamp": event.at,
        "ParentId": event.parent or None,
        f"{event.type}Details": event.details if with_data else _without_data(event.details),
    }


def _without_data(details: dict[str, Any]) -> dict[str, Any]:
    return {name: {"Truncated": True} if _is_data(value) else value for name, value in details.items()}


def _is_data(value: Any) -> bool:
    return isinstance(value, dict) and "Truncated" in value
