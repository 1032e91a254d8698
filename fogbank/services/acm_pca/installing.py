"""An authority's own certificate: GetCertificateAuthorityCsr, ImportCertificateAuthorityCertificate, GetCertificateAuthorityCertificate."""

from __future__ import annotations

from typing import Any

from fogbank.certificates import keys, reading
from fogbank.kernel import Context
from fogbank.services.acm_pca import errors, limits, states
from fogbank.services.acm_pca import revocation_lists as lists
from fogbank.services.acm_pca.access import OWNED, SHARED
from fogbank.services.acm_pca.authority import Authority, find, save
from fogbank.services.acm_pca.service import service

Request = dict[str, Any]

# https://docs.aws.amazon.com/privateca/latest/APIReference/API_ImportCertificateAuthorityCertificate.html
_MAY_BE_CRITICAL = frozenset(
    {
        "2.5.29.35",
        "2.5.29.19",
        "2.5.29.32",
        "2.5.29.37",
        "2.5.29.54",
        "2.5.29.18",
        "2.5.29.15",
        "2.5.29.30",
        "2.5.29.33",
        "2.5.29.17",
        "2.5.29.9",
        "2.5.29.14",
        "1.3.6.1.5.5.7.1.11",
    }
)


@service.operation(**OWNED)
async def get_certificate_authority_csr(ctx: Context, request: Request) -> Request:
    """The signing request of an authority. API_GetCertificateAuthorityCsr."""
    _, authority = await find(ctx, request)
    if authority.status == states.CREATING:
        raise errors.csr_in_progress()
    if authority.status == states.DELETED:
        raise errors.invalid_state(authority.status)
    return {"Csr": authority.csr}


@service.operation(**SHARED)
async def get_certificate_authority_certificate(ctx: Context, request: Request) -> Request:
    """An authority's own certificate and what is above it. API_GetCertificateAuthorityCertificate."""
    _, authority = await find(ctx, request)
    states.require(authority.status, *states.WITH_CERTIFICATE)
    return {"Certificate": authority.certificate, "CertificateChain": authority.chain or None}


@service.operation(**OWNED)
async def import_certificate_authority_certificate(ctx: Context, request: Request) -> None:
    """Make an authority active with a certificate for its signing request. API_ImportCertificateAuthorityCertificate."""
    scope, authority = await find(ctx, request)
    status = states.following(authority.status, "installed")
    certificate = _certificate(request["Certificate"])
    chain = _chain(request.get("CertificateChain") or b"")
    _check_own(authority, certificate, scope.now())
    _check_position(authority, certificate, chain)
    for one in (certificate, *chain):
        _check_critical(one)
    authority = save(
        scope,
        authority,
        status=status,
        certificate=reading.pem(certificate),
        chain="".join(reading.pem(one) for one in chain),
        not_before=reading.not_before(certificate),
        not_after=reading.not_after(certificate),
    )
    await scope.schedule("expire", {"id": authority.id}, at=authority.not_after, key=authority.id)
    await lists.plan(scope, authority)


def _certificate(text: bytes) -> Any:
    try:
        found = reading.load_all(text)
    except ValueError:
        raise errors.malformed_certificate("The certificate is not PEM-encoded.") from None
    if len(found) > 1:
        raise errors.malformed_certificate("There is more than one certificate in the certificate field.")
    return found[0]


def _chain(text: bytes) -> list[Any]:
    if not text.strip():
        return []
    try:
        chain = reading.load_all(text)
    except ValueError:
        raise errors.malformed_certificate("The certificate chain is not PEM-encoded.") from None
    if len(chain) > limits.CHAIN_CERTIFICATES:
        raise errors.malformed_certificate("The certificate chain is too long.")
    return chain


def _check_own(authority: Authority, certificate: Any, now: float) -> None:
    """Is it a certificate for this authority's key and name, and valid?"""
    from cryptography import x509

    csr = x509.load_pem_x509_csr(authority.csr.encode())
    if keys.public_bytes(certificate.public_key()) != keys.public_bytes(csr.public_key()):
        raise errors.certificate_mismatch("The public key of the certificate is not that of the certificate authority.")
    if certificate.subject != csr.subject:
        raise errors.certificate_mismatch("The subject of the certificate is not that of the certificate authority.")
    if not reading.is_authority(certificate):
        raise errors.malformed_certificate("The basic constraints of the certificate must be those of an authority.")
    if not reading.not_before(certificate) <= now <= reading.not_after(certificate):
        raise errors.malformed_certificate("The certificate is not valid at this time.")


def _check_position(authority: Authority, certificate: Any, chain: list[Any]) -> None:
    """A root signs itself, and nothing is above it; what is above a subordinate leads to a root."""
    self_signed = reading.is_self_signed(certificate)
    if authority.type == "ROOT":
        if not self_signed:
            raise errors.malformed_certificate("Only a self-signed certificate can be imported as a root CA.")
        if chain:
            raise errors.invalid_request("A root CA has no certificate chain.")
        return
    if self_signed:
        raise errors.malformed_certificate("A self-signed certificate cannot be imported as a subordinate CA.")
    if not chain:
        raise errors.invalid_request("A subordinate CA needs its certificate chain.")
    if (index := reading.broken_link(certificate, chain)) is not None:
        raise errors.certificate_mismatch(f"The certificate chain is broken at index {index}.")
    if not reading.is_self_signed(chain[-1]):
        raise errors.certificate_mismatch("The last certificate of the chain must be that of a root CA.")
    _check_lengths(chain)


def _check_lengths(chain: list[Any]) -> None:
    """Above a subordinate, each authority must allow as many below it as there are."""
    from cryptography import x509

    for depth, one in enumerate(chain, 1):
        constraints = one.extensions.get_extension_for_class(x509.BasicConstraints).value
        if constraints.path_length is not None and constraints.path_length < depth:
            raise errors.certificate_mismatch("The path length of a certificate in the chain does not allow this CA.")


def _check_critical(certificate: Any) -> None:
    for extension in certificate.extensions:
        if extension.critical and extension.oid.dotted_string not in _MAY_BE_CRITICAL:
            raise errors.malformed_certificate(f"The extension {extension.oid.dotted_string} must not be critical.")
