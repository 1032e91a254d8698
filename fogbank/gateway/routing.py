"""Which service and operation is a request for? Decided from the credential scope, X-Amz-Target, Action, REST URI and host.

The service comes first (nothing falls through to S3): the signing name says it; without a signature the target prefix, the action or
the host does. Only an unsigned request that names no other service is S3's, since only S3 has public resources at any path.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from fogbank import protocols
from fogbank.http import Request
from fogbank.kernel.errors import AWSError

if TYPE_CHECKING:
    from fogbank.kernel.context import Context
    from fogbank.kernel.registry import Registry
    from fogbank.kernel.service import Edge, Operation, Service
    from fogbank.protocols.model import OperationModel, ServiceModel
    from fogbank.protocols.router import Routed

_QUERY_SCOPE = re.compile(
    r"X-Amz-Credential=[^&]+?(?:%2[Ff]|/)\d{8}(?:%2[Ff]|/)[^&]*?(?:%2[Ff]|/)([^&/%]+)(?:%2[Ff]|/)"
)
_ACTION = re.compile(r"(?:^|&)Action=(\w+)")
_QUEUE_PATH = re.compile(r"/\d{12}/")
# Doors of services that have no host name of their own here (`/_aws/acm/acme/...`): no bucket has such a name.
_EDGE_PATH = re.compile(r"/_aws/([a-z0-9-]+)/")
# What a user pool's issuer publishes: no bucket has an underscore in its name.
_USER_POOL_PATH = re.compile(r"/[a-z0-9-]+_[0-9a-zA-Z]+/\.well-known/(?:openid-configuration|jwks\.json)")
# Services whose clients sign nothing and name no host of AWS's when they are pointed at an endpoint, by (method, path).
_OPEN_PATHS = {
    ("POST", "/client/register"): "sso-oidc",
    ("POST", "/device_authorization"): "sso-oidc",
    ("POST", "/token"): "sso-oidc",
    ("GET", "/assignment/accounts"): "sso",
    ("GET", "/assignment/roles"): "sso",
    ("GET", "/federation/credentials"): "sso",
    ("POST", "/logout"): "sso",
}
# What S3's own API is signed for: besides the service itself, its directory buckets, Object Lambda and Outposts.
_S3_SIGNING_NAMES = frozenset({"s3", "s3express", "s3-object-lambda", "s3-outposts"})
_OUTPOSTS_PATH = "/S3Outposts/"
# In the host names of websites: whatever their visitors send is for S3.
_WEBSITE = ".s3-website"
# And in those of function URLs: it is for a function.
_FUNCTION_URL = ".lambda-url."
# And in those of APIs: it is for API Gateway, or for what is behind it. `/restapis/<id>/<stage>/_user_request_/...` is, too.
_API = ".execute-api."
_API_PATH = "/_aws/execute-api/"
_REST_API = "/restapis/"
_USER_REQUEST = re.compile(r"/restapis/[^/]+/[^/]+/_user_request_(?:/|$)")
_CONNECTIONS = "/@connections/"
# The protocol of ECR's registries, whose clients sign nothing: no bucket is called v2.
_REGISTRY = "/v2/"
_REGISTRY_HOST = ".dkr.ecr."
_RPC_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)")


class Target:
    """Where a request goes. `routed` is the operation, or `edge` the door when it is none of the model's; `declared` is the
    service's own declaration of the operation, if it has one.

    `ctx`, `params` and `result` are the operation's, as soon as there are any. `is_recorded`: the call is one that
    CloudTrail has as a management event. `request` is the request as the operation's URI sees it: in path
    style, whatever style the client used.
    """

    __slots__ = ("ctx", "declared", "edge", "is_recorded", "model", "params", "request", "result", "routed", "service")

    def __init__(
        self,
        model: ServiceModel,
        service: Service | None,
        request: Request,
        routed: Routed | None = None,
        declared: Operation | None = None,
    ) -> None:
        self.model = model
        self.service = service
        self.request = request
        self.routed = routed
        self.declared = declared
        self.edge: Edge | None = None
        self.ctx: Context | None = None
        self.params: dict[str, Any] = {}
        self.result: dict[str, Any] | None = None
        self.is_recorded = False

    @property
    def protocol(self) -> str:
        """The protocol that the request speaks, as far as can be told."""
        return self.routed.protocol if self.routed is not None else protocols.detect(self.model, self.request)

    @property
    def operation(self) -> OperationModel | None:
        return self.routed.operation if self.routed is not None else None

    def resolve(self) -> None:
        """Find the edge or the operation, unless it is known. Raises AWSError when the service has no such operation."""
        if self.routed is not None:
            return
        service = self.service
        if service is not None:
            for edge in service.edges:
                if edge.method in (None, self.request.method) and edge.match(self.request):
                    self.edge = edge
                    return
        self.routed = routed = protocols.route(self.model, self.request)
        if service is not None:
            self.declared = service.operations.get(routed.operation.snake)


_MAX_ROUTES = 4096


def find(services: Registry, request: Request) -> Target:
    """The service that a request is for; its operation is found by `Target.resolve`.

    An X-Amz-Target that was found once is not looked for again: host, target and signing name say it all.
    """
    named = request.headers.get("x-amz-target")
    if named is None or request.path != "/":
        return _find(services, request)
    route = request.headers.get("host"), named, _signing_name(request)
    known = services.routes.get(route)
    if known is not None:
        model, service, routed, declared = known
        return Target(model, service, request, routed, declared)
    target = _find(services, request)
    if target.service is not None and not target.service.edges and target.request is request:
        with suppress(AWSError):  # who resolves it again is told
            target.resolve()
            if len(services.routes) >= _MAX_ROUTES:
                services.routes.clear()
            services.routes[route] = target.model, target.service, target.routed, target.declared
    return target


def _find(services: Registry, request: Request) -> Target:
    name = _service_name(services, request)
    if name == "s3":
        request = _in_path_style(request)
    elif name == "apigatewaymanagementapi":
        request = _without_stage(request)
    return Target(protocols.load(name), services.get(name), request)


def takes_stream(services: Registry, head: Request) -> bool:
    """Is this the head of an operation (or edge) that takes its body as it arrives?"""
    try:
        target = find(services, head)
        target.resolve()
    except AWSError:
        return False
    if target.edge is not None:
        return True
    operation = target.operation
    if target.service is None or operation is None:
        return False
    return operation.streaming_input is not None or operation.event_input is not None


def _is_user_request(path: str) -> bool:
    return path.startswith(_REST_API) and _USER_REQUEST.match(path) is not None


def _service_name(services: Registry, request: Request) -> str:
    host = request.headers.get("host", "")
    if _WEBSITE in host:
        return "s3"
    if _FUNCTION_URL in host:
        return "lambda"
    if _API in host or request.path.startswith(_API_PATH) or _is_user_request(request.path):
        return "apigatewaymanagementapi"
    if request.path.startswith(_REGISTRY) and _is_registry(request, host):
        return "ecr"
    signing_name = _signing_name(request)
    target = request.headers.get("x-amz-target")
    if target is not None:
        return _by_target(services, target, signing_name)
    if signing_name is not None:
        return _by_signing_name(services, signing_name, request)
    return _unsigned(services, request)


def _is_registry(request: Request, host: str) -> bool:
    """Container clients show who they are by a password, or not at all yet; a bucket in the host has keys of its own."""
    if _REGISTRY_HOST in host:
        return True
    header = request.headers.get("authorization")
    if header is not None:
        return header.startswith("Basic ")
    return "X-Amz-" not in request.query and _s3_hosts().bucket_of_host(host) is None


def _signing_name(request: Request) -> str | None:
    header = request.headers.get("authorization")
    if header is not None:
        # AWS4-HMAC-SHA256 Credential=<key>/<date>/<region>/<service>/aws4_request, ...
        scope = header.split("/", 4)
        if len(scope) == 5:
            return scope[3]
        # version 4A has no region in its scope
        return "s3" if header.startswith("AWS ") else scope[2] if len(scope) == 4 else None
    if "X-Amz-Credential=" in request.query:
        found = _QUERY_SCOPE.search(request.query)
        return found[1] if found else None
    return "s3" if "AWSAccessKeyId=" in request.query else None


def _by_target(services: Registry, target: str, signing_name: str | None) -> str:
    """The service of a target (`DynamoDB_20120810.GetItem`); where several share a prefix, the one that has the operation."""
    prefix, _, operation = target.rpartition(".")
    if signing_name in services.names and prefix in protocols.load(signing_name).target_prefixes:
        return signing_name
    names = protocols.index().by_target_prefix.get(prefix, [])
    if not names:
        raise AWSError("UnknownOperationException", f"Unknown operation: {target}", 404)
    alike = [name for name in names if protocols.load(name).signing_name == signing_name] or names
    return next((name for name in alike if operation in protocols.load(name).operations), alike[0])


def _by_signing_name(services: Registry, signing_name: str, request: Request) -> str:
    if signing_name in _S3_SIGNING_NAMES:
        if request.path.startswith(_OUTPOSTS_PATH) and signing_name == "s3-outposts":
            return "s3outposts"
        return "s3control" if _is_s3_control(request) else "s3"
    if signing_name in services.names and _is_its_own(signing_name, request):
        return signing_name
    return _only(signing_name, request)


def _is_its_own(signing_name: str, request: Request) -> bool:
    """Is the request for the service that is named as it was signed, and not for another that signs with its name?"""
    if protocols.index().by_signing_name.get(signing_name, [signing_name]) == [signing_name]:
        return True
    try:
        operation = protocols.route(protocols.load(signing_name), request).operation
    except AWSError:
        return False
    return operation.path_template.endswith("/") == request.path.endswith("/")


def _only(signing_name: str, request: Request) -> str:
    """The service of that signing name; where several share it, the one that has the request's operation."""
    names = sorted(protocols.index().by_signing_name.get(signing_name, []), key=lambda name: name != signing_name)
    if not names:
        raise AWSError("UnknownService", f"There is no AWS service with the signing name {signing_name!r}.", 404)
    if len(names) == 1:
        return names[0]
    exact: list[str] = []
    similar: list[str] = []
    for name in names:
        try:
            operation = protocols.route(protocols.load(name), request).operation
        except AWSError:
            continue
        # a router takes a path with a slash too many: between services that slash can make the difference
        (exact if operation.path_template.endswith("/") == request.path.endswith("/") else similar).append(name)
    return [*exact, *similar, *names][0]


def _is_s3_control(request: Request) -> bool:
    """S3 Control's paths could be keys in a bucket, too: that bucket is in the host, and no account in the headers."""
    if not request.path.startswith("/v20180820/"):
        return False
    return "x-amz-account-id" in request.headers or _s3_hosts().bucket_of_host(request.headers.get("host", "")) is None


def _unsigned(services: Registry, request: Request) -> str:
    edge = _EDGE_PATH.match(request.path)
    if edge is not None and edge[1] in services.names:
        return edge[1]
    rpc = _RPC_PATH.match(request.path)
    if rpc is not None and "smithy-protocol" in request.headers:
        return _by_target(services, f"{rpc[1]}.{rpc[2]}", None)
    action = _action(request)
    if action is not None:
        return _by_action(services, action, request)
    return _by_host(request) or _by_open_path(request) or "s3"


def _by_open_path(request: Request) -> str | None:
    """The service that signs people in, or their portal: JSON is posted to the one, a token in a header is the other's proof.

    The documents of a user pool, under the path of its issuer, are asked for by whoever verifies its tokens.
    """
    if _USER_POOL_PATH.fullmatch(request.path):
        return "cognito-idp"
    headers = request.headers
    if "x-amz-sso_bearer_token" in headers or headers.get("content-type", "").startswith("application/json"):
        return _OPEN_PATHS.get((request.method, request.path))
    return None


def _action(request: Request) -> str | None:
    form = request.payload.data or b""
    text = request.query
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        text += "&" + form[:4096].decode("latin-1")
    found = _ACTION.search(text)
    return found[1] if found else None


def _by_action(services: Registry, action: str, request: Request) -> str:
    """The service of an unsigned query request (AssumeRoleWithWebIdentity, a queue URL): by host, path, or who has the action."""
    by_host = _by_host(request)
    if by_host is not None:
        return by_host
    if _QUEUE_PATH.match(request.path):
        return "sqs"
    for name in services.names:
        model = protocols.load(name)
        if "query" in model.protocols and action in model.operations:
            return name
    raise AWSError("InvalidAction", f"Could not find operation {action}", 400)


def _by_host(request: Request) -> str | None:
    """The service whose endpoint prefix the host begins with: `sqs.us-east-1.localhost:4566`."""
    host = request.headers.get("host", "")
    prefix, dot, rest = host.partition(".")
    if not dot or not re.search(r"localhost|amazonaws\.com", rest):
        return None
    names = protocols.index().by_endpoint_prefix.get(prefix, [])
    return names[0] if names else None


@cache
def _s3_hosts() -> ModuleType:
    """What reads a bucket off a host name: S3's, imported with its first request."""
    from fogbank.services.s3.bucket import hosts

    return hosts


def _in_path_style(request: Request) -> Request:
    return _at(request, _s3_hosts().path_of(request.headers.get("host", ""), request.path))


def _without_stage(request: Request) -> Request:
    """The address of connections begins with that of their stage."""
    at = request.path.find(_CONNECTIONS)
    return _at(request, request.path[at:]) if at > 0 else request


def _at(request: Request, path: str) -> Request:
    if path == request.path:
        return request
    return Request(
        request.method,
        path,
        request.query,
        request.headers,
        request.payload,
        request.scheme,
        request.remote,
        request.version,
        request.head,
    )
