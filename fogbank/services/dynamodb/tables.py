"""Tables: finding them, DescribeTable, ListTables, and the task that brings them to life; see `making.py`, `deletion.py`.

CREATING and DELETING last until a task that is due at once: as short as they can be while waiters and answers see them. Items can be
written to a table that is still CREATING, so that scripts which do not wait do not depend on who is faster.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import wraps
from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.kernel import keys
from fogbank.kernel.service import Handler
from fogbank.services.dynamodb import (
    encryption,
    errors,
    groups,
    guards,
    sizes,
    table_errors,
    tags,
)
from fogbank.services.dynamodb.descriptions import describe
from fogbank.services.dynamodb.schema import Index, Table, tables
from fogbank.services.dynamodb.service import service

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]

_NAME = re.compile(r"[a-zA-Z0-9_.-]+\Z").match
_LISTED = 100


# -- finding


async def find(ctx: Context, name: str) -> Table:
    """The table that a request of the data plane is for. Raises ResourceNotFoundException."""
    table = await guards.table_named(ctx, name)
    if table is None:
        table_name(guards.scope_of(ctx, name), name)
    return living(table)


def living(table: Table | None) -> Table:
    """The table, if it is there to be read and written. Raises ResourceNotFoundException."""
    if table is None or table.status == "DELETING":
        raise errors.no_such_resource()
    return table


async def find_described(ctx: Context, request: Document) -> Table:
    """The table that a request of the control plane is for."""
    name = table_name(ctx, request["TableName"])
    table = await tables.get(ctx, name)
    if table is None:
        raise table_errors.no_such_table(name)
    return table


def table_name(ctx: Context, given: str) -> str:
    """The name in what a request calls a table: its name, or its ARN. Raises ValidationException for neither."""
    name = given
    if given.startswith("arn:"):
        prefix = f"arn:{ctx.partition}:dynamodb:{ctx.region}:{ctx.account}:table/"
        if not given.startswith(prefix):
            raise errors.no_such_resource()
        name = given.removeprefix(prefix)
    broken = []
    if not _NAME(name):
        broken.append("Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")
    if len(name) < 3:
        broken.append("Member must have length greater than or equal to 3")
    elif len(name) > 255:
        broken.append("Member must have length less than or equal to 255")
    if broken:
        noun = "error" if len(broken) == 1 else "errors"
        details = "; ".join(
            [f"Value '{name}' at 'tableName' failed to satisfy constraint: {constraint}" for constraint in broken]
        )
        raise errors.validation(f"{len(broken)} validation {noun} detected: {details}")
    return name


def arn_of(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:dynamodb:{ctx.region}:{ctx.account}:table/{name}"


def table_arn(ctx: Context, request: Document) -> str:
    """The ARN that a request about one table acts on."""
    name: str = request["TableName"]
    return name if name.startswith("arn:") else arn_of(ctx, name)


ON_TABLE: dict[str, Any] = {"resource": table_arn, "tags": tags.named_tags, **guards.BY_POLICY}
"""Options of operations on one table."""


def on_table(handler: Handler) -> Handler:
    """Declare an operation on one table, which may be another account's when the request gives its ARN."""

    @wraps(handler)
    async def scoped(ctx: Context, request: Document) -> Document | None:
        return await handler(guards.scope_of(ctx, request["TableName"]), request)

    return service.operation_from(scoped, **ON_TABLE)


def indexed_arn(ctx: Context, request: Document) -> str:
    """The ARN that a read acts on: of the table, or of its index."""
    index = request.get("IndexName")
    arn = table_arn(ctx, request)
    return arn if index is None else f"{arn}/index/{index}"


def put(ctx: Context, table: Table, **changes: Any) -> Table:
    """Write the table's record, with changes."""
    changed = msgspec.structs.replace(table, **changes)
    tables.put(ctx, changed, table.name)
    return changed


def new_spaces(ctx: Context) -> Iterator[int]:
    """Numbers for spaces of rows, so many that none comes twice."""
    while True:
        yield ctx.ids.random.getrandbits(62)


# -- creating


def with_status(index: Index, status: str) -> Index:
    return msgspec.structs.replace(index, status=status)


@service.task
async def activate_table(ctx: Context, payload: Document) -> None:
    """CREATING or UPDATING -> ACTIVE, unless the table waits for a replica."""
    table = await tables.get(ctx, payload["table"])
    if table is None or table.id != payload["id"]:
        return
    group = await groups.group_of(ctx, table)
    if group is None or all(member.status == "ACTIVE" for member in group.members):
        activate(ctx, table)


def activate(ctx: Context, table: Table) -> None:
    """The table is ACTIVE, with all indexes but those that are being built or removed."""
    if table.status not in ("CREATING", "UPDATING"):
        return
    indexes = [
        index if index.is_backfilling or index.status == "DELETING" else with_status(index, "ACTIVE")
        for index in table.indexes
    ]
    vectors = [
        index if index.is_backfilling or index.status == "DELETING" else msgspec.structs.replace(index, status="ACTIVE")
        for index in table.vectors
    ]
    is_busy = any(index.status != "ACTIVE" for index in indexes) or any(index.status != "ACTIVE" for index in vectors)
    status = "UPDATING" if is_busy else "ACTIVE"
    put(ctx, table, status=status, indexes=tuple(indexes), vectors=tuple(vectors))


# -- showing


@on_table
async def describe_table(ctx: Context, request: Document) -> Document:
    table = await encryption.looked_after(ctx, await find_described(ctx, request))
    return {"Table": await shown(ctx, table)}


async def shown(ctx: Context, table: Table) -> Document:
    """A TableDescription, with all that is known of sizes and replicas."""
    return describe(table, await sizes.sizes_of(ctx, table)) | await groups.describe(ctx, table)


async def has_items(ctx: Context, table: Table) -> bool:
    prefix = table.layout.prefix
    return bool(await ctx.tx.scan(prefix, keys.after_prefix(prefix), 1))


@service.operation
async def list_tables(ctx: Context, request: Document) -> Document:
    limit = request.get("Limit") or _LISTED
    start = request.get("ExclusiveStartTableName")
    rows = await tables.items(ctx, (str,), after=None if start is None else (start,), limit=limit + 1)
    names = [key[0] for key, _ in rows[:limit]]
    return {"TableNames": names, "LastEvaluatedTableName": names[-1] if len(rows) > limit else None}


def require_idle(table: Table) -> None:
    """Refuse to change a table that is being changed."""
    if table.status == "DELETING":
        raise table_errors.table_in_use(table.name, "deleted")
    if table.status == "CREATING":
        raise table_errors.table_in_use(table.name, "created")
    if table.status == "UPDATING":
        raise table_errors.table_in_use(table.name, "updated")
