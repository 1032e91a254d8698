"""PutRecord and PutRecordBatch: what is acknowledged is in the store."""

from __future__ import annotations

import base64

from fogbank.kernel import Context
from fogbank.services.firehose import buffers, encryption, errors, limits, metering
from fogbank.services.firehose.buffers import Item
from fogbank.services.firehose.records import (
    CREATING,
    CREATING_FAILED,
    DIRECT_PUT,
    Answer,
    Request,
    Stream,
    find,
    stream_arn,
    tags_of,
)
from fogbank.services.firehose.service import service

_ID_BYTES = 168
_FOR_LOGS = "LogDeliveryEnabled"


async def _policy(ctx: Context, request: Request) -> str | None:
    """Streams have no policies. What delivers logs may write to those that are tagged for it, as its linked role may on AWS."""
    if (await tags_of(ctx, request)).get(_FOR_LOGS) != "true":
        return None
    hosts = '["delivery.logs.amazonaws.com","logs.amazonaws.com"]'
    return (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":' + hosts + "},"
        '"Action":["firehose:PutRecord","firehose:PutRecordBatch"],"Resource":"*"}]}'
    )


@service.operation(resource=stream_arn, policy=_policy, tags=tags_of)
async def put_record(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecord.html"""
    stream = await _writable(ctx, request["DeliveryStreamName"])
    item = _item(ctx, request["Record"]["Data"])
    await buffers.add(ctx, stream, [item])
    metering.put(ctx, stream, "PutRecord", [item])
    return {"RecordId": item.id, "Encrypted": encryption.is_on(stream)}


@service.operation(resource=stream_arn, policy=_policy, tags=tags_of)
async def put_record_batch(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html"""
    records = request["Records"]
    if sum(len(record["Data"]) for record in records) > limits.BATCH_BYTES:
        raise errors.batch_too_large()
    stream = await _writable(ctx, request["DeliveryStreamName"])
    items = [_item(ctx, record["Data"]) for record in records]
    await buffers.add(ctx, stream, items)
    metering.put(ctx, stream, "PutRecordBatch", items)
    return {
        "FailedPutCount": 0,
        "Encrypted": encryption.is_on(stream),
        "RequestResponses": [{"RecordId": item.id} for item in items],
    }


def _item(ctx: Context, data: bytes) -> Item:
    return Item(base64.b64encode(ctx.ids.bytes(_ID_BYTES)).decode(), ctx.now(), bytes(data))


async def _writable(ctx: Context, name: str) -> Stream:
    """Raises ResourceNotFoundException, InvalidArgumentException, InvalidKMSResourceException."""
    stream = await find(ctx, name)
    if stream.type != DIRECT_PUT:
        raise errors.not_direct(stream.type)
    if stream.status in (CREATING, CREATING_FAILED):
        raise errors.not_active_yet(ctx, name)
    await encryption.require_key(ctx, stream)
    return stream
