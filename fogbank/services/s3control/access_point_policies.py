"""Policies of access points: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.identity import storage_access
from fogbank.identity.storage_access import BLOCKS, access_points
from fogbank.kernel import Context
from fogbank.services.s3control import errors, policies
from fogbank.services.s3control.access_points import ON, find
from fogbank.services.s3control.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

_BLOCK_POLICY = "BlockPublicPolicy"


@service.operation(**ON)
async def put_access_point_policy(ctx: Context, request: Request) -> Answer:
    """Errors: MalformedPolicy; AccessDenied for a public policy where those are blocked."""
    home, point = await find(ctx, request)
    text = request["Policy"]
    policies.checked(text, point.arn)
    is_blocked = point.flags[BLOCKS.index(_BLOCK_POLICY)] or await storage_access.blocks(home, _BLOCK_POLICY)
    if is_blocked and policies.is_public(text):
        raise errors.access_denied()
    access_points.put(home, msgspec.structs.replace(point, policy=text), point.name)
    return {}


@service.operation(**ON)
async def get_access_point_policy(ctx: Context, request: Request) -> Answer:
    _, point = await find(ctx, request)
    if not point.policy:
        raise errors.no_such_access_point_policy(point.name)
    return {"Policy": point.policy}


@service.operation(**ON)
async def delete_access_point_policy(ctx: Context, request: Request) -> Answer:
    home, point = await find(ctx, request)
    access_points.put(home, msgspec.structs.replace(point, policy=""), point.name)
    return {}


@service.operation(**ON)
async def get_access_point_policy_status(ctx: Context, request: Request) -> Answer:
    _, point = await find(ctx, request)
    if not point.policy:
        raise errors.no_such_access_point_policy(point.name)
    return {"PolicyStatus": {"IsPublic": policies.is_public(point.policy)}}
