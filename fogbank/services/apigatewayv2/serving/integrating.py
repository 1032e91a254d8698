"""Asking what is behind a route.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations.html
"""

from __future__ import annotations

from time import perf_counter
from typing import Any
from urllib.parse import quote

import orjson

from fogbank import protocols
from fogbank.apis import functions
from fogbank.apis.backends import Asked, ask_http
from fogbank.apis.deadlines import deadline
from fogbank.apis.mapping import with_variables
from fogbank.http import Response
from fogbank.kernel import AWSError
from fogbank.kernel.operations import is_transactional
from fogbank.kernel.outbound import Unreachable
from fogbank.services.apigatewayv2.definitions import SUBTYPES
from fogbank.services.apigatewayv2.serving import events, mapping
from fogbank.services.apigatewayv2.serving.exchange import Exchange, Refused, internal

Document = dict[str, Any]
_CONNECTION = frozenset({"connection", "content-length", "transfer-encoding", "keep-alive"})


def _unavailable(why: str) -> Refused:
    return Refused(503, "Service Unavailable", why=why)


async def respond(exchange: Exchange) -> Response:
    """The answer of a route, as its mappings make it. Raises Refused."""
    integration = exchange.integration()
    begun = perf_counter()
    try:
        response = await _asked(exchange, integration)
    finally:
        exchange.integration_latency = int((perf_counter() - begun) * 1000)
    exchange.integration_status = str(response.status)
    return mapping.answer(exchange, integration, response)


async def _asked(exchange: Exchange, integration: Document) -> Response:
    if integration["ConnectionType"] == "VPC_LINK":
        raise _unavailable("VPC links lead nowhere here: there are no VPCs")
    if integration.get("IntegrationSubtype"):
        return await _service(exchange, integration)
    if integration["IntegrationType"] == "HTTP_PROXY":
        return await _http(exchange, integration)
    return await _function(exchange, integration)


async def _function(exchange: Exchange, integration: Document) -> Response:
    version = integration["PayloadFormatVersion"]
    done = await functions.ask(
        exchange.ctx,
        with_variables(integration["IntegrationUri"], exchange.variables),
        orjson.dumps(events.event(exchange, version)),
        exchange.source_arn(),
        integration["TimeoutInMillis"] / 1000,
        integration.get("CredentialsArn"),
        trace=exchange.visit.trace,
    )
    if done.how == "timeout":
        raise _unavailable("Endpoint request timed out")
    if done.how:
        raise internal(f"{done.how}: {done.why}")
    return events.response(done.payload, version)


async def _http(exchange: Exchange, integration: Document) -> Response:
    visit = exchange.visit
    pairs = [(name.lower(), value) for name, value in visit.pairs if name.lower() != "host"]
    changed = mapping.Changed(pairs, list(visit.query))
    changed.apply(integration.get("RequestParameters") or {}, lambda name: mapping.request_value(exchange, name))
    uri = with_variables(integration["IntegrationUri"], exchange.variables)
    for name, value in exchange.params.items():
        uri = uri.replace(f"{{{name}}}", quote(value, safe="/:@")).replace(f"{{{name}+}}", quote(value, safe="/:@"))
    if changed.path:
        scheme, _, rest = uri.partition("://")
        uri = f"{scheme}://{rest.partition('/')[0]}{changed.path}"
    method = integration.get("IntegrationMethod") or "ANY"
    headers: dict[str, str] = {}
    for name, value in changed.headers:
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    asked = Asked(visit.method if method == "ANY" else method, headers, changed.query, visit.body)
    try:
        reply = await ask_http(exchange.ctx, uri, asked, integration["TimeoutInMillis"] / 1000)
    except (TimeoutError, Unreachable) as error:
        raise _unavailable(str(error) or "timed out") from error
    return Response(reply.status, [pair for pair in reply.headers.items() if pair[0] not in _CONNECTION], reply.body)


# -- operations of AWS's services


async def _service(exchange: Exchange, integration: Document) -> Response:
    """The service's answer as JSON. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services-reference.html"""
    name, operation, _ = SUBTYPES[integration["IntegrationSubtype"]]
    given = mapping.parameters(exchange, integration["RequestParameters"])
    ctx = exchange.ctx.at(region=given.pop("Region", exchange.ctx.region))
    if ctx.app.services.get(name) is None:
        raise internal(f"this build has no {name}")
    try:
        params = _params(name, operation, given)
        _check(ctx.app.services[name], name, operation, params)
        async with deadline(integration["TimeoutInMillis"] / 1000):
            result = await _called(exchange, ctx, name, operation, params, integration["CredentialsArn"])
    except AWSError as error:
        exchange.why = str(error)
        status = error.status or 400
        if error.code in ("AccessDenied", "AccessDeniedException"):
            status = 403
        return Response(status, [("content-type", "application/json")], orjson.dumps({"message": error.message}))
    except TimeoutError:
        raise _unavailable("timed out") from None
    return Response(
        200, [("content-type", "application/json")], _json(name, operation, result, exchange.visit.request_id)
    )


async def _called(exchange: Exchange, ctx: Any, name: str, operation: str, params: Document, role: str) -> Document:
    async def call() -> Document:
        found: Document = await ctx.call(name, operation, params, role=role, source_arn=exchange.source_arn())
        return found

    return await (ctx.transact(call) if is_transactional(ctx.app, name, operation) else call())


_RENAMED = {
    "StateMachineArn": "stateMachineArn",
    "ExecutionArn": "executionArn",
    "Name": "name",
    "Input": "input",
    "Error": "error",
    "Cause": "cause",
}
_NUMBERS = frozenset({"DelaySeconds", "MaxNumberOfMessages", "VisibilityTimeout", "WaitTimeSeconds"})
_DOCUMENTS = frozenset({"MessageAttributes", "MessageSystemAttributes"})
_LISTS = frozenset({"AttributeNames", "MessageAttributeNames", "Resources"})


def _params(name: str, operation: str, given: dict[str, str]) -> Document:
    """Texts as the operation takes them. Raises AWSError."""
    if name == "events":
        entry = {("EventBusName" if key == "EventBusName" else key): _typed(key, value) for key, value in given.items()}
        if "Time" in entry:
            entry["Time"] = _moment(entry["Time"])
        return {"Entries": [entry]}
    params = {
        (_RENAMED.get(key, key) if name == "stepfunctions" else key): _typed(key, value) for key, value in given.items()
    }
    if name == "kinesis":
        params["Data"] = str(params["Data"]).encode()
    if name == "stepfunctions" and "Region" in params:
        del params["Region"]
    return params


def _moment(text: Any) -> float:
    from datetime import datetime

    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00")).timestamp()
    except ValueError as error:
        raise AWSError("BadRequestException", f"Time is not a time: {text}", 400) from error


def _typed(name: str, text: str) -> Any:
    if name in _NUMBERS:
        if not text.isdecimal():
            raise AWSError("BadRequestException", f"{name} must be a number", 400)
        return int(text)
    if name in _DOCUMENTS or name in _LISTS:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return text.split(",")
    return text


def _check(service: Any, name: str, operation: str, params: Document) -> None:
    model = protocols.load(name)
    codec = protocols.codec(model.operations[operation], model.protocols[0], service.documents, service.enums)
    violations = codec.violations(params)
    if violations:
        raise AWSError("BadRequestException", protocols.violations_message(violations), 400)


def _json(name: str, operation: str, result: Document, request_id: str) -> bytes:
    """The result on the service's wire, when that is JSON, else as it is."""
    model = protocols.load(name)
    if "json" in model.protocols:
        service_codec = protocols.codec(model.operations[operation], "json", frozenset(), True)
        body = service_codec.serialize(result, request_id).body
        return body if isinstance(body, bytes) else b""
    return orjson.dumps(result, default=str)
