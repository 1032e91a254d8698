"""Lookup tables: CSV that queries are enriched with.

tables   (name)             what is known of a table
bodies   (name, number)     its CSV, in parts

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Lookup.html
"""

from __future__ import annotations

import csv
import io

from fogbank.kernel import Context, Record, pages
from fogbank.services.logs import errors, limits, sealing, tags
from fogbank.services.logs.records import Answer, Encryption, Request, milliseconds
from fogbank.services.logs.service import service

_PART_BYTES = 60_000


class LookupTable(Record, frozen=True):
    """Times are in milliseconds."""

    name: str
    description: str
    fields: tuple[str, ...]
    rows: int
    size: int
    created: int
    updated: int
    encryption: Encryption | None = None
    tags: dict[str, str] = {}


tables = service.collection("lookup-tables", LookupTable)
bodies = service.collection("lookup-bodies", bytes)


def arn_of(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:logs:{ctx.region}:{ctx.account}:lookup-table:{name}"


def _of_name(ctx: Context, request: Request) -> str:
    return arn_of(ctx, request["lookupTableName"])


def _of_arn(ctx: Context, request: Request) -> str:
    return str(request["lookupTableArn"])


async def find(ctx: Context, arn: str) -> LookupTable:
    found = await tables.get(ctx, arn.rpartition(":")[2])
    if found is None or arn != arn_of(ctx, found.name):
        raise errors.not_found("lookup table")
    return found


@service.operation(resource=_of_name)
async def create_lookup_table(ctx: Context, request: Request) -> Answer:
    name = request["lookupTableName"]
    if await tables.get(ctx, name) is not None:
        raise errors.already_exists("lookup table")
    if await tables.count(ctx, limit=limits.LOOKUP_TABLES) >= limits.LOOKUP_TABLES:
        raise errors.limit_exceeded()
    made = await put(ctx, name, await _body(ctx, request), request, None)
    return {"lookupTableArn": arn_of(ctx, name), "createdAt": made.created}


@service.operation(resource=_of_arn)
async def update_lookup_table(ctx: Context, request: Request) -> Answer:
    """The body takes the place of the one before."""
    before = await find(ctx, request["lookupTableArn"])
    made = await put(ctx, before.name, await _body(ctx, request), request, before)
    return {"lookupTableArn": arn_of(ctx, made.name), "lastUpdatedTime": made.updated}


async def _body(ctx: Context, request: Request) -> str:
    from fogbank.services.logs.insights import results

    body, query_id = request.get("tableBody"), request.get("queryId")
    if (body is None) == (query_id is None):
        raise errors.invalid_parameter("Exactly one of tableBody and queryId must be specified.")
    return str(body) if query_id is None else as_csv(await results.rows_of_complete(ctx, query_id))


def as_csv(rows: list[dict[str, str]]) -> str:
    """Rows of a query as CSV, without pointers."""
    columns = list(dict.fromkeys(name for row in rows for name in row if name != "@ptr"))
    written = io.StringIO()
    writer = csv.DictWriter(written, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


async def put(ctx: Context, name: str, body: str, settings: Request, before: LookupTable | None) -> LookupTable:
    """Write a table, new or not. Raises InvalidParameterException for what is no CSV with a header."""
    fields, rows = _read(body)
    packed, now, key = body.encode(), milliseconds(ctx), settings.get("kmsKeyId")
    encryption = before.encryption if before is not None else None
    if key is not None:
        encryption = await sealing.new_key(ctx, arn_of(ctx, name), key)
    if len(packed) > limits.LOOKUP_BYTES:
        raise errors.invalid_parameter(f"A lookup table can have no more than {limits.LOOKUP_BYTES} bytes.")
    made = LookupTable(
        name,
        settings.get("description", before.description if before is not None else ""),
        fields,
        rows,
        len(packed),
        now if before is None else before.created,
        now,
        encryption,
        tags.checked(arn_of(ctx, name), {}, settings.get("tags") or {}) if before is None else before.tags,
    )
    tables.put(ctx, made, name)
    await _write(ctx, made, packed)
    return made


def _read(body: str) -> tuple[tuple[str, ...], int]:
    """The names of the columns, and how many rows there are."""
    try:
        reader = csv.reader(io.StringIO(body), strict=True)
        header = tuple(next(reader, []))
        rows = [row for row in reader if row]
    except csv.Error as error:
        raise errors.invalid_parameter(f"The table is not valid CSV: {error}") from None
    if not header or len(set(header)) != len(header) or not all(header):
        raise errors.invalid_parameter("The table has to have a header row with column names that differ.")
    if any(len(row) != len(header) for row in rows):
        raise errors.invalid_parameter("All rows of the table have to have as many values as its header.")
    return header, len(rows)


async def _write(ctx: Context, table: LookupTable, packed: bytes) -> None:
    await _clear(ctx, table.name)
    if table.encryption is not None:
        packed = sealing.seal(await sealing.opened(ctx, arn_of(ctx, table.name), table.encryption), packed)
    for number, start in enumerate(range(0, len(packed), _PART_BYTES)):
        bodies.put(ctx, packed[start : start + _PART_BYTES], table.name, number)


async def _clear(ctx: Context, name: str) -> None:
    for (number,), _ in await bodies.items(ctx, (int,), name):
        bodies.delete(ctx, name, number)


async def _text(ctx: Context, table: LookupTable) -> str:
    packed = b"".join(await bodies.scan(ctx, table.name))
    if table.encryption is not None:
        packed = sealing.unseal(await sealing.opened(ctx, arn_of(ctx, table.name), table.encryption), packed)
    return packed.decode()


async def rows_of(ctx: Context, name: str) -> list[dict[str, str]]:
    """The rows of a table. Raises ResourceNotFoundException."""
    table = await find(ctx, arn_of(ctx, name))
    return list(csv.DictReader(io.StringIO(await _text(ctx, table))))


@service.operation(resource=_of_arn)
async def get_lookup_table(ctx: Context, request: Request) -> Answer:
    table = await find(ctx, request["lookupTableArn"])
    return {**_described(ctx, table), "tableBody": await _text(ctx, table)}


@service.operation(resource=_of_arn)
async def delete_lookup_table(ctx: Context, request: Request) -> None:
    table = await find(ctx, request["lookupTableArn"])
    tables.delete(ctx, table.name)
    await _clear(ctx, table.name)


@service.operation
async def describe_lookup_tables(ctx: Context, request: Request) -> Answer:
    token = request.get("nextToken")
    after = None if token is None else (pages.position(token, errors.invalid_token()),)
    limit = request.get("maxResults") or limits.PAGE
    rows = await tables.scan(ctx, starts_with=request.get("lookupTableNamePrefix"), after=after, limit=limit + 1)
    found, following = pages.page(rows, limit, lambda each: each.name)
    return {"lookupTables": [_described(ctx, each) for each in found], "nextToken": following}


def _described(ctx: Context, table: LookupTable) -> Answer:
    return {
        "lookupTableArn": arn_of(ctx, table.name),
        "lookupTableName": table.name,
        "description": table.description or None,
        "tableFields": list(table.fields),
        "recordsCount": table.rows,
        "sizeBytes": table.size,
        "lastUpdatedTime": table.updated,
        "kmsKeyId": table.encryption.key_arn if table.encryption is not None else None,
    }
