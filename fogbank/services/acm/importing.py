"""ImportCertificate, and what is checked of a certificate that somebody else has issued.

https://docs.aws.amazon.com/acm/latest/userguide/import-certificate-prerequisites.html
"""

from __future__ import annotations

from typing import Any

from fogbank.certificates import keys, names, reading
from fogbank.kernel import Context
from fogbank.services.acm import errors, limits, lives, tags
from fogbank.services.acm.access import ON_NEW
from fogbank.services.acm.certificate import (
    IMPORTED,
    ISSUED,
    Certificate,
    arn,
    certificates,
    find,
    save,
    sealed,
)
from fogbank.services.acm.service import service

Request = dict[str, Any]


@service.operation(**ON_NEW)
async def import_certificate(ctx: Context, request: Request) -> Request:
    """Take a certificate with its key and chain, as a new one or in place of one that was imported. API_ImportCertificate."""
    found, key, chain = checked(request, ctx.now())
    certificate = await _target(ctx, request)
    domain = (reading.dns_names(found) or [names.common_name(found.subject)])[0]
    certificate = save(
        ctx,
        certificate,
        domain=domain,
        names=list(dict.fromkeys([domain, *reading.dns_names(found)])) if domain else [],
        algorithm=keys.algorithm_of(found.public_key()),
    )
    await lives.begin(
        ctx,
        certificate,
        certificate=reading.pem(found),
        chain="".join(reading.pem(issuer) for issuer in chain),
        sealed_key=await sealed(ctx, certificate.id, keys.to_der(key)),
    )
    return {"CertificateArn": arn(ctx, certificate)}


async def _target(ctx: Context, request: Request) -> Certificate:
    if "CertificateArn" not in request:
        if await certificates.count(ctx, limit=limits.CERTIFICATES) >= limits.CERTIFICATES:
            raise errors.too_many_certificates()
        labels = tags.added(ctx, {}, request.get("Tags") or [])
        return Certificate(ctx.ids.uuid(), IMPORTED, ISSUED, "", [], ctx.now(), "", tags=labels)
    if request.get("Tags"):
        raise errors.tags_on_reimport()
    certificate = await find(ctx, request)
    if certificate.type != IMPORTED:
        raise errors.not_imported(request["CertificateArn"])
    return certificate


# -- checks


def checked(request: Request, now: float) -> tuple[Any, Any, list[Any]]:
    """Certificate, private key and chain of a request. Raises ValidationException with what is wrong first."""
    certificate = _certificate(request["Certificate"])
    key = _private_key(request["PrivateKey"])
    if keys.public_bytes(key.public_key()) != keys.public_bytes(certificate.public_key()):
        raise errors.key_mismatch()
    if not certificate.issuer.rdns:
        raise errors.no_issuer()
    if reading.not_after(certificate) < now:
        raise errors.expired()
    if reading.not_before(certificate) > now:
        raise errors.not_yet_valid()
    return certificate, key, _chain(certificate, request.get("CertificateChain"))


def _certificate(text: bytes) -> Any:
    try:
        found = reading.load_all(text)
    except ValueError:
        raise errors.invalid_certificate() from None
    if len(found) > 1:
        raise errors.several_certificates()
    return found[0]


def _private_key(text: bytes) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if len(text) > limits.PRIVATE_KEY_BYTES:
        raise errors.private_key_too_long()
    try:
        key = load_pem_private_key(text, None)
    except (ValueError, TypeError):
        raise errors.invalid_private_key() from None
    except UnsupportedAlgorithm:
        raise errors.unsupported_private_key() from None
    if not isinstance(getattr(key, "key_size", None), int) or not keys.algorithm_of(key.public_key()):
        raise errors.unsupported_private_key()
    return key


def _chain(certificate: Any, text: bytes | None) -> list[Any]:
    if text is None:
        if not reading.is_self_signed(certificate):
            raise errors.not_self_signed()
        return []
    try:
        chain = reading.load_all(text)
    except ValueError:
        raise errors.invalid_chain() from None
    if (index := reading.broken_link(certificate, chain)) is not None:
        raise errors.broken_chain(index)
    if keys.family_of(certificate.public_key()) != keys.family_of(chain[0].public_key()):
        raise errors.other_algorithm()
    return chain
