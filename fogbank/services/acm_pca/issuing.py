"""IssueCertificate, GetCertificate, RevokeCertificate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from fogbank.certificates import keys, reading
from fogbank.kernel import Context
from fogbank.services.acm_pca import certificates, errors, events, limits, states, templates, validities
from fogbank.services.acm_pca import revocation_lists as lists
from fogbank.services.acm_pca.access import SHARED
from fogbank.services.acm_pca.authority import (
    Authority,
    Issued,
    arn,
    find,
    issued,
    parse,
    private_key,
    remember,
    repeated,
)
from fogbank.services.acm_pca.certificates import Issuer, Span
from fogbank.services.acm_pca.service import service
from fogbank.services.acm_pca.templates import Template

Request = dict[str, Any]


# -- issuing


@service.operation(**SHARED)
async def issue_certificate(ctx: Context, request: Request) -> Request:
    """Issue a certificate for a signing request, by a template. API_IssueCertificate."""
    scope, authority = await find(ctx, request)
    before = await repeated(scope, f"certificate {authority.id}", request)
    if before is not None:
        return {"CertificateArn": before}
    template = _template(request)
    csr = _csr(request["Csr"])
    _check_state(authority, template, csr)
    certificate = await _signed(scope, authority, template, csr, request)
    serial = f"{certificate.serial_number:x}"
    made = f"{arn(scope, authority)}/certificate/{serial}"
    by = ctx.principal.arn if ctx.principal.kind == "service" else ""
    issued.put(scope, Issued(reading.pem(certificate), template.arn, scope.now(), by), authority.id, serial)
    await remember(scope, f"certificate {authority.id}", request, made, limits.TOKEN_SECONDS)
    await events.publish(scope, authority, "ACM Private CA Certificate Issuance", "success", made)
    return {"CertificateArn": made}


def _template(request: Request) -> Template:
    name = request.get("TemplateArn")
    template = templates.find(name)
    if template is None:
        raise errors.unknown_template(str(name))
    if request.get("ApiPassthrough") and not template.from_api:
        raise errors.passthrough_not_allowed(template.arn)
    return template


def _csr(text: bytes) -> Any:
    from cryptography import x509

    try:
        csr = x509.load_pem_x509_csr(text)
    except ValueError:
        raise errors.malformed_csr("The certificate signing request is not PEM-encoded.") from None
    if not csr.is_signature_valid:
        raise errors.malformed_csr("The signature of the certificate signing request is not valid.")
    return csr


def _check_state(authority: Authority, template: Template, csr: Any) -> None:
    """A root signs itself, before it is active and to renew its certificate; anything else needs an active authority."""
    if not template.is_root:
        states.require(authority.status, states.ACTIVE)
        return
    states.require(authority.status, states.PENDING, states.ACTIVE)
    from cryptography import x509

    own = x509.load_pem_x509_csr(authority.csr.encode())
    if authority.type != "ROOT" or keys.public_bytes(own.public_key()) != keys.public_bytes(csr.public_key()):
        raise errors.malformed_csr("A root template is for the signing request of the root CA itself.")


async def _signed(ctx: Context, authority: Authority, template: Template, csr: Any, request: Request) -> Any:
    key = await private_key(ctx, authority)
    if not keys.fits(key, request["SigningAlgorithm"]):
        raise errors.algorithms_differ(request["SigningAlgorithm"], authority.configuration["KeyAlgorithm"])
    span = _span(ctx, authority, template, request)
    issuer = _issuer(ctx, authority, template, csr, key)
    serial = certificates.new_serial(ctx.ids.bytes(16))
    passthrough = request.get("ApiPassthrough") or {}
    try:
        return certificates.build(template, csr, passthrough, issuer, span, serial, request["SigningAlgorithm"])
    except ValueError as error:
        raise errors.invalid_passthrough(str(error)) from error


def _issuer(ctx: Context, authority: Authority, template: Template, csr: Any, key: Any) -> Issuer:
    from cryptography import x509

    if template.is_root:
        return Issuer(csr.subject, key, None, [])
    own = reading.load(authority.certificate)
    subject_key = own.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(subject_key)
    return Issuer(own.subject, key, identifier, lists.extensions(ctx, authority))


def _span(ctx: Context, authority: Authority, template: Template, request: Request) -> Span:
    now = datetime.fromtimestamp(int(ctx.now()), UTC)
    start = now - timedelta(seconds=limits.BACKDATED_SECONDS)
    try:
        if "ValidityNotBefore" in request:
            start = validities.moment(request["ValidityNotBefore"])
        end = validities.end(request["Validity"], now)
    except ValueError as error:
        raise errors.invalid_validity(str(error)) from error
    if end <= max(start, now):
        raise errors.invalid_validity("it ends before it begins.")
    is_short_lived = authority.usage == "SHORT_LIVED_CERTIFICATE" and not template.is_authority
    if is_short_lived and end - now > timedelta(days=limits.SHORT_LIVED_DAYS):
        raise errors.invalid_validity(f"short-lived certificates last for {limits.SHORT_LIVED_DAYS} days at most.")
    if not template.is_root and authority.not_after is not None and end.timestamp() > authority.not_after:
        raise errors.outlives_authority()
    return Span(start, end)


# -- getting and revoking


@service.operation(**SHARED)
async def get_certificate(ctx: Context, request: Request) -> Request:
    """An issued certificate with its chain. API_GetCertificate."""
    scope, authority = await find(ctx, request)
    serial = parse(request["CertificateArn"])[3]
    found = await issued.get(scope, authority.id, serial)
    if found is None:
        raise errors.certificate_not_found(request["CertificateArn"])
    chain = authority.certificate + authority.chain
    is_root = ":template/RootCA" in found.template or ":template/BlankRootCA" in found.template
    return {"Certificate": found.certificate, "CertificateChain": None if is_root else chain or None}


@service.operation(**SHARED)
async def revoke_certificate(ctx: Context, request: Request) -> None:
    """Revoke an issued certificate; the revocation list follows. API_RevokeCertificate."""
    scope, authority = await find(ctx, request)
    states.require(authority.status, states.ACTIVE)
    text = request["CertificateSerial"]
    serial = text.replace(":", "").lower().lstrip("0")
    found = await issued.get(scope, authority.id, serial)
    if found is None:
        raise errors.certificate_not_found(text)
    if found.revoked is not None:
        raise errors.already_revoked(text)
    if found.certificate == authority.certificate:
        raise errors.own_certificate()
    revoked = msgspec.structs.replace(found, revoked=scope.now(), reason=request["RevocationReason"])
    issued.put(scope, revoked, authority.id, serial)
    made = f"{arn(scope, authority)}/certificate/{serial}"
    await events.publish(scope, authority, "ACM Private CA Certificate Revocation", "success", made)
    await lists.plan(scope, authority)
