"""Events that functions get from HTTP APIs, in both formats, and what their answers mean. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from typing import Any

import orjson

from fogbank.apis.visits import Visit, multiple, plain, single
from fogbank.http import Response
from fogbank.services.apigatewayv2.serving.exchange import Exchange, internal

Document = dict[str, Any]
_TEXT = re.compile(
    r"text/|application/(?:json|xml|javascript|x-www-form-urlencoded)\b|application/[^;]+\+(?:json|xml)\b"
)
_DROPPED = frozenset({"connection", "content-length", "transfer-encoding", "keep-alive", "upgrade"})


def _joined(visit: Visit) -> dict[str, str]:
    """Lower-case names, with all values between commas; cookies are told apart."""
    found: dict[str, str] = {}
    for name, value in visit.pairs:
        known = name.lower()
        if known != "cookie":
            found[known] = f"{found[known]},{value}" if known in found else value
    return found


def _query(visit: Visit) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in visit.query:
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _body(visit: Visit) -> Document:
    if not visit.body:
        return {}
    kind = visit.headers.get("content-type", "")
    if not kind or _TEXT.match(kind):
        try:
            return {"body": visit.body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass
    return {"body": b64encode(visit.body).decode(), "isBase64Encoded": True}


def event(exchange: Exchange, version: str) -> Document:
    return event_2(exchange) if version == "2.0" else event_1(exchange)


def event_2(exchange: Exchange) -> Document:
    visit = exchange.visit
    found: Document = {
        "version": "2.0",
        "routeKey": exchange.route["RouteKey"],
        "rawPath": exchange.full_path,
        "rawQueryString": visit.request.query,
        "headers": _joined(visit),
        "requestContext": context_2(exchange),
        "isBase64Encoded": False,
    }
    cookies = [value for name, value in visit.pairs if name.lower() == "cookie"]
    if cookies:
        found["cookies"] = [each.strip() for value in cookies for each in value.split(";")]
    if visit.query:
        found["queryStringParameters"] = _query(visit)
    if exchange.params:
        found["pathParameters"] = exchange.params
    if exchange.variables:
        found["stageVariables"] = exchange.variables
    return found | _body(visit)


def context_2(exchange: Exchange) -> Document:
    visit = exchange.visit
    found: Document = {
        "accountId": exchange.ctx.account,
        "apiId": visit.api,
        "domainName": visit.domain,
        "domainPrefix": visit.prefix,
        "http": {
            "method": visit.method,
            "path": exchange.full_path,
            "protocol": visit.protocol,
            "sourceIp": visit.source_ip,
            "userAgent": visit.user_agent or "",
        },
        "requestId": exchange.request_id,
        "routeKey": exchange.route["RouteKey"],
        "stage": visit.stage,
        "time": visit.time_text,
        "timeEpoch": int(visit.now * 1000),
    }
    if exchange.authorizer:
        found["authorizer"] = exchange.authorizer
    return found


def event_1(exchange: Exchange) -> Document:
    visit = exchange.visit
    verb, _, path = exchange.route["RouteKey"].partition(" ")
    pairs = [(name.lower() if visit.request.version == "2" else name, value) for name, value in visit.pairs]
    return {
        "version": "1.0",
        "resource": path or verb,
        "path": exchange.full_path,
        "httpMethod": visit.method,
        "headers": single(pairs),
        "multiValueHeaders": multiple(pairs),
        "queryStringParameters": single(visit.query),
        "multiValueQueryStringParameters": multiple(visit.query),
        "requestContext": context_1(exchange, path or verb),
        "pathParameters": exchange.params or None,
        "stageVariables": exchange.variables or None,
        "body": None,
        "isBase64Encoded": False,
        **_body(visit),
    }


def context_1(exchange: Exchange, resource: str) -> Document:
    visit, signer = exchange.visit, exchange.authorizer.get("iam") or {}
    jwt = exchange.authorizer.get("jwt")
    authorizer = {"claims": jwt["claims"], "scopes": jwt["scopes"]} if jwt else exchange.authorizer.get("lambda") or {}
    return {
        "accountId": exchange.ctx.account,
        "apiId": visit.api,
        "authorizer": authorizer,
        "domainName": visit.domain,
        "domainPrefix": visit.prefix,
        "extendedRequestId": exchange.request_id,
        "httpMethod": visit.method,
        "identity": {
            "accessKey": signer.get("accessKey"),
            "accountId": signer.get("accountId"),
            "caller": signer.get("callerId"),
            "cognitoAmr": None,
            "cognitoAuthenticationProvider": None,
            "cognitoAuthenticationType": None,
            "cognitoIdentityId": None,
            "cognitoIdentityPoolId": None,
            "principalOrgId": None,
            "sourceIp": visit.source_ip,
            "user": signer.get("userId"),
            "userAgent": visit.user_agent,
            "userArn": signer.get("userArn"),
        },
        "path": exchange.full_path,
        "protocol": visit.protocol,
        "requestId": exchange.request_id,
        "requestTime": visit.time_text,
        "requestTimeEpoch": int(visit.now * 1000),
        "resourceId": exchange.route["RouteKey"],
        "resourcePath": resource,
        "stage": visit.stage,
    }


# -- answers


def response(payload: bytes, version: str) -> Response:
    """What a function returned; in format 2.0 what has no status is a body. Raises Refused (500)."""
    try:
        returned = orjson.loads(payload or b"null")
    except orjson.JSONDecodeError:
        returned = None
    if version == "2.0" and (not isinstance(returned, dict) or "statusCode" not in returned):
        body = returned.encode() if isinstance(returned, str) else b"" if returned is None else orjson.dumps(returned)
        return Response(200, [("content-type", "application/json")], body)
    if not isinstance(returned, dict) or "statusCode" not in returned:
        raise internal("the function's answer is none")
    return _answer(returned)


def _answer(returned: Document) -> Response:
    try:
        status = int(returned["statusCode"])
        body = returned.get("body")
        if not isinstance(body, str | None):
            body = orjson.dumps(body).decode()
        data = b64decode(body or "") if returned.get("isBase64Encoded") else (body or "").encode()
        headers = _headers(returned)
    except (TypeError, ValueError, AttributeError) as error:
        raise internal(f"the function's answer is none: {error}") from error
    if not 100 <= status <= 599:
        raise internal("the function's answer has no status of HTTP")
    return Response(status, headers, data)


def _headers(returned: Document) -> list[tuple[str, str]]:
    many = returned.get("multiValueHeaders") or {}
    found = [(name.lower(), plain(value)) for name, values in many.items() for value in values]
    known = {name for name, _ in found}
    found += [
        (name.lower(), plain(value))
        for name, value in (returned.get("headers") or {}).items()
        if name.lower() not in known
    ]
    found += [("set-cookie", plain(cookie)) for cookie in returned.get("cookies") or []]
    if not any(name == "content-type" for name, _ in found):
        found.append(("content-type", "text/plain; charset=utf-8"))
    return [(name, value) for name, value in found if name not in _DROPPED]
