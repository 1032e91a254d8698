"""What function URLs answer: `http://<url id>.lambda-url.<region>.localhost:4566/`, or `.on.aws` in the Host header.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html. Not an operation of the model, hence an edge.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import orjson

from fogbank.http import Request, Response
from fogbank.identity import ANONYMOUS
from fogbank.kernel import AWSError, Context
from fogbank.services.lambda_ import limits
from fogbank.services.lambda_.durable.starting import run
from fogbank.services.lambda_.invocation.invocations import routed
from fogbank.services.lambda_.invocation.running import Invocation
from fogbank.services.lambda_.invocation.streaming import Streamed, begin
from fogbank.services.lambda_.records import Function, Named, document_of, policies
from fogbank.services.lambda_.service import service
from fogbank.services.lambda_.url import url_events
from fogbank.services.lambda_.url.url_events import Answer, Visit
from fogbank.services.lambda_.url.urls import Url, ids, urls

_HOST = re.compile(r"([a-z0-9]{32})\.lambda-url\.[a-z0-9-]+\.")
_FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


def is_function_url(request: Request) -> bool:
    return ".lambda-url." in request.headers.get("host", "")


@service.edge(is_function_url)
async def serve(ctx: Context, request: Request) -> Response:
    found = _HOST.match(request.headers["host"].lower())
    located = await ctx.transact(ids.get, ctx, found[1]) if found is not None else None
    if located is None:
        return _message(404, "There is no function URL of that name.")
    of = Named(ctx.at(account=located.account, region=located.region), located.name, located.qualifier)
    url = await of.scope.transact(urls.get, of.scope, of.name, of.qualifier)
    if url is None:
        return _message(404, "There is no function URL of that name.")
    if url.cors is not None and url_events.is_preflight(request):
        return Response(200, url_events.cors_headers(url.cors, request))
    try:
        response = await _invoked(ctx, of, url, request)
    except AWSError as error:
        response = _refused(error)
    _add_cors(response, url, request)
    return response


async def _invoked(ctx: Context, of: Named, url: Url, request: Request) -> Response:
    signer = None
    if url.auth == "NONE":
        ctx.principal, ctx.account = ANONYMOUS, ""
    else:
        signer = ctx.principal
    function = await ctx.transact(_permitted, ctx, of, url)
    body = await request.payload.read()
    if len(body) > limits.SYNC_BYTES:
        raise AWSError("RequestTooLargeException", f"Request must be smaller than {limits.SYNC_BYTES} bytes", 413)
    visit = Visit(request, body, url.id, ctx.request_id, ctx.now(), signer)
    payload = orjson.dumps(url_events.event(visit))
    invocation = Invocation(ctx.request_id, payload, of.arn, trace=url_events.trace(visit))
    # the function runs in its own account, whoever called
    if url.mode == "RESPONSE_STREAM":
        return await _streamed(of, function, invocation)
    done = await run(of.scope, function, invocation)
    if done.error:
        return _bad_gateway()
    kind = done.answered.content_type if done.answered is not None else ""
    return _buffered(done.payload, kind, invocation)


async def _permitted(ctx: Context, of: Named, url: Url) -> Function:
    """The version to run. Raises AccessDenied unless the resource policy, or that of the signer, allows both actions.

    https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    """
    scope = ctx.at(account=of.scope.account, region=of.scope.region)
    policy = document_of(await policies.get(scope, of.name, of.qualifier))
    keys = {"lambda:FunctionUrlAuthType": url.auth, "lambda:InvokedViaFunctionUrl": "true"}
    for action in ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction"):
        await ctx.authorise(action, of.arn, owner=of.scope.account, policy=policy, keys=keys)
    return await routed(Named(scope, of.name, of.qualifier))


def _buffered(payload: bytes, content_type: str, invocation: Invocation) -> Response:
    if content_type == url_events.HTTP_RESPONSE:
        told = url_events.prelude(payload)
        answer = told[0]._replace(body=told[1]) if told is not None else None
    else:
        answer = url_events.answer(payload)
    return _bad_gateway() if answer is None else _response(answer, invocation, answer.body)


def _response(answer: Answer, invocation: Invocation, body: bytes | AsyncIterator[bytes]) -> Response:
    headers = [("x-amzn-requestid", invocation.request_id), ("x-amzn-trace-id", invocation.trace)]
    return Response(answer.status, [*answer.headers, *headers], body)


# -- responses that are read while they are written


async def _streamed(of: Named, function: Function, invocation: Invocation) -> Response:
    streamed = await begin(of.scope, function, invocation)
    plain = Answer(200, [("content-type", "application/octet-stream")], b"")
    if streamed.is_over:
        done = await streamed.done()
        return _bad_gateway() if done.error else _response(plain, invocation, done.payload)
    chunks = streamed.relay.chunks()
    kind = streamed.relay.content_type
    if kind != url_events.HTTP_RESPONSE:
        answer = plain._replace(headers=[("content-type", kind or "application/octet-stream")])
        return _response(answer, invocation, _rest(b"", chunks, streamed))
    data = b""
    async for chunk in chunks:
        data += chunk
        told = url_events.prelude(data)
        if told is not None:
            return _response(told[0], invocation, _rest(told[1], chunks, streamed))
    return _bad_gateway()


async def _rest(first: bytes, chunks: AsyncIterator[bytes], streamed: Streamed) -> AsyncIterator[bytes]:
    """The body. One that ends with an error is cut off, so that nobody takes it for whole."""
    if first:
        yield first
    async for chunk in chunks:
        yield chunk
    done = await streamed.done()
    if done.error:
        raise ConnectionAbortedError("the function failed while it was writing its response")


# -- refusals


def _refused(error: AWSError) -> Response:
    if error.code in ("AccessDeniedException", "AccessDenied"):
        return _message(403, _FORBIDDEN, "AccessDeniedException")
    if error.status == 429:
        document = {"Reason": error.members.get("Reason"), "Type": "User", "message": error.message}
        return _json(429, document, error.code)
    if error.status in (413, 404):
        return _message(error.status, error.message, error.code)
    return _bad_gateway()


def _bad_gateway() -> Response:
    """The function failed, could not be started, or returned what is no response; its log says why."""
    return Response(502, [("content-type", "application/json")], b"Internal Server Error")


def _message(status: int, text: str, code: str = "") -> Response:
    return _json(status, {"Message": text}, code)


def _json(status: int, document: dict[str, Any], code: str) -> Response:
    headers = [("content-type", "application/json")]
    if code:
        headers.append(("x-amzn-errortype", code))
    return Response(status, headers, orjson.dumps(document))


def _add_cors(response: Response, url: Url, request: Request) -> None:
    """What the configuration says stands before what the function says."""
    added = url_events.cors_headers(url.cors, request)
    if added:
        names = {name for name, _ in added}
        response.headers = [each for each in response.headers if each[0] not in names] + added
