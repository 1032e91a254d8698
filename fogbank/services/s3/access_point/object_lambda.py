"""Reading through an Object Lambda Access Point: a function makes the answer.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/olap-writing-lambda.html. The function is called as the reader, with a URL for what
there is; for an object it answers by WriteGetObjectResponse before it returns (see `object_answers.py`), for a listing or for an object's
headers by what it returns. Requests that no function is configured for go to the supporting access point.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import orjson

from fogbank import protocols
from fogbank.http import Request, Response
from fogbank.identity import storage_access
from fogbank.identity.storage_access import OBJECT_LAMBDA, ObjectLambdaAccessPoint
from fogbank.kernel import AWSError, Context
from fogbank.kernel.errors import not_implemented
from fogbank.protocols import Codec
from fogbank.services.s3 import errors
from fogbank.services.s3.access_point import object_answers, object_events
from fogbank.services.s3.service import service

Parameters = dict[str, Any]

_SCOPE = "/s3-object-lambda/"
_WAY_BACK = "/WriteGetObjectResponse"
_VIA = ("s3-object-lambda.amazonaws.com",)


def is_through_function(request: Request) -> bool:
    """Is the request for an Object Lambda Access Point: by its alias, its ARN, or by what it was signed for?"""
    if request.path == _WAY_BACK:
        return False
    place = request.path[1:].partition("/")[0]
    if place.endswith(OBJECT_LAMBDA) or place.startswith("arn%3Aaws%3As3-object-lambda%3A"):
        return True
    return _SCOPE in request.headers.get("authorization", "") or "%2Fs3-object-lambda%2F" in request.query


@service.edge(is_through_function)
async def read_through_function(ctx: Context, request: Request) -> Response:
    """Errors: NoSuchAccessPoint, AccessDenied, those of the function (LambdaRuntimeError ...), and those that it answers."""
    model = protocols.load("s3")
    routed = protocols.route(model, request)
    if routed.operation.streaming_input is None:
        await request.payload.read()
    codec = protocols.codec(routed.operation, routed.protocol, service.documents, service.enums)
    params = codec.parse(request, routed.uri)
    if codec.violations(params):
        raise errors.malformed_xml()
    ctx.operation, ctx.protocol = routed.operation.snake, routed.protocol
    place = unquote(request.path[1:].partition("/")[0])
    point = await ctx.transact(_find, ctx, place)
    await ctx.authorise(
        f"s3-object-lambda:{routed.operation.name}", point.arn, policy=point.policy or None, owner=point.account
    )
    function = object_events.function_of(point, routed.operation.name)
    if function is None:
        return await _pass_on(ctx, point, routed.operation.name, params, codec)
    event = await object_events.event(ctx, point, function, routed.operation.name, request)
    return await _answered_by(ctx, function, event, routed.operation.name, codec)


async def _find(ctx: Context, place: str) -> ObjectLambdaAccessPoint:
    found = await storage_access.find_object_lambda(ctx, place)
    if found is None:
        raise errors.no_such_access_point(place)
    return found


async def _pass_on(
    ctx: Context, point: ObjectLambdaAccessPoint, name: str, params: Parameters, codec: Codec
) -> Response:
    """To the supporting access point, as the caller."""
    operation = service.operations.get(ctx.operation)
    if operation is None:
        raise not_implemented("s3", name)
    inner = ctx.at()
    inner.origin = {**ctx.origin, "aws:CalledVia": _VIA}
    supported = {**params, "Bucket": point.configuration["SupportingAccessPoint"]}

    async def call() -> Parameters:
        return await inner.call("s3", name, supported, as_caller=True)

    return codec.serialize(await (inner.transact(call) if operation.transaction else call()), ctx.request_id)


# -- the function


async def _answered_by(
    ctx: Context, function: Parameters, event: object_events.Event, name: str, codec: Codec
) -> Response:
    if name == "GetObject":
        await ctx.transact(object_answers.expect, ctx, event.token)
    try:
        said = await _invoke(ctx, function["FunctionArn"], event)
        if name == "GetObject":
            answer = await object_answers.received(ctx, event.token)
            response = codec.serialize(answer, ctx.request_id)
            response.status = answer.get("StatusCode") or response.status
            return response
    finally:
        if name == "GetObject":
            await ctx.transact(object_answers.forget, ctx, event.token)
    return _returned(said, name)


async def _invoke(ctx: Context, arn: str, event: object_events.Event) -> bytes:
    params = {"FunctionName": arn, "InvocationType": "RequestResponse", "Payload": orjson.dumps(event.document)}
    inner = ctx.at()
    inner.origin = {**ctx.origin, "aws:CalledVia": _VIA}
    try:
        answer = await inner.call("lambda", "Invoke", params, as_caller=True)
    except AWSError as error:
        raise object_answers.not_invoked(error) from None
    payload = answer.get("Payload") or b""
    assert isinstance(payload, bytes)
    if answer.get("FunctionError"):
        raise object_answers.runtime_error(payload.decode(errors="replace"))
    return payload


def _returned(said: bytes, name: str) -> Response:
    """What a function returns for a listing, or for an object's headers."""
    try:
        document = orjson.loads(said)
        status = int(document.get("statusCode", 200))
    except (orjson.JSONDecodeError, AttributeError, TypeError, ValueError):
        raise object_answers.invalid_response("The function's response is not what S3 Object Lambda expects.") from None
    if document.get("errorCode"):
        raise AWSError(str(document["errorCode"]), str(document.get("errorMessage") or ""), status)
    if name == "HeadObject":
        headers = [(str(key), str(value)) for key, value in (document.get("headers") or {}).items()]
        return Response(status, headers)
    listing = document.get("listResultXml")
    if not isinstance(listing, str):
        raise object_answers.invalid_response("The function's response has no listResultXml.")
    return Response(status, [("Content-Type", "application/xml")], listing.encode())
