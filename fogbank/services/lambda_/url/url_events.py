"""Function URLs' requests as events, and what functions return as responses: payload format 2.0. Pure.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

from __future__ import annotations

import re
import time
from base64 import b64decode, b64encode
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson

from fogbank.http import Request
from fogbank.identity import Principal

_TEXT = re.compile(r"text/|application/(?:json|xml|javascript)\b|application/[^;]+\+(?:json|xml)\b")
HTTP_RESPONSE = "application/vnd.awslambda.http-integration-response"
_PRELUDE_END = bytes(8)
_CONNECTION = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "upgrade"})


class Visit(NamedTuple):
    """One request to a function URL. `signer` is who signed it, where that is asked for. `now` is epoch seconds."""

    request: Request
    body: bytes
    url_id: str
    request_id: str
    now: float
    signer: Principal | None


def event(visit: Visit) -> dict[str, Any]:
    request, headers = visit.request, visit.request.headers
    domain = headers.get("host", "").partition(":")[0]
    document: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": _headers(visit),
        "requestContext": {
            "accountId": visit.signer.account if visit.signer is not None else "anonymous",
            "apiId": visit.url_id,
            "domainName": domain,
            "domainPrefix": visit.url_id,
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": f"HTTP/{request.version}",
                "sourceIp": request.remote,
                "userAgent": headers.get("user-agent"),
            },
            "requestId": visit.request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(visit.now)),
            "timeEpoch": int(visit.now * 1000),
        },
        "isBase64Encoded": False,
    }
    if "cookie" in headers:
        document["cookies"] = [each.strip() for each in headers["cookie"].split(";")]
    if request.query:
        document["queryStringParameters"] = _query(request.query)
    if visit.signer is not None:
        document["requestContext"]["authorizer"] = {"iam": _iam(visit.signer)}
    return document | _body(visit)


def _headers(visit: Visit) -> dict[str, str]:
    request = visit.request
    kept = {name: value for name, value in request.headers.items() if name not in _CONNECTION}
    port = request.headers.get("host", "").partition(":")[2] or ("443" if request.scheme == "https" else "80")
    return {
        **kept,
        "x-amzn-trace-id": trace(visit),
        "x-forwarded-for": request.headers.get("x-forwarded-for") or request.remote,
        "x-forwarded-port": port,
        "x-forwarded-proto": request.scheme,
    }


def trace(visit: Visit) -> str:
    given = visit.request.headers.get("x-amzn-trace-id")
    return given or f"Root=1-{int(visit.now):08x}-{visit.request_id.replace('-', '')[:24]}"


def _query(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _iam(signer: Principal) -> dict[str, Any]:
    return {
        "accessKey": signer.access_key,
        "accountId": signer.account,
        "callerId": signer.user_id,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": signer.arn,
        "userId": signer.user_id,
    }


def _body(visit: Visit) -> dict[str, Any]:
    if not visit.body:
        return {}
    if _TEXT.match(visit.request.headers.get("content-type", "")):
        try:
            return {"body": visit.body.decode()}
        except UnicodeDecodeError:
            pass
    return {"body": b64encode(visit.body).decode(), "isBase64Encoded": True}


# -- responses


class Answer(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes


def answer(payload: bytes) -> Answer | None:
    """What a returned document says. None for what cannot be an answer."""
    try:
        returned = orjson.loads(payload or b"null")
    except orjson.JSONDecodeError:
        return None
    if not isinstance(returned, dict) or "statusCode" not in returned:
        return Answer(200, [("content-type", "application/json")], payload)
    body = returned.get("body")
    if not isinstance(body, str | None):
        return None
    head = _head(returned)
    if head is None:
        return None
    data = (body or "").encode()
    if returned.get("isBase64Encoded"):
        try:
            data = b64decode(b"".join(data.split()), validate=True)
        except ValueError:
            return None
    return head._replace(body=data)


def _head(returned: dict[str, Any]) -> Answer | None:
    try:
        status = int(returned.get("statusCode", 200))
    except (TypeError, ValueError):
        return None
    if not 100 <= status <= 599:
        return None
    headers = [(name.lower(), _text(value)) for name, value in (returned.get("headers") or {}).items()]
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "application/json"))
    headers += [("set-cookie", cookie) for cookie in returned.get("cookies") or []]
    return Answer(status, [each for each in headers if each[0] not in (*_CONNECTION, "content-length")], b"")


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def prelude(data: bytes) -> tuple[Answer, bytes] | None:
    """The status and headers that a streaming handler writes before its body, and what follows them. None until they are whole."""
    end = data.find(_PRELUDE_END)
    if end < 0:
        return None
    try:
        returned = orjson.loads(data[:end])
    except orjson.JSONDecodeError:
        returned = None
    head = _head(returned) if isinstance(returned, dict) else None
    return head or Answer(502, [], b""), data[end + len(_PRELUDE_END) :]


# -- CORS


def is_preflight(request: Request) -> bool:
    return (
        request.method == "OPTIONS"
        and "origin" in request.headers
        and "access-control-request-method" in request.headers
    )


def cors_headers(cors: dict[str, Any] | None, request: Request) -> list[tuple[str, str]]:
    """What the configuration adds to a response. Nothing for origins that it does not allow."""
    origin = request.headers.get("origin")
    allowed = (cors or {}).get("AllowOrigins") or []
    if cors is None or origin is None or not ("*" in allowed or origin in allowed):
        return []
    credentials = bool(cors.get("AllowCredentials"))
    every = "*" in allowed and not credentials
    headers = [("access-control-allow-origin", "*" if every else origin), ("vary", "Origin")]
    if credentials:
        headers.append(("access-control-allow-credentials", "true"))
    if is_preflight(request):
        return headers + _preflight(cors)
    return headers + _listed("access-control-expose-headers", cors.get("ExposeHeaders"))


def _preflight(cors: dict[str, Any]) -> list[tuple[str, str]]:
    headers = _listed("access-control-allow-methods", cors.get("AllowMethods"))
    headers += _listed("access-control-allow-headers", cors.get("AllowHeaders"))
    if cors.get("MaxAge") is not None:
        headers.append(("access-control-max-age", str(cors["MaxAge"])))
    return headers


def _listed(name: str, values: list[str] | None) -> list[tuple[str, str]]:
    return [(name, ",".join(values))] if values else []
