"""Export tasks: the events of a group, as files in a bucket.

The bucket's policy has to let `logs.<region>.amazonaws.com` look at its access control list and put objects.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3ExportTasks.html
"""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import msgspec

from fogbank.http import Payload
from fogbank.kernel import AWSError, Context, Record, pages
from fogbank.services.logs import errors, limits
from fogbank.services.logs.chunks import Event, Position, Reader, Span
from fogbank.services.logs.protection.lens import Lens, lens_of
from fogbank.services.logs.records import (
    ON_GROUP,
    STANDARD,
    Answer,
    LogGroup,
    LogStream,
    Request,
    arn_of,
    find,
    groups,
    milliseconds,
    streams,
)
from fogbank.services.logs.service import service

PENDING, RUNNING, COMPLETED, CANCELLED, FAILED = "PENDING", "RUNNING", "COMPLETED", "CANCELLED", "FAILED"
_ACTIVE = (PENDING, RUNNING)
_PREFIX = "exportedlogs"
_STRIDE = 20_000
"""How many events a file has."""


class Export(Record, frozen=True):
    """Times are in milliseconds; `start` and `end` are both included."""

    id: str
    name: str
    group: str
    streams: str
    start: int
    end: int
    bucket: str
    prefix: str
    created: int
    status: str = PENDING
    message: str = ""
    completed: int = 0


exports = service.collection("exports", Export)


@service.operation(transaction=False, **ON_GROUP)
async def create_export_task(ctx: Context, request: Request) -> Answer:
    """A test object is put into the bucket first, as on AWS."""
    made = await ctx.transact(_checked, ctx, request)
    await _try_out(ctx, made)
    await ctx.transact(_begin, ctx, made)
    return {"taskId": made.id}


async def _checked(ctx: Context, request: Request) -> Export:
    group = await find(ctx, request)
    if group.kind != STANDARD:
        raise errors.wrong_class(group.kind)
    if request["from"] > request["to"]:
        raise errors.invalid_parameter("The specified time range is not valid: from must not be after to.")
    if request["to"] < group.created:
        raise errors.invalid_parameter("Specified time range is before the creation of the log group.")
    return Export(
        ctx.ids.uuid(),
        request.get("taskName") or "",
        group.name,
        request.get("logStreamNamePrefix") or "",
        request["from"],
        request["to"],
        request["destination"],
        request.get("destinationPrefix") or _PREFIX,
        milliseconds(ctx),
    )


async def _try_out(ctx: Context, made: Export) -> None:
    try:
        await ctx.transact(_look_at_access, ctx, made)
    except AWSError as error:
        raise errors.bucket_refuses("GetBucketAcl", error.code) from error
    try:
        await _put(ctx, made, f"{made.prefix}/aws-logs-write-test", b"Permission Check Successful")
    except AWSError as error:
        raise errors.bucket_refuses("PutObject", error.code) from error


async def _look_at_access(ctx: Context, made: Export) -> None:
    await ctx.call("s3", "GetBucketAcl", {"Bucket": made.bucket}, source_arn=arn_of(ctx, made.group))


async def _put(ctx: Context, export: Export, key: str, body: bytes) -> None:
    request = {"Bucket": export.bucket, "Key": key, "Body": Payload(body)}
    await ctx.call("s3", "PutObject", request, source_arn=arn_of(ctx, export.group))


async def _begin(ctx: Context, made: Export) -> None:
    if any(each.status in _ACTIVE for each in await exports.scan(ctx)):
        raise errors.limit_exceeded()
    exports.put(ctx, made, made.id)
    await ctx.schedule("export", {"id": made.id})


@service.operation
async def cancel_export_task(ctx: Context, request: Request) -> None:
    export = await exports.get(ctx, request["taskId"])
    if export is None:
        raise errors.not_found("export task")
    if export.status not in _ACTIVE:
        raise errors.export_is_over()
    cancelled = msgspec.structs.replace(
        export, status=CANCELLED, message="Cancelled by the user", completed=milliseconds(ctx)
    )
    exports.put(ctx, cancelled, export.id)


@service.operation
async def describe_export_tasks(ctx: Context, request: Request) -> Answer:
    """The newest first."""
    task_id, status = request.get("taskId"), request.get("statusCode")
    if task_id is not None and await exports.get(ctx, task_id) is None:
        raise errors.invalid_parameter("The specified export task does not exist.")
    rows = [each for each in await exports.scan(ctx) if task_id in (None, each.id) and status in (None, each.status)]
    rows.sort(key=_place)
    token = request.get("nextToken")
    if token is not None:
        last = pages.position(token, errors.invalid_token())
        rows = [each for each in rows if _place(each) > last]
    found, following = pages.page(rows, request.get("limit") or limits.PAGE, _place)
    return {"exportTasks": [_described(each) for each in found], "nextToken": following}


def _place(export: Export) -> str:
    return f"{10**15 - export.created:016}/{export.id}"


def _described(export: Export) -> Answer:
    return {
        "taskId": export.id,
        "taskName": export.name or None,
        "logGroupName": export.group,
        "from": export.start,
        "to": export.end,
        "destination": export.bucket,
        "destinationPrefix": export.prefix,
        "status": {"code": export.status, "message": export.message or None},
        "executionInfo": {"creationTime": export.created, "completionTime": export.completed or None},
    }


# -- at work


@service.task(transaction=False)
async def export(ctx: Context, payload: Request) -> None:
    """Each stream has a folder, whose files have an event a line: its time, and the message."""
    task = await ctx.transact(_change, ctx, payload["id"], _ACTIVE, RUNNING, "")
    if task is None:
        return
    try:
        await _write(ctx, task)
    except AWSError as error:
        await ctx.transact(_change, ctx, task.id, (RUNNING,), FAILED, error.message)
    else:
        await ctx.transact(_change, ctx, task.id, (RUNNING,), COMPLETED, "Completed successfully")


async def _change(ctx: Context, task_id: str, before: tuple[str, ...], status: str, message: str) -> Export | None:
    """The task with another state; None when it is not in one of those before."""
    task = await exports.get(ctx, task_id)
    if task is None or task.status not in before:
        return None
    completed = 0 if status == RUNNING else milliseconds(ctx)
    changed = msgspec.structs.replace(task, status=status, message=message, completed=completed)
    exports.put(ctx, changed, task_id)
    return changed


async def _write(ctx: Context, task: Export) -> None:
    group = await ctx.transact(groups.get, ctx, task.group)
    if group is None:
        return
    lens = await ctx.transact(lens_of, ctx, group)
    for stream in await ctx.transact(_streams, ctx, group, task):
        folder = f"{task.prefix}/{task.id}/{stream.name.replace('/', '-')}"
        events = await ctx.transact(_part, ctx, group, stream, task, None)
        number = 0
        while events:
            await _put(ctx, task, f"{folder}/{number:06}.gz", _packed(events, lens))
            number += 1
            events = await ctx.transact(_part, ctx, group, stream, task, events[-1].position)


async def _streams(ctx: Context, group: LogGroup, task: Export) -> list[LogStream]:
    return await streams.scan(ctx, group.id, starts_with=task.streams or None)


async def _part(ctx: Context, group: LogGroup, stream: LogStream, task: Export, last: Position | None) -> list[Event]:
    """The events behind that one, as many as fit into a file."""
    found: list[Event] = []
    span = Span(task.start if last is None else max(task.start, last.ms), task.end + 1)
    async for event in Reader(ctx, group, stream).events(span):
        if last is not None and event.position <= last:
            continue
        found.append(event)
        if len(found) == _STRIDE:
            break
    return found


def _packed(events: list[Event], lens: Lens | None) -> bytes:
    lines = [f"{_time(event.position.ms)} {_shown(event, lens)}\n" for event in events]
    return gzip.compress("".join(lines).encode(), 6, mtime=0)


def _shown(event: Event, lens: Lens | None) -> str:
    return event.message if lens is None else lens.shown(event.message, event.ingested)


def _time(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{ms % 1000:03}Z"
