"""Asking what is behind a method, by the type of its integration.

https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-integration-settings.html
"""

from __future__ import annotations

import re
from time import perf_counter
from typing import Any

import orjson

from fogbank.apis import functions
from fogbank.apis.backends import Asked, Reply, Service, ask_http, ask_service, service_of
from fogbank.apis.deadlines import deadline
from fogbank.apis.mapping import with_variables
from fogbank.http import Response
from fogbank.kernel import AWSError
from fogbank.kernel.outbound import Unreachable
from fogbank.services.apigateway.gateway_responses import failed, malformed, misconfigured, timed_out
from fogbank.services.apigateway.serving import mapping, proxying
from fogbank.services.apigateway.serving.exchange import Exchange

Document = dict[str, Any]
# What mocks are told need not be JSON: CDK's templates are `{ statusCode: 204 }`.
_STATUS = re.compile(r"""["']?statusCode["']?\s*:\s*["']?(\d{3})\b""")


async def respond(exchange: Exchange) -> Response:
    """The answer of a method. Raises Refused."""
    integration = exchange.method["methodIntegration"]
    begun = perf_counter()
    try:
        if integration.get("connectionType") == "VPC_LINK":
            raise misconfigured(
                "Execution failed due to configuration error: VPC links lead nowhere here: there are no VPCs"
            )
        return await _KINDS[integration["type"]](exchange, integration)
    finally:
        exchange.integration_latency = int((perf_counter() - begun) * 1000)


def _role(exchange: Exchange, integration: Document) -> str | None:
    role = integration.get("credentials")
    return with_variables(role, exchange.variables) if role else None


async def _mock(exchange: Exchange, integration: Document) -> Response:
    """The request template says the status."""
    body, _ = mapping.request_body(exchange, integration)
    found = _STATUS.search(body.decode(errors="replace"))
    if found is None:
        raise misconfigured(
            "Execution failed due to configuration error: Unable to parse statusCode. "
            "It should be an integer that is defined in the request template."
        )
    status = found[1]
    exchange.integration_status = status
    return mapping.answer(exchange, mapping.chosen(exchange.method, status), Reply(int(status), {}, b""))


# -- functions


async def _lambda_proxy(exchange: Exchange, integration: Document) -> Response:
    uri = with_variables(integration["uri"], exchange.variables)
    if ":lambda:" not in uri:
        raise misconfigured("Execution failed due to configuration error: only functions are proxied")
    event = orjson.dumps(proxying.event(exchange))
    done = await _asked(exchange, integration, uri, event)
    if done.how == "failed":
        raise malformed(f"Lambda execution failed with status 200 due to customer function error: {done.why}")
    exchange.note(f"Endpoint response body before transformations: {done.payload.decode(errors='replace')}")
    return proxying.response(exchange, done.payload)


async def _asked(
    exchange: Exchange, integration: Document, uri: str, event: bytes, later: bool = False
) -> functions.Function:
    """Raises Refused where there is no answer at all."""
    timeout = integration["timeoutInMillis"]
    exchange.note(f"Endpoint request URI: {uri}")
    done = await functions.ask(
        exchange.ctx,
        uri,
        event,
        exchange.source_arn(),
        timeout / 1000,
        _role(exchange, integration),
        later,
        exchange.trace,
    )
    exchange.integration_status = "200"
    if done.how == "timeout":
        raise timed_out(timeout)
    if done.how == "throttled":
        exchange.integration_status = "429"
        raise malformed(f"Lambda was throttled: {done.why}")
    if done.how == "refused":
        exchange.integration_status = "403"
        raise misconfigured(
            f"Execution failed due to configuration error: Invalid permissions on Lambda function ({done.why})"
        )
    return done


async def _lambda(exchange: Exchange, integration: Document, uri: str, asked: Asked) -> Response:
    """What the function returns is the body, and its error message what patterns are about."""
    kinds = {name.lower(): value for name, value in asked.headers.items()}
    later = kinds.get("x-amz-invocation-type", "").strip("'") == "Event"
    done = await _asked(exchange, integration, uri, asked.body or b"{}", later)
    subject: str | None = None
    if done.how == "failed":
        subject = _error_message(done.payload)
    return mapping.answer(exchange, mapping.chosen(exchange.method, subject), Reply(200, {}, done.payload))


def _error_message(payload: bytes) -> str:
    try:
        return str(orjson.loads(payload).get("errorMessage", ""))
    except (ValueError, AttributeError):
        return payload.decode(errors="replace")


# -- services of AWS


async def _aws(exchange: Exchange, integration: Document) -> Response:
    uri, asked = mapping.asked(exchange, integration)
    service = service_of(uri)
    if service is None:
        raise misconfigured("Execution failed due to configuration error: Invalid endpoint address")
    if service.name == "lambda" and service.how == "path":
        return await _lambda(exchange, integration, uri, asked)
    reply = await _from_service(exchange, integration, service, asked)
    return mapping.answer(exchange, mapping.chosen(exchange.method, str(reply.status)), reply)


async def _from_service(exchange: Exchange, integration: Document, service: Service, asked: Asked) -> Reply:
    role = _role(exchange, integration)
    if role is None:
        raise misconfigured(
            "Execution failed due to configuration error: API Gateway does not have permission to assume the provided role"
        )
    timeout = integration["timeoutInMillis"]
    try:
        async with deadline(timeout / 1000):
            reply = await ask_service(exchange.ctx, service, asked, role, exchange.source_arn())
    except TimeoutError:
        raise timed_out(timeout) from None
    except AWSError as error:
        raise misconfigured(
            "Execution failed due to configuration error: "
            f"API Gateway does not have permission to assume the provided role: {error.message}"
        ) from error
    exchange.integration_status = str(reply.status)
    exchange.note(f"Endpoint response body before transformations: {reply.body[:1024].decode(errors='replace')}")
    return reply


# -- HTTP


async def _from_http(exchange: Exchange, integration: Document) -> Reply:
    uri, asked = mapping.asked(exchange, integration)
    timeout = integration["timeoutInMillis"]
    exchange.note(f"Endpoint request URI: {uri}")
    try:
        reply = await ask_http(exchange.ctx, uri, asked, timeout / 1000)
    except TimeoutError:
        raise timed_out(timeout) from None
    except Unreachable as error:
        raise failed(f"Execution failed due to a network error communicating with endpoint: {error}") from error
    exchange.integration_status = str(reply.status)
    return reply


async def _http(exchange: Exchange, integration: Document) -> Response:
    reply = await _from_http(exchange, integration)
    return mapping.answer(exchange, mapping.chosen(exchange.method, str(reply.status)), reply)


_CONNECTION = frozenset({"connection", "content-length", "transfer-encoding", "keep-alive"})


async def _http_proxy(exchange: Exchange, integration: Document) -> Response:
    reply = await _from_http(exchange, integration)
    headers = [proxying.remapped(name, value) for name, value in reply.headers.items() if name not in _CONNECTION]
    return Response(reply.status, headers, reply.body)


_KINDS = {"MOCK": _mock, "AWS_PROXY": _lambda_proxy, "AWS": _aws, "HTTP": _http, "HTTP_PROXY": _http_proxy}
