"""Rotation: EnableKeyRotation, DisableKeyRotation, GetKeyRotationStatus, RotateKeyOnDemand, ListKeyRotations.

A rotated key has new material for what is encrypted from then on, and keeps the old for what was encrypted before. Of a multi-Region
key the primary rotates, for all.
https://docs.aws.amazon.com/kms/latest/developerguide/rotating-keys.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.kms import errors, events, key_pairs, limits, states
from fogbank.services.kms.access import ON_KEY, find, find_own, find_to_manage
from fogbank.services.kms.key import (
    BY_KMS,
    CURRENT,
    ENABLED,
    NON_CURRENT,
    PENDING_ROTATION,
    UPDATING,
    Key,
    Material,
    keys,
    materials_of,
    put_material,
    sealed_material,
)
from fogbank.services.kms.listing import among, page_of, paged
from fogbank.services.kms.references import Target
from fogbank.services.kms.regions import scopes, share, share_material
from fogbank.services.kms.service import service

Request = dict[str, Any]

AUTOMATIC = "AUTOMATIC"
ON_DEMAND = "ON_DEMAND"


# -- automatic rotation


def _check_automatic(target: Target) -> None:
    """Raise UnsupportedOperationException unless the key can rotate by itself."""
    key = target.key
    if key.imported:
        raise errors.invalid_origin(target.arn, key.origin)
    if not key.symmetric or key.origin != BY_KMS:
        raise errors.unsupported(f"{target.arn} does not support automatic key rotation.")


def _check_switch(target: Target) -> None:
    _check_automatic(target)
    states.require(target, states.TO_ROTATE)
    if target.key.is_replica(target.scope.region):
        raise errors.not_a_primary(target.arn)


@service.operation(**ON_KEY)
async def enable_key_rotation(ctx: Context, request: Request) -> Request:
    """Rotate a key every so many days from now on. API_EnableKeyRotation."""
    target = await find_to_manage(ctx, request, "EnableKeyRotation")
    _check_switch(target)
    period = request.get("RotationPeriodInDays") or target.key.rotation.period or limits.ROTATION_DAYS
    if period == target.key.rotation.period:
        return {}
    due = ctx.now() + period * limits.DAY
    await _set(ctx, target.key, period=period, next=due)
    await ctx.schedule("rotate", {"key": target.key.id}, at=due, key=target.key.id)
    return {}


@service.operation(**ON_KEY)
async def disable_key_rotation(ctx: Context, request: Request) -> Request:
    """Rotate a key no more by itself. API_DisableKeyRotation."""
    target = await find_to_manage(ctx, request, "DisableKeyRotation")
    _check_switch(target)
    await _set(ctx, target.key, period=0, next=0.0)
    await ctx.unschedule("rotate", target.key.id)
    return {}


async def _set(ctx: Context, key: Key, **changes: Any) -> Key:
    return await share(ctx, key, rotation=msgspec.structs.replace(key.rotation, **changes))


@service.task
async def rotate(ctx: Context, payload: Request) -> None:
    """The time of an automatic rotation. A key that is not enabled waits until it is (`resume`)."""
    key = await keys.get(ctx, payload["key"])
    if key is not None and key.rotation.period and key.state in (ENABLED, UPDATING):
        await _rotate_now(ctx, key)


async def resume(ctx: Context, key: Key) -> None:
    """A key is enabled again: rotate it if that is overdue."""
    if key.rotation.period and key.rotation.next <= ctx.now() and not key.is_replica(ctx.region):
        await _rotate_now(ctx, key)


async def _rotate_now(ctx: Context, key: Key) -> None:
    key = await _renew(ctx, key, AUTOMATIC)
    due = ctx.now() + key.rotation.period * limits.DAY
    await _set(ctx, key, next=due)
    await ctx.schedule("rotate", {"key": key.id}, at=due, key=key.id)


async def _renew(ctx: Context, key: Key, how: str) -> Key:
    """Give a key new material in all of its regions."""
    existing = await materials_of(ctx, key.id)
    number = max((material.number for material in existing), default=0) + 1
    fresh = await sealed_material(ctx, key.id, number, key_pairs.generate(key.kind), rotated=ctx.now(), how=how)
    return await _put_in_force(ctx, key, existing, fresh)


async def _put_in_force(ctx: Context, key: Key, existing: list[Material], current: Material) -> Key:
    for material in existing:
        if material.state == CURRENT:
            await share_material(ctx, key, msgspec.structs.replace(material, state=NON_CURRENT))
    await share_material(ctx, key, current)
    await events.rotated(ctx, key, key.material, current)
    return await share(ctx, key, material=current.id)


# -- rotation on demand


@service.operation(**ON_KEY)
async def rotate_key_on_demand(ctx: Context, request: Request) -> Request:
    """Begin to rotate a key now; imported material has to be there already. API_RotateKeyOnDemand."""
    target = await find_to_manage(ctx, request, "RotateKeyOnDemand")
    key = target.key
    if not key.symmetric or (key.origin != BY_KMS and not key.imported):
        raise errors.unsupported(f"{target.arn} does not support on-demand key rotation.")
    states.require(target, states.TO_ROTATE)
    if key.is_replica(ctx.region):
        raise errors.not_a_primary(target.arn)
    if key.rotation.started or (key.rotation.period and key.rotation.next - ctx.now() <= limits.ROTATION_NOTICE):
        raise errors.rotation_in_progress()
    if key.rotation.on_demand >= limits.ON_DEMAND_ROTATIONS:
        raise errors.too_many_rotations()
    if key.imported and await _awaited(ctx, key) is None:
        raise errors.invalid_state(target.arn, "without imported key material that is pending rotation")
    await _set(ctx, key, started=ctx.now(), on_demand=key.rotation.on_demand + 1)
    await ctx.schedule("rotate_on_demand", {"key": key.id}, delay=limits.TRANSITION_SECONDS, key=key.id)
    return {"KeyId": key.id}


async def _awaited(ctx: Context, key: Key) -> Material | None:
    """Imported material that becomes the current one with the next rotation, if there is any."""
    waiting = [material for material in await materials_of(ctx, key.id) if material.state == PENDING_ROTATION]
    return waiting[0] if waiting and waiting[0].sealed is not None else None


@service.task
async def rotate_on_demand(ctx: Context, payload: Request) -> None:
    """A rotation on demand is done."""
    key = await keys.get(ctx, payload["key"])
    if key is None:
        return
    key = await _set(ctx, key, started=0.0)
    if key.state in states.DELETED:
        return
    if not key.imported:
        await _renew(ctx, key, ON_DEMAND)
        return
    awaited = await _awaited(ctx, key)
    if awaited is not None:
        current = msgspec.structs.replace(awaited, state=CURRENT, rotated=ctx.now(), how=ON_DEMAND)
        await _import_in_force(ctx, key, current)


async def _import_in_force(ctx: Context, key: Key, current: Material) -> None:
    """Make imported material the current one everywhere; each region has its own copy, with its own expiry."""
    for scope in scopes(ctx, key):
        for material in await materials_of(scope, key.id):
            if material.state == CURRENT:
                put_material(scope, key.id, msgspec.structs.replace(material, state=NON_CURRENT))
            elif material.id == current.id:
                changed = {"state": CURRENT, "rotated": current.rotated, "how": current.how}
                put_material(scope, key.id, msgspec.structs.replace(material, **changed))
    await events.rotated(ctx, key, key.material, current)
    await share(ctx, key, material=current.id)


# -- looking


@service.operation(**ON_KEY)
async def get_key_rotation_status(ctx: Context, request: Request) -> Request:
    """Whether and when a key rotates; of keys that cannot, it is always false. API_GetKeyRotationStatus."""
    target = await find(ctx, request, "GetKeyRotationStatus")
    key, rotation = target.key, target.key.rotation
    answer: Request = {"KeyId": key.id, "KeyRotationEnabled": False}
    if rotation.started:
        answer["OnDemandRotationStartDate"] = rotation.started
    if rotation.period and key.state not in states.DELETED:
        period = {"RotationPeriodInDays": rotation.period, "NextRotationDate": rotation.next}
        return {**answer, "KeyRotationEnabled": True, **period}
    return answer


@service.operation(**ON_KEY)
async def list_key_rotations(ctx: Context, request: Request) -> Request:
    """The rotations of a key, or all of its materials, the oldest first. API_ListKeyRotations."""
    target = await find_own(ctx, request, "ListKeyRotations")
    if not target.key.symmetric:
        raise errors.unsupported(f"{target.arn} does not support key rotation.")
    page = page_of(request)
    found = await materials_of(ctx, target.key.id)
    if request.get("IncludeKeyMaterial") != "ALL_KEY_MATERIAL":
        found = [material for material in found if material.rotated is not None]
    return paged("Rotations", among(found, page, _position), page, _position, lambda each: _entry(target.key, each))


def _position(material: Material) -> str:
    return f"{material.number:010d}"


def _entry(key: Key, material: Material) -> Request:
    entry: Request = {
        "KeyId": key.id,
        "KeyMaterialId": material.id,
        "KeyMaterialState": material.state,
        "RotationDate": material.rotated,
        "RotationType": material.how,
    }
    return {**entry, **_imported_entry(material)} if key.imported else entry


def _imported_entry(material: Material) -> Request:
    """What there is to say about imported material besides."""
    entry: Request = {"KeyMaterialDescription": material.description}
    if material.sealed is None:
        return {**entry, "ImportState": "PENDING_IMPORT"}
    model = "KEY_MATERIAL_DOES_NOT_EXPIRE" if material.expires is None else "KEY_MATERIAL_EXPIRES"
    return {**entry, "ImportState": "IMPORTED", "ExpirationModel": model, "ValidTo": material.expires}
