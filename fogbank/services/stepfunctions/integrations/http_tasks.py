"""HTTP Tasks: `arn:aws:states:::http:invoke` asks an HTTP endpoint, identified by a connection of EventBridge's.

https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
"""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from fogbank.kernel import AWSError, Context, outbound
from fogbank.services.stepfunctions.language.failure import Failure, runtime
from fogbank.services.stepfunctions.language.paths import text_of

Document = dict[str, Any]

_SECONDS = 60.0
_USER_AGENT = "Amazon|StepFunctions|HttpInvoke|us-east-1"
_FORM = "application/x-www-form-urlencoded"
_REASONS = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content"}


async def invoke(ctx: Context, role: str, machine: str, given: Document) -> Any:
    """Send the request and wait for its answer; in no transaction. Raises Failure."""
    for name in ("ApiEndpoint", "Method"):
        if not isinstance(given.get(name), str):
            said = f"The field '{name}' is required but was missing"
            raise runtime(f"The Parameters '{text_of(given)}' could not be used to start the Task: [{said}]")
    try:
        parts = await _connection(ctx, role, machine, given)
    except AWSError as error:
        raise Failure("Events.ConnectionResource.AccessDenied", error.message) from error
    added = parts.get("InvocationHttpParameters") or {}
    headers, body = _body(given, added)
    headers = {"User-Agent": _USER_AGENT, **headers, **_pairs(added, "HeaderParameters"), **_authorization(parts)}
    query = {**_flat(given.get("QueryParameters") or {}), **_pairs(added, "QueryStringParameters")}
    url = str(given["ApiEndpoint"]) + (f"?{urlencode(query, doseq=True)}" if query else "")
    try:
        answer = await outbound.send(ctx, given["Method"], url, headers, body, _SECONDS)
    except outbound.Unreachable as error:
        raise Failure("States.Http.Socket", str(error)) from None
    return _result(answer)


async def _connection(ctx: Context, role: str, machine: str, given: Document) -> Document:
    """The connection's parameters with what is secret, as the role may read them. Raises AWSError."""
    wanted = given.get("Authentication") or given.get("InvocationConfig") or {}
    arn = wanted.get("ConnectionArn")
    if arn is None:
        raise AWSError("ValidationException", "The request has no connection.")
    scope = ctx.at()

    async def read() -> Document:
        scope.principal = await scope.assume(role, source_arn=machine)
        await scope.authorise("events:RetrieveConnectionCredentials", arn)
        found = await scope.call("events", "DescribeConnection", {"Name": arn.split("/")[1]}, as_caller=True)
        secret = {"SecretId": found["SecretArn"]}
        value = await scope.call("secretsmanager", "GetSecretValue", secret, as_caller=True)
        parts: Document = orjson.loads(value["SecretString"])
        return parts

    return await scope.transact(read)


def _pairs(added: Document, member: str) -> dict[str, str]:
    return {entry["Key"]: entry.get("Value") or "" for entry in added.get(member) or ()}


def _flat(values: Document) -> Document:
    return {name: value if isinstance(value, (str, list)) else text_of(value) for name, value in values.items()}


def _authorization(parts: Document) -> dict[str, str]:
    """The header that a connection identifies itself by."""
    if basic := parts.get("BasicAuthParameters"):
        pair = f"{basic['Username']}:{basic['Password']}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    if key := parts.get("ApiKeyAuthParameters"):
        return {key["ApiKeyName"]: key["ApiKeyValue"]}
    token = (parts.get("OAuthParameters") or {}).get("AccessToken")
    return {"Authorization": f"Bearer {token}"} if token else {}


def _body(given: Document, added: Document) -> tuple[dict[str, str], bytes]:
    """The headers that are asked for, with the content's type, and the content."""
    headers = {
        name: value if isinstance(value, str) else text_of(value)
        for name, value in (given.get("Headers") or {}).items()
    }
    body = given.get("RequestBody")
    if extra := _pairs(added, "BodyParameters"):
        body = {**(body if isinstance(body, dict) else {}), **extra}
    if body is None:
        return headers, b""
    lower = {name.lower() for name in headers}
    if (given.get("Transform") or {}).get("RequestBodyEncoding") == "URL_ENCODED":
        kind, data = _FORM, _form(body, given["Transform"]).encode()
    else:
        kind, data = "application/json", (body if isinstance(body, str) else text_of(body)).encode()
    return ({} if "content-type" in lower else {"Content-Type": kind}) | headers, data


def _form(body: Document, transform: Document) -> str:
    """A form; lists in the way that the transform asks for."""
    way = (transform.get("RequestEncodingOptions") or {}).get("ArrayFormat", "INDICES")
    pairs: list[tuple[str, str]] = []
    for name, value in body.items():
        pairs += _form_list(name, value, way) if isinstance(value, list) else [(name, _shown(value))]
    return "&".join(f"{quote(name, safe='[]')}={quote(value, safe='')}" for name, value in pairs)


def _form_list(name: str, values: list[Any], way: str) -> list[tuple[str, str]]:
    shown = [_shown(value) for value in values]
    if way == "COMMAS":
        return [(name, ",".join(shown))]
    names = {"REPEAT": name, "BRACKETS": f"{name}[]"}
    return [(names.get(way, f"{name}[{place}]"), value) for place, value in enumerate(shown)]


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else text_of(value)


def _result(answer: outbound.Answer) -> Any:
    """Raises Failure for an answer that is no success."""
    try:
        body = orjson.loads(answer.body) if answer.body else ""
    except orjson.JSONDecodeError:
        body = answer.body.decode("utf-8", "replace")
    found = {
        "Headers": {name: [value] for name, value in answer.headers.items()},
        "ResponseBody": body,
        "StatusCode": answer.status,
        "StatusText": _REASONS.get(answer.status, ""),
    }
    if not 200 <= answer.status < 300:
        raise Failure(f"States.Http.StatusCode.{answer.status}", text_of(found))
    return found
