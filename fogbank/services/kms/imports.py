"""Imported key material: ImportKeyMaterial, DeleteImportedKeyMaterial, and its expiry.

A key takes back only material that it had before. A symmetric key can take new material besides, which becomes the current one with the
next rotation on demand. A multi-Region key gets new material in its primary region, and then the same in all others.
https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.kms import errors, events, limits, vault
from fogbank.services.kms.access import ON_KEY, find_to_manage
from fogbank.services.kms.import_parameters import require_importable, unwrapped
from fogbank.services.kms.key import (
    CURRENT,
    DISABLED,
    ENABLED,
    PENDING_IMPORT,
    PENDING_REPLICAS,
    PENDING_ROTATION,
    Key,
    Material,
    keys,
    material_id,
    materials,
    materials_of,
    modify,
    put_material,
)
from fogbank.services.kms.key_pairs import is_material
from fogbank.services.kms.references import Target
from fogbank.services.kms.regions import scopes, share
from fogbank.services.kms.service import service

Request = dict[str, Any]

_NEW = "NEW_KEY_MATERIAL"
_EXISTING = "EXISTING_KEY_MATERIAL"
_WAITING = (PENDING_ROTATION, PENDING_REPLICAS)


@service.operation(**ON_KEY)
async def import_key_material(ctx: Context, request: Request) -> Request:
    """Give a key its material, for good or until a date. API_ImportKeyMaterial."""
    target = await find_to_manage(ctx, request, "ImportKeyMaterial")
    require_importable(target)
    expires = _expiry(ctx, request)
    _check_members(target, request)
    material = await unwrapped(ctx, target, request["ImportToken"], request["EncryptedKeyMaterial"])
    if not is_material(target.key.kind, material):
        raise errors.incorrect_material(f"The key material is not valid for a KMS key of {target.key.spec}.")
    place = await _place(ctx, target, request, material_id(target.key.id, material))
    imported = msgspec.structs.replace(
        place, sealed=await vault.seal(ctx, material, place.id), expires=expires, **_description(request)
    )
    await _take(ctx, target.key, imported)
    return {"KeyId": target.arn, "KeyMaterialId": imported.id if target.key.symmetric else None}


def _expiry(ctx: Context, request: Request) -> float | None:
    """When the material expires. Raises ValidationException."""
    valid_to = request.get("ValidTo")
    if request.get("ExpirationModel", "KEY_MATERIAL_EXPIRES") == "KEY_MATERIAL_DOES_NOT_EXPIRE":
        if valid_to is not None:
            raise errors.validation(
                "A validTo date cannot be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE"
            )
        return None
    if valid_to is None:
        raise errors.validation("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES")
    if not 0 < valid_to - ctx.now() <= limits.IMPORTED_DAYS * limits.DAY:
        raise errors.validation(
            f"The validTo date must be in the future, at most {limits.IMPORTED_DAYS} days from now."
        )
    return valid_to


def _check_members(target: Target, request: Request) -> None:
    """Raise ValidationException for what only symmetric keys take, or what does not go together."""
    for member in ("ImportType", "KeyMaterialDescription", "KeyMaterialId"):
        if member in request and not target.key.symmetric:
            raise errors.validation(f"{member} is only valid for symmetric encryption KMS keys.")
    if request.get("ImportType") == _NEW and "KeyMaterialId" in request:
        raise errors.validation("You cannot specify KeyMaterialId with ImportType NEW_KEY_MATERIAL.")


def _description(request: Request) -> Request:
    given = request.get("KeyMaterialDescription")
    return {} if given is None else {"description": given}


# -- which material it is


async def _place(ctx: Context, target: Target, request: Request, name: str) -> Material:
    """The material as it is known, or as it will be. Raises IncorrectKeyMaterialException."""
    key = target.key
    known = {material.id: material for material in await materials_of(ctx, key.id)}
    kind = request.get("ImportType") or (_EXISTING if known else _NEW)
    if kind == _EXISTING or not key.symmetric:
        return _known(known, request, name)
    if key.is_replica(ctx.region):
        raise errors.unsupported("New key material is imported into the primary key first.")
    if name in known:
        raise errors.incorrect_material("The key material is already associated with the KMS key.")
    if any(material.state in _WAITING for material in known.values()):
        raise errors.invalid_state(target.arn, "waiting for a rotation to key material that was imported before")
    number = max((material.number for material in known.values()), default=0) + 1
    if not known:
        return Material(name, number, None)
    return Material(name, number, None, PENDING_REPLICAS if len(key.regions) > 1 else PENDING_ROTATION)


def _known(known: dict[str, Material], request: Request, name: str) -> Material:
    if not known:
        return Material(name, 1, None)
    if name not in known or request.get("KeyMaterialId", name) != name:
        raise errors.incorrect_material("The key material is not the same as the one that was imported before.")
    return known[name]


# -- taking it


async def _take(ctx: Context, key: Key, imported: Material) -> None:
    put_material(ctx, key.id, imported)
    await _schedule_expiry(ctx, key, imported)
    await _announce(ctx, key, imported)
    if imported.state == CURRENT and key.material != imported.id:
        key = await share(ctx, key, material=imported.id)
    if key.state == PENDING_IMPORT and await _complete(ctx, key):
        modify(ctx, key, state=ENABLED)


async def _schedule_expiry(ctx: Context, key: Key, imported: Material) -> None:
    name = f"{key.id}/{imported.id}"
    if imported.expires is None:
        await ctx.unschedule("expire_material", name)
    else:
        payload = {"key": key.id, "material": imported.id}
        await ctx.schedule("expire_material", payload, at=imported.expires, key=name)


async def _announce(ctx: Context, key: Key, imported: Material) -> None:
    """Let a multi-Region key's relatives know of new material, and the primary of the last one that got it."""
    awaited = msgspec.structs.replace(imported, sealed=None, expires=None)
    missing = False
    for scope in scopes(ctx, key):
        there = await materials.get(scope, key.id, imported.id)
        if there is None:
            put_material(scope, key.id, awaited)
        missing = missing or there is None or there.sealed is None
    if missing:
        return
    for scope in scopes(ctx, key):
        there = await materials.get(scope, key.id, imported.id)
        if there is not None and there.state == PENDING_REPLICAS:
            put_material(scope, key.id, msgspec.structs.replace(there, state=PENDING_ROTATION))


async def _complete(ctx: Context, key: Key) -> bool:
    """Does the key have all the material that it ever used?"""
    in_use = [material for material in await materials_of(ctx, key.id) if material.state not in _WAITING]
    return bool(in_use) and all(material.sealed is not None for material in in_use)


# -- losing it


@service.operation(**ON_KEY)
async def delete_imported_key_material(ctx: Context, request: Request) -> Request:
    """Destroy imported material; the key waits for it to be imported again. API_DeleteImportedKeyMaterial."""
    target = await find_to_manage(ctx, request, "DeleteImportedKeyMaterial")
    key = target.key
    if not key.imported:
        raise errors.invalid_origin(target.arn, key.origin)
    if "KeyMaterialId" in request and not key.symmetric:
        raise errors.validation("KeyMaterialId is only valid for symmetric encryption KMS keys.")
    name = request.get("KeyMaterialId") or key.material
    material = await materials.get(ctx, key.id, name) if name else None
    if material is None and "KeyMaterialId" in request:
        raise errors.incorrect_material("The key material is not associated with the KMS key.")
    if material is not None:
        await _lose(ctx, key, material)
    return {"KeyId": target.arn, "KeyMaterialId": name if key.symmetric and name else None}


@service.task
async def expire_material(ctx: Context, payload: Request) -> None:
    key = await keys.get(ctx, payload["key"])
    material = await materials.get(ctx, payload["key"], payload["material"])
    if key is not None and material is not None:
        await _lose(ctx, key, material)
        await events.expired(ctx, key, material)


async def _lose(ctx: Context, key: Key, material: Material) -> None:
    await ctx.unschedule("expire_material", f"{key.id}/{material.id}")
    if material.state in _WAITING and not key.is_replica(ctx.region):
        for scope in scopes(ctx, key):
            materials.delete(scope, key.id, material.id)
        return
    put_material(ctx, key.id, msgspec.structs.replace(material, sealed=None, expires=None))
    if material.state not in _WAITING and key.state in (ENABLED, DISABLED):
        modify(ctx, key, state=PENDING_IMPORT)
