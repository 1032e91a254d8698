"""Kinesis streaming destinations: EnableKinesisStreamingDestination and its neighbours, and the tasks that send changes there.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import orjson

from fogbank.kernel import AWSError
from fogbank.services.dynamodb import errors, linked_roles, table_errors, tables
from fogbank.services.dynamodb.kinesis_log import PARTITION_KEY, records
from fogbank.services.dynamodb.schema import Destination, Table
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.tables import on_table

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]

DEFAULT_PRECISION = "MILLISECOND"
MOST = 2
# of records that could not be sent, which are dropped then (seconds)
KEPT = 24 * 3600
_RETRY = 5.0
# PutRecords takes 500 records of 5 MB together
_BATCH, _BATCH_BYTES = 500, 4 * 1024 * 1024
_NEXT = {"ENABLING": "ACTIVE", "UPDATING": "ACTIVE", "DISABLING": "DISABLED"}


# -- operations


@on_table
async def enable_kinesis_streaming_destination(ctx: Context, request: Document) -> Document:
    table, arn = tables.living(await tables.find_described(ctx, request)), request["StreamArn"]
    known = _destination(table, arn)
    if known is not None and known.status not in ("DISABLED", "ENABLE_FAILED"):
        raise table_errors.destination_not_enableable()
    if sum(each.status not in ("DISABLED", "ENABLE_FAILED") for each in table.destinations) >= MOST:
        raise table_errors.too_many_destinations()
    await _require_stream(ctx, arn)
    await linked_roles.require(ctx, linked_roles.KINESIS)
    precision = _precision(request, "EnableKinesisStreamingConfiguration") or DEFAULT_PRECISION
    return await _put(ctx, table, Destination(arn, "ENABLING", precision), request)


@on_table
async def disable_kinesis_streaming_destination(ctx: Context, request: Document) -> Document:
    table = await tables.find_described(ctx, request)
    known = _active(table, request["StreamArn"], "DISABLE")
    return await _put(ctx, table, msgspec.structs.replace(known, status="DISABLING"), request)


@on_table
async def update_kinesis_streaming_destination(ctx: Context, request: Document) -> Document:
    table = await tables.find_described(ctx, request)
    known = _active(table, request["StreamArn"], "UPDATE")
    precision = _precision(request, "UpdateKinesisStreamingConfiguration")
    if precision is None or precision == known.precision:
        raise errors.validation("Invalid Request: Precision is already set to the desired value, or is not specified")
    return await _put(ctx, table, msgspec.structs.replace(known, status="UPDATING", precision=precision), request)


@on_table
async def describe_kinesis_streaming_destination(ctx: Context, request: Document) -> Document:
    table = await tables.find_described(ctx, request)
    return {
        "TableName": table.name,
        "KinesisDataStreamDestinations": [
            {
                "StreamArn": each.stream,
                "DestinationStatus": each.status,
                "DestinationStatusDescription": each.description,
                "ApproximateCreationDateTimePrecision": each.precision,
            }
            for each in table.destinations
        ],
    }


def _destination(table: Table, arn: str) -> Destination | None:
    return next((each for each in table.destinations if each.stream == arn), None)


def _active(table: Table, arn: str, operation: str) -> Destination:
    known = _destination(table, arn)
    if known is None or known.status != "ACTIVE":
        raise table_errors.destination_not_active(operation)
    return known


def _precision(request: Document, member: str) -> str | None:
    return (request.get(member) or {}).get("ApproximateCreationDateTimePrecision")


async def _require_stream(ctx: Context, arn: str) -> None:
    """The stream has to be there, and the caller has to be allowed to write to it."""
    if not arn.startswith(f"arn:{ctx.partition}:kinesis:{ctx.region}:{ctx.account}:stream/"):
        raise table_errors.stream_elsewhere(arn)
    try:
        await ctx.call("kinesis", "DescribeStreamSummary", {"StreamARN": arn}, as_caller=True)
    except AWSError as error:
        if error.code == "ResourceNotFoundException":
            raise table_errors.no_such_stream(arn) from error
        raise
    for action in ("kinesis:PutRecord", "kinesis:PutRecords"):
        await ctx.authorise(action, arn)


async def _put(ctx: Context, table: Table, changed: Destination, request: Document) -> Document:
    _replace(ctx, table, changed)
    await ctx.schedule("settle_destination", {"table": table.name, "id": table.id, "stream": changed.stream})
    shown = ("EnableKinesisStreamingConfiguration", "UpdateKinesisStreamingConfiguration")
    return {
        "TableName": table.name,
        "StreamArn": changed.stream,
        "DestinationStatus": changed.status,
        **{member: request[member] for member in shown if member in request},
    }


def _replace(ctx: Context, table: Table, changed: Destination) -> None:
    others = [each for each in table.destinations if each.stream != changed.stream]
    tables.put(ctx, table, destinations=(*others, changed))


@service.task
async def settle_destination(ctx: Context, payload: Document) -> None:
    """ENABLING, UPDATING -> ACTIVE; DISABLING -> DISABLED."""
    table = await tables.tables.get(ctx, payload["table"])
    known = None if table is None else _destination(table, payload["stream"])
    if table is not None and table.id == payload["id"] and known is not None and known.status in _NEXT:
        _replace(ctx, table, msgspec.structs.replace(known, status=_NEXT[known.status]))


# -- sending


@service.task
async def send_to_kinesis(ctx: Context, payload: Document) -> None:
    """Send some records to a stream, and come again while there are any; later, when it does not take them."""
    table = await tables.tables.get(ctx, payload["table"])
    if table is None:
        return
    place = (table.space, payload["stream"])
    found = await records.items(ctx, (int,), *place, limit=_BATCH)
    taken = _batch(found)
    delay = 0.0
    try:
        left = await ctx.undoing(_send, ctx, payload["stream"], [value for _, value in taken])
    except AWSError:
        left = list(range(len(taken)))
    for number, ((sequence,), value) in enumerate(taken):
        if number not in left or _is_old(ctx, value):
            records.delete(ctx, *place, sequence)
    if left:
        delay = _RETRY
    if left or len(found) == _BATCH or len(taken) < len(found):
        await ctx.schedule("send_to_kinesis", payload, delay=delay)


def _batch(found: list[Any]) -> list[Any]:
    """As many of the records as one request can have, one at least."""
    size = 0
    for number, (_, value) in enumerate(found):
        size += len(value)
        if number and size > _BATCH_BYTES:
            return found[:number]
    return found


async def _send(ctx: Context, stream: str, values: list[bytes]) -> list[int]:
    """The numbers of the records that the stream did not take."""
    if not values:
        return []
    role = await linked_roles.role(ctx, linked_roles.KINESIS)
    sender = ctx.at()
    sender.principal = await ctx.assume(role, service=linked_roles.KINESIS.removesuffix(".amazonaws.com"))
    batch = [{"PartitionKey": value[:PARTITION_KEY].decode(), "Data": value[PARTITION_KEY:]} for value in values]
    answer = await sender.call("kinesis", "PutRecords", {"StreamARN": stream, "Records": batch}, as_caller=True)
    return [number for number, each in enumerate(answer["Records"]) if each.get("ErrorCode")]


def _is_old(ctx: Context, value: bytes) -> bool:
    change = orjson.loads(value[PARTITION_KEY:])["dynamodb"]
    unit = 1_000_000 if change.get("ApproximateCreationDateTimePrecision") == "MICROSECOND" else 1_000
    return change["ApproximateCreationDateTime"] / unit < ctx.now() - KEPT  # type: ignore[no-any-return]
