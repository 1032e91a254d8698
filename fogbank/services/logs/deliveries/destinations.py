"""PutDeliveryDestination and its policies, GetDeliveryDestination, DescribeDeliveryDestinations, DeleteDeliveryDestination."""

from __future__ import annotations

import msgspec

from fogbank.kernel import Context, log_delivery, pages
from fogbank.services.logs import errors, tags
from fogbank.services.logs.deliveries.records import (
    PAGE,
    Destination,
    after,
    arn_of,
    deliveries,
    destinations,
    find_destination,
)
from fogbank.services.logs.records import Answer, Request
from fogbank.services.logs.service import service

_KIND = "delivery-destination"
_TYPES = {"s3": "S3", "logs": "CWL", "firehose": "FH"}
_FORMATS = {
    "CWL": ("json", "plain"),
    "FH": ("json", "plain", "raw", "w3c"),
    "S3": ("json", "plain", "w3c", "raw", "parquet"),
}


def _resource(ctx: Context, request: Request) -> str:
    return arn_of(ctx, _KIND, request["name"])


def _resource_of_policy(ctx: Context, request: Request) -> str:
    return arn_of(ctx, _KIND, request["deliveryDestinationName"])


@service.operation(resource=_resource)
async def put_delivery_destination(ctx: Context, request: Request) -> Answer:
    name = request["name"]
    before = await destinations.get(ctx, name)
    resource = (request.get("deliveryDestinationConfiguration") or {}).get("destinationResourceArn", "")
    if not resource and before is not None:
        resource = before.resource
    kind = _type(resource, request)
    made_format = request.get("outputFormat") or (before.format if before is not None else "")
    if made_format and made_format not in _FORMATS.get(kind, ()):
        raise errors.validation(f"The output format {made_format} is not valid for destinations of type {kind}.")
    if made_format == "parquet":
        raise errors.validation("Fogbank does not write logs as Parquet.")
    if before is not None and before.resource != resource:
        raise errors.conflict(f"The delivery destination {name} is that of another resource.")
    role = request.get("roleArn") or ""
    if role:
        await ctx.pass_role(role)
    made = Destination(
        name,
        kind,
        resource,
        made_format,
        role,
        "" if before is None else before.policy,
        tags.checked(arn_of(ctx, _KIND, name), {} if before is None else before.tags, request.get("tags") or {}),
    )
    if kind == "FH":
        await log_delivery.admit(ctx, resource)
    destinations.put(ctx, made, name)
    return {"deliveryDestination": described(ctx, made)}


def _type(resource: str, request: Request) -> str:
    """What the destination is, by its ARN; X-Ray has none."""
    wanted = request.get("deliveryDestinationType")
    if not resource:
        if wanted != "XRAY":
            raise errors.validation("deliveryDestinationConfiguration is required.")
        return "XRAY"
    kind = _TYPES.get(resource.split(":")[2] if resource.count(":") >= 5 else "")
    if kind is None or wanted not in (None, kind):
        raise errors.validation(f"{resource} cannot be a delivery destination of that type.")
    return kind


@service.operation(resource=_resource)
async def get_delivery_destination(ctx: Context, request: Request) -> Answer:
    return {"deliveryDestination": described(ctx, await find_destination(ctx, request["name"]))}


@service.operation(resource=_resource)
async def delete_delivery_destination(ctx: Context, request: Request) -> None:
    found = await find_destination(ctx, request["name"])
    arn = arn_of(ctx, _KIND, found.name)
    if any(each.destination == arn for each in await deliveries.scan(ctx)):
        raise errors.conflict(f"The delivery destination {found.name} has deliveries.")
    destinations.delete(ctx, found.name)


@service.operation
async def describe_delivery_destinations(ctx: Context, request: Request) -> Answer:
    wanted, limit = request.get("names"), request.get("limit") or PAGE
    rows = [
        each for each in await destinations.scan(ctx, after=after(request)) if wanted is None or each.name in wanted
    ]
    found, following = pages.page(rows, limit, lambda each: each.name)
    return {"deliveryDestinations": [described(ctx, each) for each in found], "nextToken": following}


def described(ctx: Context, destination: Destination) -> Answer:
    configuration = {"destinationResourceArn": destination.resource} if destination.resource else None
    return {
        "name": destination.name,
        "arn": arn_of(ctx, _KIND, destination.name),
        "deliveryDestinationType": destination.type,
        "outputFormat": destination.format or None,
        "deliveryDestinationConfiguration": configuration,
        "roleArn": destination.role or None,
        "tags": destination.tags or None,
    }


# -- policies


@service.operation(resource=_resource_of_policy)
async def put_delivery_destination_policy(ctx: Context, request: Request) -> Answer:
    """Says which other accounts may deliver to it."""
    from fogbank.identity import policy_grammar

    found = await find_destination(ctx, request["deliveryDestinationName"])
    policy = request["deliveryDestinationPolicy"]
    try:
        policy_grammar.check(policy, "resource")
    except policy_grammar.MalformedPolicy as error:
        raise errors.validation(error.message) from None
    destinations.put(ctx, msgspec.structs.replace(found, policy=policy), found.name)
    return {"policy": {"deliveryDestinationPolicy": policy}}


@service.operation(resource=_resource_of_policy)
async def get_delivery_destination_policy(ctx: Context, request: Request) -> Answer:
    found = await find_destination(ctx, request["deliveryDestinationName"])
    return {"policy": {"deliveryDestinationPolicy": found.policy or None}}


@service.operation(resource=_resource_of_policy)
async def delete_delivery_destination_policy(ctx: Context, request: Request) -> None:
    found = await find_destination(ctx, request["deliveryDestinationName"])
    destinations.put(ctx, msgspec.structs.replace(found, policy=""), found.name)
