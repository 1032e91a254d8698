"""Connections: how EventBridge identifies itself to an HTTP endpoint. What is secret of them rests in Secrets Manager.

connections   (name)   Connection

The secret is made and read as the service-linked role of API destinations. A connection by OAuth is authorised by a task that asks the
authorization endpoint for a token; the token rests in the secret, too, and is asked for anew when an endpoint does not take it.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection.html
"""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from fogbank.kernel import AWSError, Context, Record
from fogbank.services.events import errors, limits, oauth, secret_parts, state_events
from fogbank.services.events.failures import Failure
from fogbank.services.events.listing import page
from fogbank.services.events.names import own_arn
from fogbank.services.events.service import service

Request = dict[str, Any]

_HOST = "apidestinations.events"
_MEMBERS = {
    "BASIC": "BasicAuthParameters",
    "API_KEY": "ApiKeyAuthParameters",
    "OAUTH_CLIENT_CREDENTIALS": "OAuthParameters",
}
_OF_DESTINATIONS = {"Authorized": "Activated", "Deauthorized": "Deactivated", "Deletion Started": "Deactivated"}


class Connection(Record, frozen=True):
    """A connection. `shown` are its parameters without what is secret, `secret` the ARN of the rest; times are epoch seconds."""

    name: str
    id: str
    created: float
    modified: float
    kind: str
    shown: dict[str, Any]
    secret: str | None = None
    state: str = "AUTHORIZED"
    reason: str | None = None
    authorized: float | None = None
    description: str | None = None
    kms_key: str | None = None


connections = service.collection("connections", Connection)


def connection_arn(ctx: Context, connection: Connection) -> str:
    return own_arn(ctx, f"connection/{connection.name}/{connection.id}")


def _own(ctx: Context, request: Request) -> str:
    return own_arn(ctx, f"connection/{request.get('Name') or '*'}")


async def find_connection(ctx: Context, name: str) -> Connection:
    """Raises ResourceNotFoundException."""
    connection = await connections.get(ctx, name)
    if connection is None:
        raise errors.no_such("Connection", name)
    return connection


def keep(ctx: Context, connection: Connection, **changes: Any) -> Connection:
    connection = msgspec.structs.replace(connection, **changes)
    connections.put(ctx, connection, connection.name)
    return connection


# -- the operations


@service.operation(resource=_own)
async def create_connection(ctx: Context, request: Request) -> Request:
    """API_CreateConnection."""
    if await connections.get(ctx, request["Name"]) is not None:
        raise errors.exists("Connection", request["Name"])
    if await connections.count(ctx, limit=limits.CONNECTIONS) >= limits.CONNECTIONS:
        raise errors.limit_exceeded()
    given = _parameters(request, request["AuthorizationType"])
    now = ctx.now()
    connection = Connection(
        request["Name"],
        ctx.ids.uuid(),
        now,
        now,
        request["AuthorizationType"],
        {},
        description=request.get("Description"),
        kms_key=request.get("KmsKeyIdentifier") or None,
    )
    await _tell(ctx, connection, "Creation Started")
    return _stated(ctx, await _authorise(ctx, connection, given))


def _parameters(request: Request, kind: str) -> Request:
    """What a request says of how to authorise. Raises ValidationException unless it is what its type needs."""
    if request.get("InvocationConnectivityParameters"):
        raise errors.private_connections()
    given: Request = request.get("AuthParameters") or {}
    if given.get("ConnectivityParameters"):
        raise errors.private_connections()
    wanted = _MEMBERS[kind]
    if any((given.get(member) is not None) != (member == wanted) for member in _MEMBERS.values()):
        raise errors.auth_parameters(kind, wanted)
    endpoint = (given.get("OAuthParameters") or {}).get("AuthorizationEndpoint")
    if endpoint is not None and not endpoint.startswith(("https://", "http://")):
        raise errors.not_an_endpoint("AuthorizationEndpoint")
    return given


async def _authorise(ctx: Context, connection: Connection, given: Request) -> Connection:
    """Keep what is secret in the connection's secret, and have it authorised."""
    secret = await _save(ctx, connection, given)
    oauth_based = connection.kind == "OAUTH_CLIENT_CREDENTIALS"
    connection = keep(
        ctx,
        connection,
        shown=secret_parts.shown(given),
        secret=secret,
        state="AUTHORIZING" if oauth_based else "AUTHORIZED",
        reason=None,
        modified=ctx.now(),
        authorized=connection.authorized if oauth_based else ctx.now(),
    )
    if oauth_based:
        await ctx.schedule("authorize", {"name": connection.name, "id": connection.id}, key=connection.name)
    await _tell(ctx, connection, "Authorization Started" if oauth_based else "Authorized")
    return connection


async def _tell(ctx: Context, connection: Connection, status: str) -> None:
    """Tell of a connection's state, and of its destinations, which are active while it is authorised."""
    arn = connection_arn(ctx, connection)
    await state_events.connection_is(ctx, connection.name, arn, status, connection.reason)
    if status in _OF_DESTINATIONS:
        await ctx.schedule("tell_destinations", {"connection": arn, "status": _OF_DESTINATIONS[status]})


@service.operation(resource=_own)
async def update_connection(ctx: Context, request: Request) -> Request:
    """Change what a request names; parts of the parameters that are not given stay. API_UpdateConnection."""
    connection = await find_connection(ctx, request["Name"])
    kind = request.get("AuthorizationType") or connection.kind
    named = {"Description": "description", "KmsKeyIdentifier": "kms_key"}
    changes: Request = {field: request[member] for member, field in named.items() if request.get(member) is not None}
    changed = keep(ctx, connection, kind=kind, modified=ctx.now(), **changes)
    await _tell(ctx, changed, "Update Started")
    if request.get("AuthParameters") is not None:
        before = await read(ctx, connection) if connection.secret and kind == connection.kind else {}
        given = _parameters({**request, "AuthParameters": secret_parts.merged(before, request["AuthParameters"])}, kind)
        changed = await _authorise(ctx, changed, given)
    return {**_stated(ctx, changed), "LastAuthorizedTime": changed.authorized}


@service.operation(resource=_own)
async def deauthorize_connection(ctx: Context, request: Request) -> Request:
    """Take the parameters from a connection. API_DeauthorizeConnection."""
    connection = await find_connection(ctx, request["Name"])
    await _forget(ctx, connection)
    state = {"state": "DEAUTHORIZED", "reason": None, "secret": None, "modified": ctx.now()}
    connection = keep(ctx, connection, **state)
    await _tell(ctx, connection, "Deauthorization Started")
    await _tell(ctx, connection, "Deauthorized")
    return {**_stated(ctx, connection), "ConnectionState": "DEAUTHORIZING", "LastAuthorizedTime": connection.authorized}


@service.operation(resource=_own)
async def delete_connection(ctx: Context, request: Request) -> Request:
    """API_DeleteConnection."""
    connection = await find_connection(ctx, request["Name"])
    await _forget(ctx, connection)
    connections.delete(ctx, connection.name)
    await _tell(ctx, connection, "Deletion Started")
    return {**_stated(ctx, connection), "ConnectionState": "DELETING", "LastAuthorizedTime": connection.authorized}


@service.operation(resource=_own)
async def describe_connection(ctx: Context, request: Request) -> Request:
    """API_DescribeConnection."""
    connection = await find_connection(ctx, request["Name"])
    return {
        **_shown(ctx, connection),
        "Description": connection.description,
        "SecretArn": connection.secret,
        "KmsKeyIdentifier": connection.kms_key,
        "AuthParameters": connection.shown,
    }


def _stated(ctx: Context, connection: Connection) -> Request:
    return {
        "ConnectionArn": connection_arn(ctx, connection),
        "ConnectionState": connection.state,
        "CreationTime": connection.created,
        "LastModifiedTime": connection.modified,
    }


def _shown(ctx: Context, connection: Connection) -> Request:
    return {
        **_stated(ctx, connection),
        "Name": connection.name,
        "StateReason": connection.reason,
        "AuthorizationType": connection.kind,
        "LastAuthorizedTime": connection.authorized,
    }


@service.operation(resource=_own)
async def list_connections(ctx: Context, request: Request) -> Request:
    """The connections by name, in one state or any. API_ListConnections."""
    state = request.get("ConnectionState")
    found, token = await page(ctx, connections, request, passes=lambda each: state in (None, each.state))
    return {"Connections": [_shown(ctx, connection) for connection in found], "NextToken": token}


# -- the secret


async def _linked(ctx: Context) -> Context:
    """The context of the service-linked role, made if need be."""
    iam = ctx.app.services.get("iam")
    assert iam is not None
    role = await iam.provided["linked_roles"].ensure(ctx, f"{_HOST}.amazonaws.com")
    linked = ctx.at()
    linked.principal = await ctx.assume(role, service=_HOST)
    return linked


async def _save(ctx: Context, connection: Connection, parts: Request) -> str:
    """Keep the secret parts. Returns the ARN of the secret."""
    linked, text = await _linked(ctx), orjson.dumps(parts).decode()
    if connection.secret is None:
        name = f"events!connection/{connection.name}/{connection.id}"
        new = {"Name": name, "SecretString": text, "ClientRequestToken": ctx.ids.uuid()}
        made = await linked.call("secretsmanager", "CreateSecret", new, as_caller=True)
        return str(made["ARN"])
    change = {"SecretId": connection.secret, "SecretString": text, "ClientRequestToken": ctx.ids.uuid()}
    await linked.call("secretsmanager", "PutSecretValue", change, as_caller=True)
    return connection.secret


async def _forget(ctx: Context, connection: Connection) -> None:
    if connection.secret is not None:
        gone = {"SecretId": connection.secret, "ForceDeleteWithoutRecovery": True}
        try:
            await (await _linked(ctx)).call("secretsmanager", "DeleteSecret", gone, as_caller=True)
        except AWSError as error:
            if error.code != "ResourceNotFoundException":
                raise


async def read(ctx: Context, connection: Connection) -> Request:
    """The parameters of a connection with what is secret. Raises AWSError when the secret is gone."""
    wanted = {"SecretId": connection.secret or ""}
    found = await (await _linked(ctx)).call("secretsmanager", "GetSecretValue", wanted, as_caller=True)
    parts: Request = orjson.loads(found["SecretString"])
    return parts


# -- OAuth


@service.task(transaction=False)
async def authorize(ctx: Context, payload: dict[str, Any]) -> None:
    """Ask for the first token of a connection; what comes of it is the connection's state."""
    found = await ctx.transact(_to_authorize, ctx, payload)
    if found is None:
        return
    try:
        token = await oauth.token(ctx, found[1]["OAuthParameters"])
    except Failure as failure:
        await ctx.transact(_authorization_failed, ctx, payload, failure.message)
    else:
        await ctx.transact(save_token, ctx, payload["name"], payload["id"], token)


async def _to_authorize(ctx: Context, payload: dict[str, Any]) -> tuple[Connection, Request] | None:
    connection = await connections.get(ctx, payload["name"])
    if connection is None or connection.id != payload["id"] or connection.secret is None:
        return None
    return connection, await read(ctx, connection)


async def _authorization_failed(ctx: Context, payload: dict[str, Any], reason: str) -> None:
    connection = await connections.get(ctx, payload["name"])
    if connection is not None and connection.id == payload["id"]:
        await _tell(ctx, keep(ctx, connection, state="DEAUTHORIZED", reason=reason[:512]), "Deauthorized")


async def save_token(ctx: Context, name: str, id: str, token: str) -> None:
    """The connection has a token now."""
    connection = await connections.get(ctx, name)
    if connection is None or connection.id != id or connection.secret is None:
        return
    parts = await read(ctx, connection)
    parts["OAuthParameters"]["AccessToken"] = token
    await _save(ctx, connection, parts)
    authorized = keep(ctx, connection, state="AUTHORIZED", reason=None, authorized=ctx.now())
    if connection.state != "AUTHORIZED":
        await _tell(ctx, authorized, "Authorized")
