"""CreateDelivery, GetDelivery, DescribeDeliveries, UpdateDeliveryConfiguration, DeleteDelivery, DescribeConfigurationTemplates."""

from __future__ import annotations

import msgspec

from fogbank.kernel import Context, pages
from fogbank.services.logs import errors, tags
from fogbank.services.logs.deliveries.records import (
    PAGE,
    Delivery,
    Destination,
    after,
    arn_of,
    deliveries,
    destinations,
    find_delivery,
    find_source,
)
from fogbank.services.logs.records import Answer, Request
from fogbank.services.logs.service import service

_KIND = "delivery"
_ID_LENGTH = 16


def _of_source(ctx: Context, request: Request) -> str:
    return arn_of(ctx, "delivery-source", request["deliverySourceName"])


def _of_id(ctx: Context, request: Request) -> str:
    return arn_of(ctx, _KIND, request["id"])


@service.operation(resource=_of_source)
async def create_delivery(ctx: Context, request: Request) -> Answer:
    source = await find_source(ctx, request["deliverySourceName"])
    destination = await _destination(ctx, request["deliveryDestinationArn"])
    if request.get("s3DeliveryConfiguration") and destination.type != "S3":
        raise errors.validation("s3DeliveryConfiguration is valid for destinations of type S3 only.")
    for each in await deliveries.scan(ctx):
        if each.source == source.name and each.type == destination.type:
            raise errors.conflict(f"The delivery source {source.name} has a delivery to {destination.type} already.")
    made = Delivery(
        ctx.ids.hex(_ID_LENGTH),
        source.name,
        request["deliveryDestinationArn"],
        destination.type,
        tuple(request.get("recordFields") or ()),
        request.get("fieldDelimiter") or "",
        request.get("s3DeliveryConfiguration") or {},
        request.get("tags") or {},
    )
    tags.checked(arn_of(ctx, _KIND, made.id), {}, made.tags)
    deliveries.put(ctx, made, made.id)
    return {"delivery": _described(ctx, made)}


async def _destination(ctx: Context, arn: str) -> Destination:
    """The destination of an ARN, which may be another account's, if its policy lets the caller."""
    parts = arn.split(":", 6)
    if len(parts) != 7 or parts[5] != "delivery-destination":
        raise errors.validation(f"The delivery destination ARN {arn} is not valid.")
    found = await destinations.get(ctx.at(account=parts[4], region=parts[3]), parts[6])
    if found is None:
        raise errors.not_found("delivery destination")
    if parts[4] != ctx.account:
        await ctx.authorise("logs:CreateDelivery", arn, policy=found.policy or None, owner=parts[4])
    return found


@service.operation(resource=_of_id)
async def get_delivery(ctx: Context, request: Request) -> Answer:
    return {"delivery": _described(ctx, await find_delivery(ctx, request["id"]))}


@service.operation(resource=_of_id)
async def delete_delivery(ctx: Context, request: Request) -> None:
    found = await find_delivery(ctx, request["id"])
    deliveries.delete(ctx, found.id)


@service.operation(resource=_of_id)
async def update_delivery_configuration(ctx: Context, request: Request) -> Answer:
    """What is not given stays."""
    found = await find_delivery(ctx, request["id"])
    if request.get("s3DeliveryConfiguration") and found.type != "S3":
        raise errors.validation("s3DeliveryConfiguration is valid for destinations of type S3 only.")
    changed = msgspec.structs.replace(
        found,
        fields=tuple(request.get("recordFields") or found.fields),
        delimiter=request.get("fieldDelimiter", found.delimiter),
        s3=request.get("s3DeliveryConfiguration") or found.s3,
    )
    deliveries.put(ctx, changed, changed.id)
    return {}


@service.operation
async def describe_deliveries(ctx: Context, request: Request) -> Answer:
    wanted, limit = request.get("deliverySourceNames"), request.get("limit") or PAGE
    rows = [
        each for each in await deliveries.scan(ctx, after=after(request)) if wanted is None or each.source in wanted
    ]
    found, following = pages.page(rows, limit, lambda each: each.id)
    return {"deliveries": [_described(ctx, each) for each in found], "nextToken": following}


def _described(ctx: Context, delivery: Delivery) -> Answer:
    return {
        "id": delivery.id,
        "arn": arn_of(ctx, _KIND, delivery.id),
        "deliverySourceName": delivery.source,
        "deliveryDestinationArn": delivery.destination,
        "deliveryDestinationType": delivery.type,
        "recordFields": list(delivery.fields) or None,
        "fieldDelimiter": delivery.delimiter or None,
        "s3DeliveryConfiguration": delivery.s3 or None,
        "tags": delivery.tags or None,
    }


@service.operation
async def describe_configuration_templates(ctx: Context, request: Request) -> Answer:
    """What AWS's services offer of their logs is not among their models, so that nothing is told."""
    after(request)
    return {"configurationTemplates": []}
