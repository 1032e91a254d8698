"""Making a certificate: subject and extensions from template, request and CSR, signed by an authority. Pure, but for the serial number.

Of an extension that more than one of them has, the template's counts, then the request's, then the CSR's.
https://docs.aws.amazon.com/privateca/latest/userguide/UsingTemplates.html#template-order-of-operations
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from fogbank.certificates import keys, names
from fogbank.certificates.authority import usage
from fogbank.services.acm_pca import general_names
from fogbank.services.acm_pca.templates import Template

Structure = dict[str, Any]
Extension = tuple[Any, bool]
"""An X.509 extension, and whether it is critical."""

_SERIAL_BYTES = 16


class Issuer(NamedTuple):
    """Who signs: name, private key, the authority key identifier and what its revocation configuration adds to certificates."""

    name: Any
    key: Any
    identifier: Any
    revocation: list[Extension]


class Span(NamedTuple):
    start: datetime
    end: datetime


def build(
    template: Template, csr: Any, passthrough: Structure, issuer: Issuer, span: Span, serial: int, algorithm: str
) -> Any:
    """The signed certificate. Raises ValueError for what X.509 does not take."""
    from cryptography import x509

    builder = (
        x509.CertificateBuilder()
        .subject_name(_subject(csr, passthrough))
        .issuer_name(issuer.name)
        .public_key(csr.public_key())
        .serial_number(serial)
        .not_valid_before(span.start)
        .not_valid_after(span.end)
    )
    for extension, critical in _extensions(template, csr, passthrough, issuer):
        builder = builder.add_extension(extension, critical=critical)
    return keys.sign(builder, issuer.key, algorithm)


def new_serial(random_bytes: bytes) -> int:
    """A positive serial number of 16 bytes."""
    return int.from_bytes(random_bytes[:_SERIAL_BYTES], "big") >> 1 | 1 << (_SERIAL_BYTES * 8 - 2)


def _subject(csr: Any, passthrough: Structure) -> Any:
    return names.to_name(passthrough["Subject"]) if passthrough.get("Subject") else csr.subject


def _extensions(template: Template, csr: Any, passthrough: Structure, issuer: Issuer) -> list[Extension]:
    sources = [_of_template(template, csr, issuer)]
    if template.from_api:
        sources.append(_of_request(passthrough.get("Extensions") or {}))
    sources.append(_of_csr(csr, template.from_csr))
    found: dict[Any, Extension] = {}
    for source in sources:
        for extension, critical in source:
            found.setdefault(extension.oid, (extension, critical))
    return list(found.values())


def _of_template(template: Template, csr: Any, issuer: Issuer) -> Iterator[Extension]:
    from cryptography import x509

    constraints = x509.BasicConstraints(template.is_authority, template.path_length if template.is_authority else None)
    yield constraints, template.constraints_critical
    if not template.is_root:
        yield issuer.identifier, False
    yield x509.SubjectKeyIdentifier.from_public_key(csr.public_key()), False
    if template.usages:
        yield usage(*template.usages), True
    if template.extended:
        oids = [x509.ObjectIdentifier(oid) for oid in template.extended]
        yield x509.ExtendedKeyUsage(oids), template.extended_critical
    if template.revocable:
        yield from issuer.revocation


def _of_request(extensions: Structure) -> Iterator[Extension]:
    from cryptography import x509

    if alternatives := extensions.get("SubjectAlternativeNames"):
        found = [general_names.general_name(one) for one in alternatives]
        yield x509.SubjectAlternativeName(found), False
    if "KeyUsage" in extensions:
        yield general_names.key_usage(extensions["KeyUsage"]), True
    if extensions.get("ExtendedKeyUsage"):
        yield general_names.extended_key_usage(extensions["ExtendedKeyUsage"]), False
    if extensions.get("CertificatePolicies"):
        yield general_names.certificate_policies(extensions["CertificatePolicies"]), False
    for custom in extensions.get("CustomExtensions") or ():
        yield general_names.custom_extension(custom), bool(custom.get("Critical"))


def _of_csr(csr: Any, everything: bool) -> Iterator[Extension]:
    """All extensions of a CSR, or only the subject alternative names, which every template passes through."""
    from cryptography import x509

    for extension in csr.extensions:
        if everything or isinstance(extension.value, x509.SubjectAlternativeName):
            yield extension.value, extension.critical


def signing_request(configuration: Structure, key: Any) -> Any:
    """The CSR of an authority with that configuration."""
    return keys.sign(request_builder(configuration), key, configuration["SigningAlgorithm"])


def request_builder(configuration: Structure) -> Any:
    """The CSR of an authority, not signed yet. Raises ValueError for what X.509 does not take."""
    from cryptography import x509

    builder = x509.CertificateSigningRequestBuilder().subject_name(names.to_name(configuration["Subject"]))
    wanted = configuration.get("CsrExtensions") or {}
    if "KeyUsage" in wanted:
        builder = builder.add_extension(general_names.key_usage(wanted["KeyUsage"]), critical=True)
    if wanted.get("SubjectInformationAccess"):
        access = general_names.subject_information_access(wanted["SubjectInformationAccess"])
        builder = builder.add_extension(access, critical=False)
    return builder
