"""Log streams."""

from __future__ import annotations

from fogbank.kernel import Context, pages
from fogbank.services.logs import errors, limits
from fogbank.services.logs.policies import ON_WRITTEN
from fogbank.services.logs.records import (
    ON_GROUP,
    Answer,
    LogGroup,
    LogStream,
    Request,
    arn_of,
    find,
    find_stream,
    milliseconds,
    streams,
)
from fogbank.services.logs.service import service


@service.operation(**ON_WRITTEN)
async def create_log_stream(ctx: Context, request: Request) -> None:
    group, name = await find(ctx, request), request["logStreamName"]
    if await streams.get(ctx, group.id, name) is not None:
        raise errors.already_exists("log stream")
    streams.put(ctx, LogStream(name, ctx.ids.hex(16), milliseconds(ctx)), group.id, name)


@service.operation(**ON_GROUP)
async def delete_log_stream(ctx: Context, request: Request) -> None:
    group = await find(ctx, request)
    stream = await find_stream(ctx, group, request["logStreamName"])
    if group.is_protected:
        raise errors.protected(group.name)
    streams.delete(ctx, group.id, stream.name)
    await ctx.schedule("sweep_stream", {"stream": stream.id})


@service.operation(**ON_GROUP)
async def describe_log_streams(ctx: Context, request: Request) -> Answer:
    group = await find(ctx, request)
    prefix = request.get("logStreamNamePrefix")
    by_time = request.get("orderBy") == "LastEventTime"
    if by_time and prefix is not None:
        raise errors.invalid_parameter("Cannot order by LastEventTime with a logStreamNamePrefix.")
    rows = await streams.scan(ctx, group.id, starts_with=prefix)
    ordered = sorted(rows, key=_by_time if by_time else _by_name, reverse=request.get("descending", False))
    found, token = _page(ordered, request, by_time)
    return {"logStreams": [_described(ctx, group, stream) for stream in found], "nextToken": token}


def _by_time(stream: LogStream) -> tuple[int, str]:
    return stream.last, stream.name


def _by_name(stream: LogStream) -> tuple[int, str]:
    return 0, stream.name


def _page(ordered: list[LogStream], request: Request, by_time: bool) -> tuple[list[LogStream], str | None]:
    """Those behind the token, which names the place of the last one that was shown, whether it is still there or not."""
    place = _by_time if by_time else _by_name
    token = request.get("nextToken")
    if token is not None:
        ms, _, name = pages.position(token, errors.invalid_token()).partition(":")
        last = (int(ms), name)
        is_behind = (lambda at: at < last) if request.get("descending") else (lambda at: at > last)
        ordered = [stream for stream in ordered if is_behind(place(stream))]
    limit = request.get("limit") or limits.PAGE
    found, following = pages.page(ordered, limit, lambda stream: "{}:{}".format(*place(stream)))
    return list(found), following


def _described(ctx: Context, group: LogGroup, stream: LogStream) -> Answer:
    return {
        "logStreamName": stream.name,
        "creationTime": stream.created,
        "firstEventTimestamp": stream.first or None,
        "lastEventTimestamp": stream.last or None,
        "lastIngestionTime": stream.ingested or None,
        # what it was before tokens were ignored: clients of that time want one
        "uploadSequenceToken": f"{stream.count:056}" if stream.count else None,
        "arn": f"{arn_of(ctx, group.name)}:log-stream:{stream.name}",
        "storedBytes": 0,
    }
