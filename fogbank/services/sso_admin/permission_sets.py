"""CreatePermissionSet, DescribePermissionSet, UpdatePermissionSet, ListPermissionSets, DeletePermissionSet."""

from __future__ import annotations

import re
from typing import Any

from fogbank.kernel import Context
from fogbank.services.sso_admin import errors, tagging
from fogbank.services.sso_admin.assignment import assignments
from fogbank.services.sso_admin.instance import ON_INSTANCE, find, key_of
from fogbank.services.sso_admin.listing import listed
from fogbank.services.sso_admin.permission_set import ON_SET, PermissionSet, find_set, permission_sets, save
from fogbank.services.sso_admin.service import service

Request = dict[str, Any]

_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")
_SHORTEST, _LONGEST = 3600, 12 * 3600


def seconds(duration: str) -> int:
    """A session duration (PT1H to PT12H) in seconds. Raises ValidationException."""
    found = _DURATION.fullmatch(duration)
    hours, minutes, rest = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    total = hours * 3600 + minutes * 60 + rest
    if not _SHORTEST <= total <= _LONGEST:
        raise errors.invalid("The session duration must be between PT1H and PT12H.")
    return total


def _described(row: PermissionSet) -> Request:
    return {
        "Name": row.name,
        "PermissionSetArn": row.arn,
        "Description": row.description,
        "CreatedDate": row.created,
        "SessionDuration": row.duration,
        "RelayState": row.relay_state,
    }


@service.operation(**ON_INSTANCE)
async def create_permission_set(ctx: Context, request: Request) -> Request:
    """Errors: ConflictException (name), ValidationException (duration). API_CreatePermissionSet."""
    instance = await find(ctx, request)
    name, duration = request["Name"], request.get("SessionDuration", "PT1H")
    seconds(duration)
    if any(row.name == name for row in await permission_sets.scan(ctx, instance.id)):
        raise errors.permission_set_exists(name)
    made = PermissionSet(
        f"arn:{ctx.partition}:sso:::permissionSet/{instance.id}/ps-{ctx.ids.hex(16)}",
        name,
        ctx.now(),
        duration,
        request.get("Description"),
        request.get("RelayState"),
        tags=tagging.added({}, request.get("Tags", [])),
    )
    permission_sets.put(ctx, made, *key_of(made.arn))
    return {"PermissionSet": _described(made)}


@service.operation(**ON_SET)
async def describe_permission_set(ctx: Context, request: Request) -> Request:
    """API_DescribePermissionSet."""
    return {"PermissionSet": _described(await find_set(ctx, request))}


@service.operation(**ON_SET)
async def update_permission_set(ctx: Context, request: Request) -> Request:
    """API_UpdatePermissionSet."""
    present = await find_set(ctx, request)
    duration = request.get("SessionDuration", present.duration)
    seconds(duration)
    description = request.get("Description", present.description)
    relay_state = request.get("RelayState", present.relay_state)
    save(ctx, present, duration=duration, description=description, relay_state=relay_state)
    return {}


@service.operation(**ON_INSTANCE)
async def list_permission_sets(ctx: Context, request: Request) -> Request:
    """API_ListPermissionSets."""
    instance = await find(ctx, request)
    arns = [row.arn for row in await permission_sets.scan(ctx, instance.id)]
    return listed(request, "PermissionSets", arns, str, str)


@service.operation(**ON_SET)
async def delete_permission_set(ctx: Context, request: Request) -> Request:
    """Raises ConflictException while it is assigned to anybody. API_DeletePermissionSet."""
    present = await find_set(ctx, request)
    if await assignments.count(ctx, present.arn, limit=1):
        raise errors.permission_set_in_use()
    permission_sets.delete(ctx, *key_of(present.arn))
    return {}
