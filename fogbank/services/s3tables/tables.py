"""Tables: creating, describing, listing, renaming, deleting, and moving on to new metadata."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from fogbank.identity.principals import service_host
from fogbank.kernel import Context, pages
from fogbank.kernel.actions import with_members
from fogbank.services.s3tables import drafts, encryption, errors, limits, maintenance, replication, storage, tags
from fogbank.services.s3tables.access import ON_NEW_TABLE, ON_RESOURCE
from fogbank.services.s3tables.buckets import kind_of, page_of
from fogbank.services.s3tables.iceberg import metadata as iceberg
from fogbank.services.s3tables.namespaces import find_namespace, is_name
from fogbank.services.s3tables.records import (
    AES256,
    STANDARD,
    Found,
    Table,
    TablePlace,
    find_bucket,
    find_table,
    forget_table,
    namespaces,
    places,
    replace,
    save_table,
    table_arn,
    tables,
)
from fogbank.services.s3tables.service import service

Request = dict[str, Any]

_METADATA = (".metadata.json", ".metadata.json.gz")


# -- creating


@service.operation(
    transaction=False,
    action=with_members(
        "s3tables:CreateTable",
        {
            "metadata": "s3tables:PutTableData",
            "encryptionConfiguration": "s3tables:PutTableEncryption",
            "storageClassConfiguration": "s3tables:PutTableStorageClass",
            "tags": "s3tables:TagResource",
        },
    ),
    **ON_NEW_TABLE,
)
async def create_table(ctx: Context, request: Request) -> Request:
    """Create a table; with metadata, a table that can be read and written at once. API_s3Buckets_CreateTable."""
    draft = None if request.get("metadata") is None else drafts.draft_of(request["metadata"])
    found, table, _ = await create(ctx, request, draft)
    return {"tableARN": table_arn(found.ctx, table), "versionToken": table.token}


async def create(
    ctx: Context, request: Request, draft: iceberg.Draft | None, source: str = ""
) -> tuple[Found, Table, iceberg.Document]:
    """Its place, the table and its metadata. The file is written first: nobody ever sees a table without it.

    `source` is the ARN of the table that it is to be a replica of.
    """
    found, table = await ctx.transact(_prepare, ctx, request, source)
    document: iceberg.Document = {}
    try:
        if draft is not None:
            document = iceberg.create(draft, ctx.ids.uuid(), table.warehouse, int(ctx.now() * 1000))
            table = replace(table, metadata=metadata_location(ctx, table, 0))
            await storage.write(found.ctx, table.metadata, orjson.dumps(document))
        await ctx.transact(_add, ctx, request, table)
    except BaseException:
        await ctx.transact(storage.remove, found.ctx, table.warehouse)
        raise
    return found, table, document


def metadata_location(ctx: Context, table: Table, version: int) -> str:
    return f"{table.warehouse}/metadata/{version:05}-{ctx.ids.uuid()}.metadata.json"


async def _prepare(ctx: Context, request: Request, source: str) -> tuple[Found, Table]:
    """A table that is not there yet, but whose warehouse is."""
    found, namespace = await find_namespace(ctx, request)
    home, name = found.ctx, request["name"]
    await _check_new(found, namespace.name, name)
    if await tables.count(home, found.bucket.name, limit=limits.TABLES) >= limits.TABLES:
        raise errors.quota_exceeded("tables in a table bucket", limits.TABLES)
    default = found.bucket.settings
    settings = {
        "encryption": encryption.checked(request.get("encryptionConfiguration")) or default.get("encryption", AES256),
        "storage_class": request.get("storageClassConfiguration") or default.get("storage_class", STANDARD),
    }
    table = Table(
        found.bucket.name,
        namespace.name,
        name,
        ctx.ids.uuid(),
        ctx.ids.hex(20),
        storage.new_warehouse(ctx),
        "",
        ctx.now(),
        ctx.principal.account,
        ctx.now(),
        ctx.principal.account,
        settings,
        tags.checked({}, request.get("tags") or {}),
        source,
    )
    await storage.create(home, table.warehouse, settings["encryption"])
    return found, table


async def _check_new(found: Found, namespace: str, name: str) -> None:
    if not is_name(name):
        raise errors.bad_table_name()
    if await tables.get(found.ctx, found.bucket.name, namespace, name) is not None:
        raise errors.table_exists()


async def _add(ctx: Context, request: Request, table: Table) -> None:
    found, namespace = await find_namespace(ctx, request)
    await _check_new(found, namespace.name, table.name)
    tables.put(found.ctx, table, table.bucket, table.namespace, table.name)
    places.put(found.ctx, TablePlace(table.namespace, table.name), table.bucket, table.id)
    await _note_metadata(found, table)


# -- describing


@service.operation(**ON_RESOURCE)
async def get_table(ctx: Context, request: Request) -> Request:
    """What there is to know of a table. API_s3Buckets_GetTable."""
    found, table = await find_table(ctx, request)
    namespace = await namespaces.get(found.ctx, table.bucket, table.namespace)
    return {
        **_summary(found, table),
        "namespaceId": namespace.id if namespace is not None else None,
        "versionToken": table.token,
        "metadataLocation": table.metadata or None,
        "warehouseLocation": table.warehouse,
        "createdBy": table.creator,
        "modifiedBy": table.modifier,
        "ownerAccountId": found.ctx.account,
        "format": "ICEBERG",
        "managedTableInformation": {"replicationInformation": {"sourceTableARN": table.source}}
        if table.source
        else None,
    }


def _summary(found: Found, table: Table) -> Request:
    return {
        "namespace": [table.namespace],
        "name": table.name,
        "type": kind_of(table.bucket),
        "tableARN": table_arn(found.ctx, table),
        "createdAt": table.created,
        "modifiedAt": table.modified,
        "managedByService": service_host(replication.PRINCIPAL) if table.source else None,
        "tableBucketId": found.bucket.id,
    }


@service.operation(**ON_RESOURCE)
async def list_tables(ctx: Context, request: Request) -> Request:
    """The tables of a bucket or of a namespace, by name. API_s3Buckets_ListTables."""
    found = await find_bucket(ctx, request)
    if request.get("namespace") is not None:
        await find_namespace(ctx, request)
    limit, rows = await _page(found, request)
    shown, token = pages.page(rows, limit, lambda table: f"{table.namespace}.{table.name}")
    return {"tables": [_summary(found, table) for table in shown], "continuationToken": token}


async def _page(found: Found, request: Request) -> tuple[int, Sequence[Table]]:
    """How many tables to list, and one more than that; a prefix is one of the name in whatever namespace."""
    limit, bounds = page_of(request, "maxTables")
    namespace, prefix = request.get("namespace"), request.get("prefix")
    position = bounds["after"][0] if "after" in bounds else ""
    after = tuple(position.split(".", 1))
    if namespace is not None:
        bounds["after"] = after[1:] or None
        return limit, await tables.scan(found.ctx, found.bucket.name, namespace, limit=limit + 1, **bounds)
    rows = await tables.scan(found.ctx, found.bucket.name, after=after if position else None)
    return limit, [table for table in rows if not prefix or table.name.startswith(prefix)][: limit + 1]


# -- metadata


@service.operation(**ON_RESOURCE)
async def get_table_metadata_location(ctx: Context, request: Request) -> Request:
    """Where the current metadata is, and the token that its successor needs. API_s3Buckets_GetTableMetadataLocation."""
    _, table = await find_table(ctx, request)
    return {
        "versionToken": table.token,
        "metadataLocation": table.metadata or None,
        "warehouseLocation": table.warehouse,
    }


@service.operation(**ON_RESOURCE)
async def update_table_metadata_location(ctx: Context, request: Request) -> Request:
    """Move a table on to other metadata, unless somebody else was faster. API_s3Buckets_UpdateTableMetadataLocation."""
    found, table = await find_table(ctx, request)
    location = request["metadataLocation"]
    check_writable(table)
    check_token(table, request["versionToken"])
    if not location.startswith(f"{table.warehouse}/") or not location.endswith(_METADATA):
        raise errors.bad_metadata_location()
    if await storage.size(found.ctx, location) is None:
        raise errors.no_such("metadata file")
    table = changed(ctx, found, table, metadata=location)
    await _note_metadata(found, table)
    return {
        "name": table.name,
        "tableARN": table_arn(found.ctx, table),
        "namespace": [table.namespace],
        "versionToken": table.token,
        "metadataLocation": location,
    }


async def _note_metadata(found: Found, table: Table) -> None:
    await replication.soon(found, table)
    await maintenance.soon(found.ctx, table)


def check_writable(table: Table) -> None:
    if table.source:
        raise errors.read_only()


def check_token(table: Table, token: str | None) -> None:
    if token is not None and token != table.token:
        raise errors.wrong_version_token()


def changed(ctx: Context, found: Found, table: Table, **changes: Any) -> Table:
    noted = {"token": ctx.ids.hex(20), "modified": ctx.now(), "modifier": ctx.principal.account}
    return save_table(found.ctx, table, **{**noted, **changes})


# -- renaming and deleting


@service.operation(**ON_RESOURCE)
async def rename_table(ctx: Context, request: Request) -> Request:
    """Give a table another name, or move it to another namespace. Its ARN, files and version token stay. API_s3Buckets_RenameTable."""
    found, table = await find_table(ctx, request)
    check_writable(table)
    check_token(table, request.get("versionToken"))
    namespace, name = request.get("newNamespaceName") or table.namespace, request.get("newName") or table.name
    if request.get("newNamespaceName") is None and request.get("newName") is None:
        raise errors.bad_request("A new name or a new namespace must be specified.")
    if await namespaces.get(found.ctx, table.bucket, namespace) is None:
        raise errors.no_such_namespace()
    await _check_new(found, namespace, name)
    tables.delete(found.ctx, table.bucket, table.namespace, table.name)
    changed(ctx, found, table, namespace=namespace, name=name, token=table.token)
    places.put(found.ctx, TablePlace(namespace, name), table.bucket, table.id)
    return {}


@service.operation(**ON_RESOURCE)
async def delete_table(ctx: Context, request: Request) -> Request:
    """Delete a table with its files. API_s3Buckets_DeleteTable."""
    found, table = await find_table(ctx, request)
    check_token(table, request.get("versionToken"))
    tables.delete(found.ctx, table.bucket, table.namespace, table.name)
    places.delete(found.ctx, table.bucket, table.id)
    await forget_table(found.ctx, table)
    await storage.remove(found.ctx, table.warehouse)
    return {}
