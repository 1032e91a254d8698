"""Certificate authorities: create, describe, list, update, delete, restore."""

from __future__ import annotations

from typing import Any

from fogbank.certificates import keys, reading
from fogbank.kernel import Context, pages
from fogbank.services.acm_pca import certificates, errors, events, limits, states, tags
from fogbank.services.acm_pca import revocation_lists as lists
from fogbank.services.acm_pca.access import ON_ALL, OWNED, SHARED
from fogbank.services.acm_pca.authority import (
    Authority,
    arn,
    arn_of,
    authorities,
    find,
    issued,
    remember,
    repeated,
    reports,
    save,
    sealed,
)
from fogbank.services.acm_pca.service import service

Request = dict[str, Any]

_SECURITY = "FIPS_140_2_LEVEL_3_OR_HIGHER"


# -- creating


@service.operation(transaction=False, **ON_ALL)
async def create_certificate_authority(ctx: Context, request: Request) -> Request:
    """Create a root or subordinate authority; it gets its key soon, and its certificate from the user. API_CreateCertificateAuthority."""
    configuration = request["CertificateAuthorityConfiguration"]
    _check_configuration(configuration)
    await lists.check(ctx, request.get("RevocationConfiguration") or {})
    return {"CertificateAuthorityArn": await ctx.transact(_create, ctx, request, configuration)}


async def _create(ctx: Context, request: Request, configuration: dict[str, Any]) -> str:
    before = await repeated(ctx, "authority", request)
    if before is not None:
        return before
    if await authorities.count(ctx, limit=limits.AUTHORITIES) >= limits.AUTHORITIES:
        raise errors.too_many_authorities()
    authority = Authority(
        ctx.ids.uuid(),
        request["CertificateAuthorityType"],
        states.CREATING,
        ctx.now(),
        ctx.now(),
        configuration,
        lists.completed(request.get("RevocationConfiguration") or {}),
        request.get("KeyStorageSecurityStandard", _SECURITY),
        request.get("UsageMode", "GENERAL_PURPOSE"),
        tags=tags.added(ctx, {}, request.get("Tags") or []),
    )
    authorities.put(ctx, authority, authority.id)
    await ctx.schedule("make_key", {"id": authority.id})
    await remember(ctx, "authority", request, arn(ctx, authority), limits.TOKEN_SECONDS)
    return arn(ctx, authority)


def _check_configuration(configuration: dict[str, Any]) -> None:
    algorithm, signing = configuration["KeyAlgorithm"], configuration["SigningAlgorithm"]
    if algorithm not in keys.GENERATED:
        raise errors.unsupported_algorithm(algorithm)
    family = "RSA" if algorithm.startswith("RSA") else "ECDSA" if algorithm.startswith("EC") else algorithm
    if family not in signing or (family == "RSA") != ("WITHRSA" in signing):
        raise errors.algorithms_differ(signing, algorithm)
    subject = configuration["Subject"]
    if subject.get("CustomAttributes") and len([value for value in subject.values() if value]) > 1:
        raise errors.invalid_subject("custom attributes cannot be used in combination with standard attributes.")
    try:
        certificates.request_builder(configuration)
    except ValueError as error:
        raise errors.invalid_subject(str(error)) from error


@service.task(transaction=False)
async def make_key(ctx: Context, payload: dict[str, Any]) -> None:
    """Make the key and the signing request of a new authority."""
    authority = await ctx.transact(authorities.get, ctx, payload["id"])
    if authority is not None and authority.status == states.CREATING:
        key = await keys.generate(authority.configuration["KeyAlgorithm"])
        await ctx.transact(_take_key, ctx, authority.id, key)


async def _take_key(ctx: Context, authority_id: str, key: Any) -> None:
    authority = await authorities.get(ctx, authority_id)
    if authority is None or authority.status != states.CREATING:
        return
    csr = reading.pem(certificates.signing_request(authority.configuration, key))
    status = states.following(authority.status, "created")
    authority = save(ctx, authority, status=status, csr=csr, sealed_key=await sealed(ctx, authority_id, key))
    await events.publish(ctx, authority, "ACM Private CA Creation", "success")


# -- describing


@service.operation(**SHARED)
async def describe_certificate_authority(ctx: Context, request: Request) -> Request:
    """All about an authority but its certificate. API_DescribeCertificateAuthority."""
    scope, authority = await find(ctx, request)
    return {"CertificateAuthority": _shown(scope, authority)}


@service.operation(**ON_ALL)
async def list_certificate_authorities(ctx: Context, request: Request) -> Request:
    """The account's authorities, oldest first. Those of others are shared by Resource Access Manager. API_ListCertificateAuthorities."""
    rows: list[Authority] = []
    if request.get("ResourceOwner") != "OTHER_ACCOUNTS":
        rows = sorted(await authorities.scan(ctx), key=_position)
    if "NextToken" in request:
        last = pages.position(request["NextToken"], errors.invalid_next_token())
        rows = [authority for authority in rows if _position(authority) > last]
    shown, token = pages.page(rows, request.get("MaxResults", limits.PAGE), _position)
    return {"CertificateAuthorities": [_shown(ctx, authority) for authority in shown], "NextToken": token}


def _position(authority: Authority) -> str:
    return f"{authority.created:020.6f} {authority.id}"


def _shown(ctx: Context, authority: Authority) -> Request:
    """API_CertificateAuthority."""
    own = reading.load(authority.certificate) if authority.certificate else None
    return {
        "Arn": arn_of(ctx, authority.id),
        "OwnerAccount": ctx.account,
        "CreatedAt": authority.created,
        "LastStateChangeAt": authority.changed,
        "Type": authority.type,
        "Serial": str(own.serial_number) if own is not None else None,
        "Status": authority.status,
        "NotBefore": authority.not_before,
        "NotAfter": authority.not_after,
        "CertificateAuthorityConfiguration": authority.configuration,
        "RevocationConfiguration": authority.revocation,
        "RestorableUntil": authority.restorable,
        "KeyStorageSecurityStandard": authority.security,
        "UsageMode": authority.usage,
    }


# -- updating, deleting, restoring


@service.operation(transaction=False, **OWNED)
async def update_certificate_authority(ctx: Context, request: Request) -> None:
    """Enable or disable an authority, or change how it tells of revocations. API_UpdateCertificateAuthority."""
    if "RevocationConfiguration" in request:
        await lists.check(ctx, request["RevocationConfiguration"])
    await ctx.transact(_update, ctx, request)


async def _update(ctx: Context, request: Request) -> None:
    scope, authority = await find(ctx, request)
    wanted = request.get("Status")
    if wanted not in (None, states.ACTIVE, states.DISABLED):
        raise errors.status_not_settable(wanted)
    states.require(authority.status, states.ACTIVE, states.DISABLED)
    if wanted is not None:
        event: states.Event = "enabled" if wanted == states.ACTIVE else "disabled"
        authority = save(scope, authority, status=states.following(authority.status, event))
    if "RevocationConfiguration" in request:
        revocation = {**authority.revocation, **request["RevocationConfiguration"]}
        authority = save(scope, authority, revocation=lists.completed(revocation))
        await lists.plan(scope, authority)


@service.operation(**OWNED)
async def delete_certificate_authority(ctx: Context, request: Request) -> None:
    """Delete an authority that is not active; for some days it can be restored. API_DeleteCertificateAuthority."""
    scope, authority = await find(ctx, request)
    status = states.following(authority.status, "deleted")
    until = scope.now() + request.get("PermanentDeletionTimeInDays", limits.RESTORABLE_DAYS) * limits.DAY
    save(scope, authority, status=status, before=authority.status, restorable=until)
    await scope.schedule("purge", {"id": authority.id}, at=until, key=authority.id)


@service.operation(**OWNED)
async def restore_certificate_authority(ctx: Context, request: Request) -> None:
    """Take an authority back that was deleted. API_RestoreCertificateAuthority."""
    scope, authority = await find(ctx, request)
    event: states.Event = "restored" if authority.certificate else "restored before its certificate"
    status = states.following(authority.status, event)
    save(scope, authority, status=status, before=None, restorable=None)
    await scope.unschedule("purge", authority.id)


@service.task
async def purge(ctx: Context, payload: dict[str, Any]) -> None:
    """It can be restored no more: the authority goes, with all that it has issued."""
    authority = await authorities.get(ctx, payload["id"])
    if authority is None or authority.status != states.DELETED:
        return
    authorities.delete(ctx, authority.id)
    for collection in (issued, reports):
        for key, _ in await collection.items(ctx, (str,), authority.id):
            collection.delete(ctx, authority.id, *key)
    await ctx.unschedule("expire", authority.id)
    await ctx.unschedule("write_list", authority.id)


@service.task
async def expire(ctx: Context, payload: dict[str, Any]) -> None:
    """The authority's own certificate is valid no more."""
    authority = await authorities.get(ctx, payload["id"])
    if authority is not None and (authority.status, "expired") in states.TABLE:
        save(ctx, authority, status=states.following(authority.status, "expired"))
