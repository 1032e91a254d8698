"""Keys: CreateKey, DescribeKey, ListKeys, EnableKey, DisableKey, UpdateKeyDescription."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.kms import errors, key_pairs, rotation, specs, states, stores, tags
from fogbank.services.kms.access import ON_KEY, find_to_manage, find_to_use, keys_of_request
from fogbank.services.kms.descriptions import metadata
from fogbank.services.kms.key import (
    BY_KMS,
    DISABLED,
    ENABLED,
    PENDING_IMPORT,
    Key,
    key_arn,
    keys,
    modify,
    put_material,
    sealed_material,
)
from fogbank.services.kms.listing import page_of, paged
from fogbank.services.kms.policies import check_policy, default_policy
from fogbank.services.kms.references import Target
from fogbank.services.kms.service import service
from fogbank.services.kms.specs import SPECS, Spec

Request = dict[str, Any]


# -- creating


def creating(ctx: Context, request: Request) -> tuple[str, ...]:
    """The actions that it takes to create a key."""
    return ("kms:CreateKey", "kms:TagResource") if request.get("Tags") else ("kms:CreateKey",)


@service.operation(transaction=False, action=creating, keys=keys_of_request)
async def create_key(ctx: Context, request: Request) -> Request:
    """Create a key with new material, or without material, to be imported. API_CreateKey."""
    spec, usage = _kind(ctx, request)
    stores.check_origin(request, spec)
    origin = request.get("Origin", BY_KMS)
    material = await generated(ctx, spec) if origin == BY_KMS else None
    return {"KeyMetadata": await ctx.transact(_create, ctx, request, (spec, usage, origin), material)}


async def generated(ctx: Context, spec: Spec) -> bytes:
    """New material. RSA keys are made in a thread, unless that would hold up a transaction."""
    if spec.family != "rsa" or ctx.tx is not None:
        return key_pairs.generate(spec)
    return await asyncio.to_thread(key_pairs.generate, spec)


def _kind(ctx: Context, request: Request) -> tuple[Spec, str]:
    """The spec and the usage that are asked for. Raises ValidationException, UnsupportedOperationException."""
    if "KeySpec" in request and "CustomerMasterKeySpec" in request:
        raise errors.two_key_specs()
    spec = SPECS[request.get("KeySpec") or request.get("CustomerMasterKeySpec") or specs.SYMMETRIC]
    usage = request.get("KeyUsage")
    if usage is None:
        if spec.name != specs.SYMMETRIC:
            raise errors.no_key_usage()
        usage = specs.ENCRYPT
    if usage not in spec.algorithms:
        raise errors.usage_of_spec(usage, spec.name)
    if spec.family == "sm2":
        raise errors.spec_not_here(spec.name, ctx.region)
    if not key_pairs.can_make(spec):
        raise errors.spec_not_in_library(spec.name)
    return spec, usage


async def _create(ctx: Context, request: Request, kind: tuple[Spec, str, str], material: bytes | None) -> Request:
    spec, usage, origin = kind
    multi_region = request.get("MultiRegion", False)
    key = Key(
        f"mrk-{ctx.ids.hex(32)}" if multi_region else ctx.ids.uuid(),
        spec.name,
        usage,
        origin,
        "CUSTOMER",
        ctx.now(),
        ENABLED if origin == BY_KMS else PENDING_IMPORT,
        request.get("Policy") or default_policy(ctx),
        request.get("Description", ""),
        tags.checked({}, request.get("Tags") or []),
        regions=(ctx.region,) if multi_region else (),
    )
    if "Policy" in request:
        await check_policy(ctx, Target(ctx, key), request)
    if material is not None:
        first = await sealed_material(ctx, key.id, 1, material)
        put_material(ctx, key.id, first)
        key = msgspec.structs.replace(key, material=first.id)
    keys.put(ctx, key, key.id)
    return await metadata(ctx, key)


# -- looking


@service.operation(**ON_KEY)
async def describe_key(ctx: Context, request: Request) -> Request:
    """All about a key, also one of another account. API_DescribeKey."""
    target = await find_to_use(ctx, request, "DescribeKey")
    return {"KeyMetadata": await metadata(target.scope, target.key)}


@service.operation
async def list_keys(ctx: Context, request: Request) -> Request:
    """The keys of the account in this region, by id. Nobody shares keys through RAM. API_ListKeys."""
    page = page_of(request)
    owners = request.get("ResourceOwners") or ["SELF"]
    rows = await keys.scan(ctx, **page.bounds) if "SELF" in owners else []
    return paged("Keys", rows, page, lambda key: key.id, lambda key: _entry(ctx, key))


def _entry(ctx: Context, key: Key) -> Request:
    return {"KeyId": key.id, "KeyArn": key_arn(ctx, key.id)}


# -- changing


@service.operation(**ON_KEY)
async def enable_key(ctx: Context, request: Request) -> Request:
    """Let a key be used again. A rotation that it missed is made up for. API_EnableKey."""
    target = await find_to_manage(ctx, request, "EnableKey")
    states.require(target, states.TO_SWITCH)
    if target.key.state == DISABLED:
        await rotation.resume(ctx, modify(ctx, target.key, state=ENABLED))
    return {}


@service.operation(**ON_KEY)
async def disable_key(ctx: Context, request: Request) -> Request:
    """Keep a key from being used. API_DisableKey."""
    target = await find_to_manage(ctx, request, "DisableKey")
    states.require(target, states.TO_SWITCH)
    if target.key.state == ENABLED:
        modify(ctx, target.key, state=DISABLED)
    return {}


@service.operation(**ON_KEY)
async def update_key_description(ctx: Context, request: Request) -> Request:
    """Describe a key otherwise. API_UpdateKeyDescription."""
    target = await find_to_manage(ctx, request, "UpdateKeyDescription")
    states.require(target, states.TO_CHANGE)
    modify(ctx, target.key, description=request["Description"])
    return {}
