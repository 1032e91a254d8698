"""OpenTelemetry's endpoint: `POST /v1/traces`, signed for `xray`. Spans go where transaction search wants them, so it has to be on.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-OTLPEndpoint.html
"""

from __future__ import annotations

import zlib
from typing import Any

import orjson

from fogbank.http import Request, Response
from fogbank.kernel import Context
from fogbank.services.xray import destinations, errors, keeping, limits, otlp_wire
from fogbank.services.xray.documents import Document, Refused, read
from fogbank.services.xray.service import service
from fogbank.services.xray.spans import Span, to_document

_PATH = "/v1/traces"
_PAST, _FUTURE = 14 * 86400, 2 * 3600
_NANO = 1_000_000_000
_JSON = "application/json"


@service.edge(lambda request: request.path == _PATH and request.method == "POST")
async def export_traces(ctx: Context, request: Request) -> Response:
    """Raises InvalidRequestException, AccessDeniedException."""
    await ctx.authorise("xray:PutSpans", "*")
    is_json = request.headers.get("content-type", "").startswith(_JSON)
    body = _unpacked(await request.payload.read(), request.headers.get("content-encoding", ""))
    try:
        message = otlp_wire.from_json(body) if is_json else otlp_wire.from_protobuf(body)
        spans = otlp_wire.spans_of(message)
    except otlp_wire.BadSpans as bad:
        raise errors.bad_spans(str(bad)) from bad
    _check(ctx, spans)
    await ctx.transact(_accept, ctx, spans)
    answer = b"{}" if is_json else b""
    return Response(200, [("Content-Type", _JSON if is_json else "application/x-protobuf")], answer)


def _unpacked(body: bytes, encoding: str) -> bytes:
    """Raises InvalidRequestException."""
    if encoding not in ("", "identity", "gzip"):
        raise errors.bad_spans(f"its encoding is {encoding}, which is not supported")
    if encoding == "gzip":
        unpacking = zlib.decompressobj(wbits=31)
        try:
            body = unpacking.decompress(body, limits.OTLP_BYTES + 1)
        except zlib.error as error:
            raise errors.bad_spans("it is not packed with gzip") from error
    if len(body) > limits.OTLP_BYTES:
        raise errors.bad_spans("it has more than 5 MB")
    return body


def _check(ctx: Context, spans: list[Span]) -> None:
    """Raises InvalidRequestException: all of a request is refused, or nothing."""
    if len(spans) > limits.OTLP_SPANS:
        raise errors.bad_spans(f"it has more than {limits.OTLP_SPANS} spans")
    for span in spans:
        if _size(span) > limits.SPAN_BYTES:
            raise errors.bad_spans("a span has more than 200 KB")
        if not -_PAST <= span["startTimeUnixNano"] / _NANO - ctx.now() <= _FUTURE:
            raise errors.bad_spans("a span began more than 14 days ago, or more than two hours from now")


def _size(span: Span) -> int:
    try:
        return len(orjson.dumps(span))
    except orjson.JSONEncodeError as error:  # keys that are no strings, attributes that are nested too deeply
        raise errors.bad_spans(f"a span cannot be kept: {error}") from error


async def _accept(ctx: Context, spans: list[Span]) -> None:
    if not await destinations.goes_to_logs(ctx):
        raise errors.needs_transaction_search()
    documents = [document for span in spans for document in _documents(span)]
    traces = {document["trace_id"] for document in documents}
    await keeping.keep(ctx, documents, {each for each in traces if await destinations.is_indexed(ctx, each)})
    await destinations.write(ctx, spans)


def _documents(span: Span) -> list[Document]:
    """The segment that a span is; none for one that X-Ray cannot have (it is among the spans all the same)."""
    document: dict[str, Any] = to_document(span)
    try:
        return read(orjson.dumps(document).decode())
    except Refused:
        return []
