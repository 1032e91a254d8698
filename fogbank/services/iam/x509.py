"""Certificates in PEM: read, and held against their keys, their issuers and the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogbank.services.iam import refusals

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.x509 import Certificate


def one(pem: str) -> Certificate:
    """The certificate of a text that holds one and nothing else. Raises MalformedCertificate."""
    found = several(pem)
    if len(found) != 1:
        raise refusals.unparsable_certificate()
    return found[0]


def several(pem: str) -> list[Certificate]:
    """The certificates of a text that holds at least one. Raises MalformedCertificate."""
    from cryptography.x509 import load_pem_x509_certificates

    if "PRIVATE KEY" in pem:
        raise refusals.unparsable_certificate()
    try:
        return load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise refusals.unparsable_certificate() from error


def private_key(pem: str) -> PrivateKeyTypes:
    """A key that is not encrypted. Raises MalformedCertificate."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(pem.encode(), None)
    except TypeError as error:  # it wants a password
        raise refusals.encrypted_key() from error
    except ValueError as error:
        raise refusals.unparsable_key() from error


def check_pair(certificate: Certificate, key: PrivateKeyTypes) -> None:
    """Raise KeyPairMismatch unless the certificate is about this key."""
    if certificate.public_key() != key.public_key():
        raise refusals.key_mismatch()


def check_chain(certificate: Certificate, chain: list[Certificate]) -> None:
    """Raise MalformedCertificate unless each certificate of the chain signed the one before it, the first one `certificate`."""
    signed = certificate
    for index, issuer in enumerate(chain):
        if not _is_issued_by(signed, issuer):
            raise refusals.broken_chain(index)
        signed = issuer


def _is_issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def check_time(certificate: Certificate, now: float) -> None:
    """Raise MalformedCertificate outside the time for which a certificate is good. `now`: epoch seconds."""
    if now < certificate.not_valid_before_utc.timestamp():
        raise refusals.malformed_certificate("The certificate is not yet valid.")
    if now > expiration(certificate):
        raise refusals.malformed_certificate("The certificate has expired.")


def expiration(certificate: Certificate) -> int:
    """Until when it is good: epoch seconds."""
    return int(certificate.not_valid_after_utc.timestamp())
