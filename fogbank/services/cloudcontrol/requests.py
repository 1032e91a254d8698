"""Requests to create, update and delete: what was asked for, how far it is, and the task that does it.

    requests  (time in microseconds, token)  Request
    tokens    (token)                        time of the request
    clients   (client token)                 Seen
    busy      (type, identifier)             token of the request that is at work on the resource

A request is answered at once and done by a task, with the permissions of whoever made it. It is forgotten after seven days.
https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-operations-manage-requests.html
"""

from __future__ import annotations

import hashlib
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

import msgspec
import orjson

from fogbank.identity.principals import Principal
from fogbank.kernel import AWSError, Context, Record, pages
from fogbank.kernel.resource_types import Properties, ResourceType, pause
from fogbank.services.cloudcontrol import errors, types
from fogbank.services.cloudcontrol.service import service

_KEPT = 7 * 86400
_CLIENT_TOKENS_KEPT = 36 * 3600
# how long a resource may take to become ready (seconds of the virtual clock)
_PATIENCE = 12 * 3600
_PAGE = 20

_ENDED = frozenset({"SUCCESS", "FAILED", "CANCEL_COMPLETE"})


class Request(Record, frozen=True):
    """`model` is JSON: what is wanted, then what there is; `before` what there was. Times are epoch seconds.

    It is `done` when the handler did its part, and the resource has only to become ready.
    """

    token: str
    operation: str
    type: str
    principal: Principal
    status: str
    time: float
    begun: float
    identifier: str = ""
    model: str = ""
    code: str = ""
    message: str = ""
    before: str = "{}"
    done: bool = False

    @property
    def is_waiting(self) -> bool:
        """Is the handler still to do its part?"""
        return self.status == "IN_PROGRESS" and not self.done


class Seen(Record, frozen=True):
    """A client token: the request it stands for, a hash of what was asked, when (epoch seconds)."""

    token: str
    digest: bytes
    at: float


requests = service.collection("requests", Request)
times = service.collection("tokens", bytes)
clients = service.collection("clients", Seen)
busy = service.collection("busy", bytes)

change = msgspec.structs.replace


def event(request: Request) -> dict[str, Any]:
    """The progress event. https://docs.aws.amazon.com/cloudcontrolapi/latest/APIReference/API_ProgressEvent.html"""
    answer = {
        "TypeName": request.type,
        "Identifier": request.identifier,
        "RequestToken": request.token,
        "Operation": request.operation,
        "OperationStatus": request.status,
        "EventTime": request.time,
        "ResourceModel": request.model,
        "StatusMessage": request.message,
        "ErrorCode": request.code,
    }
    return {name: value for name, value in answer.items() if value != ""}


async def begin(
    ctx: Context,
    asked: dict[str, Any],
    operation: str,
    kind: ResourceType,
    identifier: str = "",
    before: Properties | None = None,
    after: Properties | None = None,
) -> dict[str, Any]:
    """Take up a request, or find the one that the same client token stands for. Returns its progress event."""
    known = await _asked_before(ctx, asked)
    if known is not None:
        return {"ProgressEvent": event(known)}
    if identifier and await busy.get(ctx, kind.name, identifier) is not None:
        raise errors.concurrent_operation(kind.name, identifier)
    now = ctx.now()
    request = Request(
        ctx.ids.uuid(),
        operation,
        kind.name,
        ctx.principal,
        "IN_PROGRESS",
        now,
        now,
        identifier=identifier,
        model="" if after is None else orjson.dumps(after).decode(),
        before=orjson.dumps(before or {}).decode(),
    )
    _put(ctx, request)
    if identifier:
        busy.put(ctx, request.token.encode(), kind.name, identifier)
    if asked.get("ClientToken"):
        clients.put(ctx, Seen(request.token, _digest(asked), now), asked["ClientToken"])
    await ctx.schedule("carry_out", {"token": request.token})
    return {"ProgressEvent": event(request)}


async def _asked_before(ctx: Context, asked: dict[str, Any]) -> Request | None:
    seen = await clients.get(ctx, asked["ClientToken"]) if asked.get("ClientToken") else None
    if seen is None or ctx.now() - seen.at > _CLIENT_TOKENS_KEPT:
        return None
    if seen.digest != _digest(asked):
        raise errors.client_token_conflict(asked["ClientToken"])
    return await find(ctx, seen.token)


def _digest(asked: dict[str, Any]) -> bytes:
    return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).digest()


async def find(ctx: Context, token: str) -> Request:
    """Raises RequestTokenNotFoundException."""
    time = await times.get(ctx, token)
    request = await requests.get(ctx, int(time), token) if time is not None else None
    if request is None:
        raise errors.request_token_not_found(token)
    return request


def _put(ctx: Context, request: Request) -> None:
    at = int(request.begun * 1e6)
    requests.put(ctx, request, at, request.token)
    times.put(ctx, b"%d" % at, request.token)


# -- doing it


@service.task(transaction=False)
async def carry_out(ctx: Context, payload: dict[str, Any]) -> None:
    """Have the type's handler do what was asked; whether the resource is ready is seen later."""
    request = await ctx.transact(find, ctx, payload["token"])
    if not request.is_waiting:
        return
    ctx.principal = request.principal
    kind = types.find(ctx, request.type)
    try:
        async with _prepared(ctx, kind, request) as given:
            await ctx.transact(_carry_out, ctx, kind, request.token, given)
    except AWSError as error:
        code = "NotFound" if kind.is_missing(error) else errors.handler_code(error)
        await ctx.transact(_failed, ctx, request.token, code, error.message)


async def _failed(ctx: Context, token: str, code: str, message: str) -> None:
    request = await find(ctx, token)
    if request.is_waiting:
        await _end(ctx, request, "FAILED", code, message)


def _prepared(ctx: Context, kind: ResourceType, request: Request) -> AbstractAsyncContextManager[Properties]:
    return nullcontext({}) if request.operation == "DELETE" else kind.prepared(ctx, *_asked(request))


def _asked(request: Request) -> tuple[Properties, Properties]:
    """What there was, and what is wanted."""
    return orjson.loads(request.before), orjson.loads(request.model or "{}")


async def _carry_out(ctx: Context, kind: ResourceType, token: str, given: Properties) -> None:
    request = await find(ctx, token)
    if not request.is_waiting:
        return
    identifier = await _DOERS[request.operation](ctx, kind, request, given)
    _put(ctx, change(request, identifier=identifier, done=True, time=ctx.now()))
    await ctx.schedule("look", {"token": token})


async def _create(ctx: Context, kind: ResourceType, request: Request, given: Properties) -> str:
    return await kind.create(ctx, given)


async def _update(ctx: Context, kind: ResourceType, request: Request, given: Properties) -> str:
    await kind.update(ctx, request.identifier, orjson.loads(request.before), given)
    return request.identifier


async def _delete(ctx: Context, kind: ResourceType, request: Request, given: Properties) -> str:
    await kind.delete(ctx, request.identifier)
    return request.identifier


_DOERS = {"CREATE": _create, "UPDATE": _update, "DELETE": _delete}


@service.task
async def look(ctx: Context, payload: dict[str, Any]) -> None:
    """Is it what it was asked to be? Then the request has succeeded."""
    request = await find(ctx, payload["token"])
    if request.status != "IN_PROGRESS":
        return
    ctx.principal = request.principal
    kind = types.find(ctx, request.type)
    try:
        model = await ctx.undoing(_settled, ctx, kind, request)
    except AWSError as error:
        await _end(ctx, request, "FAILED", errors.handler_code(error), error.message)
        return
    waited = ctx.now() - request.begun
    if model is not None:
        await _end(ctx, change(request, model=model), "SUCCESS")
    elif waited > _PATIENCE:
        await _end(ctx, request, "FAILED", "NotStabilized", "The resource did not become ready in time.")
    else:
        await ctx.schedule("look", payload, delay=pause(waited))


async def _settled(ctx: Context, kind: ResourceType, request: Request) -> str | None:
    """The resource as JSON (empty when it is gone), once it is as it was asked to be; None before."""
    if request.operation == "DELETE":
        return "" if await kind.is_gone(ctx, request.identifier) else None
    if not await kind.stabilise(ctx, request.identifier, *_asked(request)):
        return None
    return types.told(kind, await kind.read(ctx, request.identifier))


async def _end(ctx: Context, request: Request, status: str, code: str = "", message: str = "") -> None:
    _put(ctx, change(request, status=status, code=code, message=message, time=ctx.now()))
    if request.identifier:
        busy.delete(ctx, request.type, request.identifier)
    await ctx.schedule("forget", {"token": request.token}, delay=_KEPT)


@service.task
async def forget(ctx: Context, payload: dict[str, Any]) -> None:
    request = await find(ctx, payload["token"])
    requests.delete(ctx, int(request.begun * 1e6), request.token)
    times.delete(ctx, request.token)


# -- asking about it


@service.operation
async def get_resource_request_status(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The progress event of a request of the last seven days. API_GetResourceRequestStatus."""
    return {"ProgressEvent": event(await find(ctx, request["RequestToken"]))}


@service.operation
async def list_resource_requests(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The requests of the last seven days, the latest first. API_ListResourceRequests."""
    wanted = request.get("ResourceRequestStatusFilter") or {}
    limit = request.get("MaxResults", _PAGE)
    before = None
    if request.get("NextToken"):
        invalid = errors.invalid_request("Invalid NextToken")
        at, _, token = pages.position(request["NextToken"], invalid).partition(" ")
        before = (int(at), token)
    found = await requests.scan(ctx, until=before, reverse=True)
    shown = [
        each
        for each in found
        if each.operation in (wanted.get("Operations") or [each.operation])
        and each.status in (wanted.get("OperationStatuses") or [each.status])
    ]
    page, next_token = pages.page(shown, limit, lambda each: f"{int(each.begun * 1e6)} {each.token}")
    return {"ResourceRequestStatusSummaries": [event(each) for each in page], "NextToken": next_token}


@service.operation
async def cancel_resource_request(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Stop waiting for a request that is under way. API_CancelResourceRequest."""
    found = await find(ctx, request["RequestToken"])
    if found.status in _ENDED:
        raise errors.cannot_cancel(found.token, found.status)
    await _end(ctx, found, "CANCEL_COMPLETE")
    return {"ProgressEvent": event(await find(ctx, found.token))}
