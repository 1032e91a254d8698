"""Imports from S3: ImportTable, DescribeImport, ListImports.

    imports  (ARN)  Import

A task reads the objects under a prefix, in the order of their keys, with the permissions of who asked for it, and fills a table that is
CREATING until then. What was counted is kept with each object that was read to its end: begun again after a crash, it goes on with the
object at which it was, and puts items that are there already in their own place.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.HowItWorks.html
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.identity.principals import Principal
from fogbank.kernel import AWSError, Record, pages
from fogbank.services.dynamodb import creation, encryption, errors, limits, restoring, rows, table_errors, tables
from fogbank.services.dynamodb.interchange import ion, jobs, lines, readers, sources
from fogbank.services.dynamodb.rows import Image
from fogbank.services.dynamodb.schema import Table
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.values import Item, take_in_item

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]

_LISTED = 25
# hexadecimal digits, says the model
_SHORTEST_TOKEN = 112


class Counts(Record, frozen=True):
    """`size` is in bytes, unpacked."""

    processed: int = 0
    imported: int = 0
    errors: int = 0
    size: int = 0

    def plus(self, other: Counts) -> Counts:
        return Counts(
            self.processed + other.processed,
            self.imported + other.imported,
            self.errors + other.errors,
            self.size + other.size,
        )


class Import(Record, frozen=True):
    """`after` is the key of the last object that was read to its end."""

    arn: str
    table: str
    table_arn: str
    table_id: str
    principal: Principal
    request: Document
    started: float
    status: str = "IN_PROGRESS"
    ended: float | None = None
    failure: tuple[str, str] | None = None
    counts: Counts = Counts()
    after: str = ""

    @property
    def source(self) -> sources.Source:
        return sources.source(self.request["S3BucketSource"], self.compression)

    @property
    def compression(self) -> str:
        return self.request.get("InputCompressionType", "NONE")


imports = service.collection("imports", Import)


def import_arn(ctx: Context, request: Document) -> str:
    return str(request["ImportArn"])


async def find(ctx: Context, arn: str) -> Import:
    """Raises ImportNotFoundException."""
    job = await imports.get(ctx, arn)
    if job is None:
        raise AWSError("ImportNotFoundException", f"Import not found: {arn}")
    return job


def _put(ctx: Context, job: Import, **changes: Any) -> Import:
    changed = msgspec.structs.replace(job, **changes)
    imports.put(ctx, changed, changed.arn)
    return changed


# -- asking


def _target_arn(ctx: Context, request: Document) -> str:
    return tables.table_arn(ctx, request["TableCreationParameters"])


@service.operation(resource=_target_arn)
async def import_table(ctx: Context, request: Document) -> Document:
    known = await jobs.asked_before(ctx, request, _conflict())
    if known is not None:
        return {"ImportTableDescription": _describe(await find(ctx, known))}
    _check(request)
    table = await _create(ctx, request["TableCreationParameters"])
    arn = f"{table.arn}/import/{jobs.new_id(ctx)}"
    job = _put(ctx, Import(arn, table.name, table.arn, table.id, ctx.principal, request, ctx.now()))
    jobs.remember(ctx, request, arn)
    await ctx.schedule("read_import", {"arn": arn})
    await ctx.schedule("forget_import", {"arn": arn}, delay=jobs.KEPT)
    return {"ImportTableDescription": _describe(job)}


def _conflict() -> AWSError:
    return AWSError(
        "ImportConflictException", "An import with the same client token and other parameters was requested before"
    )


def _check(request: Document) -> None:
    if request["InputFormat"] != "CSV" and (request.get("InputFormatOptions") or {}).get("Csv"):
        raise errors.validation("InputFormatOptions.Csv is only for imports of CSV")
    if request["InputFormat"] == "ION":
        ion.require("ImportTable")
    lines.require(request.get("InputCompressionType", "NONE"))


async def _create(ctx: Context, wanted: Document) -> Table:
    """The table, to be CREATING until it is filled."""
    name = tables.table_name(ctx, wanted["TableName"])
    request = {**wanted, "TableName": name}
    table = creation.table_from(request, tables.arn_of(ctx, name), ctx.ids.uuid(), ctx.now(), tables.new_spaces(ctx))
    if await tables.tables.get(ctx, name) is not None:
        raise table_errors.table_exists(name)
    table = await encryption.chosen(ctx, table, request.get("SSESpecification"))
    indexes = tuple([tables.with_status(index, "CREATING") for index in table.indexes])
    return tables.put(ctx, table, indexes=indexes)


# -- showing


def _describe(job: Import) -> Document:
    request, has_ended = job.request, job.ended is not None
    code, message = job.failure or (None, None)
    shown = ("ClientToken", "S3BucketSource", "InputFormat", "InputFormatOptions", "TableCreationParameters")
    return {
        **{member: request.get(member) for member in shown},
        "ImportArn": job.arn,
        "ImportStatus": job.status,
        "TableArn": job.table_arn,
        "TableId": job.table_id,
        "ErrorCount": job.counts.errors,
        "InputCompressionType": job.compression,
        "StartTime": job.started,
        "EndTime": job.ended,
        "ProcessedSizeBytes": job.counts.size if has_ended else None,
        "ProcessedItemCount": job.counts.processed,
        "ImportedItemCount": job.counts.imported,
        "FailureCode": code,
        "FailureMessage": message,
    }


@service.operation(resource=import_arn)
async def describe_import(ctx: Context, request: Document) -> Document:
    return {"ImportTableDescription": _describe(await find(ctx, request["ImportArn"]))}


@service.operation
async def list_imports(ctx: Context, request: Document) -> Document:
    """By ARN, backwards."""
    limit, until = request.get("PageSize", _LISTED), None
    if request.get("NextToken"):
        until = (jobs.hex_position(request["NextToken"]),)
    table = request.get("TableArn")
    prefix = None if table is None else f"{tables.table_arn(ctx, {'TableName': table})}/import/"
    found = await imports.scan(ctx, starts_with=prefix, until=until, limit=limit + 1, reverse=True)
    shown, token = pages.page(found, limit, lambda job: job.arn)
    return {
        "ImportSummaryList": [_summary(job) for job in shown],
        "NextToken": token and jobs.hex_token(token, _SHORTEST_TOKEN),
    }


def _summary(job: Import) -> Document:
    return {
        "ImportArn": job.arn,
        "ImportStatus": job.status,
        "TableArn": job.table_arn,
        "S3BucketSource": job.request["S3BucketSource"],
        "InputFormat": job.request["InputFormat"],
        "StartTime": job.started,
        "EndTime": job.ended,
    }


@service.task
async def forget_import(ctx: Context, payload: Document) -> None:
    """After 90 days. The table stays."""
    job = await imports.get(ctx, payload["arn"])
    if job is not None:
        imports.delete(ctx, job.arn)
        await jobs.forget(ctx, "import_table", job.request.get("ClientToken"), job.arn)


# -- reading


@service.task(transaction=False)
async def read_import(ctx: Context, payload: Document) -> None:
    job = await ctx.transact(imports.get, ctx, payload["arn"])
    if job is None or job.status != "IN_PROGRESS":
        return
    ctx.principal = job.principal
    try:
        while found := await sources.objects_after(ctx, job.source, job.after):
            counts = await _load(ctx, job, found[0])
            job = await ctx.transact(_advance, ctx, job, found[0]["Key"], counts)
    except AWSError as error:
        await ctx.transact(_end, ctx, job, jobs.failure(error))
    else:
        await ctx.transact(_end, ctx, job, _outcome(job))


async def _load(ctx: Context, job: Import, found: Document) -> Counts:
    """Put the items of an object into the table. At what cannot be made sense of, the rest of the object is left."""
    table = await ctx.transact(_table, ctx, job)
    reader = readers.reader(job.request["InputFormat"], job.request.get("InputFormatOptions") or {}, table.attributes)
    splitter = lines.Splitter()
    counts = Counts()
    try:
        async for batch in sources.batches(ctx, job.source, found, splitter):
            items, broken = _items_of(reader, batch)
            images = [image for item in items if (image := _image_of(table, item)) is not None]
            await ctx.transact(_store, ctx, job, images)
            counts = counts.plus(Counts(len(items), len(images), len(items) - len(images)))
            if broken is not None:
                raise broken
            await asyncio.sleep(0)  # others have their turn
    except lines.Malformed:
        counts = counts.plus(Counts(processed=1, errors=1))
    return counts.plus(Counts(size=splitter.size))


async def _table(ctx: Context, job: Import) -> Table:
    table = await tables.tables.get(ctx, job.table)
    if table is None or table.id != job.table_id:
        raise table_errors.no_such_table(job.table)
    return table


def _items_of(reader: readers.Reader, batch: list[bytes]) -> tuple[list[Item], lines.Malformed | None]:
    """The items of lines, up to one that cannot be made sense of."""
    items: list[Item] = []
    try:
        for line in batch:
            item = reader(line)
            if item is not None:
                items.append(item)
    except lines.Malformed as error:
        return items, error
    return items, None


def _image_of(table: Table, item: Item) -> Image | None:
    """None when the item cannot be in the table."""
    try:
        size = take_in_item(item)
        if size > limits.ITEM_SIZE:
            raise errors.item_too_large()
        table.layout.key_in_item(item)
        table.layout.check_index_keys(item)
    except AWSError:
        return None
    return Image.of(item, size)


async def _store(ctx: Context, job: Import, images: list[Image]) -> None:
    layout = (await _table(ctx, job)).layout
    for image in images:
        key = layout.key_of(image.item)
        await rows.replace(ctx, layout, key, await rows.read(ctx, key), image)


async def _advance(ctx: Context, job: Import, key: str, counts: Counts) -> Import:
    return _put(ctx, job, counts=job.counts.plus(counts), after=key)


def _outcome(job: Import) -> tuple[str, str] | None:
    """Why an import failed that came to its end."""
    if not job.after:
        return "S3NoSuchKey", "There are no objects with the key prefix in the bucket."
    if job.counts.errors:
        return (
            "ItemValidationError",
            "Some of the items failed validation checks and were not imported. "
            "Please check CloudWatch error logs for more details.",
        )
    return None


async def _end(ctx: Context, job: Import, failure: tuple[str, str] | None) -> None:
    """Whatever came of it, the table is there, with what was imported."""
    if (await find(ctx, job.arn)).status != "IN_PROGRESS":
        return
    _put(ctx, job, status="FAILED" if failure else "COMPLETED", ended=ctx.now(), failure=failure)
    table = await tables.tables.get(ctx, job.table)
    if table is not None and table.id == job.table_id:
        restoring.finish(ctx, table)
