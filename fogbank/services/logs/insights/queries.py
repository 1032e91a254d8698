"""StartQuery and what becomes of it. A query is a task: it reads the events, runs outside of the loop, and its result is kept for a week.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import msgspec
import orjson

from fogbank.kernel import AWSError, Context
from fogbank.services.logs import errors, limits, lookup_tables, sealing
from fogbank.services.logs.insights import events
from fogbank.services.logs.insights.query import DEFAULT_ROWS, Inputs, Query, Result, Source, parse, run
from fogbank.services.logs.insights.records import (
    CANCELLED,
    COMPLETE,
    FAILED,
    LANGUAGE,
    RUNNING,
    SCHEDULED,
    QueryRecord,
    active,
    find,
    followed,
    key_of,
    queries,
    results,
)
from fogbank.services.logs.insights.tokens import MalformedQuery
from fogbank.services.logs.records import (
    DELIVERY,
    STANDARD,
    Answer,
    LogGroup,
    Request,
    arn_of,
    group_named,
    groups,
    milliseconds,
    name_in,
    result_keys,
)
from fogbank.services.logs.service import service

log = logging.getLogger("fogbank.logs.insights")

_KEPT_SECONDS = 7 * 86_400
_PAGE_BYTES = 262_144

# -- starting


async def _resources(ctx: Context, request: Request) -> list[str]:
    names = _named(ctx, request)
    return [f"{arn_of(ctx, name)}:log-stream:" for name in names or ["*"]]


@service.operation(resource=_resources)
async def start_query(ctx: Context, request: Request) -> Answer:
    if request.get("queryLanguage", LANGUAGE) != LANGUAGE:
        raise errors.other_language(request["queryLanguage"])
    return {"queryId": await start(ctx, request)}


async def start(ctx: Context, request: Request) -> str:
    """Begin a query. Raises MalformedQueryException, InvalidParameterException, LimitExceededException."""
    query = _parsed(request["queryString"], ctx.now())
    among = await _groups(ctx, request, query)
    if request["startTime"] > request["endTime"]:
        raise errors.invalid_parameter("The start time of a query has to be before its end time.")
    _require_events(ctx, among, request["endTime"])
    await _require_permission(ctx, among, query)
    for name in query.tables:
        await lookup_tables.find(ctx, lookup_tables.arn_of(ctx, name))
    if await active.count(ctx, limit=limits.QUERIES) >= limits.QUERIES:
        raise errors.limit_exceeded()
    made = QueryRecord(
        ctx.ids.uuid(),
        request["queryString"],
        tuple(group.name for group in among),
        request["startTime"],
        request["endTime"],
        request.get("limit") or DEFAULT_ROWS,
        milliseconds(ctx),
        identity=ctx.principal.arn,
        encryption=await result_keys.get(ctx),
    )
    queries.put(ctx, made, made.id)
    active.put(ctx, made, made.id)
    await ctx.schedule("run_query", {"id": made.id})
    return made.id


def _parsed(text: str, now: float) -> Query:
    try:
        return parse(text, now)
    except MalformedQuery as error:
        raise errors.malformed_query(error.message, error.at, error.end) from None


def _named(ctx: Context, request: Request) -> list[str]:
    """The groups that the request itself names, by one of three members."""
    one, many, identifiers = (request.get(name) for name in ("logGroupName", "logGroupNames", "logGroupIdentifiers"))
    if sum(given is not None for given in (one, many, identifiers)) > 1:
        raise errors.several_groups()
    if identifiers is not None:
        many = [name_in(ctx, each) for each in identifiers]
    return [one] if one is not None else list(dict.fromkeys(many or []))


async def _groups(ctx: Context, request: Request, query: Query) -> list[LogGroup]:
    names = _named(ctx, request)
    if bool(names) == (query.source is not None):
        raise errors.several_groups()
    if query.source is not None:
        among = await _of_source(ctx, query.source)
    else:
        among = [await group_named(ctx, name) for name in names]
    if len(among) > limits.QUERIED_GROUPS:
        raise errors.invalid_parameter(f"A query can have no more than {limits.QUERIED_GROUPS} log groups.")
    for group in among:
        if group.kind == DELIVERY or (query.standard_only and group.kind != STANDARD):
            raise errors.wrong_class(group.kind)
    return among


async def _of_source(ctx: Context, source: Source) -> list[LogGroup]:
    """Those that are named have to be there; of those that are described, there may be none."""
    if source.names:
        return [await group_named(ctx, name_in(ctx, name)) for name in source.names]
    found = {
        group.name: group for prefix in source.prefixes or ("",) for group in await groups.scan(ctx, starts_with=prefix)
    }
    wanted = [kind.upper() for kind in source.classes]
    return [group for group in found.values() if group.kind != DELIVERY and (not wanted or group.kind in wanted)]


def _require_events(ctx: Context, among: list[LogGroup], end: int) -> None:
    if among and all(
        (end + 1) * 1000 <= max(group.created - limits.PAST_MS, group.oldest(ctx.now())) for group in among
    ):
        raise errors.malformed_query(
            "Query's end date and time is either before the log groups creation time or exceeds the log groups log retention settings",
            0,
            0,
        )


async def _require_permission(ctx: Context, among: list[LogGroup], query: Query) -> None:
    """Sources that are in the query's text, and what is masked, are asked about one by one."""
    within = among if query.source is not None else []
    for source in query.joined:
        within = [*within, *await _of_source(ctx, source)]
    for group in within:
        await ctx.authorise("logs:StartQuery", f"{arn_of(ctx, group.name)}:log-stream:", tags=group.tags)
    if query.unmasks:
        for group in among:
            await ctx.authorise("logs:Unmask", f"{arn_of(ctx, group.name)}:log-stream:", tags=group.tags)


# -- running


@service.task(transaction=False)
async def run_query(ctx: Context, payload: Request) -> None:
    record = await ctx.transact(_begin, ctx, payload["id"])
    if record is None:
        return
    query = parse(record.text, record.created / 1000)
    try:
        rows, size = await events.of_groups(ctx, record.groups, events.seconds(record.start, record.end))
        inputs = await _inputs(ctx, query, record)
    except AWSError:
        await ctx.transact(_end, ctx, record, FAILED)
        return
    try:
        result = await asyncio.to_thread(run, query, rows, inputs, record.most)
    except (ArithmeticError, ValueError, TypeError, RecursionError) as error:
        log.warning("query %s failed: %r", record.id, error, exc_info=True)
        await ctx.transact(_end, ctx, record, FAILED)
        return
    counted = msgspec.structs.replace(
        record, matched=result.matched, scanned=len(rows), size=size, rows=len(result.rows)
    )
    try:
        await ctx.transact(_end, ctx, counted, COMPLETE, result)
    except AWSError:  # KMS does not give the key that the result would be under
        await ctx.transact(_end, ctx, record, FAILED)


async def _begin(ctx: Context, query_id: str) -> QueryRecord | None:
    """The query, if it is still to be run. One that a server left running is run again."""
    record = await queries.get(ctx, query_id)
    if record is None or record.status not in (SCHEDULED, RUNNING):
        return None
    running = msgspec.structs.replace(record, status=RUNNING)
    queries.put(ctx, running, query_id)
    return running


async def _inputs(ctx: Context, query: Query, record: QueryRecord) -> Inputs:
    sources = {}
    span = events.seconds(record.start, record.end)
    for number, source in enumerate(query.joined):
        names = [group.name for group in await ctx.transact(_of_source, ctx, source)]
        sources[number], _ = await events.of_groups(ctx, names, span)
    tables = {name: await ctx.transact(lookup_tables.rows_of, ctx, name) for name in query.tables}
    return Inputs(tables, sources)


async def _end(ctx: Context, record: QueryRecord, status: str, result: Result | None = None) -> None:
    current = await queries.get(ctx, record.id)
    if current is None or current.status != RUNNING:
        return
    queries.put(ctx, msgspec.structs.replace(record, status=status, ended=milliseconds(ctx)), record.id)
    active.delete(ctx, record.id)
    key = await key_of(ctx, record) if result is not None else None
    for first, page in _pages(result.rows if result else []):
        results.put(ctx, page if key is None else sealing.seal(key, page), record.id, first)
    if await followed.get(ctx, record.id) is not None:
        await ctx.schedule("deliver_results", {"query": record.id})
    await ctx.schedule("forget_query", {"id": record.id}, delay=_KEPT_SECONDS)


def _pages(rows: list[list[tuple[str, str]]]) -> Iterator[tuple[int, bytes]]:
    """Rows as JSON, some at a time: (number of the first, JSON array)."""
    first, size = 0, 0
    pending: list[bytes] = []
    for number, row in enumerate(rows):
        packed = orjson.dumps([{"field": field, "value": value} for field, value in row])
        if pending and size + len(packed) > _PAGE_BYTES:
            yield first, b"[" + b",".join(pending) + b"]"
            first, size, pending = number, 0, []
        pending.append(packed)
        size += len(packed)
    if pending:
        yield first, b"[" + b",".join(pending) + b"]"


@service.task
async def forget_query(ctx: Context, payload: Request) -> None:
    queries.delete(ctx, payload["id"])
    for (first,), _ in await results.items(ctx, (int,), payload["id"]):
        results.delete(ctx, payload["id"], first)


@service.operation
async def stop_query(ctx: Context, request: Request) -> Answer:
    record = await find(ctx, request["queryId"])
    if record.status not in (SCHEDULED, RUNNING):
        raise errors.query_not_running(record.id)
    queries.put(ctx, msgspec.structs.replace(record, status=CANCELLED, ended=milliseconds(ctx)), record.id)
    active.delete(ctx, record.id)
    await ctx.schedule("forget_query", {"id": record.id}, delay=_KEPT_SECONDS)
    return {"success": True}
