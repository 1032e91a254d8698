"""What an API asks on behalf of a caller: HTTP endpoints, and operations of AWS's services, as if it had sent them a request.

https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegration.html (`uri`)
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from fogbank import protocols
from fogbank.apis.deadlines import as_task
from fogbank.http import Payload, Request
from fogbank.kernel import AWSError, Context
from fogbank.kernel.bodies import whole
from fogbank.kernel.errors import not_implemented
from fogbank.kernel.operations import is_transactional
from fogbank.kernel.outbound import Unreachable, send

_URI = re.compile(r"arn:[\w-]+:apigateway:([a-z0-9-]+):(?:([\w.-]+)\.)?([\w-]+):(path|action)/(.*)", re.S)
# Where a service is called otherwise in URIs than in botocore.
_SERVICES = {"states": "stepfunctions", "monitoring": "cloudwatch", "email": "ses", "elasticloadbalancing": "elbv2"}


class Reply(NamedTuple):
    """`headers` have lower-case names."""

    status: int
    headers: dict[str, str]
    body: bytes


class Asked(NamedTuple):
    """A request to what is behind an API."""

    method: str
    headers: dict[str, str]
    query: list[tuple[str, str]]
    body: bytes


async def ask_http(ctx: Context, url: str, asked: Asked, timeout: float) -> Reply:
    """Raises Unreachable, TimeoutError."""
    if asked.query:
        url += ("&" if "?" in url else "?") + urlencode(asked.query)
    headers = {name: value for name, value in asked.headers.items() if name.lower() not in _OWN}
    headers = {
        name: value.encode().decode("latin-1") if not value.isascii() else value for name, value in headers.items()
    }
    await as_task()
    try:
        answer = await send(ctx, asked.method, url, headers, asked.body, timeout)
    except Unreachable as error:
        if "no answer within" in str(error):
            raise TimeoutError from error
        raise
    return Reply(answer.status, answer.headers, answer.body)


_OWN = frozenset({"host", "content-length", "connection", "transfer-encoding"})


# -- AWS's services


class Service(NamedTuple):
    """What a URI names. `name` is botocore's; `subdomain` goes before the host; `target` is a path, or an action with its query."""

    region: str
    subdomain: str
    name: str
    how: str
    target: str


def service_of(uri: str) -> Service | None:
    found = _URI.fullmatch(uri)
    if found is None:
        return None
    region, subdomain, name, how, target = found.groups()
    return Service(region, subdomain or "", _SERVICES.get(name, name), how, target)


async def ask_service(ctx: Context, service: Service, asked: Asked, role: str | None, source_arn: str) -> Reply:
    """The service's own answer, or its own error, in its protocol. Raises AWSError only where the role cannot be taken."""
    if ctx.app.services.get(service.name) is None:
        raise not_implemented(service.name, service.target)
    model = protocols.load(service.name)
    request = _request(model, service, asked)
    scope = ctx.at(region=service.region)
    protocol = _answered_in(protocols.detect(model, request), asked)
    if role is not None:  # that it cannot be taken is no answer of the service's
        await scope.assume(role, source_arn=source_arn)
    try:
        routed = protocols.route(model, request)
        protocol = _answered_in(routed.protocol, asked)
        routed = routed._replace(protocol=protocol)
        response = await _answered(scope, service.name, routed, request, role, source_arn)
    except AWSError as error:
        response = protocols.serialize_error(model, protocol, error, ctx.request_id)
    headers = {name.lower(): value for name, value in response.headers}
    return Reply(response.status, headers, await whole(response.body))


def _answered_in(protocol: str, asked: Asked) -> str:
    """An API accepts JSON, unless it is told otherwise, so services of the query protocol answer it."""
    accepted = next((value for name, value in asked.headers.items() if name.lower() == "accept"), "")
    return "query-json" if protocol == "query" and "xml" not in accepted else protocol


async def _answered(
    scope: Context, name: str, routed: protocols.Routed, request: Request, role: str | None, source_arn: str
) -> Any:
    declared = scope.app.services[name]
    codec = protocols.codec(routed.operation, routed.protocol, declared.documents, declared.enums)
    params = codec.parse(request, routed.uri)
    violations = codec.violations(params)
    if violations:
        message = protocols.violations_message(violations)
        refuse = declared.validation_error
        raise refuse(message, violations) if refuse else AWSError("ValidationException", message)

    async def call() -> dict[str, Any]:
        return await scope.call(name, routed.operation.name, params, source_arn=source_arn, role=role)

    result = await (scope.transact(call) if is_transactional(scope.app, name, routed.operation.name) else call())
    return codec.serialize(result, scope.request_id)


def _request(model: protocols.ServiceModel, service: Service, asked: Asked) -> Request:
    """The request as that service has it on its wire."""
    headers = {name.lower(): value for name, value in asked.headers.items()}
    path, _, query = service.target.partition("?")
    pairs = urlencode(asked.query)
    query = "&".join(part for part in (query, pairs) if part)
    method, body = asked.method, asked.body
    if service.how == "path":
        path = "/" + path.lstrip("/")
        if service.name == "s3" and service.subdomain:
            path = f"/{service.subdomain}{path}"
    elif service.name == "sqs" or ("query" in model.protocols and "json" not in model.protocols):
        query = "&".join(part for part in (f"Action={path}", query) if part)
        if "Version=" not in query:
            query += f"&Version={model.metadata['apiVersion']}"
        path = "/"
    else:
        operation = model.operations.get(path)
        headers["x-amz-target"] = f"{model.target_prefix}.{path}"
        headers["content-type"] = f"application/x-amz-json-{model.metadata.get('jsonVersion', '1.1')}"
        if operation is not None and model.target_prefix is None:
            path, method = operation.path_template, operation.method
        else:
            path, method = "/", "POST"
    if service.name == "sqs" or ("query" in model.protocols and service.how == "action"):
        method, body, query = _form(method, headers, body, query)
    headers.pop("content-length", None)
    return Request(method, quote(path, safe="/%:@!$&'()*+,;=-._~{}"), query, headers, Payload(body))


def _form(method: str, headers: dict[str, str], body: bytes, query: str) -> tuple[str, bytes, str]:
    """The query protocol takes its parameters from a form: what is in the query goes into it."""
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return "POST", b"&".join(part for part in (body, query.encode()) if part), ""
    if "x-amz-target" in headers:
        return method, body, query
    headers["content-type"] = "application/x-www-form-urlencoded"
    return "POST", query.encode(), ""
