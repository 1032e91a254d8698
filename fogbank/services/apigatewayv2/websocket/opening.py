"""Who wants a connection: the handshake, and what `$connect` says about it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import orjson

from fogbank.apis import functions, permits
from fogbank.apis.addresses import Place, stage_in_path
from fogbank.apis.mapping import with_variables
from fogbank.apis.sockets import sockets_of
from fogbank.apis.velocity.values import written
from fogbank.apis.visits import Visit, one_line
from fogbank.http import Response, Upgrade
from fogbank.kernel import Context
from fogbank.services.apigatewayv2.parts import apis, snapshots, stages
from fogbank.services.apigatewayv2.serving.exchange import Refused
from fogbank.services.apigatewayv2.websocket.session import CONNECT, Failed, Session

Document = dict[str, Any]
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_AUTHORIZER_SECONDS = 10


async def connect(ctx: Context, visit: Visit, place: Place, own_host: bool) -> Response:
    visit.stage, visit.path = (place.stage, place.path) if place.stage else stage_in_path(place.path)
    try:
        scope = ctx.at()  # a connection lives longer than the request, and than any transaction
        session = await ctx.transact(_opened, ctx, scope, visit, own_host)
        accepted = _accepted(visit)
        headers = await _admitted(session)
    except Refused as refused:
        return refused.response()
    from fogbank.services.apigatewayv2.websocket.wire import Wire

    protocol = one_line(headers.get("sec-websocket-protocol", ""))
    chosen = [("Sec-WebSocket-Protocol", protocol)] if protocol else []
    upgrade = [("Upgrade", "websocket"), ("Sec-WebSocket-Accept", accepted), *chosen]
    return Upgrade(upgrade, Wire(session, sockets_of(ctx.app)))


async def _opened(ctx: Context, scope: Context, visit: Visit, own_host: bool) -> Session:
    """`scope` is what the session goes on with. Raises Refused (403) where there is no such stage, or not under this name."""
    api = await apis.get(ctx, visit.api)
    stage = await stages.get(ctx, visit.api, visit.stage)
    if api is None or stage is None or (own_host and api.document["DisableExecuteApiEndpoint"]):
        raise Refused(403, "Forbidden")
    snapshot = await snapshots.get(ctx, visit.api, stage.document.get("DeploymentId") or "")
    if snapshot is None:
        raise Refused(403, "Forbidden")
    identifier = base64.b64encode(ctx.ids.bytes(11)).decode().replace("+", "a").replace("/", "b")
    return Session(scope, visit, identifier, stage.document, snapshot)


def _accepted(visit: Visit) -> str:
    """The proof that the handshake was understood. Raises Refused: 426 for who wants no connection."""
    headers = visit.headers
    request = visit.request
    wants = request.headers.get("upgrade", "").lower() == "websocket" and request.method == "GET"
    if not wants or request.version != "1.1":
        raise Refused(426, "Upgrade Required", {"upgrade": "websocket"})
    key = headers.get("sec-websocket-key", "")
    try:
        is_key = len(base64.b64decode(key, validate=True)) == 16
    except ValueError:
        is_key = False
    if not is_key or headers.get("sec-websocket-version") != "13":
        raise Refused(400, "Bad Request", {"sec-websocket-version": "13"})
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID).digest()).decode()


async def _admitted(session: Session) -> dict[str, str]:
    """What `$connect` answered: its headers. Raises Refused with its status where that is no success."""
    route = session.route(CONNECT)
    if route is None:
        return {}
    await _authorize(session, route)
    context = session.context(CONNECT, session.visit.request_id)
    if not route.get("Target"):
        return {}
    try:
        result = await session.ask(route, session.event(CONNECT, None, context))
    except Failed as failed:
        raise Refused(502, "Internal server error", why=str(failed)) from failed
    if not 200 <= result.status < 300:
        raise Refused(
            result.status,
            "Forbidden" if result.status == 403 else "Unauthorized" if result.status == 401 else "Bad Request",
        )
    return result.headers


# -- may they?


async def _authorize(session: Session, route: Document) -> None:
    """Only who connects is asked about. Raises Refused."""
    kind, ctx = route["AuthorizationType"], session.ctx
    if kind == "NONE":
        return
    if kind == "AWS_IAM":
        if ctx.principal.kind == "anonymous":
            raise Refused(403, "Missing Authentication Token")
        why = await permits.may_invoke(ctx, session.source_arn(CONNECT), None)
        if why is not None:
            raise Refused(403, why)
        return
    wanted = route.get("AuthorizerId")
    authorizer = next((each for each in session.snapshot.authorizers if each["AuthorizerId"] == wanted), None)
    if authorizer is None:
        raise Refused(500, "Internal server error")
    await _by_function(session, authorizer)


def _source(session: Session, source: str) -> str | None:
    kind, _, name = source.removeprefix("route.request.").partition(".")
    if kind == "header":
        return session.visit.headers.get(name.lower())
    if kind == "querystring":
        return dict(session.visit.query).get(name)
    variables: dict[str, str] = session.stage.get("StageVariables") or {}
    return variables.get(source.removeprefix("stageVariables.")) if source.startswith("stageVariables.") else None


async def _by_function(session: Session, authorizer: Document) -> None:
    if not all(_source(session, source) for source in authorizer.get("IdentitySource") or ()):
        raise Refused(401, "Unauthorized")
    ctx, arn = session.ctx, session.source_arn(CONNECT)
    event = {"type": "REQUEST", "methodArn": arn, **session.head()}
    event |= {"stageVariables": session.stage.get("StageVariables") or {}}
    event |= {"requestContext": session.context(CONNECT, session.visit.request_id)}
    source = (
        f"arn:aws:execute-api:{ctx.region}:{ctx.account}:{session.visit.api}/authorizers/{authorizer['AuthorizerId']}"
    )
    uri = with_variables(authorizer["AuthorizerUri"], session.stage.get("StageVariables") or {})
    role = authorizer.get("AuthorizerCredentialsArn")
    done = await functions.ask(ctx, uri, orjson.dumps(event), source, _AUTHORIZER_SECONDS, role)
    if done.how == "failed" and b'"Unauthorized"' in done.payload:
        raise Refused(401, "Unauthorized")
    try:
        answer = functions.document_of(done.payload) if not done.how else {}
        allowed, _ = permits.allows(answer.get("policyDocument") or {}, arn, ctx)
    except (ValueError, AttributeError) as error:
        raise Refused(500, "Internal server error", why=str(error)) from error
    if done.how:
        raise Refused(500, "Internal server error", why=done.why)
    if not allowed:
        raise Refused(403, "User is not authorized to access this resource")
    context = answer.get("context")
    session.authorizer = {name: written(value) for name, value in context.items()} if isinstance(context, dict) else {}
    session.authorizer["principalId"] = answer.get("principalId")
