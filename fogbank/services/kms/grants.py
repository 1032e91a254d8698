"""Grants: CreateGrant, ListGrants, ListRetirableGrants, RetireGrant, RevokeGrant."""

from __future__ import annotations

from typing import Any

from fogbank.identity.known import exists
from fogbank.kernel import Context
from fogbank.services.kms import errors, limits, specs, states
from fogbank.services.kms.access import ON_KEY, find, permit
from fogbank.services.kms.grant import (
    Grant,
    Place,
    delete,
    granting,
    grants,
    names_of,
    place_of,
    put,
    retirable,
    token,
)
from fogbank.services.kms.key import key_arn, keys
from fogbank.services.kms.listing import Page, page_of, paged
from fogbank.services.kms.references import Target, parse, scope_of
from fogbank.services.kms.service import service

Request = dict[str, Any]

_GRANT_ID_DIGITS = 64


# -- creating


@service.operation(**ON_KEY)
async def create_grant(ctx: Context, request: Request) -> Request:
    """Let a principal use a key. With a name, the same grant is given only once. API_CreateGrant."""
    target = await find(ctx, {**request, **_as_context(request)}, "CreateGrant")
    states.require(target, states.TO_GRANT)
    grant = _checked(ctx, target, request)
    for arn in (grant.grantee, grant.retirer):
        if not await exists(ctx, arn):
            raise errors.no_such_principal(arn)
    await _check_parent(ctx, target, grant)
    if request.get("DryRun"):
        raise errors.dry_run()
    known = await _same(target, grant) if grant.name else None
    if known is None:
        if target.key.grants >= limits.GRANTS_PER_KEY:
            raise errors.limit_exceeded(f"A KMS key cannot have more than {limits.GRANTS_PER_KEY} grants.")
        put(target, grant)
    place = Place(target.scope.account, ctx.region, target.key.id, (known or grant).id)
    return {"GrantToken": token(ctx, place), "GrantId": place.grant_id}


def _as_context(request: Request) -> Request:
    """The constraint of a grant stands for the encryption context when a grant allows to create it."""
    constraints = request.get("Constraints") or {}
    context = constraints.get("EncryptionContextEquals") or constraints.get("EncryptionContextSubset")
    return {"EncryptionContext": context} if context else {}


def _checked(ctx: Context, target: Target, request: Request) -> Grant:
    """The grant that is asked for. Raises ValidationException."""
    constraints = request.get("Constraints") or {}
    # an empty one is none: Terraform sends it beside the other
    equals = constraints.get("EncryptionContextEquals") or None
    subset = constraints.get("EncryptionContextSubset") or None
    _check_constraint(target, equals, subset)
    _check_principals(request, constraints)
    unfit = sorted(set(request["Operations"]) - specs.grantable(target.key.spec, target.key.usage))
    if unfit:
        raise errors.grant_operations(unfit)
    return Grant(
        ctx.ids.hex(_GRANT_ID_DIGITS),
        request.get("GranteePrincipal") or request["GranteeServicePrincipal"],
        tuple(request["Operations"]),
        f"arn:{ctx.partition}:iam::{ctx.account}:root",
        ctx.now(),
        request.get("Name", ""),
        request.get("RetiringPrincipal") or request.get("RetiringServicePrincipal") or "",
        equals,
        subset,
        constraints.get("SourceArn", ""),
    )


def _check_constraint(target: Target, equals: dict[str, str] | None, subset: dict[str, str] | None) -> None:
    if equals is not None and subset is not None:
        raise errors.validation("You cannot specify EncryptionContextEquals and EncryptionContextSubset in one grant.")
    pairs = equals or subset
    if not pairs:
        return
    if not target.key.symmetric:
        raise errors.no_encryption_context(target.key.spec)
    length = sum(len(name) + len(value) for name, value in pairs.items())
    if len(pairs) > limits.CONSTRAINT_PAIRS or length > limits.CONSTRAINT_CHARACTERS:
        raise errors.validation(
            f"A grant constraint can have up to {limits.CONSTRAINT_PAIRS} pairs of {limits.CONSTRAINT_CHARACTERS} characters."
        )


def _check_principals(request: Request, constraints: Request) -> None:
    if ("GranteePrincipal" in request) == ("GranteeServicePrincipal" in request):
        raise errors.validation("You must specify either GranteePrincipal or GranteeServicePrincipal, but not both.")
    if "RetiringPrincipal" in request and "RetiringServicePrincipal" in request:
        raise errors.validation("You can specify either RetiringPrincipal or RetiringServicePrincipal, but not both.")
    for member in ("GranteePrincipal", "RetiringPrincipal"):
        if member in request and not _is_principal(request[member]):
            raise errors.no_such_principal(request[member])
    if "GranteeServicePrincipal" in request:
        retiring = "RetiringPrincipal" in request or "RetiringServicePrincipal" in request
        if not retiring or "SourceArn" not in constraints:
            raise errors.validation(
                "A grant to a service principal needs a SourceArn constraint and a retiring principal."
            )


def _is_principal(name: str) -> bool:
    """The ARN of a principal; services have host names."""
    parts = name.split(":", 5)
    if name.endswith(".amazonaws.com"):
        return True
    return len(parts) == 6 and parts[0] == "arn" and parts[2] in ("iam", "sts") and parts[4].isdecimal()


async def _check_parent(ctx: Context, target: Target, grant: Grant) -> None:
    """What is granted by permission of a grant cannot be more than that allows."""
    if not target.key.grants:
        return
    parent = await granting(ctx, target, "CreateGrant", grant.equals or grant.subset or {})
    if parent is not None and not parent.covers(grant) and not await _by_policy(ctx, target):
        raise errors.grant_too_wide()


async def _by_policy(ctx: Context, target: Target) -> bool:
    """May the caller create grants without the help of one?"""
    about = {"policy": target.key.policy, "owner": target.scope.account}
    return await ctx.may("kms:CreateGrant", target.arn, **about)


async def _same(target: Target, grant: Grant) -> Grant | None:
    """The grant that has this name and is like this one."""
    for known in await grants.scan(target.scope, target.key.id):
        if known.name == grant.name and _terms(known) == _terms(grant):
            return known
    return None


def _terms(grant: Grant) -> tuple[Any, ...]:
    return grant.grantee, set(grant.operations), grant.retirer, grant.equals, grant.subset, grant.source_arn


# -- listing


@service.operation(**ON_KEY)
async def list_grants(ctx: Context, request: Request) -> Request:
    """The grants of a key, by id. API_ListGrants."""
    page = page_of(request, 50, 100)
    target = await find(ctx, request, "ListGrants")
    if "GranteePrincipal" in request and "GranteeServicePrincipal" in request:
        raise errors.validation("You can specify either GranteePrincipal or GranteeServicePrincipal, but not both.")
    grantee = request.get("GranteePrincipal") or request.get("GranteeServicePrincipal")
    if "GrantId" in request:
        known = await grants.get(target.scope, target.key.id, request["GrantId"])
        rows = [] if known is None else [known]
    elif grantee is None:
        rows = await grants.scan(target.scope, target.key.id, **page.bounds)
    else:
        after = None if page.after is None else (page.after,)
        rows = [
            grant for grant in await grants.scan(target.scope, target.key.id, after=after) if grant.grantee == grantee
        ]
    return paged("Grants", rows, page, lambda grant: grant.id, lambda grant: _entry(target.scope, target.key.id, grant))


def _entry(scope: Context, key_id: str, grant: Grant) -> Request:
    entry: Request = {
        "KeyId": key_arn(scope, key_id),
        "GrantId": grant.id,
        "Name": grant.name,
        "CreationDate": grant.created,
        "IssuingAccount": grant.issuer,
        "Operations": list(grant.operations),
        "GranteePrincipal": grant.grantee,
    }
    if grant.source_arn and not grant.grantee.startswith("arn:"):
        entry["GranteeServicePrincipal"] = entry.pop("GranteePrincipal")
    if grant.retirer:
        by_service = not grant.retirer.startswith("arn:")
        entry["RetiringServicePrincipal" if by_service else "RetiringPrincipal"] = grant.retirer
    constraints = {
        "EncryptionContextEquals": grant.equals,
        "EncryptionContextSubset": grant.subset,
        "SourceArn": grant.source_arn or None,
    }
    if any(constraints.values()):
        entry["Constraints"] = constraints
    return entry


def _retirer(ctx: Context, request: Request) -> str:
    return request.get("RetiringPrincipal") or "*"


@service.operation(resource=_retirer)
async def list_retirable_grants(ctx: Context, request: Request) -> Request:
    """The grants that a principal of the account may retire, on whosever keys. API_ListRetirableGrants."""
    if ("RetiringPrincipal" in request) == ("RetiringServicePrincipal" in request):
        raise errors.validation("You must specify either RetiringPrincipal or RetiringServicePrincipal, but not both.")
    page = page_of(request, 50, 100)
    retirer = request.get("RetiringPrincipal") or request["RetiringServicePrincipal"]
    places = await _retirable(ctx, retirer, page)
    rows = [(place, grant) for place in places if (grant := await _grant_at(ctx, place)) is not None]

    def show(row: tuple[Place, Grant]) -> Request:
        return _entry(scope_of(ctx, row[0].account), row[0].key_id, row[1])

    return paged("Grants", rows, page, lambda row: "/".join(row[0]), show)


async def _retirable(ctx: Context, retirer: str, page: Page) -> list[Place]:
    after = None if page.after is None else tuple(page.after.split("/")[i] for i in (0, 2, 3))
    rows = await retirable.items(ctx, (str, str, str), retirer, after=after, limit=page.limit + 1)
    return [Place(str(account), ctx.region, str(key), str(grant)) for (account, key, grant), _ in rows]


async def _grant_at(ctx: Context, place: Place) -> Grant | None:
    return await grants.get(scope_of(ctx, place.account), place.key_id, place.grant_id)


# -- ending


@service.operation(**ON_KEY)
async def revoke_grant(ctx: Context, request: Request) -> Request:
    """End a grant, by permission of the key's policy. API_RevokeGrant."""
    target = await find(ctx, request, "RevokeGrant")
    grant = await _existing(target, request["GrantId"])
    if request.get("DryRun"):
        raise errors.dry_run()
    delete(target, grant)
    return {}


@service.operation(**ON_KEY)
async def retire_grant(ctx: Context, request: Request) -> Request:
    """End a grant as the one whom it names for that, or as its grantee if it says so. API_RetireGrant."""
    target, grant = await _named(ctx, request)
    await _check_retiring(ctx, target, grant, request)
    if request.get("DryRun"):
        raise errors.dry_run()
    delete(target, grant)
    return {}


async def _named(ctx: Context, request: Request) -> tuple[Target, Grant]:
    """The grant of a token, or of an id and a key. Raises ValidationException, NotFoundException."""
    if "GrantToken" in request:
        place = place_of(request["GrantToken"])
    elif "KeyId" in request and "GrantId" in request:
        place = _place(ctx, request)
    else:
        raise errors.validation("You must specify a grant token, or a grant ID and the ARN of its key.")
    scope = scope_of(ctx, place.account)
    key = await keys.get(scope, place.key_id)
    if key is None or place.region != ctx.region:
        raise errors.key_not_found(key_arn(scope, place.key_id))
    target = Target(scope, key)
    return target, await _existing(target, place.grant_id)


def _place(ctx: Context, request: Request) -> Place:
    reference = parse(ctx, request["KeyId"])
    return Place(reference.account, ctx.region, reference.key_id, request["GrantId"])


async def _existing(target: Target, grant_id: str) -> Grant:
    if len(grant_id) != _GRANT_ID_DIGITS:
        raise errors.invalid_grant_id()
    grant = await grants.get(target.scope, target.key.id, grant_id)
    if grant is None:
        raise errors.grant_not_found(grant_id)
    return grant


async def _check_retiring(ctx: Context, target: Target, grant: Grant, request: Request) -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html"""
    names = tuple(names_of(ctx.principal))
    by_grantee = grant.grantee in names and "RetireGrant" in grant.operations
    by_owner = ctx.principal.kind == "root" and grant.issuer == ctx.principal.arn
    if not by_owner and not by_grantee and grant.retirer not in names:
        await permit(ctx, target, "RetireGrant", request)
