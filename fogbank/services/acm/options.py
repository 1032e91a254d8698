"""UpdateCertificateOptions (with the change from email to DNS validation), ListCertificateDomainValidations, ResendValidationEmail."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, pages
from fogbank.services.acm import descriptions, domains, errors, limits, validation
from fogbank.services.acm.access import ON_CERTIFICATE
from fogbank.services.acm.certificate import (
    ISSUED,
    PENDING,
    PUBLIC,
    Certificate,
    Update,
    arn,
    certificates,
    find,
    save,
)
from fogbank.services.acm.service import service

Request = dict[str, Any]

replace = msgspec.structs.replace


@service.operation(**ON_CERTIFICATE)
async def update_certificate_options(ctx: Context, request: Request) -> None:
    """Change the transparency preference, or move from email to DNS validation. API_UpdateCertificateOptions."""
    certificate = await find(ctx, request)
    options = request["Options"]
    if "Export" in options and options["Export"] != certificate.export:
        raise errors.export_is_settled()
    if "CertificateTransparencyLoggingPreference" in options:
        preference = options["CertificateTransparencyLoggingPreference"]
        certificate = save(ctx, certificate, transparency=preference)
    if options.get("ValidationMethod", certificate.method) != certificate.method:
        await _migrate(ctx, certificate, options["ValidationMethod"])


async def _migrate(ctx: Context, certificate: Certificate, method: str) -> None:
    if method != "DNS" or certificate.method != "EMAIL" or certificate.status != ISSUED or certificate.type != PUBLIC:
        raise errors.not_migratable(arn(ctx, certificate))
    requested = domains.validations(ctx.account, "DNS", certificate.names, {})
    update = Update("PENDING_DOMAIN_VALIDATION", ctx.now(), ctx.now(), requested)
    save(ctx, certificate, update=update)
    await ctx.schedule("migrate", {"id": certificate.id}, delay=limits.VALIDATION_DELAY, key=certificate.id)


@service.task
async def migrate(ctx: Context, payload: dict[str, Any]) -> None:
    """Look whether the names are proved by DNS; then that is how they are proved from now on."""
    certificate = await certificates.get(ctx, payload["id"])
    update = certificate.update if certificate is not None else None
    if certificate is None or update is None or update.status != "PENDING_DOMAIN_VALIDATION":
        return
    found = await validation.validated(ctx, update.validations)
    if validation.is_complete(found):
        done = Update("SUCCESS", update.requested, ctx.now())
        save(ctx, certificate, method="DNS", validations=found, update=done)
    elif ctx.now() >= update.requested + limits.VALIDATION_TIMEOUT:
        save(ctx, certificate, update=Update("FAILED", update.requested, ctx.now()))
    else:
        save(ctx, certificate, update=replace(update, validations=found))
        await ctx.schedule("migrate", payload, delay=limits.VALIDATION_INTERVAL, key=certificate.id)


@service.operation(**ON_CERTIFICATE)
async def list_certificate_domain_validations(ctx: Context, request: Request) -> Request:
    """How each name is proved, and how it is to be. API_ListCertificateDomainValidations."""
    rows = descriptions.domain_summaries(await find(ctx, request))
    start = 0
    if "NextToken" in request:
        start = int(pages.position(request["NextToken"], errors.invalid_list_token()))
    limit = request.get("MaxItems", limits.PAGE)
    end = start + limit
    token = pages.token(str(end)) if end < len(rows) else None
    return {"DomainValidationSummaryList": rows[start:end], "NextToken": token}


@service.operation(**ON_CERTIFICATE)
async def resend_validation_email(ctx: Context, request: Request) -> None:
    """Ask again, by email to the validation domain. API_ResendValidationEmail."""
    certificate = await find(ctx, request)
    domain, mail_domain = request["Domain"].lower(), request["ValidationDomain"].lower()
    if certificate.status != PENDING or certificate.method != "EMAIL":
        raise errors.email_only(arn(ctx, certificate))
    if domain not in certificate.names:
        raise errors.unknown_validated_domain(domain)
    domains.check_mail_domain(domain, mail_domain)
    asked = [replace(one, mail=mail_domain) if one.domain == domain else one for one in certificate.validations]
    save(ctx, certificate, validations=asked)
