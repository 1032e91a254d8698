"""Tables by way of the catalog: creating them, loading their metadata, committing to it."""

from __future__ import annotations

from typing import NamedTuple

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.services.s3tables import access, catalog_errors, storage, tables
from fogbank.services.s3tables.iceberg.metadata import Document, Draft
from fogbank.services.s3tables.iceberg.updates import unmet, updated

_CREATES = "assert-create"


class Named(NamedTuple):
    """A table by its names."""

    bucket_arn: str
    namespace: str
    name: str

    @property
    def params(self) -> Document:
        return {"tableBucketARN": self.bucket_arn, "namespace": self.namespace, "name": self.name}


async def call(ctx: Context, operation: str, params: Document) -> Document:
    """An operation of the service, in a transaction, with the caller's permissions."""

    async def work() -> Document:
        return await ctx.call("s3tables", operation, params, as_caller=True)

    return await ctx.transact(work)


async def require(ctx: Context, action: str, named: Named, resource: str | None = None) -> None:
    """Raise AccessDeniedException unless the caller may do this with the table."""
    params = named.params
    await ctx.authorise(
        f"s3tables:{action}",
        resource or await access.resource(ctx, params),
        policy=await access.policy(ctx, params),
        owner=await access.owner_of_arn(ctx, params),
        tags=access.tags,
        keys=access.condition_keys,
        params=params,
    )


async def create(ctx: Context, named: Named, body: Document) -> Document:
    """Create a table with metadata, and answer as loading it does."""
    for action in ("CreateTable", "PutTableData"):
        await require(ctx, action, named, await access.new_table(ctx, named.params))
    draft = Draft(
        body.get("schema") or {}, body.get("partition-spec"), body.get("write-order"), body.get("properties") or {}
    )
    _, table, document = await tables.create(ctx, named.params, draft)
    return _loaded(ctx, table.metadata, document)


def _loaded(ctx: Context, location: str, document: Document) -> Document:
    return {
        "metadata-location": location,
        "metadata": document,
        "config": {"s3.endpoint": ctx.endpoint, "s3.region": ctx.region},
    }


async def load(ctx: Context, named: Named) -> Document:
    """The metadata of a table, and where it is."""
    await require(ctx, "GetTableData", named)
    place = await call(ctx, "GetTableMetadataLocation", named.params)
    location = place["metadataLocation"]
    if not location:
        raise catalog_errors.CatalogError("NoSuchTableException", "The table has no metadata yet", 404)
    return _loaded(ctx, location, await _read(ctx, location))


async def _read(ctx: Context, location: str) -> Document:
    document: Document = orjson.loads(await storage.read(ctx, location))
    return document


async def commit(ctx: Context, named: Named, requirements: list[Document], updates: list[Document]) -> Document:
    """Make the changes if the requirements hold, and nobody else commits meanwhile: who was late tries again."""
    for action in ("GetTableData", "PutTableData"):
        await require(ctx, action, named)
    table = await call(ctx, "GetTable", named.params)
    location = table["metadataLocation"]
    if not location:
        raise catalog_errors.commit_failed("the table has no metadata yet")
    metadata = await _read(ctx, location)
    problem = unmet(metadata, requirements)
    if problem:
        raise catalog_errors.commit_failed(problem)
    document = updated(metadata, updates, location, max(int(ctx.now() * 1000), metadata["last-updated-ms"]))
    following = next_location(ctx, table["warehouseLocation"], location)
    await storage.write(ctx, following, orjson.dumps(document))
    try:
        token = table["versionToken"]
        await call(
            ctx, "UpdateTableMetadataLocation", {**named.params, "versionToken": token, "metadataLocation": following}
        )
    except AWSError as error:
        if error.code != "ConflictException":
            raise
        raise catalog_errors.commit_failed("the table was changed meanwhile") from error
    return {"metadata-location": following, "metadata": document}


def next_location(ctx: Context, warehouse: str, location: str) -> str:
    """Metadata files are numbered."""
    number = location.rpartition("/")[2].partition("-")[0]
    version = int(number) + 1 if number.isdigit() else 1
    return f"{warehouse}/metadata/{version:05}-{ctx.ids.uuid()}.metadata.json"
