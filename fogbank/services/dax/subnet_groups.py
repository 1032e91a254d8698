"""Subnet groups: the subnets that clusters run in. There are no machines here, so they are names that clusters refer to."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.dax import errors, limits
from fogbank.services.dax.events import note
from fogbank.services.dax.groups import Kind
from fogbank.services.dax.records import DEFAULT_SUBNETS, SubnetGroup, find_subnets, subnet_groups
from fogbank.services.dax.service import service

KIND = Kind(
    "Subnet group",
    subnet_groups,
    find_subnets,
    DEFAULT_SUBNETS,
    lambda cluster: cluster.subnet_group,
    errors.subnet_group_in_use,
)


@service.operation(resource=lambda ctx, request: "*")
async def create_subnet_group(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    name = request["SubnetGroupName"].lower()
    if not limits.GROUP_NAME.fullmatch(name):
        raise errors.invalid_value(f"The parameter SubnetGroupName is not a valid identifier: {name}.")
    if name == DEFAULT_SUBNETS:
        raise errors.reserved(name)
    if await subnet_groups.get(ctx, name) is not None:
        raise errors.subnet_group_exists(name)
    if await subnet_groups.count(ctx) >= limits.SUBNET_GROUPS:
        raise errors.too_many_subnet_groups(limits.SUBNET_GROUPS)
    group = SubnetGroup(name, request.get("Description"), _subnets(request["SubnetIds"]))
    subnet_groups.put(ctx, group, name)
    await note(ctx, name, "SUBNET_GROUP", "Subnet group created.")
    return {"SubnetGroup": _shape(ctx, group)}


@service.operation(resource=lambda ctx, request: "*")
async def update_subnet_group(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    name = request["SubnetGroupName"].lower()
    if name == DEFAULT_SUBNETS:
        raise errors.reserved(name)
    group = await find_subnets(ctx, name)
    subnets = _subnets(request["SubnetIds"]) if request.get("SubnetIds") else group.subnets
    group = msgspec.structs.replace(group, subnets=subnets, description=request.get("Description", group.description))
    subnet_groups.put(ctx, group, name)
    await note(ctx, name, "SUBNET_GROUP", "Subnet group updated.")
    return {"SubnetGroup": _shape(ctx, group)}


@service.operation(resource=lambda ctx, request: "*")
async def delete_subnet_group(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    return await KIND.remove(ctx, request["SubnetGroupName"])


@service.operation(resource=lambda ctx, request: "*")
async def describe_subnet_groups(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    rows, token = await KIND.page(ctx, request, request.get("SubnetGroupNames"))
    return {"SubnetGroups": [_shape(ctx, group) for group in rows], "NextToken": token}


def _subnets(given: list[str]) -> tuple[str, ...]:
    """Raises InvalidSubnet, SubnetQuotaExceededFault."""
    if len(given) > limits.SUBNETS_OF_GROUP:
        raise errors.too_many_subnets(limits.SUBNETS_OF_GROUP)
    if not given:
        raise errors.invalid_value("SubnetIds must have at least one subnet.")
    for subnet in given:
        if not limits.SUBNET.fullmatch(subnet):
            raise errors.invalid_subnet(subnet)
    return tuple(dict.fromkeys(given))


def _shape(ctx: Context, group: SubnetGroup) -> dict[str, Any]:
    subnets = [
        {
            "SubnetIdentifier": subnet,
            "SubnetAvailabilityZone": zone(ctx, number),
            "SupportedNetworkTypes": ["ipv4"],
        }
        for number, subnet in enumerate(group.subnets)
    ]
    return {
        "SubnetGroupName": group.name,
        "Description": group.description,
        "Subnets": subnets,
        "SupportedNetworkTypes": ["ipv4"],
    }


def zone(ctx: Context, number: int) -> str:
    """The availability zones of the region, one after another."""
    return f"{ctx.region}{'abc'[number % 3]}"
