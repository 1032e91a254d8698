"""Tags by both of the APIs that there are: of log groups by name, and of whatever has an ARN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from fogbank.kernel import Context
from fogbank.kernel.collection import Collection
from fogbank.services.logs import errors
from fogbank.services.logs.anomalies import detectors
from fogbank.services.logs.deliveries.records import deliveries, sources
from fogbank.services.logs.deliveries.records import destinations as delivery_destinations
from fogbank.services.logs.destinations import destinations
from fogbank.services.logs.insights.scheduled import scheduled
from fogbank.services.logs.lookup_tables import tables
from fogbank.services.logs.records import ON_GROUP, Answer, Request, change, find, groups
from fogbank.services.logs.service import service
from fogbank.services.logs.tags import Tags, checked, without

# -- of log groups only


@service.operation(**ON_GROUP)
async def tag_log_group(ctx: Context, request: Request) -> None:
    group = await find(ctx, request)
    change(ctx, group, tags=checked(group.name, group.tags, request["tags"]))


@service.operation(**ON_GROUP)
async def untag_log_group(ctx: Context, request: Request) -> None:
    group = await find(ctx, request)
    change(ctx, group, tags=without(group.tags, request["tags"]))


@service.operation(**ON_GROUP)
async def list_tags_log_group(ctx: Context, request: Request) -> Answer:
    return {"tags": (await find(ctx, request)).tags}


# -- of whatever has an ARN

_TAGGED: dict[str, tuple[Collection[Any], str]] = {
    "log-group": (groups, "log group"),
    "destination": (destinations, "destination"),
    "lookup-table": (tables, "lookup table"),
    "scheduled-query": (scheduled, "scheduled query"),
    "anomaly-detector": (detectors, "anomaly detector"),
    "delivery-source": (sources, "delivery source"),
    "delivery-destination": (delivery_destinations, "delivery destination"),
    "delivery": (deliveries, "delivery"),
}


class _Tagged(NamedTuple):
    """A resource, and where it is kept."""

    arn: str
    collection: Collection[Any]
    key: str
    record: Any

    def retag(self, ctx: Context, change: Callable[[Tags], Tags]) -> None:
        self.collection.put(ctx, msgspec.structs.replace(self.record, tags=change(self.record.tags)), self.key)


async def _tagged(ctx: Context, request: Request) -> _Tagged:
    """The resource of `resourceArn`. Raises InvalidParameterException, ResourceNotFoundException."""
    arn = request["resourceArn"]
    parts = arn.split(":", 6)
    if len(parts) < 7 or parts[2] != "logs" or parts[5] not in _TAGGED:
        raise errors.invalid_parameter(f"Invalid ARN: {arn}")
    collection, what = _TAGGED[parts[5]]
    key = parts[6].removesuffix(":*")
    is_here = (parts[4], parts[3]) == (ctx.account, ctx.region)
    record = await collection.get(ctx, key) if is_here else None
    if record is None:
        raise errors.not_found(what)
    return _Tagged(arn, collection, key, record)


def _arn(ctx: Context, request: Request) -> str:
    return str(request["resourceArn"])


async def _tags(ctx: Context, request: Request) -> Tags:
    found = await ctx.transact(_tagged, ctx, request)
    tags: Tags = found.record.tags
    return tags


ON_RESOURCE: dict[str, Any] = {"resource": _arn, "tags": _tags}


@service.operation(**ON_RESOURCE)
async def tag_resource(ctx: Context, request: Request) -> None:
    found = await _tagged(ctx, request)
    found.retag(ctx, lambda tags: checked(found.arn, tags, request["tags"]))


@service.operation(**ON_RESOURCE)
async def untag_resource(ctx: Context, request: Request) -> None:
    found = await _tagged(ctx, request)
    found.retag(ctx, lambda tags: without(tags, request["tagKeys"]))


@service.operation(**ON_RESOURCE)
async def list_tags_for_resource(ctx: Context, request: Request) -> Answer:
    return {"tags": (await _tagged(ctx, request)).record.tags}
