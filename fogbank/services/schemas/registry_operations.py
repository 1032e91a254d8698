"""Registries and their policies.

CreateRegistry, UpdateRegistry, DeleteRegistry, DescribeRegistry, ListRegistries; PutResourcePolicy, GetResourcePolicy,
DeleteResourcePolicy.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.schemas import errors, provided, tags
from fogbank.services.schemas.finding import (
    ON_REGISTRY,
    check_name,
    find_registry,
    own_registry,
    page,
    registry_arn,
)
from fogbank.services.schemas.records import Registry, registries, schemas
from fogbank.services.schemas.service import service

Request = dict[str, Any]

_DEFAULT = "discovered-schemas"


def _shown(ctx: Context, registry: Registry) -> Request:
    return {
        "Description": registry.description,
        "RegistryArn": registry_arn(ctx, registry.name),
        "RegistryName": registry.name,
        "Tags": registry.tags,
    }


def keep(ctx: Context, registry: Registry, **changes: Any) -> Registry:
    registry = msgspec.structs.replace(registry, **changes)
    registries.put(ctx, registry, registry.name)
    return registry


@service.operation(**ON_REGISTRY)
async def create_registry(ctx: Context, request: Request) -> Request:
    """API_CreateRegistry."""
    name = request["RegistryName"]
    check_name("Registry", name)
    if name.startswith("aws."):
        raise errors.reserved_registry(name)
    if await registries.get(ctx, name) is not None:
        raise errors.conflict("Registry", name)
    registry = Registry(name, request.get("Description"), tags.added({}, request.get("Tags") or {}))
    return _shown(ctx, keep(ctx, registry))


@service.operation(**ON_REGISTRY)
async def update_registry(ctx: Context, request: Request) -> Request:
    """API_UpdateRegistry."""
    registry = await own_registry(ctx, request["RegistryName"])
    return _shown(ctx, keep(ctx, registry, description=request.get("Description")))


@service.operation(**ON_REGISTRY)
async def delete_registry(ctx: Context, request: Request) -> None:
    """Delete a registry without schemas. API_DeleteRegistry."""
    registry = await own_registry(ctx, request["RegistryName"])
    if await schemas.scan(ctx, registry.name, limit=1):
        raise errors.not_empty(registry.name)
    registries.delete(ctx, registry.name)


@service.operation(**ON_REGISTRY)
async def describe_registry(ctx: Context, request: Request) -> Request:
    """API_DescribeRegistry."""
    return _shown(ctx, await find_registry(ctx, request["RegistryName"]))


@service.operation(**ON_REGISTRY)
async def list_registries(ctx: Context, request: Request) -> Request:
    """The registries by name: the account's, AWS's, or both. API_ListRegistries."""
    scope, prefix = (request.get("Scope") or "").lower(), request.get("RegistryNamePrefix") or ""
    found = {} if scope == "aws" else {registry.name: registry for registry in await registries.scan(ctx)}
    if scope != "local":
        found[provided.NAME] = provided.REGISTRY
    names, token = page(request, sorted(name for name in found if name.startswith(prefix)))
    shown = [_shown(ctx, found[name]) for name in names]
    return {
        "Registries": [{key: each[key] for key in each if key != "Description"} for each in shown],
        "NextToken": token,
    }


# -- policies


async def _with_policy(ctx: Context, request: Request) -> Registry:
    return await own_registry(ctx, request.get("RegistryName") or _DEFAULT)


@service.operation(**ON_REGISTRY)
async def put_resource_policy(ctx: Context, request: Request) -> Request:
    """Say who else may use a registry; with a revision, only if the policy is still that one. API_PutResourcePolicy."""
    from fogbank.identity import policy_grammar

    registry = await _with_policy(ctx, request)
    if request.get("RevisionId") and request["RevisionId"] != registry.revision:
        raise errors.another_revision()
    try:
        document = policy_grammar.check(request["Policy"], "resource")
    except policy_grammar.MalformedPolicy as error:
        raise errors.invalid_policy(error.message) from None
    policy = json.dumps(document, separators=(",", ":"))
    registry = keep(ctx, registry, policy=policy, revision=ctx.ids.uuid())
    return {"Policy": registry.policy, "RevisionId": registry.revision}


@service.operation(**ON_REGISTRY)
async def get_resource_policy(ctx: Context, request: Request) -> Request:
    """API_GetResourcePolicy."""
    registry = await _with_policy(ctx, request)
    if registry.policy is None:
        raise errors.no_policy(registry.name)
    return {"Policy": registry.policy, "RevisionId": registry.revision}


@service.operation(**ON_REGISTRY)
async def delete_resource_policy(ctx: Context, request: Request) -> None:
    """API_DeleteResourcePolicy."""
    registry = await _with_policy(ctx, request)
    if registry.policy is None:
        raise errors.no_policy(registry.name)
    keep(ctx, registry, policy=None, revision="")
