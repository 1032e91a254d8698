"""The life of an issued certificate: from its issue or import to its renewal or its end, by the clock.

What happens when is in `moments`; a task for each: `renew`, `warn` (daily, before the end), `expire`.
"""

from __future__ import annotations

from typing import Any

from fogbank.certificates import reading
from fogbank.kernel import Context, Record
from fogbank.services.acm import events, limits
from fogbank.services.acm.certificate import EXPIRED, IMPORTED, ISSUED, PRIVATE, Certificate, certificates, save
from fogbank.services.acm.service import service


class Configuration(Record, frozen=True):
    """How many days before its end the account is warned of a certificate, each day."""

    days_before_expiry: int = limits.DAYS_BEFORE_EXPIRY


configurations = service.collection("configuration", Configuration)


async def begin(ctx: Context, certificate: Certificate, /, **changes: Any) -> Certificate:
    """Make the certificate an issued one, with its PEM texts and key as changes, and have its future happen."""
    found = reading.load(changes["certificate"])
    moment = {"imported": ctx.now()} if certificate.type == IMPORTED else {"issued": ctx.now()}
    certificate = save(
        ctx,
        certificate,
        status=ISSUED,
        not_before=reading.not_before(found),
        not_after=reading.not_after(found),
        **{**moment, **changes},
    )
    await _plan(ctx, certificate)
    return certificate


async def _plan(ctx: Context, certificate: Certificate) -> None:
    payload = {"id": certificate.id}
    end = certificate.not_after or 0.0
    await ctx.schedule("expire", payload, at=end, key=certificate.id)
    await plan_warnings(ctx, certificate)
    if certificate.type != IMPORTED and not certificate.acme_account:
        await ctx.schedule("renew", payload, at=max(renewed_from(certificate), ctx.now()), key=certificate.id)


async def plan_warnings(ctx: Context, certificate: Certificate) -> None:
    """Have the account warned from the day on that its configuration says."""
    configuration = await configurations.get(ctx) or Configuration()
    start = (certificate.not_after or 0.0) - configuration.days_before_expiry * limits.DAY
    await ctx.schedule("warn", {"id": certificate.id}, at=max(start, ctx.now()), key=certificate.id)


def renewed_from(certificate: Certificate) -> float:
    """When ACM begins to renew the certificate."""
    days = limits.PRIVATE_RENEWED_DAYS_BEFORE if certificate.type == PRIVATE else limits.RENEWED_DAYS_BEFORE
    return (certificate.not_after or 0.0) - days * limits.DAY


async def end(ctx: Context, certificate: Certificate) -> None:
    """Nothing will happen to the certificate any more."""
    for task in ("validate", "renew", "warn", "expire"):
        await ctx.unschedule(task, certificate.id)


@service.task
async def expire(ctx: Context, payload: dict[str, Any]) -> None:
    """The certificate is valid no more."""
    certificate = await certificates.get(ctx, payload["id"])
    if certificate is not None and certificate.status == ISSUED:
        await end(ctx, certificate)
        certificate = save(ctx, certificate, status=EXPIRED)
        await events.publish(ctx, certificate, "ACM Certificate Expired")


@service.task
async def warn(ctx: Context, payload: dict[str, Any]) -> None:
    """Another day before the certificate's end."""
    certificate = await certificates.get(ctx, payload["id"])
    if certificate is None or certificate.status != ISSUED or certificate.not_after is None:
        return
    await events.publish(ctx, certificate, "ACM Certificate Approaching Expiration")
    following = ctx.now() + limits.DAY
    if following < certificate.not_after:
        await ctx.schedule("warn", payload, at=following, key=certificate.id)
