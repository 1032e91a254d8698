"""Aliases: CreateAlias, UpdateAlias, DeleteAlias, ListAliases.

The names of a key's aliases are kept with the key too, for the condition key `kms:ResourceAliases`.
https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.kms import errors, limits, managed, states
from fogbank.services.kms.access import ON_KEY, find_to_manage, permit
from fogbank.services.kms.key import key_arn, keys, modify
from fogbank.services.kms.listing import among, page_of, paged
from fogbank.services.kms.references import Alias, Target, alias_arn, aliases, parse, scope_of
from fogbank.services.kms.service import service

Request = dict[str, Any]

_PREFIX = "alias/"


def _name(request: Request) -> str:
    """The name without its prefix. Raises ValidationException, NotAuthorizedException, InvalidAliasNameException."""
    full = request["AliasName"]
    if not full.startswith(_PREFIX):
        raise errors.alias_prefix()
    name = full.removeprefix(_PREFIX)
    if name.startswith(managed.PREFIX):
        raise errors.alias_is_reserved()
    if not name or ":" in name:
        raise errors.invalid_alias_name()
    return name


async def _permitted(ctx: Context, request: Request, action: str) -> tuple[str, Alias | None]:
    """An alias that the caller may do this to, by name, and as it is if it is there."""
    name = _name(request)
    await ctx.authorise(f"kms:{action}", alias_arn(ctx, name))
    return name, await aliases.get(ctx, name)


async def _existing(ctx: Context, request: Request, action: str) -> tuple[Alias, Target]:
    """An alias that is there, and its key."""
    name, alias = await _permitted(ctx, request, action)
    key = None if alias is None else await keys.get(ctx, alias.key_id)
    if alias is None or key is None:
        raise errors.alias_not_found(alias_arn(ctx, name))
    target = Target(ctx, key)
    await permit(ctx, target, action, request)
    return alias, target


# -- operations


@service.operation(**ON_KEY)
async def create_alias(ctx: Context, request: Request) -> Request:
    """Give a key another name. API_CreateAlias."""
    name, present = await _permitted(ctx, request, "CreateAlias")
    target = await find_to_manage(ctx, request, "CreateAlias", "TargetKeyId")
    if present is not None:
        raise errors.alias_exists(alias_arn(ctx, name))
    states.require(target, states.TO_CHANGE)
    _link(ctx, target, name)
    aliases.put(ctx, Alias(name, target.key.id, ctx.now(), ctx.now()), name)
    return {}


@service.operation(**ON_KEY)
async def update_alias(ctx: Context, request: Request) -> Request:
    """Let an alias refer to another key of the same kind. API_UpdateAlias."""
    alias, current = await _existing(ctx, request, "UpdateAlias")
    target = await find_to_manage(ctx, request, "UpdateAlias", "TargetKeyId")
    if _kind(current) != _kind(target):
        raise errors.alias_of_another_kind()
    states.require(target, states.TO_CHANGE)
    if current.key.id != target.key.id:
        _unlink(ctx, current, alias.name)
        _link(ctx, target, alias.name)
    aliases.put(ctx, msgspec.structs.replace(alias, key_id=target.key.id, updated=ctx.now()), alias.name)
    return {}


def _kind(target: Target) -> tuple[str, str]:
    spec = target.key.kind
    return "asymmetric" if spec.asymmetric else spec.family, target.key.usage


@service.operation(**ON_KEY)
async def delete_alias(ctx: Context, request: Request) -> Request:
    """Delete an alias; its key stays. API_DeleteAlias."""
    alias, target = await _existing(ctx, request, "DeleteAlias")
    _unlink(ctx, target, alias.name)
    aliases.delete(ctx, alias.name)
    return {}


def _link(ctx: Context, target: Target, name: str) -> None:
    if len(target.key.aliases) >= limits.ALIASES_PER_KEY:
        raise errors.limit_exceeded(f"A KMS key cannot have more than {limits.ALIASES_PER_KEY} aliases.")
    modify(ctx, target.key, aliases=(*target.key.aliases, name))


def _unlink(ctx: Context, target: Target, name: str) -> None:
    modify(ctx, target.key, aliases=tuple(each for each in target.key.aliases if each != name))


@service.operation
async def list_aliases(ctx: Context, request: Request) -> Request:
    """The aliases of the account in this region, or those of one key, by name. API_ListAliases."""
    page = page_of(request, 50, 100)
    if "KeyId" in request:
        found = await _of_key(ctx, request["KeyId"])
    else:
        found = await aliases.scan(ctx)
        known = {alias.name for alias in found}
        found += [Alias(name, "", 0.0, 0.0) for name in managed.PREDEFINED if name not in known]
    found.sort(key=_key)
    return paged("Aliases", among(found, page, _key), page, _key, lambda alias: _entry(ctx, alias))


async def _of_key(ctx: Context, text: str) -> list[Alias]:
    reference = parse(ctx, text)
    if reference.alias:
        raise errors.invalid_key_id(text)
    key = await keys.get(ctx, reference.key_id) if reference.account == ctx.account else None
    if key is None:
        raise errors.key_not_found(key_arn(scope_of(ctx, reference.account), reference.key_id))
    return [alias for name in key.aliases if (alias := await aliases.get(ctx, name)) is not None]


def _key(alias: Alias) -> str:
    return alias.name


def _entry(ctx: Context, alias: Alias) -> Request:
    entry: Request = {"AliasName": f"{_PREFIX}{alias.name}", "AliasArn": alias_arn(ctx, alias.name)}
    if alias.key_id:
        entry |= {"TargetKeyId": alias.key_id, "CreationDate": alias.created, "LastUpdatedDate": alias.updated}
    return entry
