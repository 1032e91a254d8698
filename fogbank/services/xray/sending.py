"""Sending traces: PutTraceSegments, PutTelemetryRecords."""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import Context
from fogbank.services.xray import destinations, insights, keeping, policies
from fogbank.services.xray.documents import Document, Refused, read
from fogbank.services.xray.service import service

Request = dict[str, Any]


@service.operation(policy=policies.of_account)
async def put_trace_segments(ctx: Context, request: Request) -> Request:
    """Keep the documents that are in order, and tell of those that are not. API_PutTraceSegments."""
    documents: list[Document] = []
    unprocessed = []
    for text in request["TraceSegmentDocuments"]:
        try:
            documents += read(text)
        except Refused as refused:
            unprocessed.append(_shown(refused))
    await accept(ctx, documents)
    return {"UnprocessedTraceSegments": unprocessed}


def _shown(refused: Refused) -> Request:
    message = f"Invalid segment. ErrorCode: {refused.code}"
    return {"Id": refused.id, "ErrorCode": refused.code, "Message": message}


async def accept(ctx: Context, documents: list[Document]) -> None:
    """Keep documents that have been read, and send them on where transaction search wants them."""
    traces = {document["trace_id"] for document in documents}
    await keeping.keep(ctx, documents, {each for each in traces if await destinations.is_indexed(ctx, each)})
    await destinations.send_on(ctx, documents)
    if documents:
        await insights.watch(ctx)


async def _accept_own(ctx: Context, documents: list[Document]) -> None:
    """What other services of AWS say of requests by themselves: no policy has to let them."""
    await accept(ctx, [entity for document in documents for entity in read(orjson.dumps(document).decode())])


service.provide("segments", _accept_own)


@service.operation
async def put_telemetry_records(ctx: Context, request: Request) -> Request:
    """What the daemon says of itself. AWS shows it to nobody, and nothing is kept of it. API_PutTelemetryRecords."""
    return {}
