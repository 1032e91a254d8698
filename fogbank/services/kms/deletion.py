"""Deletion: ScheduleKeyDeletion, CancelKeyDeletion, and what happens when the waiting period is over.

The material is destroyed with the key: what was encrypted under it stays encrypted for ever. A multi-Region primary is deleted after its
last replica: until then it is PendingReplicaDeletion, and its waiting period begins when that one is gone.
https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.kms import errors, events, limits, states
from fogbank.services.kms.access import ON_KEY, find_to_manage
from fogbank.services.kms.grant import grants, remove
from fogbank.services.kms.key import (
    DISABLED,
    PENDING_DELETION,
    PENDING_IMPORT,
    PENDING_REPLICA_DELETION,
    Key,
    keys,
    materials,
    materials_of,
    modify,
)
from fogbank.services.kms.references import aliases
from fogbank.services.kms.regions import scopes, share
from fogbank.services.kms.service import service
from fogbank.services.kms.usage import usages

Request = dict[str, Any]


@service.operation(**ON_KEY)
async def schedule_key_deletion(ctx: Context, request: Request) -> Request:
    """Delete a key after a waiting period, during which it cannot be used. API_ScheduleKeyDeletion."""
    days = request.get("PendingWindowInDays", limits.MAX_WINDOW_DAYS)
    if not limits.MIN_WINDOW_DAYS <= days <= limits.MAX_WINDOW_DAYS:
        raise errors.deletion_window(days)
    target = await find_to_manage(ctx, request, "ScheduleKeyDeletion")
    states.require(target, states.TO_CHANGE)
    key = modify(ctx, target.key, window=days)
    if len(key.regions) > 1 and not key.is_replica(ctx.region):
        key = modify(ctx, key, state=PENDING_REPLICA_DELETION)
    else:
        key = await _begin(ctx, key)
    return {
        "KeyId": target.arn,
        "DeletionDate": key.deleted,
        "KeyState": key.state,
        "PendingWindowInDays": days,
    }


async def _begin(ctx: Context, key: Key) -> Key:
    """The waiting period begins."""
    due = ctx.now() + key.window * limits.DAY
    await ctx.schedule("delete_key", {"key": key.id}, at=due, key=key.id)
    return modify(ctx, key, state=PENDING_DELETION, deleted=due)


@service.operation(**ON_KEY)
async def cancel_key_deletion(ctx: Context, request: Request) -> Request:
    """Keep a key after all. It is disabled, or waits for material if it has none. API_CancelKeyDeletion."""
    target = await find_to_manage(ctx, request, "CancelKeyDeletion")
    if target.key.state not in states.DELETED:
        raise errors.invalid_state(target.arn, "not pending deletion")
    await ctx.unschedule("delete_key", target.key.id)
    state = DISABLED if await _has_material(ctx, target.key) else PENDING_IMPORT
    modify(ctx, target.key, state=state, window=0, deleted=None)
    return {"KeyId": target.arn}


async def _has_material(ctx: Context, key: Key) -> bool:
    if not key.imported:
        return True
    current = await materials.get(ctx, key.id, key.material) if key.material else None
    return current is not None and current.sealed is not None


@service.task
async def delete_key(ctx: Context, payload: Request) -> None:
    """The waiting period is over."""
    key = await keys.get(ctx, payload["key"])
    if key is not None and key.state == PENDING_DELETION:
        await destroy(ctx, key)
        await events.deleted(ctx, key)


async def destroy(ctx: Context, key: Key) -> None:
    """Delete a key in this region with all that belongs to it, and tell its relatives."""
    for material in await materials_of(ctx, key.id):
        materials.delete(ctx, key.id, material.id)
        await ctx.unschedule("expire_material", f"{key.id}/{material.id}")
    for name in key.aliases:
        aliases.delete(ctx, name)
    for grant in await grants.scan(ctx, key.id):
        remove(ctx, key.id, grant)
    usages.delete(ctx, key.id)
    await ctx.unschedule("rotate", key.id)
    keys.delete(ctx, key.id)
    if key.regions:
        await _leave(ctx, key)


async def _leave(ctx: Context, key: Key) -> None:
    """A replica is gone; a primary that waits for its last replica has its turn."""
    for scope in scopes(ctx, key):
        relative = await keys.get(scope, key.id) if scope.region != ctx.region else None
        if relative is None:
            continue
        left = tuple(region for region in relative.regions if region != ctx.region)
        relative = await share(scope, relative, regions=left)
        primary_scope = scope.at(region=left[0])
        primary = await keys.get(primary_scope, key.id)
        if primary is not None and len(left) == 1 and primary.state == PENDING_REPLICA_DELETION:
            await _begin(primary_scope, primary)
        return
