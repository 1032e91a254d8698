"""Managed renewal by the clock, RenewCertificate, RevokeCertificate.

ACM renews what is in use or was exported; anything else it lets expire. A certificate keeps its ARN and gets a new key.
https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html
"""

from __future__ import annotations

from typing import Any

from fogbank.certificates import keys
from fogbank.kernel import AWSError, Context
from fogbank.services.acm import errors, events, limits, lives, private, validation
from fogbank.services.acm.access import ON_CERTIFICATE
from fogbank.services.acm.certificate import (
    ISSUED,
    PENDING,
    PRIVATE,
    REVOKED,
    Certificate,
    Renewal,
    arn,
    certificates,
    find,
    save,
)
from fogbank.services.acm.service import service

Request = dict[str, Any]

PENDING_RENEWAL = "PENDING_AUTO_RENEWAL"


@service.operation(**ON_CERTIFICATE)
async def renew_certificate(ctx: Context, request: Request) -> None:
    """Renew an exported certificate of a private authority before its time. API_RenewCertificate."""
    certificate = await find(ctx, request)
    if certificate.status == PENDING:
        raise errors.not_issued(arn(ctx, certificate), certificate.status)
    if certificate.type != PRIVATE or not certificate.is_renewable:
        raise errors.not_renewable(arn(ctx, certificate))
    save(ctx, certificate, renewal=Renewal(PENDING_RENEWAL, ctx.now()))
    await ctx.schedule("renew", {"id": certificate.id}, key=certificate.id)


@service.task(transaction=False)
async def renew(ctx: Context, payload: dict[str, Any]) -> None:
    """The time of renewal has come, or was asked for: renew the certificate, or look again tomorrow whether it is in use by then."""
    certificate = await ctx.transact(certificates.get, ctx, payload["id"])
    if certificate is None or certificate.status != ISSUED:
        return
    key = await keys.generate(certificate.algorithm) if certificate.is_renewable else None
    await ctx.transact(_renew, ctx, certificate.id, key)


async def _renew(ctx: Context, certificate_id: str, key: Any) -> None:
    certificate = await certificates.get(ctx, certificate_id)
    if certificate is None or certificate.status != ISSUED:
        return
    if key is None:
        await _later(ctx, certificate)
        return
    try:
        renewed = await _renewed(ctx, certificate, key)
    except AWSError as error:
        save(ctx, certificate, renewal=Renewal("FAILED", ctx.now(), private.reason_of(error)))
        await events.publish(ctx, certificate, "ACM Certificate Renewal Action Required")
        await _later(ctx, certificate)
        return
    renewed = save(ctx, renewed, renewal=Renewal("SUCCESS", ctx.now()), exported=False)
    await events.publish(ctx, renewed, "ACM Certificate Available", Action="RENEWAL")


async def _renewed(ctx: Context, certificate: Certificate, key: Any) -> Certificate:
    if certificate.type == PRIVATE:
        return await private.obtain(ctx, certificate, key, as_caller=False)
    return await validation.sign(ctx, certificate, key)


async def _later(ctx: Context, certificate: Certificate) -> None:
    tomorrow = ctx.now() + limits.DAY
    if certificate.not_after is not None and tomorrow < certificate.not_after:
        await ctx.schedule("renew", {"id": certificate.id}, at=tomorrow, key=certificate.id)


@service.operation(**ON_CERTIFICATE)
async def revoke_certificate(ctx: Context, request: Request) -> Request:
    """Revoke a certificate that was exported, for ever. API_RevokeCertificate."""
    certificate = await find(ctx, request)
    name = arn(ctx, certificate)
    if certificate.status == REVOKED:
        raise errors.already_revoked(name)
    if certificate.used_by:
        raise errors.in_use(name)
    if not certificate.exported or certificate.status != ISSUED:
        raise errors.not_revocable(name)
    if certificate.type == PRIVATE:
        await private.revoke(ctx, certificate, request["RevocationReason"])
    await lives.end(ctx, certificate)
    save(ctx, certificate, status=REVOKED, revoked=ctx.now(), reason=request["RevocationReason"])
    return {"CertificateArn": name}
