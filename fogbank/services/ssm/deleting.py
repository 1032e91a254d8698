"""DeleteParameter, DeleteParameters."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.ssm import events
from fogbank.services.ssm.access import ON_PARAMETER, ON_PARAMETERS
from fogbank.services.ssm.parameter import find_by_name, remove
from fogbank.services.ssm.service import service

Request = dict[str, Any]


@service.operation(**ON_PARAMETER)
async def delete_parameter(ctx: Context, request: Request) -> Request:
    """Delete a parameter with all its versions. API_DeleteParameter."""
    parameter = await find_by_name(ctx, request)
    await remove(ctx, parameter)
    await events.changed(ctx, "Delete", parameter)
    return {}


@service.operation(**ON_PARAMETERS)
async def delete_parameters(ctx: Context, request: Request) -> Request:
    """Delete those parameters that are there, and tell which are not. API_DeleteParameters."""
    deleted: list[str] = []
    invalid: list[str] = []
    for name in request["Names"]:
        try:
            await delete_parameter(ctx, {"Name": name})
            deleted.append(name)
        except AWSError:
            invalid.append(name)
    return {"DeletedParameters": deleted, "InvalidParameters": invalid}
