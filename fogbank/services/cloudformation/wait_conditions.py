"""Wait conditions: a stack goes on when whoever has the URL of a handle has told so often enough.

    handles    (token)                               Handle: whose URL it is
    told       (token of the handle, unique id)      Signal
    conditions (uuid of the stack, logical id, id)   Condition

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-waitcondition.html
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from fogbank.http import Request, Response
from fogbank.kernel import AWSError, Context, Record
from fogbank.kernel.resource_types import Properties, ResourceType
from fogbank.services.cloudformation import errors, provisioning
from fogbank.services.cloudformation.own_types import PLACE, Place
from fogbank.services.cloudformation.records import Signal
from fogbank.services.cloudformation.service import service
from fogbank.services.cloudformation.signals import FAILURE, SUCCESS

_PATH = re.compile(r"/_aws/cloudformation/wait/([0-9a-f]{64})")
_LONGEST = 43_200
_DOCUMENT_BYTES = 4096


class Handle(Record, frozen=True):
    account: str
    region: str
    stack: str


class Condition(Record, frozen=True):
    """`since` is in epoch seconds; without a token it waits for what its creation policy says."""

    token: str
    count: int
    seconds: int
    since: float


handles = service.collection("handles", Handle, scope="global")
told = service.collection("told", Signal)
conditions = service.collection("conditions", Condition)


def _missing() -> AWSError:
    return AWSError("ResourceNotFoundException", "The wait condition does not exist", 404)


@service.resource_type
class WaitConditionHandleType(ResourceType):
    """Ref is the URL."""

    name = "AWS::CloudFormation::WaitConditionHandle"
    identifier = ("Id",)
    missing = frozenset({"ResourceNotFoundException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        place: Place = properties[PLACE]
        token = ctx.ids.hex(64)
        handles.put(ctx, Handle(ctx.account, ctx.region, place.stack.uuid), token)
        return f"{ctx.endpoint}/_aws/cloudformation/wait/{token}"

    async def read(self, ctx: Context, identifier: str) -> Properties:
        if await handles.get(ctx, _token(identifier)) is None:
            raise _missing()
        return {"Id": identifier}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        """There is nothing of it but its URL."""

    async def delete(self, ctx: Context, identifier: str) -> None:
        token = _token(identifier)
        handles.delete(ctx, token)
        for each in await told.scan(ctx, token):
            told.delete(ctx, token, each.id)


def _token(url: str) -> str:
    return url.rpartition("/")[2]


@service.resource_type
class WaitConditionType(ResourceType):
    """Ref is its ARN; `Data` is what was told, by the unique ids of who told it (JSON)."""

    name = "AWS::CloudFormation::WaitCondition"
    identifier = ("Id",)
    read_only = frozenset({"Data", "Id"})
    missing = frozenset({"ResourceNotFoundException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        place: Place = properties[PLACE]
        made = _condition(properties, ctx.now())
        if made.token and await handles.get(ctx, made.token) is None:
            raise errors.said("Invalid Handle: it is not the URL of a wait condition handle")
        if made.token and not 0 < made.seconds <= _LONGEST:
            raise errors.said(f"Timeout must be between 1 and {_LONGEST} seconds")
        random = ctx.ids.hex(12)
        conditions.put(ctx, made, place.stack.uuid, place.logical, random)
        return f"{place.stack.id}/{place.logical}/{random}"

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await _get(ctx, identifier)
        heard = await told.scan(ctx, found.token) if found.token else []
        data = {each.id: each.data for each in heard if each.status == SUCCESS}
        return {"Id": identifier, "Data": orjson.dumps(data).decode()}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        found = await _get(ctx, identifier)
        if _condition(after, found.since) != found:
            raise errors.said(f"Update to resource type {self.name} is not supported.")

    async def delete(self, ctx: Context, identifier: str) -> None:
        conditions.delete(ctx, *_key(identifier))

    async def is_ready(self, ctx: Context, identifier: str) -> bool:
        found = await _get(ctx, identifier)
        if not found.token:
            return True
        heard = await told.scan(ctx, found.token)
        bad = [each for each in heard if each.status == FAILURE]
        if bad:
            text = f"WaitCondition received failed message: '{bad[0].reason}' for uniqueId: {bad[0].id}"
            raise errors.said(text)
        if len(heard) >= found.count:
            return True
        if ctx.now() >= found.since + found.seconds:
            text = f"WaitCondition timed out. Received {len(heard)} conditions when expecting {found.count}"
            raise errors.said(text)
        return False


def _condition(properties: Properties, since: float) -> Condition:
    token = _token(properties.get("Handle", ""))
    return Condition(token, int(properties.get("Count", 1)), int(properties.get("Timeout", 0)), since)


def _key(identifier: str) -> tuple[str, str, str]:
    _, stack, logical, random = identifier.rsplit("/", 3)
    return stack, logical, random


async def _get(ctx: Context, identifier: str) -> Condition:
    found = await conditions.get(ctx, *_key(identifier))
    if found is None:
        raise _missing()
    return found


# -- being told


@service.edge(lambda request: _PATH.fullmatch(request.path) is not None)
async def tell(ctx: Context, request: Request) -> Response:
    """`PUT` of `{Status, UniqueId, Data, Reason}`, by whoever has the URL."""
    match = _PATH.fullmatch(request.path)
    assert match is not None
    if request.method != "PUT":
        return Response(405)
    body = await request.payload.read()
    signal = _signal(body, ctx.now()) if len(body) <= _DOCUMENT_BYTES else None
    if signal is None:
        return Response(400)
    return Response(200 if await ctx.transact(_take, ctx, match[1], signal) else 403)


def _signal(body: bytes, now: float) -> Signal | None:
    try:
        document: dict[str, Any] = orjson.loads(body)
        if document["Status"] not in (SUCCESS, FAILURE):
            return None
        name, reason = str(document["UniqueId"]), str(document.get("Reason") or "")
        return Signal(name, document["Status"], now, str(document.get("Data") or ""), reason)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return None


async def _take(ctx: Context, token: str, signal: Signal) -> bool:
    handle = await handles.get(ctx, token)
    if handle is None:
        return False
    scope = ctx.at(account=handle.account, region=handle.region)
    if await told.get(scope, token, signal.id) is None:
        told.put(scope, signal, token, signal.id)
    for key, each in await conditions.items(scope, (str, str), handle.stack):
        if each.token == token:
            await provisioning.poke(scope, handle.stack, str(key[0]))
    return True
