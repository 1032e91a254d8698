"""What the Kinesis streams of a table do not know yet. `kinesis.py` sends it to them.

    records  (table's space, stream's ARN, sequence)  the record as JSON, and before it the partition key (32 characters)
    lasts    (table's space)                           the last sequence number

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds_howitworks.html
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import orjson

from fogbank.kernel import Record
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.values import Item, item_size

if TYPE_CHECKING:
    from fogbank.kernel import Context
    from fogbank.services.dynamodb.rows import Image
    from fogbank.services.dynamodb.schema import Destination, Layout, Table

PARTITION_KEY = 32
TAKING = frozenset({"ACTIVE", "UPDATING"})
_TTL = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
_UNITS = {"MILLISECOND": 1_000, "MICROSECOND": 1_000_000}


class Last(Record, frozen=True):
    sequence: int


records = service.collection("kinesis-records", bytes)
lasts = service.collection("kinesis-sequences", Last)


async def note(ctx: Context, layout: Layout, old: Image | None, new: Image | None, by_ttl: bool) -> None:
    """Note a change of an item for the streams that are to be told, unless nothing changed."""
    table = layout.table
    before, after = None if old is None else old.item, None if new is None else new.item
    taking = [each for each in table.destinations if each.status in TAKING]
    if before == after or not taking:
        return
    last = await lasts.get(ctx, table.space)
    sequence = 1 if last is None else last.sequence + 1
    lasts.put(ctx, Last(sequence), table.space)
    for destination in taking:
        if not await records.count(ctx, table.space, destination.stream, limit=1):
            await ctx.schedule("send_to_kinesis", {"table": table.name, "stream": destination.stream})
        value = _record(ctx, table, destination, before, after, by_ttl)
        records.put(ctx, value, table.space, destination.stream, sequence)


def _record(
    ctx: Context, table: Table, destination: Destination, before: Item | None, after: Item | None, by_ttl: bool
) -> bytes:
    either = after if after is not None else before
    assert either is not None
    keys = {name: either[name] for name in (table.hash, table.range) if name is not None}
    images = {name: image for name, image in (("NewImage", after), ("OldImage", before)) if image is not None}
    change: dict[str, Any] = {
        "ApproximateCreationDateTime": int(ctx.now() * _UNITS[destination.precision]),
        "Keys": keys,
        **images,
        "SizeBytes": item_size(keys) + sum([item_size(image) for image in images.values()]),
    }
    if destination.precision == "MICROSECOND":
        change["ApproximateCreationDateTimePrecision"] = "MICROSECOND"
    document = {
        "awsRegion": ctx.region,
        "eventID": ctx.ids.uuid(),
        "eventName": "INSERT" if before is None else "REMOVE" if after is None else "MODIFY",
        "userIdentity": _TTL if by_ttl else None,
        "recordFormat": "application/json",
        "tableName": table.name,
        "dynamodb": change,
        "eventSource": "aws:dynamodb",
    }
    return hashlib.md5(orjson.dumps(keys)).hexdigest().upper().encode() + orjson.dumps(document)
