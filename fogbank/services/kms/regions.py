"""Multi-Region keys: what the keys of one id share, and ReplicateKey and UpdatePrimaryRegion.

Each region has a Key of its own. Id, spec, usage, origin, material, the list of regions and the rotation are the same in all, and
written to all in one transaction; policy, tags, aliases, grants, description and state are each one's own.
https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.kms import errors, limits, states, tags
from fogbank.services.kms.access import ON_KEY, find_own
from fogbank.services.kms.descriptions import metadata
from fogbank.services.kms.key import (
    CREATING,
    ENABLED,
    PENDING_IMPORT,
    UPDATING,
    Key,
    Material,
    key_arn,
    keys,
    materials_of,
    modify,
    put_material,
)
from fogbank.services.kms.policies import check_policy, default_policy
from fogbank.services.kms.references import Target
from fogbank.services.kms.service import service

Request = dict[str, Any]


def scopes(ctx: Context, key: Key) -> list[Context]:
    """The contexts of all regions that the key is in; its own when it is in one only."""
    return [ctx if region == ctx.region else ctx.at(region=region) for region in key.regions] or [ctx]


async def share(ctx: Context, key: Key, **changes: Any) -> Key:
    """Change what all keys of that id have in common, in all regions; gives the one of this region."""
    for scope in scopes(ctx, key):
        if scope.region != ctx.region:
            other = await keys.get(scope, key.id)
            if other is not None:
                modify(scope, other, **changes)
    return modify(ctx, key, **changes)


async def share_material(ctx: Context, key: Key, material: Material) -> None:
    for scope in scopes(ctx, key):
        put_material(scope, key.id, material)


# -- ReplicateKey


@service.operation(**ON_KEY)
async def replicate_key(ctx: Context, request: Request) -> Request:
    """Make a replica of a primary key in another region. API_ReplicateKey."""
    primary = await find_own(ctx, request, "ReplicateKey")
    region = request["ReplicaRegion"]
    there = ctx.at(region=region)
    for action in ("kms:CreateKey", *(("kms:TagResource",) if request.get("Tags") else ())):
        await there.authorise(action, "*")
    _require_primary(primary)
    states.require(primary, states.TO_REPLICATE)
    if region in primary.key.regions:
        raise errors.replica_exists(key_arn(there, primary.key.id))
    key = await _replicate(there, primary.key, request)
    return {
        "ReplicaKeyMetadata": await metadata(there, key),
        "ReplicaPolicy": key.policy,
        "ReplicaTags": [{"TagKey": name, "TagValue": value} for name, value in key.tags.items()],
    }


def _require_primary(target: Target) -> None:
    if not target.key.regions or target.key.is_replica(target.scope.region):
        raise errors.not_a_primary(target.arn)


async def _replicate(there: Context, primary: Key, request: Request) -> Key:
    key = msgspec.structs.replace(
        primary,
        created=there.now(),
        state=CREATING,
        policy=request.get("Policy") or default_policy(there),
        description=request.get("Description", ""),
        tags=tags.checked({}, request.get("Tags") or []),
        aliases=(),
        grants=0,
        window=0,
        deleted=None,
    )
    if "Policy" in request:
        await check_policy(there, Target(there, key), request)
    await _copy_materials(there, primary)
    keys.put(there, key, key.id)
    key = await share(there, key, regions=(*primary.regions, there.region))
    await there.schedule("created", {"key": key.id}, delay=limits.TRANSITION_SECONDS, key=key.id)
    return key


async def _copy_materials(there: Context, primary: Key) -> None:
    """Replicas have the primary's material, except when it is imported: then they have to be given it too."""
    home = there.at(region=primary.regions[0])
    for material in await materials_of(home, primary.id):
        if primary.imported:
            material = msgspec.structs.replace(material, sealed=None, expires=None)
        put_material(there, primary.id, material)


@service.task
async def created(ctx: Context, payload: Request) -> None:
    """A replica is ready."""
    key = await keys.get(ctx, payload["key"])
    if key is not None and key.state == CREATING:
        modify(ctx, key, state=PENDING_IMPORT if key.imported else ENABLED)


# -- UpdatePrimaryRegion


@service.operation(**ON_KEY)
async def update_primary_region(ctx: Context, request: Request) -> Request:
    """Let a replica be the primary, and the primary a replica. API_UpdatePrimaryRegion."""
    primary = await find_own(ctx, request, "UpdatePrimaryRegion")
    _require_primary(primary)
    region = request["PrimaryRegion"]
    there = ctx.at(region=region)
    replica = await keys.get(there, primary.key.id)
    if region == ctx.region or replica is None:
        raise errors.no_replica_there(region)
    for target in (primary, Target(there, replica)):
        states.require(target, states.TO_REPLICATE)
    others = tuple(each for each in primary.key.regions if each != region)
    key = await share(ctx, primary.key, regions=(region, *others))
    await _update(ctx, key)
    updated = await keys.get(there, key.id)
    assert updated is not None
    await _update(there, updated)
    return {}


async def _update(ctx: Context, key: Key) -> None:
    modify(ctx, key, state=UPDATING)
    after = {"key": key.id, "state": key.state}
    await ctx.schedule("updated", after, delay=limits.TRANSITION_SECONDS, key=key.id)
    if key.rotation.period:
        await _rotate_from(ctx, key)


async def _rotate_from(ctx: Context, key: Key) -> None:
    """Automatic rotation is the primary's business."""
    if key.is_replica(ctx.region):
        await ctx.unschedule("rotate", key.id)
    else:
        await ctx.schedule("rotate", {"key": key.id}, at=key.rotation.next, key=key.id)


@service.task
async def updated(ctx: Context, payload: Request) -> None:
    """The primary region has changed everywhere."""
    key = await keys.get(ctx, payload["key"])
    if key is not None and key.state == UPDATING:
        modify(ctx, key, state=payload["state"])
