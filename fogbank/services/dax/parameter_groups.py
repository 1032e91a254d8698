"""Parameter groups: how long items and queries stay in the caches of clusters."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.dax import errors, limits, listing
from fogbank.services.dax.events import note
from fogbank.services.dax.groups import Kind
from fogbank.services.dax.records import (
    DEFAULT_PARAMETERS,
    DEFAULT_TTL,
    ParameterGroup,
    find_parameters,
    parameter_groups,
)
from fogbank.services.dax.service import service

_FIELDS = {"query-ttl-millis": "query_ttl", "record-ttl-millis": "record_ttl"}
_DESCRIPTIONS = {
    "query-ttl-millis": "Duration in milliseconds for queries to remain cached",
    "record-ttl-millis": "Duration in milliseconds for records to remain valid in cache (Default: 0 = infinite)",
}
_LONGEST_TTL = 2**63 - 1

KIND = Kind(
    "Parameter group",
    parameter_groups,
    find_parameters,
    DEFAULT_PARAMETERS,
    lambda cluster: cluster.parameter_group,
    errors.parameter_group_in_use,
)


@service.operation(resource=lambda ctx, request: "*")
async def create_parameter_group(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    name = request["ParameterGroupName"].lower()
    if not limits.GROUP_NAME.fullmatch(name):
        raise errors.invalid_value(f"The parameter ParameterGroupName is not a valid identifier: {name}.")
    if name == DEFAULT_PARAMETERS or await parameter_groups.get(ctx, name) is not None:
        raise errors.parameter_group_exists(name)
    if await parameter_groups.count(ctx) >= limits.PARAMETER_GROUPS:
        raise errors.too_many_parameter_groups(limits.PARAMETER_GROUPS)
    group = ParameterGroup(name, request.get("Description"))
    parameter_groups.put(ctx, group, name)
    await note(ctx, name, "PARAMETER_GROUP", "Parameter group created.")
    return {"ParameterGroup": group.shape()}


@service.operation(resource=lambda ctx, request: "*")
async def update_parameter_group(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Clusters that use the group follow at once."""
    name = request["ParameterGroupName"].lower()
    if name == DEFAULT_PARAMETERS:
        raise errors.reserved(name)
    group = await find_parameters(ctx, name)
    changes = dict(_change(given) for given in request["ParameterNameValues"])
    parameter_groups.put(ctx, msgspec.structs.replace(group, **changes), name)
    await note(ctx, name, "PARAMETER_GROUP", "Parameter group updated.")
    return {"ParameterGroup": group.shape()}


def _change(given: dict[str, str]) -> tuple[str, str]:
    name, value = given.get("ParameterName", ""), given.get("ParameterValue", "")
    if name not in _FIELDS:
        raise errors.invalid_value(f"Parameter {name} does not exist.")
    if not (value.isascii() and value.isdigit() and int(value) <= _LONGEST_TTL):
        raise errors.invalid_value(f"The value {value} of parameter {name} is not valid. Allowed values are 0-.")
    return _FIELDS[name], value


@service.operation(resource=lambda ctx, request: "*")
async def delete_parameter_group(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    return await KIND.remove(ctx, request["ParameterGroupName"])


@service.operation(resource=lambda ctx, request: "*")
async def describe_parameter_groups(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    rows, token = await KIND.page(ctx, request, request.get("ParameterGroupNames"))
    return {"ParameterGroups": [group.shape() for group in rows], "NextToken": token}


@service.operation(resource=lambda ctx, request: "*")
async def describe_parameters(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Both parameters are the user's by their `Source`, whoever set them: so AWS answers."""
    group = await find_parameters(ctx, request["ParameterGroupName"])
    shapes = [_shape(name, getattr(group, field)) for name, field in sorted(_FIELDS.items())]
    wanted = [shape for shape in shapes if request.get("Source", shape["Source"]) == shape["Source"]]
    rows, token = listing.page(request, wanted, lambda shape: str(shape["ParameterName"]))
    return {"Parameters": list(rows), "NextToken": token}


@service.operation(resource=lambda ctx, request: "*")
async def describe_default_parameters(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    shapes = [_shape(name, DEFAULT_TTL) for name in sorted(_FIELDS)]
    rows, token = listing.page(request, shapes, lambda shape: str(shape["ParameterName"]))
    return {"Parameters": list(rows), "NextToken": token}


def _shape(name: str, value: str) -> dict[str, Any]:
    return {
        "ParameterName": name,
        "ParameterType": "DEFAULT",
        "ParameterValue": value,
        "NodeTypeSpecificValues": [],
        "Description": _DESCRIPTIONS[name],
        "Source": "user",
        "DataType": "integer",
        "AllowedValues": "0-",
        "IsModifiable": "TRUE",
        "ChangeType": "IMMEDIATE",
    }
