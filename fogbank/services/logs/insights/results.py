"""What can be asked about queries: GetQueryResults, DescribeQueries, ListLogGroupsForQuery.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetQueryResults.html
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import Context, pages
from fogbank.services.logs import errors, limits, sealing
from fogbank.services.logs.insights.query import DEFAULT_ROWS
from fogbank.services.logs.insights.records import COMPLETE, LANGUAGE, QueryRecord, find, key_of, queries, results
from fogbank.services.logs.records import Answer, Request, arn_of
from fogbank.services.logs.service import service


async def _groups(ctx: Context, request: Request) -> list[str]:
    """The groups that were queried; whoever asks for no query of ours is told so after the decision."""
    record = await queries.get(ctx, request["queryId"])
    names = record.groups if record is not None else ()
    return [f"{arn_of(ctx, name)}:log-stream:" for name in names or ["*"]]


@service.operation(resource=_groups)
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
    key = await key_of(ctx, record)
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
