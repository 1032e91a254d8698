"""PutDeliverySource, GetDeliverySource, DescribeDeliverySources, DeleteDeliverySource."""

from __future__ import annotations

from fogbank.kernel import Context, pages
from fogbank.services.logs import errors, tags
from fogbank.services.logs.deliveries.records import (
    PAGE,
    Source,
    after,
    arn_of,
    deliveries,
    find_source,
    sources,
)
from fogbank.services.logs.records import Answer, Request
from fogbank.services.logs.service import service

_KIND = "delivery-source"


def _resource(ctx: Context, request: Request) -> str:
    return arn_of(ctx, _KIND, request["name"])


@service.operation(resource=_resource)
async def put_delivery_source(ctx: Context, request: Request) -> Answer:
    """The caller has to be allowed to have the resource's logs delivered, as its service says."""
    name, resource = request["name"], request["resourceArn"]
    parts = resource.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not parts[2]:
        raise errors.validation(f"The resource ARN {resource} is not valid.")
    if parts[4] not in ("", ctx.account):
        raise errors.validation("The resource has to be in the account of the delivery source.")
    await ctx.authorise(f"{parts[2]}:AllowVendedLogDeliveryForResource", resource)
    before = await sources.get(ctx, name)
    if before is not None and (before.resource, before.log_type) != (resource, request["logType"]):
        raise errors.conflict(f"The delivery source {name} is that of another resource or log type.")
    made = Source(
        name,
        resource,
        request["logType"],
        request.get("deliverySourceConfiguration") or {},
        tags.checked(arn_of(ctx, _KIND, name), {} if before is None else before.tags, request.get("tags") or {}),
    )
    sources.put(ctx, made, name)
    return {"deliverySource": _described(ctx, made)}


@service.operation(resource=_resource)
async def get_delivery_source(ctx: Context, request: Request) -> Answer:
    return {"deliverySource": _described(ctx, await find_source(ctx, request["name"]))}


@service.operation(resource=_resource)
async def delete_delivery_source(ctx: Context, request: Request) -> None:
    found = await find_source(ctx, request["name"])
    if any(each.source == found.name for each in await deliveries.scan(ctx)):
        raise errors.conflict(f"The delivery source {found.name} has deliveries.")
    sources.delete(ctx, found.name)


@service.operation
async def describe_delivery_sources(ctx: Context, request: Request) -> Answer:
    wanted, limit = request.get("resourceArns"), request.get("limit") or PAGE
    rows = [each for each in await sources.scan(ctx, after=after(request)) if wanted is None or each.resource in wanted]
    found, following = pages.page(rows, limit, lambda each: each.name)
    return {"deliverySources": [_described(ctx, each) for each in found], "nextToken": following}


def _described(ctx: Context, source: Source) -> Answer:
    return {
        "name": source.name,
        "arn": arn_of(ctx, _KIND, source.name),
        "resourceArns": [source.resource],
        "service": source.service,
        "logType": source.log_type,
        "tags": source.tags or None,
        "deliverySourceConfiguration": source.configuration or None,
        "status": "ACTIVE",
    }
