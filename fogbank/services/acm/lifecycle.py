"""DescribeCertificate, GetCertificate, ExportCertificate, DeleteCertificate."""

from __future__ import annotations

import re
from typing import Any

from fogbank.certificates import keys
from fogbank.kernel import Context
from fogbank.services.acm import descriptions, errors, lives
from fogbank.services.acm.access import ON_CERTIFICATE
from fogbank.services.acm.certificate import (
    ISSUED,
    PRIVATE,
    Certificate,
    arn,
    certificates,
    find,
    private_key,
    save,
)
from fogbank.services.acm.service import service

Request = dict[str, Any]

_PASSPHRASE = re.compile(rb"[\x20-\x22\x26-\x7e]{4,128}")


@service.operation(**ON_CERTIFICATE)
async def describe_certificate(ctx: Context, request: Request) -> Request:
    """All about a certificate but itself. API_DescribeCertificate."""
    return {"Certificate": descriptions.whole(ctx, await find(ctx, request))}


@service.operation(**ON_CERTIFICATE)
async def get_certificate(ctx: Context, request: Request) -> Request:
    """The certificate and its chain in PEM. API_GetCertificate."""
    certificate = await find(ctx, request)
    if not certificate.certificate:
        raise errors.not_issued(arn(ctx, certificate), certificate.status)
    return _texts(certificate)


@service.operation(**ON_CERTIFICATE)
async def export_certificate(ctx: Context, request: Request) -> Request:
    """The certificate with its private key, encrypted under a passphrase. API_ExportCertificate."""
    certificate = await find(ctx, request)
    name = arn(ctx, certificate)
    if certificate.type != PRIVATE and certificate.export != "ENABLED":
        raise errors.not_exportable(name)
    if certificate.status != ISSUED:
        raise errors.not_issued(name, certificate.status)
    passphrase = request["Passphrase"].rstrip(b"\r\n")
    if _PASSPHRASE.fullmatch(passphrase) is None:
        raise errors.invalid_passphrase()
    key = await private_key(ctx, certificate)
    if not certificate.exported:
        save(ctx, certificate, exported=True)
    return {**_texts(certificate), "PrivateKey": keys.to_encrypted_pem(key, passphrase)}


def _texts(certificate: Certificate) -> Request:
    return {"Certificate": certificate.certificate, "CertificateChain": certificate.chain or None}


@service.operation(**ON_CERTIFICATE)
async def delete_certificate(ctx: Context, request: Request) -> None:
    """Delete a certificate that nothing uses. API_DeleteCertificate."""
    certificate = await find(ctx, request)
    if certificate.acme_account:
        raise errors.kept_for_acme(arn(ctx, certificate))
    if certificate.used_by:
        raise errors.in_use(arn(ctx, certificate))
    await lives.end(ctx, certificate)
    certificates.delete(ctx, certificate.id)
