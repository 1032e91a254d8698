"""Discoverers: schemas of what goes over a bus, in the registry `discovered-schemas`.

CreateDiscoverer, UpdateDiscoverer, DeleteDiscoverer, DescribeDiscoverer, ListDiscoverers, StartDiscoverer, StopDiscoverer.

A discoverer has a managed rule of its bus, which the registry makes with its service-linked role. EventBridge hands what the rule matches
to the "discovery" that is provided here. A schema gets a new version when an event does not fit it.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-schemas-infer.html
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import orjson

from fogbank.kernel import Context
from fogbank.services.schemas import documents, errors, inference, tags
from fogbank.services.schemas.finding import page
from fogbank.services.schemas.records import Discoverer, Registry, Schema, arn, discoverers, registries, schemas
from fogbank.services.schemas.schema_operations import add_version
from fogbank.services.schemas.service import service

Request = dict[str, Any]

REGISTRY = "discovered-schemas"
_OWN_SOURCE = "aws.schemas"
_PRINCIPAL = "schemas.amazonaws.com"
_BUS = re.compile(r"arn:[\w-]+:events:([\w-]+):(\d{12}):event-bus/([/.\-\w]+)", re.ASCII)
_EVERY_ACCOUNT = {"version": ["0"]}


def _discoverer_arn(ctx: Context, id: str) -> str:
    return arn(ctx, "discoverer", id)


def _named(ctx: Context, request: Request) -> str:
    return _discoverer_arn(ctx, request.get("DiscovererId") or "*")


async def _find(ctx: Context, request: Request) -> Discoverer:
    discoverer = await discoverers.get(ctx, request["DiscovererId"])
    if discoverer is None:
        raise errors.not_found("Discoverer", request["DiscovererId"])
    return discoverer


def _keep(ctx: Context, discoverer: Discoverer, **changes: Any) -> Discoverer:
    discoverer = msgspec.structs.replace(discoverer, **changes)
    discoverers.put(ctx, discoverer, discoverer.id)
    return discoverer


def _shown(ctx: Context, discoverer: Discoverer) -> Request:
    return {
        "Description": discoverer.description,
        "DiscovererArn": _discoverer_arn(ctx, discoverer.id),
        "DiscovererId": discoverer.id,
        "SourceArn": f"arn:{ctx.partition}:events:{ctx.region}:{ctx.account}:event-bus/{discoverer.bus}",
        "State": discoverer.state,
        "CrossAccount": discoverer.cross_account,
        "Tags": discoverer.tags,
    }


# -- the operations


@service.operation(resource=_named)
async def create_discoverer(ctx: Context, request: Request) -> Request:
    """Begin to discover the schemas of a bus. API_CreateDiscoverer."""
    bus = await _bus(ctx, request["SourceArn"])
    id = f"events-event-bus-{bus}".replace("/", "-")
    if await discoverers.get(ctx, id) is not None:
        raise errors.conflict("Discoverer", id)
    labels = tags.added({}, request.get("Tags") or {})
    across = request.get("CrossAccount")
    discoverer = Discoverer(id, bus, across is not False, description=request.get("Description"), tags=labels)
    if await registries.get(ctx, REGISTRY) is None:
        registries.put(ctx, Registry(REGISTRY, "Schemas that were discovered"), REGISTRY)
    await _put_rule(ctx, discoverer)
    return _shown(ctx, _keep(ctx, discoverer))


async def _bus(ctx: Context, text: str) -> str:
    """The name of the bus with that ARN. Raises BadRequestException, and what EventBridge says of a bus that is not there."""
    found = _BUS.fullmatch(text)
    if found is None or (found[1], found[2]) != (ctx.region, ctx.account):
        raise errors.not_a_bus(text)
    await ctx.call("events", "DescribeEventBus", {"Name": found[3]}, as_caller=True)
    return found[3]


@service.operation(resource=_named)
async def update_discoverer(ctx: Context, request: Request) -> Request:
    """API_UpdateDiscoverer."""
    discoverer = await _find(ctx, request)
    named = {"Description": "description", "CrossAccount": "cross_account"}
    changes = {field: request[member] for member, field in named.items() if request.get(member) is not None}
    discoverer = _keep(ctx, discoverer, **changes)
    await _put_rule(ctx, discoverer)
    return _shown(ctx, discoverer)


@service.operation(resource=_named)
async def delete_discoverer(ctx: Context, request: Request) -> None:
    """Stop for good; what was discovered stays. API_DeleteDiscoverer."""
    discoverer = await _find(ctx, request)
    place = {"EventBusName": discoverer.bus}
    await _manage(ctx, "RemoveTargets", {"Rule": _rule(discoverer), "Ids": [_rule(discoverer)], **place})
    await _manage(ctx, "DeleteRule", {"Name": _rule(discoverer), **place})
    discoverers.delete(ctx, discoverer.id)


@service.operation(resource=_named)
async def describe_discoverer(ctx: Context, request: Request) -> Request:
    """API_DescribeDiscoverer."""
    return _shown(ctx, await _find(ctx, request))


@service.operation(resource=_named)
async def list_discoverers(ctx: Context, request: Request) -> Request:
    """API_ListDiscoverers."""
    prefix, source = request.get("DiscovererIdPrefix") or "", request.get("SourceArnPrefix") or ""
    shown = {each.id: _shown(ctx, each) for each in await discoverers.scan(ctx)}
    fitting = sorted(id for id in shown if id.startswith(prefix) and shown[id]["SourceArn"].startswith(source))
    ids, token = page(request, fitting)
    return {"Discoverers": [shown[id] for id in ids], "NextToken": token}


@service.operation(resource=_named)
async def start_discoverer(ctx: Context, request: Request) -> Request:
    """API_StartDiscoverer."""
    return await _switch(ctx, request, "STARTED")


@service.operation(resource=_named)
async def stop_discoverer(ctx: Context, request: Request) -> Request:
    """API_StopDiscoverer."""
    return await _switch(ctx, request, "STOPPED")


async def _switch(ctx: Context, request: Request, state: str) -> Request:
    discoverer = _keep(ctx, await _find(ctx, request), state=state)
    await _put_rule(ctx, discoverer)
    return {"DiscovererId": discoverer.id, "State": discoverer.state}


# -- the rule


def _rule(discoverer: Discoverer) -> str:
    return f"Schemas-{discoverer.id}"[:64]


async def _manage(ctx: Context, operation: str, params: Request) -> None:
    """Call EventBridge as the service-linked role, which is made if need be."""
    iam = ctx.app.services.get("iam")
    assert iam is not None
    role = await iam.provided["linked_roles"].ensure(ctx, _PRINCIPAL)
    await ctx.call("events", operation, params, role=role)


async def _put_rule(ctx: Context, discoverer: Discoverer) -> None:
    """Have the bus send the discoverer its events: the account's own, or all."""
    pattern = _EVERY_ACCOUNT if discoverer.cross_account else {"account": [ctx.account]}
    rule, place = _rule(discoverer), {"EventBusName": discoverer.bus}
    state = "ENABLED" if discoverer.state == "STARTED" else "DISABLED"
    text = json.dumps(pattern, separators=(",", ":"))
    await _manage(ctx, "PutRule", {"Name": rule, "EventPattern": text, "State": state, **place})
    target = {"Id": rule, "Arn": _discoverer_arn(ctx, discoverer.id)}
    await _manage(ctx, "PutTargets", {"Rule": rule, "Targets": [target], **place})


# -- discovering


class Discovery:
    """What EventBridge tells of events."""

    async def observe(self, ctx: Context, event: dict[str, Any]) -> None:
        """Learn from an event of a discoverer's bus, in the account and Region of the context, which is in a transaction."""
        if event["source"] == _OWN_SOURCE:  # that something was discovered is no discovery
            return
        name = f"{event['source']}@{documents.type_name(event['detail-type'])}"
        known = await schemas.get(ctx, REGISTRY, name)
        shape = inference.infer(event)
        if known is None:
            known = Schema(REGISTRY, name, documents.OPENAPI, ctx.now())
        elif known.shape:
            before = orjson.loads(known.shape)
            shape = inference.merge(before, shape)
            if shape == before:
                return
        content = orjson.dumps(documents.openapi(shape, event)).decode()
        await add_version(ctx, known, content, shape=orjson.dumps(shape))


service.provide("discovery", Discovery())
