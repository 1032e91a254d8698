"""Bulk operations: StartBulkPutItems, DescribeBulkOperation, ListBulkOperations, CancelBulkOperation.

    bulk-operations  (id)          Bulk
    bulk-tables      (table, id)   b"": operations that are under way, by table

Ids begin with the time, so that operations lie in the order in which they began. `bulk_loading.py` does the work.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/BulkPutItems.Requesting.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.identity.principals import Principal
from fogbank.kernel import AWSError, Record, pages
from fogbank.services.dynamodb import errors, tables
from fogbank.services.dynamodb.interchange import ion, jobs, lines, sources
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.tables import on_table

if TYPE_CHECKING:
    from fogbank.kernel import Context
    from fogbank.services.dynamodb.schema import Table

Document = dict[str, Any]

IN_PROGRESS, CANCELLING = "IN_PROGRESS", "CANCELLING"
_LISTED = 10


class Usage(Record, frozen=True):
    """Bytes that were written: to the table, and to each of its indexes by name."""

    table: int = 0
    local: dict[str, int] = {}
    shared: dict[str, int] = {}
    vectors: dict[str, int] = {}


class Bulk(Record, frozen=True):
    """`after` is the key of the last object that was read to its end, `lines` how much of the next one was; `space` has the reports.

    `read` and `total` are bytes of objects; `total` is not known at first. `refused` counts conditions that did not hold.
    """

    arn: str
    table: str
    table_id: str
    principal: Principal
    request: Document
    started: float
    space: int
    status: str = IN_PROGRESS
    ended: float | None = None
    failure: tuple[str, str] | None = None
    processed: int = 0
    failed: int = 0
    refused: int = 0
    read: int = 0
    total: int | None = None
    usage: Usage = Usage()
    after: str = ""
    lines: int = 0

    @property
    def id(self) -> str:
        return self.arn.rpartition("/")[2]

    @property
    def source(self) -> sources.Source:
        given = self.request["InputS3Configuration"]
        return sources.source(given, given.get("InputCompressionType", "NONE"))

    @property
    def reports(self) -> list[str]:
        """The kinds of items that are to be reported."""
        kinds: list[str] = self.request["OutputS3Configuration"]["OutputType"]
        return kinds


bulks = service.collection("bulk-operations", Bulk)
under_way = service.collection("bulk-tables", bytes)


def bulk_arn(ctx: Context, request: Document) -> str:
    return str(request["BulkOperationArn"])


async def find(ctx: Context, arn: str) -> Bulk:
    """Raises ResourceNotFoundException."""
    bulk = await bulks.get(ctx, arn.rpartition("/")[2])
    if bulk is None or bulk.arn != arn:
        raise AWSError("ResourceNotFoundException", f"Bulk operation not found: {arn}")
    return bulk


def put(ctx: Context, bulk: Bulk, **changes: Any) -> Bulk:
    changed = msgspec.structs.replace(bulk, **changes)
    bulks.put(ctx, changed, changed.id)
    return changed


async def require_none(ctx: Context, table: Table) -> None:
    """Refuse what cannot be done to a table that is being written to in bulk."""
    if await under_way.count(ctx, table.name, limit=1):
        raise AWSError("ResourceInUseException", f"A bulk operation is in progress on table: {table.name}")


# -- asking


@on_table
async def start_bulk_put_items(ctx: Context, request: Document) -> Document:
    known = await jobs.asked_before(ctx, request, errors.token_reused())
    if known is not None:
        return {"BulkOperationDescription": _describe(await find(ctx, known))}
    _check(request)
    table = await tables.find_described(ctx, request)
    _require_fit(table)
    await require_none(ctx, table)
    arn = f"{table.arn}/bulk-operation/{jobs.new_id(ctx)}"
    space = next(tables.new_spaces(ctx))
    bulk = put(ctx, Bulk(arn, table.name, table.id, ctx.principal, request, ctx.now(), space))
    under_way.put(ctx, b"", table.name, bulk.id)
    jobs.remember(ctx, request, arn)
    await ctx.schedule("load_bulk", {"id": bulk.id})
    await ctx.schedule("forget_bulk", {"id": bulk.id}, delay=jobs.KEPT)
    return {"BulkOperationDescription": _describe(bulk)}


def _check(request: Document) -> None:
    given, output = request["InputS3Configuration"], request["OutputS3Configuration"]
    if not output.get("S3Bucket"):
        raise errors.validation("OutputS3Configuration.S3Bucket must be specified")
    if not output["OutputType"]:
        raise errors.validation("OutputS3Configuration.OutputType must not be empty")
    if output.get("S3SseKmsKeyId") and output.get("S3SseAlgorithm") != "KMS":
        raise errors.validation("S3SseKmsKeyId can only be specified when S3SseAlgorithm is KMS")
    if given["InputFormat"] == "ION":
        ion.require("StartBulkPutItems")
    lines.require(given.get("InputCompressionType", "NONE"))


def _require_fit(table: Table) -> None:
    """The table is ACTIVE, or is changed in a way that does not matter, and is no global one."""
    if table.group:
        raise errors.validation("Bulk put items is not supported on global tables")
    statuses = [index.status for index in table.indexes] + [index.status for index in table.vectors]
    if table.status not in ("ACTIVE", "UPDATING") or "CREATING" in statuses:
        raise AWSError("ResourceInUseException", f"Table is not in a state to be written to in bulk: {table.name}")


@service.operation(resource=bulk_arn)
async def cancel_bulk_operation(ctx: Context, request: Document) -> Document:
    """What was written stays; the task that writes stops before its next lines."""
    bulk = await find(ctx, request["BulkOperationArn"])
    if bulk.ended is not None:
        raise errors.validation(f"Bulk operation is not in progress: {bulk.arn}")
    put(ctx, bulk, status=CANCELLING)
    return {"BulkOperationArn": bulk.arn, "BulkOperationStatus": CANCELLING}


# -- showing


@service.operation(resource=bulk_arn)
async def describe_bulk_operation(ctx: Context, request: Document) -> Document:
    return {"BulkOperationDescription": _describe(await find(ctx, request["BulkOperationArn"]))}


def _describe(bulk: Bulk) -> Document:
    request = bulk.request
    code, message = bulk.failure or (None, None)
    return {
        **_summary(bulk),
        "TableDetails": [{"TableName": bulk.table, "TableId": bulk.table_id}],
        "ClientToken": request.get("ClientToken"),
        "InputS3Configuration": {"InputCompressionType": "NONE", **request["InputS3Configuration"]},
        "OutputS3Configuration": request["OutputS3Configuration"],
        "ProcessedItemCount": bulk.processed,
        "ProcessedInputBytes": bulk.read,
        "TotalInputBytes": bulk.total,
        "BulkOperationUsage": [_describe_usage(bulk)],
        "FailedItemCount": bulk.failed,
        "FailureCode": code,
        "FailureMessage": message,
        "MaxWriteRequestUnits": request.get("MaxWriteRequestUnits"),
        "PerformanceTier": request.get("PerformanceTier", "STANDARD"),
    }


def _summary(bulk: Bulk) -> Document:
    return {
        "BulkOperationArn": bulk.arn,
        "BulkOperationStatus": bulk.status,
        "StartTime": bulk.started,
        "EndTime": bulk.ended,
    }


def _describe_usage(bulk: Bulk) -> Document:
    usage = bulk.usage
    vectors = {name: {"BulkPutVectorBytes": count} for name, count in usage.vectors.items()}
    return {
        "TableName": bulk.table,
        "BulkPutBytes": usage.table + sum(usage.local.values()) + sum(usage.shared.values()),
        "Table": {"BulkPutBytes": usage.table},
        "LocalSecondaryIndexes": _bytes_by_index(usage.local),
        "GlobalSecondaryIndexes": _bytes_by_index(usage.shared),
        "VectorIndexes": vectors or None,
    }


def _bytes_by_index(counts: dict[str, int]) -> Document | None:
    return {name: {"BulkPutBytes": count} for name, count in counts.items()} or None


@service.operation
async def list_bulk_operations(ctx: Context, request: Document) -> Document:
    """The most recent first."""
    limit, until = request.get("MaxResults", _LISTED), None
    if request.get("NextToken"):
        until = (jobs.hex_position(request["NextToken"]),)
    found = await bulks.scan(ctx, until=until, limit=limit + 1, reverse=True)
    shown, token = pages.page(found, limit, lambda bulk: bulk.id)
    summaries = [_summary(bulk) for bulk in shown]
    return {"BulkOperationsSummaryList": summaries, "NextToken": token and jobs.hex_token(token)}


@service.task
async def forget_bulk(ctx: Context, payload: Document) -> None:
    """After 90 days. What was written stays."""
    bulk = await bulks.get(ctx, payload["id"])
    if bulk is not None:
        bulks.delete(ctx, bulk.id)
        await jobs.forget(ctx, "start_bulk_put_items", bulk.request.get("ClientToken"), bulk.arn)
