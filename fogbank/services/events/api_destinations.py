"""API destinations: HTTP endpoints as targets, reached with a connection, at most so many times per second.

destinations   (name)   Destination
turns          (name)   when the next invocation may be made, for destinations that are busy

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context, Record, outbound
from fogbank.kernel.api_destinations import PROVIDED, Message
from fogbank.services.events import connections, errors, http_parts, limits, oauth, state_events
from fogbank.services.events.connections import Connection, connection_arn
from fogbank.services.events.deliveries import Delivery
from fogbank.services.events.failures import Failure
from fogbank.services.events.kinds import declare
from fogbank.services.events.listing import page
from fogbank.services.events.names import own_arn
from fogbank.services.events.service import service

Request = dict[str, Any]

_REFUSED = (401, 407)


class Destination(Record, frozen=True):
    """An API destination. `connection` is an ARN; times are epoch seconds."""

    name: str
    id: str
    created: float
    modified: float
    connection: str
    url: str
    method: str
    rate: int = limits.INVOCATIONS_PER_SECOND
    description: str | None = None


destinations = service.collection("destinations", Destination)
turns = service.collection("turns", float)


def _arn(ctx: Context, destination: Destination) -> str:
    return own_arn(ctx, f"api-destination/{destination.name}/{destination.id}")


def _own(ctx: Context, request: Request) -> str:
    return own_arn(ctx, f"api-destination/{request.get('Name') or '*'}")


async def _find(ctx: Context, name: str) -> Destination:
    destination = await destinations.get(ctx, name)
    if destination is None:
        raise errors.no_such("ApiDestination", name)
    return destination


async def _connection_of(ctx: Context, arn: str) -> Connection | None:
    """The connection with that ARN, if it is still the same."""
    connection = await connections.connections.get(ctx, arn.split("/")[1])
    return connection if connection is not None and connection_arn(ctx, connection) == arn else None


# -- the operations


@service.operation(resource=_own)
async def create_api_destination(ctx: Context, request: Request) -> Request:
    """API_CreateApiDestination."""
    if await destinations.get(ctx, request["Name"]) is not None:
        raise errors.exists("ApiDestination", request["Name"])
    if await destinations.count(ctx, limit=limits.API_DESTINATIONS) >= limits.API_DESTINATIONS:
        raise errors.limit_exceeded()
    destination = Destination(request["Name"], ctx.ids.uuid(), ctx.now(), ctx.now(), "", "", "")
    stated = await _stated(ctx, await _changed(ctx, destination, request))
    if stated["ApiDestinationState"] == "ACTIVE":
        await state_events.destination_is(ctx, destination.name, stated["ApiDestinationArn"], "Activated")
    return stated


@service.task
async def tell_destinations(ctx: Context, payload: Request) -> None:
    """The state of a connection is another one, and so is that of its destinations."""
    for destination in await destinations.scan(ctx):
        if destination.connection == payload["connection"]:
            await state_events.destination_is(ctx, destination.name, _arn(ctx, destination), payload["status"])


async def _changed(ctx: Context, destination: Destination, request: Request) -> Destination:
    """Keep the destination as a request wants it. Raises ValidationException, ResourceNotFoundException."""
    named = {
        "ConnectionArn": "connection",
        "InvocationEndpoint": "url",
        "HttpMethod": "method",
        "InvocationRateLimitPerSecond": "rate",
        "Description": "description",
    }
    changes = {field: request[member] for member, field in named.items() if request.get(member) is not None}
    if not changes.get("url", "https://").startswith(("https://", "http://")):
        raise errors.not_an_endpoint("InvocationEndpoint")
    if "connection" in changes and await _connection_of(ctx, changes["connection"]) is None:
        raise errors.no_such("Connection", changes["connection"].split("/")[1])
    destination = msgspec.structs.replace(destination, **changes, modified=ctx.now())
    destinations.put(ctx, destination, destination.name)
    return destination


@service.operation(resource=_own)
async def update_api_destination(ctx: Context, request: Request) -> Request:
    """API_UpdateApiDestination."""
    return await _stated(ctx, await _changed(ctx, await _find(ctx, request["Name"]), request))


@service.operation(resource=_own)
async def delete_api_destination(ctx: Context, request: Request) -> Request:
    """API_DeleteApiDestination."""
    destination = await _find(ctx, request["Name"])
    destinations.delete(ctx, destination.name)
    turns.delete(ctx, destination.name)
    return {}


@service.operation(resource=_own)
async def describe_api_destination(ctx: Context, request: Request) -> Request:
    """API_DescribeApiDestination."""
    destination = await _find(ctx, request["Name"])
    return {**await _shown(ctx, destination), "Description": destination.description}


async def _stated(ctx: Context, destination: Destination) -> Request:
    """A destination is active while its connection is authorised."""
    connection = await _connection_of(ctx, destination.connection)
    is_active = connection is not None and connection.state == "AUTHORIZED"
    return {
        "ApiDestinationArn": _arn(ctx, destination),
        "ApiDestinationState": "ACTIVE" if is_active else "INACTIVE",
        "CreationTime": destination.created,
        "LastModifiedTime": destination.modified,
    }


async def _shown(ctx: Context, destination: Destination) -> Request:
    return {
        **await _stated(ctx, destination),
        "Name": destination.name,
        "ConnectionArn": destination.connection,
        "InvocationEndpoint": destination.url,
        "HttpMethod": destination.method,
        "InvocationRateLimitPerSecond": destination.rate,
    }


@service.operation(resource=_own)
async def list_api_destinations(ctx: Context, request: Request) -> Request:
    """The destinations by name, of one connection or any. API_ListApiDestinations."""
    arn = request.get("ConnectionArn")
    found, token = await page(ctx, destinations, request, passes=lambda each: arn in (None, each.connection))
    return {"ApiDestinations": [await _shown(ctx, destination) for destination in found], "NextToken": token}


# -- invoking


class _Call(msgspec.Struct, frozen=True):
    """What is known of an invocation before it is made."""

    destination: Destination
    connection: Connection
    parts: dict[str, Any]


async def turn(ctx: Context, delivery: Delivery) -> float:
    """When the destination may be invoked for this delivery: so many times per second."""
    name = delivery.target["Arn"].split("/")[1]
    destination = await destinations.get(ctx, name)
    if destination is None:
        return ctx.now()
    due = max(ctx.now(), await turns.get(ctx, name) or 0.0)
    turns.put(ctx, due + 1 / destination.rate, name)
    return due


async def invoke(ctx: Context, delivery: Delivery) -> None:
    """Send an event as the target's role. Raises AWSError, Failure."""
    invoker = ctx.at()
    invoker.principal = await ctx.assume(delivery.target["RoleArn"], source_arn=delivery.rule)
    answer = await _ask(invoker, delivery.target["Arn"], http_parts.message(delivery))
    if not 200 <= answer.status < 300:
        wait = _seconds(answer.headers.get("retry-after"))
        retriable = (answer.status == 429 or answer.status >= 500) and wait >= 0
        message = f"The API destination answered with status {answer.status}."
        raise Failure("ERROR_FROM_TARGET", message, retriable, max(wait, 0.0))


async def _invoke_for_others(ctx: Context, arn: str, message: Message) -> outbound.Answer:
    """See `fogbank.kernel.api_destinations`."""
    try:
        return await _ask(ctx.at(service=service), arn, message)
    except Failure as failure:
        raise AWSError(failure.code, failure.message, 503 if failure.retriable else 400) from failure


async def _ask(ctx: Context, arn: str, message: Message) -> outbound.Answer:
    """Send the request as the context's principal. A token that is not taken is replaced once. Raises AWSError, Failure."""
    call = await ctx.transact(_prepare, ctx, arn)
    answer = await _send(ctx, call, message)
    if answer.status in _REFUSED and "OAuthParameters" in call.parts:
        token = await oauth.token(ctx, call.parts["OAuthParameters"])
        await ctx.transact(connections.save_token, ctx, call.connection.name, call.connection.id, token)
        answer = await _send(ctx, await ctx.transact(_prepare, ctx, arn), message)
    return answer


async def _prepare(ctx: Context, arn: str) -> _Call:
    """Raises AWSError, Failure."""
    await ctx.authorise("events:InvokeApiDestination", arn)
    destination = await destinations.get(ctx, arn.split("/")[1])
    if destination is None or _arn(ctx, destination) != arn:
        raise Failure("NO_RESOURCE", "The API destination does not exist.")
    connection = await _connection_of(ctx, destination.connection)
    if connection is None or connection.secret is None:
        raise Failure("NO_RESOURCE", "The connection of the API destination does not exist, or is not authorized.")
    if connection.state != "AUTHORIZED":
        raise Failure("CONNECTION_FAILURE", f"The connection is in the state {connection.state}.", True)
    return _Call(destination, connection, await connections.read(ctx, connection))


async def _send(ctx: Context, call: _Call, message: Message) -> outbound.Answer:
    """Raises Failure when there is no answer."""
    extra = call.parts.get("InvocationHttpParameters") or {}
    headers = {
        "User-Agent": http_parts.USER_AGENT,
        "Content-Type": "application/json; charset=utf-8",
        "Range": "bytes=0-1048575",
        "Accept-Encoding": "gzip,deflate",
        **message.headers,
        **http_parts.pairs(extra, "HeaderParameters"),
        **http_parts.authorization(call.parts),
    }
    query = message.query | http_parts.pairs(extra, "QueryStringParameters")
    url = http_parts.with_query(http_parts.with_path(call.destination.url, message.path), query)
    body = http_parts.body(message.text, http_parts.pairs(extra, "BodyParameters"))
    try:
        return await outbound.send(ctx, call.destination.method, url, headers, body, limits.HTTP_SECONDS)
    except outbound.Unreachable as error:
        raise Failure("CONNECTION_FAILURE", str(error), retriable=True) from None


def _seconds(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0


declare(r"events:api-destination/[^/]+/.+", invoke, role=True, inside=False, turn=turn)
service.provide(PROVIDED, _invoke_for_others)
