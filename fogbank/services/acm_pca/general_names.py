"""General names, key usages and custom extensions, from AWS's structures to X.509's. Pure.

https://docs.aws.amazon.com/privateca/latest/APIReference/API_GeneralName.html. Everything raises ValueError for what X.509 does not take.
"""

from __future__ import annotations

import base64
import ipaddress
from typing import Any

from fogbank.certificates.authority import usage
from fogbank.certificates.names import to_name

Structure = dict[str, Any]

_USAGES = {
    "DigitalSignature": "digital_signature",
    "NonRepudiation": "content_commitment",
    "KeyEncipherment": "key_encipherment",
    "DataEncipherment": "data_encipherment",
    "KeyAgreement": "key_agreement",
    "KeyCertSign": "key_cert_sign",
    "CRLSign": "crl_sign",
    "EncipherOnly": "encipher_only",
    "DecipherOnly": "decipher_only",
}
_EXTENDED = {
    "SERVER_AUTH": "1.3.6.1.5.5.7.3.1",
    "CLIENT_AUTH": "1.3.6.1.5.5.7.3.2",
    "CODE_SIGNING": "1.3.6.1.5.5.7.3.3",
    "EMAIL_PROTECTION": "1.3.6.1.5.5.7.3.4",
    "TIME_STAMPING": "1.3.6.1.5.5.7.3.8",
    "OCSP_SIGNING": "1.3.6.1.5.5.7.3.9",
    "SMART_CARD_LOGIN": "1.3.6.1.4.1.311.20.2.2",
    "DOCUMENT_SIGNING": "1.3.6.1.5.5.7.3.36",
    "CERTIFICATE_TRANSPARENCY": "1.3.6.1.4.1.11129.2.4.4",
}
_ACCESS_METHODS = {
    "CA_REPOSITORY": "1.3.6.1.5.5.7.48.5",
    "RESOURCE_PKI_MANIFEST": "1.3.6.1.5.5.7.48.10",
    "RESOURCE_PKI_NOTIFY": "1.3.6.1.5.5.7.48.13",
}


def general_name(structure: Structure) -> Any:
    """The one name that the structure has."""
    from cryptography import x509

    if len(structure) != 1:
        raise ValueError("a general name has exactly one member.")
    ((kind, value),) = structure.items()
    if kind == "OtherName":
        return x509.OtherName(x509.ObjectIdentifier(value["TypeId"]), _utf8(value["Value"]))
    if kind == "DirectoryName":
        return x509.DirectoryName(to_name(value))
    if kind == "IpAddress":
        return x509.IPAddress(ipaddress.ip_address(value))
    if kind == "RegisteredId":
        return x509.RegisteredID(x509.ObjectIdentifier(value))
    if kind == "EdiPartyName":
        raise ValueError("EdiPartyName is not supported.")
    simple: dict[str, Any] = {
        "Rfc822Name": x509.RFC822Name,
        "DnsName": x509.DNSName,
        "UniformResourceIdentifier": x509.UniformResourceIdentifier,
    }
    return simple[kind](value)


def _utf8(text: str) -> bytes:
    """A UTF8String in DER."""
    raw = text.encode()
    length = bytes([len(raw)]) if len(raw) < 128 else b"\x82" + len(raw).to_bytes(2, "big")
    return b"\x0c" + length + raw


def key_usage(structure: Structure) -> Any:
    return usage(*(name for member, name in _USAGES.items() if structure.get(member)))


def extended_key_usage(structures: list[Structure]) -> Any:
    from cryptography import x509

    oids = [
        _EXTENDED[one["ExtendedKeyUsageType"]]
        if "ExtendedKeyUsageType" in one
        else one["ExtendedKeyUsageObjectIdentifier"]
        for one in structures
    ]
    return x509.ExtendedKeyUsage([x509.ObjectIdentifier(oid) for oid in oids])


def certificate_policies(structures: list[Structure]) -> Any:
    from cryptography import x509

    return x509.CertificatePolicies(
        [
            x509.PolicyInformation(
                x509.ObjectIdentifier(one["CertPolicyId"]),
                [qualifier["Qualifier"]["CpsUri"] for qualifier in one.get("PolicyQualifiers") or ()] or None,
            )
            for one in structures
        ]
    )


def subject_information_access(structures: list[Structure]) -> Any:
    from cryptography import x509

    found = []
    for one in structures:
        method = one["AccessMethod"]
        oid = method.get("CustomObjectIdentifier") or _ACCESS_METHODS[method["AccessMethodType"]]
        found.append(x509.AccessDescription(x509.ObjectIdentifier(oid), general_name(one["AccessLocation"])))
    return x509.SubjectInformationAccess(found)


def custom_extension(structure: Structure) -> Any:
    from cryptography import x509

    value = base64.b64decode(structure["Value"], validate=True)
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(structure["ObjectIdentifier"]), value)
