"""SAML metadata: what IAM reads from an identity provider's document.

https://docs.oasis-open.org/security/saml/v2.0/saml-metadata-2.0-os.pdf: an EntityDescriptor with the issuer's id, and in it an
IDPSSODescriptor with the certificates that assertions are signed with.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_METADATA = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_SIGNATURES = "{http://www.w3.org/2000/09/xmldsig#}"


class Metadata(msgspec.Struct, frozen=True):
    """issuer: the entity's id; certificates: DER; valid_until: epoch seconds, None when the document does not say."""

    issuer: str
    certificates: tuple[bytes, ...]
    valid_until: int | None = None


def parse(text: str) -> Metadata:
    """What a document says. Raises ValueError for one that is no identity provider's."""
    from fogbank.protocols.xml_values import parse_document

    entity = parse_document(text.encode())
    if entity.tag != f"{_METADATA}EntityDescriptor":
        raise ValueError("not an EntityDescriptor")
    provider = entity.find(f"{_METADATA}IDPSSODescriptor")
    issuer = entity.get("entityID", "")
    if provider is None or not issuer:
        raise ValueError("no IDPSSODescriptor with an entityID")
    if provider.find(f"{_METADATA}SingleSignOnService") is None:
        raise ValueError("no SingleSignOnService")
    certificates = tuple(_certificates(provider))
    if not certificates:
        raise ValueError("no signing certificate")
    return Metadata(issuer, certificates, _time(entity.get("validUntil")))


def _certificates(provider: Element) -> list[bytes]:
    from cryptography import x509

    found = []
    for descriptor in provider.findall(f"{_METADATA}KeyDescriptor"):
        if descriptor.get("use", "signing") != "signing":
            continue
        for element in descriptor.iter(f"{_SIGNATURES}X509Certificate"):
            der = _decoded(element.text or "")
            x509.load_der_x509_certificate(der)
            found.append(der)
    return found


def _decoded(text: str) -> bytes:
    try:
        return b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _time(text: str | None) -> int | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())
