"""What is in log events: GetLogRecord, GetLogGroupFields, GetLogFields, GetLogObject."""

from __future__ import annotations

import json
from typing import NoReturn

from fogbank.kernel import Context, pages
from fogbank.services.logs import errors
from fogbank.services.logs.insights import events
from fogbank.services.logs.insights.values import Moment, text
from fogbank.services.logs.records import ON_GROUP, Answer, Request, arn_of, find
from fogbank.services.logs.service import service

_RECENT_SECONDS = 15 * 60
_AROUND_SECONDS = 8 * 60


def _of_pointer(ctx: Context, request: Request) -> str:
    error = errors.invalid_parameter("The specified log record pointer is invalid.")
    name = json.loads(pages.position(request["logRecordPointer"], error))[0]
    return f"{arn_of(ctx, name)}:log-stream:"


@service.operation(resource=_of_pointer)
async def get_log_record(ctx: Context, request: Request) -> Answer:
    """All fields of an event as texts, times in milliseconds."""
    if request.get("unmask"):
        await ctx.authorise("logs:Unmask", _of_pointer(ctx, request))
    row = await events.at_pointer(ctx, request["logRecordPointer"], request.get("unmask", False))
    fields = {**row.whole(), "@ptr": request["logRecordPointer"]}
    shown = {name: text(int(value) if isinstance(value, Moment) else value) for name, value in fields.items()}
    return {"logRecord": {name: value for name, value in shown.items() if value is not None}}


@service.operation(transaction=False, **ON_GROUP)
async def get_log_group_fields(ctx: Context, request: Request) -> Answer:
    """How many percent of the events have each field, over the last 15 minutes or 8 minutes around a moment."""
    group = await ctx.transact(find, ctx, request)
    moment = request.get("time")
    now = int(ctx.now())
    start, end = (
        (now - _RECENT_SECONDS, now) if moment is None else (moment - _AROUND_SECONDS, moment + _AROUND_SECONDS)
    )
    rows, _ = await events.of_groups(ctx, [group.name], events.seconds(start, end))
    counts: dict[str, int] = {}
    for row in rows:
        for name in row.whole():
            counts[name] = counts.get(name, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {"logGroupFields": [{"name": name, "percent": count * 100 // len(rows)} for name, count in ordered]}


@service.operation
async def get_log_fields(ctx: Context, request: Request) -> NoReturn:
    """Data sources are what AWS services and vendors deliver under a name of theirs: there are none here."""
    raise errors.not_found("data source")


@service.operation
async def get_log_object(ctx: Context, request: Request) -> NoReturn:
    """Large objects come only with events that are written by OpenTelemetry, which is not among the operations."""
    raise errors.not_found("log object")
