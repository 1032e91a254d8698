"""Lambda proxy integrations: the event that a function gets, and what its answer means. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import orjson

from fogbank.apis.visits import matches_type, multiple, one_line, plain, single
from fogbank.http import Response
from fogbank.services.apigateway.gateway_responses import malformed
from fogbank.services.apigateway.serving.exchange import Exchange

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
_REMAPPED = frozenset(
    {"authorization", "connection", "content-md5", "date", "host", "server", "user-agent", "www-authenticate"}
)
_DROPPED = frozenset({"content-length", "transfer-encoding", "expect", "max-forwards", "te", "trailer", "upgrade"})
_PREFIX = "x-amzn-Remapped-"
_KNOWN = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})


def event(exchange: Exchange) -> dict[str, Any]:
    visit = exchange.visit
    return {
        "resource": exchange.matched.resource["path"],
        "path": visit.base + visit.decoded_path if visit.base else visit.decoded_path,
        "httpMethod": visit.method,
        "headers": single(visit.pairs),
        "multiValueHeaders": multiple(visit.pairs),
        "queryStringParameters": single(visit.query),
        "multiValueQueryStringParameters": multiple(visit.query),
        "pathParameters": exchange.matched.params or None,
        "stageVariables": exchange.variables or None,
        "requestContext": exchange.request_context(),
        **_body(exchange),
    }


def _body(exchange: Exchange) -> dict[str, Any]:
    body = exchange.visit.body
    if not body:
        return {"body": None, "isBase64Encoded": False}
    if exchange.is_binary:
        return {"body": b64encode(body).decode(), "isBase64Encoded": True}
    return {"body": exchange.body_text, "isBase64Encoded": False}


def response(exchange: Exchange, payload: bytes) -> Response:
    """The answer that a function returned. Raises Refused (502) for what is none."""
    returned = _document(payload)
    status = returned.get("statusCode", 200)
    try:
        code = int(status)
    except (TypeError, ValueError):
        raise malformed("Execution failed due to configuration error: Malformed Lambda proxy response") from None
    if isinstance(status, bool) or not 100 <= code <= 599:
        raise malformed("Execution failed due to configuration error: Malformed Lambda proxy response")
    headers = _headers(returned)
    body = returned.get("body")
    if body is not None and not isinstance(body, str):
        raise malformed("Execution failed due to configuration error: Malformed Lambda proxy response")
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    return Response(code, headers, _bytes(exchange, returned, body or "", headers))


def _document(payload: bytes) -> dict[str, Any]:
    try:
        returned = orjson.loads(payload or b"null")
    except orjson.JSONDecodeError:
        returned = payload
    # what is no map, or has members that mean nothing, is no answer
    if returned is None:
        raise malformed("Execution failed due to configuration error: Malformed Lambda proxy response")
    if not isinstance(returned, dict) or not _KNOWN.issuperset(returned):
        raise malformed("Execution failed due to configuration error: Malformed Lambda proxy response")
    return returned


def _headers(returned: dict[str, Any]) -> list[tuple[str, str]]:
    one, many = returned.get("headers") or {}, returned.get("multiValueHeaders") or {}
    if not isinstance(one, dict) or not isinstance(many, dict):
        raise malformed("Execution failed due to configuration error: Malformed Lambda proxy response")
    pairs: list[tuple[str, str]] = []
    for name, values in many.items():
        pairs += [(name, plain(value)) for value in (values if isinstance(values, list) else [values])]
    known = {name.lower() for name in many}
    pairs += [(name, plain(value)) for name, value in one.items() if name.lower() not in known]
    return [remapped(name, value) for name, value in pairs if name.lower() not in _DROPPED]


def remapped(name: str, value: str) -> tuple[str, str]:
    return (f"{_PREFIX}{name}" if name.lower() in _REMAPPED else name), one_line(value)


def _bytes(exchange: Exchange, returned: dict[str, Any], body: str, headers: list[tuple[str, str]]) -> bytes:
    """Base64 is decoded for who accepts one of the binary types, or where the answer is of one."""
    if not returned.get("isBase64Encoded"):
        return body.encode()
    kind = next((value for name, value in headers if name.lower() == "content-type"), "")
    accepted = exchange.visit.headers.get("accept", "").partition(",")[0]
    if not matches_type(accepted, exchange.binary_types) and not matches_type(kind, exchange.binary_types):
        return body.encode()
    try:
        return b64decode(body, validate=True)
    except ValueError:
        raise malformed("Execution failed: Unable to base64 decode the body.") from None
