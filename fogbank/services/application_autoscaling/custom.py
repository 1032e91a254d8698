"""Custom resources: what an HTTP endpoint scales, which says its capacity to GET and takes a new one by PATCH.

    endpoints  (url)  Endpoint

What an endpoint said last is kept, since no transaction waits for the world: tasks that need to know how it is now have it asked first.
A host of API Gateway's is our own.

https://docs.aws.amazon.com/autoscaling/application/userguide/services-that-can-integrate-custom.html
https://github.com/aws/aws-auto-scaling-custom-resource (the documents)
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import orjson

from fogbank.kernel import Context, Record, outbound
from fogbank.services.application_autoscaling import errors
from fogbank.services.application_autoscaling.capacity import Capacity, Scaled
from fogbank.services.application_autoscaling.records import Place
from fogbank.services.application_autoscaling.service import service

Document = dict[str, Any]

NAMESPACE = "custom-resource"
# what an endpoint says, and what is said of one that was not asked yet, or does not answer
SUCCESSFUL, FAILED = "Successful", "Failed"
_TO_ASK, _SILENT = "ToAsk", "Silent"
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


class Endpoint(Record, frozen=True):
    units: int
    status: str


endpoints = service.collection("endpoints", Endpoint)


class Endpoints(Scaled):
    needed = ()

    def arn(self, ctx: Context, resource: str) -> str:
        return resource

    async def read(self, ctx: Context, resource: str, dimension: str) -> Capacity | None:
        found = await endpoints.get(ctx, resource)
        if found is None:
            return None
        return Capacity(found.units, is_ready=found.status in (SUCCESSFUL, FAILED), has_failed=found.status == FAILED)

    async def change(self, ctx: Context, resource: str, dimension: str, units: int) -> None:
        endpoints.put(ctx, Endpoint(units, _TO_ASK), resource)
        await ctx.schedule("ask_for_capacity", {"url": resource, "units": units})


async def register(ctx: Context, place: Place) -> None:
    """See what the endpoint of a new target says. In a transaction (of a stack) it is asked later. Raises ValidationException."""
    if place[0] != NAMESPACE:
        return
    if ctx.tx is None:
        try:
            # a request is no task of asyncio's until it waits, and what has a time limit has to be one
            seen = await asyncio.ensure_future(_ask(ctx, "GET", place[1]))
        except outbound.Unreachable:
            raise errors.no_such_resource("Custom resource", place[1]) from None
    else:
        seen = Endpoint(0, _SILENT)
    await ctx.transact(_keep, ctx, place[1], seen)


async def _keep(ctx: Context, url: str, seen: Endpoint) -> None:
    endpoints.put(ctx, seen, url)


def forget(ctx: Context, place: Place) -> None:
    if place[0] == NAMESPACE:
        endpoints.delete(ctx, place[1])


async def is_asked_first(ctx: Context, place: Place, task: str, payload: Document, key: str | None = None) -> bool:
    """Has a task to wait until an endpoint has been asked? Then it is run again, with what is known by then."""
    if place[0] != NAMESPACE or payload.pop("asked", False):
        return False
    await ctx.schedule("ask_capacity", {"url": place[1], "task": task, "payload": payload, "key": key})
    return True


@service.task(transaction=False)
async def ask_capacity(ctx: Context, payload: Document) -> None:
    """Ask an endpoint for its capacity, then go on with what needs to know it."""
    url = payload["url"]
    known = await ctx.transact(endpoints.get, ctx, url)
    try:
        seen = await _ask(ctx, "GET", url)
    except outbound.Unreachable:
        seen = Endpoint(0 if known is None else known.units, _SILENT)
    await ctx.transact(_go_on, ctx, payload, seen)


async def _go_on(ctx: Context, payload: Document, seen: Endpoint) -> None:
    known = await endpoints.get(ctx, payload["url"])
    if known is not None and known.status != _TO_ASK:
        endpoints.put(ctx, seen, payload["url"])
    await ctx.schedule(payload["task"], {**payload["payload"], "asked": True}, key=payload["key"])


@service.task(transaction=False)
async def ask_for_capacity(ctx: Context, payload: Document) -> None:
    """Ask an endpoint to have another capacity."""
    try:
        seen = await _ask(ctx, "PATCH", payload["url"], {"desiredCapacity": float(payload["units"])})
    except outbound.Unreachable:
        seen = Endpoint(payload["units"], FAILED)
    await ctx.transact(_keep, ctx, payload["url"], seen)


async def _ask(ctx: Context, method: str, url: str, document: Document | None = None) -> Endpoint:
    """What an endpoint answers. Raises Unreachable, also for what is no answer."""
    body = b"" if document is None else orjson.dumps(document)
    target, headers = _target(ctx, url)
    answer = await outbound.send(ctx, method, target, headers, body)
    try:
        said = orjson.loads(answer.body)
        if answer.status >= 300:
            raise outbound.Unreachable(f"status {answer.status}")
        return Endpoint(int(said["desiredCapacity"]), str(said.get("scalingStatus", SUCCESSFUL)))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise outbound.Unreachable(f"no answer of a custom resource: {error}") from error


def _target(ctx: Context, url: str) -> tuple[str, dict[str, str]]:
    """Where to send a request, and its headers."""
    parts = urlsplit(url)
    if ".execute-api." not in parts.netloc:
        return url, _HEADERS
    return ctx.endpoint.rstrip("/") + url.removeprefix(f"{parts.scheme}://{parts.netloc}"), {
        **_HEADERS,
        "Host": parts.netloc,
    }
