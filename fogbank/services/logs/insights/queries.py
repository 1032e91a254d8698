"""StartQuery and what becomes of it. A query is a task: it reads the events, runs outside of the loop, and its result is kept for a week.

queries   (id)                a query, its state and its statistics
active    (id)                those that have not ended
followed  (id)                those whose end a scheduled query waits for
results   (id, first row)     some rows of a result, as JSON, encrypted where the results of the account are

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
import orjson

from fogbank.kernel import AWSError, Context, Record, pages
from fogbank.services.logs import errors, limits, lookup_tables, sealing
from fogbank.services.logs.insights import events
from fogbank.services.logs.insights.query import DEFAULT_ROWS, Inputs, Query, Result, Source, parse, run
from fogbank.services.logs.insights.tokens import MalformedQuery
from fogbank.services.logs.records import (
    DELIVERY,
    STANDARD,
    Answer,
    Encryption,
    LogGroup,
    Request,
    arn_of,
    group_named,
    groups,
    milliseconds,
    name_in,
    result_keys,
    results_arn,
)
from fogbank.services.logs.service import service

SCHEDULED, RUNNING, COMPLETE, FAILED, CANCELLED = "Scheduled", "Running", "Complete", "Failed", "Cancelled"
LANGUAGE = "CWLI"
_KEPT_SECONDS = 7 * 86_400
_PAGE_BYTES = 262_144


class QueryRecord(Record, frozen=True):
    """`start` and `end` are in seconds, both included; `created` and `ended` in milliseconds. `groups` are names."""

    id: str
    text: str
    groups: tuple[str, ...]
    start: int
    end: int
    most: int
    created: int
    status: str = SCHEDULED
    identity: str = ""
    ended: int = 0
    matched: int = 0
    scanned: int = 0
    size: int = 0
    rows: int = 0
    encryption: Encryption | None = None


queries = service.collection("queries", QueryRecord)
active = service.collection("active-queries", QueryRecord)
followed = service.collection("followed-queries", bytes)
results = service.collection("query-results", bytes)


async def find(ctx: Context, query_id: str) -> QueryRecord:
    query = await queries.get(ctx, query_id)
    if query is None:
        raise errors.not_found("query")
    return query


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
    result = await asyncio.to_thread(run, query, rows, inputs, record.most)
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
    key = await _key(ctx, record) if result is not None else None
    for first, page in _pages(result.rows if result else []):
        results.put(ctx, page if key is None else sealing.seal(key, page), record.id, first)
    if await followed.get(ctx, record.id) is not None:
        await ctx.schedule("deliver_results", {"query": record.id})
    await ctx.schedule("forget_query", {"id": record.id}, delay=_KEPT_SECONDS)


async def _key(ctx: Context, record: QueryRecord) -> bytes | None:
    """The key of the result, if it has one."""
    return None if record.encryption is None else await sealing.opened(ctx, results_arn(ctx), record.encryption)


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


# -- results


@service.operation
async def get_query_results(ctx: Context, request: Request) -> Answer:
    record = await find(ctx, request["queryId"])
    first = _first(request, record)
    most = request.get("maxItems") or DEFAULT_ROWS
    rows = await rows_of(ctx, record, first, most)
    has_more = first + len(rows) < record.rows
    return {
        "queryLanguage": LANGUAGE,
        "results": rows,
        "statistics": _statistics(record),
        "status": record.status,
        "encryptionKey": record.encryption.key_arn if record.encryption is not None else None,
        "nextToken": pages.token(f"{record.id}/{first + len(rows)}") if has_more else None,
    }


def _first(request: Request, record: QueryRecord) -> int:
    token = request.get("nextToken")
    if token is None:
        return 0
    query_id, _, first = pages.position(token, errors.invalid_token()).rpartition("/")
    if query_id != record.id:
        raise errors.invalid_token()
    return int(first)


async def rows_of(ctx: Context, record: QueryRecord, first: int, most: int) -> list[Any]:
    """Up to `most` rows of a result from that one on."""
    page = await results.items(ctx, (int,), record.id, until=(first + 1,), limit=1, reverse=True)
    key = await _key(ctx, record)
    found: list[Any] = []
    while page and len(found) < most:
        (start,), packed = page[0]
        found += orjson.loads(packed if key is None else sealing.unseal(key, packed))[first + len(found) - int(start) :]
        page = await results.items(ctx, (int,), record.id, after=(start,), limit=1)
    return found[:most]


async def rows_of_complete(ctx: Context, query_id: str) -> list[dict[str, str]]:
    """All rows of a query that has ended well, as dicts. Raises InvalidParameterException for another."""
    record = await find(ctx, query_id)
    if record.status != COMPLETE:
        raise errors.query_not_complete(query_id)
    rows = await rows_of(ctx, record, 0, record.rows)
    return [{each["field"]: each["value"] for each in row} for row in rows]


def _statistics(record: QueryRecord) -> Answer:
    return {
        "recordsMatched": float(record.matched),
        "recordsScanned": float(record.scanned),
        "estimatedRecordsSkipped": 0.0,
        "bytesScanned": float(record.size),
        "estimatedBytesSkipped": 0.0,
        "logGroupsScanned": float(len(record.groups)),
        "resultCount": float(record.rows),
    }


# -- finding


@service.operation
async def describe_queries(ctx: Context, request: Request) -> Answer:
    """The newest first."""
    name, status = request.get("logGroupName"), request.get("status")
    rows = [
        record
        for record in await queries.scan(ctx)
        if (name is None or name in record.groups)
        and status in (None, record.status)
        and request.get("queryLanguage", LANGUAGE) == LANGUAGE
    ]
    rows.sort(key=_age)
    token = request.get("nextToken")
    if token is not None:
        last = pages.position(token, errors.invalid_token())
        rows = [record for record in rows if _place(record) > last]
    found, following = pages.page(rows, request.get("maxResults") or limits.QUERIES_PAGE, _place)
    return {"queries": [_described(record) for record in found], "nextToken": following}


def _age(record: QueryRecord) -> tuple[int, str]:
    return -record.created, record.id


def _place(record: QueryRecord) -> str:
    return f"{10**15 - record.created:016}/{record.id}"


def _described(record: QueryRecord) -> Answer:
    return {
        "queryLanguage": LANGUAGE,
        "queryId": record.id,
        "queryString": record.text,
        "status": record.status,
        "createTime": record.created,
        "logGroupName": record.groups[0] if len(record.groups) == 1 else None,
        "queryDuration": record.ended - record.created if record.ended else None,
        "bytesScanned": float(record.size),
        "userIdentity": record.identity or None,
    }


@service.operation
async def list_log_groups_for_query(ctx: Context, request: Request) -> Answer:
    record = await find(ctx, request["queryId"])
    token = request.get("nextToken")
    last = "" if token is None else pages.position(token, errors.invalid_token())
    names = [name for name in sorted(record.groups) if name > last]
    found, following = pages.page(names, request.get("maxResults") or limits.PAGE, str)
    return {"logGroupIdentifiers": [arn_of(ctx, name) for name in found], "nextToken": following}
