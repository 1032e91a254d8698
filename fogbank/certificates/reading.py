"""What a certificate says, in AWS's words. Pure.

https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

_USAGES = {
    "digital_signature": "DIGITAL_SIGNATURE",
    "content_commitment": "NON_REPUDIATION",
    "key_encipherment": "KEY_ENCIPHERMENT",
    "data_encipherment": "DATA_ENCIPHERMENT",
    "key_agreement": "KEY_AGREEMENT",
    "key_cert_sign": "CERTIFICATE_SIGNING",
    "crl_sign": "CRL_SIGNING",
}
_ONLY_WITH_AGREEMENT = {"encipher_only": "ENCIPHER_ONLY", "decipher_only": "DECIPHER_ONLY"}
_EXTENDED = {
    "1.3.6.1.5.5.7.3.1": "TLS_WEB_SERVER_AUTHENTICATION",
    "1.3.6.1.5.5.7.3.2": "TLS_WEB_CLIENT_AUTHENTICATION",
    "1.3.6.1.5.5.7.3.3": "CODE_SIGNING",
    "1.3.6.1.5.5.7.3.4": "EMAIL_PROTECTION",
    "1.3.6.1.5.5.7.3.5": "IPSEC_END_SYSTEM",
    "1.3.6.1.5.5.7.3.6": "IPSEC_TUNNEL",
    "1.3.6.1.5.5.7.3.7": "IPSEC_USER",
    "1.3.6.1.5.5.7.3.8": "TIME_STAMPING",
    "1.3.6.1.5.5.7.3.9": "OCSP_SIGNING",
    "2.5.29.37.0": "ANY",
}


def load(pem: str | bytes) -> Any:
    """The certificate of a PEM text. Raises ValueError."""
    from cryptography import x509

    return x509.load_pem_x509_certificate(pem.encode() if isinstance(pem, str) else pem)


def load_all(pem: str | bytes) -> list[Any]:
    """All certificates of a PEM text. Raises ValueError when there is none."""
    from cryptography import x509

    return x509.load_pem_x509_certificates(pem.encode() if isinstance(pem, str) else pem)


def pem(certificate: Any) -> str:
    """PEM of a certificate, a request or a CRL."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM).decode()


def serial(certificate: Any) -> str:
    """The serial number as AWS shows it: `0a:1b:...`."""
    return colons(certificate.serial_number)


def colons(number: int) -> str:
    digits = f"{number:x}"
    digits = digits.zfill(len(digits) + len(digits) % 2)
    return ":".join(digits[index : index + 2] for index in range(0, len(digits), 2))


def not_before(certificate: Any) -> float:
    return _epoch(certificate.not_valid_before_utc)


def not_after(certificate: Any) -> float:
    return _epoch(certificate.not_valid_after_utc)


def _epoch(moment: datetime) -> float:
    return moment.timestamp()


def dns_names(certificate: Any) -> list[str]:
    """The DNS names among the subject alternative names."""
    from cryptography import x509

    names = _extension(certificate, x509.SubjectAlternativeName)
    return [] if names is None else names.get_values_for_type(x509.DNSName)


def key_usages(certificate: Any) -> list[str]:
    from cryptography import x509

    usage = _extension(certificate, x509.KeyUsage)
    if usage is None:
        return []
    found = [name for flag, name in _USAGES.items() if getattr(usage, flag)]
    if usage.key_agreement:
        found += [name for flag, name in _ONLY_WITH_AGREEMENT.items() if getattr(usage, flag)]
    return found


def extended_key_usages(certificate: Any) -> list[tuple[str, str]]:
    """(AWS's name, object identifier) of each."""
    from cryptography import x509

    usages = _extension(certificate, x509.ExtendedKeyUsage) or ()
    return [(_EXTENDED.get(oid.dotted_string, "CUSTOM"), oid.dotted_string) for oid in usages]


def is_authority(certificate: Any) -> bool:
    from cryptography import x509

    constraints = _extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def _extension(certificate: Any, kind: Any) -> Any:
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def is_issued_by(certificate: Any, issuer: Any) -> bool:
    """Does the issuer's key verify the certificate, and is it the issuer that the certificate names?"""
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def is_self_signed(certificate: Any) -> bool:
    return is_issued_by(certificate, certificate)


def broken_link(certificate: Any, chain: list[Any]) -> int | None:
    """The index of the first certificate of the chain that did not issue the one before it; None for a whole chain."""
    for index, issuer in enumerate(chain):
        if not is_issued_by(certificate, issuer):
            return index
        certificate = issuer
    return None
