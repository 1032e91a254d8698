"""Ids, ARNs and permissions of API Gateway's resources."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from fogbank import protocols
from fogbank.kernel import Context, Service

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_KEY_LETTERS = _LETTERS + _LETTERS[:26].upper()

Request = dict[str, Any]
Answer = dict[str, Any]


def short_id(ctx: Context, length: int = 6) -> str:
    """Lower-case letters and digits."""
    return "".join(ctx.ids.choice(_LETTERS) for _ in range(length))


def key_value(ctx: Context) -> str:
    """What an API key is when nobody says: 40 letters and digits."""
    return "".join(ctx.ids.choice(_KEY_LETTERS) for _ in range(40))


def resource_arn(ctx: Context, path: str) -> str:
    """`arn:aws:apigateway:us-east-1::/restapis/a1b2c3`."""
    return f"arn:{ctx.partition}:apigateway:{ctx.region}::{path}"


def execution_arn(account: str, region: str, api_id: str, rest: str = "") -> str:
    """What `execute-api:Invoke` is about, and what Lambda permissions are given to: `.../stage/GET/orders`."""
    arn = f"arn:aws:execute-api:{region}:{account}:{api_id}"
    return f"{arn}/{rest}" if rest else arn


def endpoint(ctx: Context, name: str, scheme: str | None = None) -> str:
    """Where this server answers the API `name` (`<id>`, or `d-<id>` of a domain), without a slash at the end."""
    own, _, host = ctx.endpoint.partition("://")
    host, _, port = host.partition(":")
    if host.replace(".", "").isdecimal() or host.endswith("localhost"):
        host = "localhost"
    if scheme is None:
        scheme = own
    elif own == "https":
        scheme += "s"
    return f"{scheme}://{name}.execute-api.{ctx.region}.{host}{':' + port if port else ''}"


def declare(service: Service) -> Callable[..., Any]:
    """A decorator for operations whose IAM action is their HTTP method, and whose resource is their path, as it is with API Gateway.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
    """

    def operation(handler: Any = None, name: str | None = None, **options: Any) -> Any:
        if handler is None:
            return lambda function: operation(function, name, **options)
        name = name or handler.__name__

        def action(ctx: Context, request: Request) -> str:
            return f"apigateway:{protocols.load(service.name).operation_by_snake(name).method}"

        def resource(ctx: Context, request: Request) -> str:
            return resource_arn(ctx, _path(service.name, name, request))

        return service.operation_from(handler, name, action=action, resource=resource, **options)

    return operation


def _path(service: str, name: str, request: Request) -> str:
    """The path of a request, as policies have it."""
    operation = protocols.load(service).operation_by_snake(name)
    path = operation.path_template.removeprefix("/v2")
    if operation.input_shape is not None:
        for member, shape in operation.input_shape.members.items():
            if shape.location == "uri":
                path = path.replace(f"{{{shape.wire_name or member}}}", quote(str(request.get(member, "")), safe=":/$"))
    return path
