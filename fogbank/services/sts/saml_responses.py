"""SAML 2.0 responses: whether the provider signed them, and what they say of whom.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html. The signatures are verified by
`signxml` (the extra `saml`). Only what a signature covers is read.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from datetime import datetime
from typing import Any

import msgspec

from fogbank.identity.directory import SamlProvider
from fogbank.kernel.errors import not_implemented
from fogbank.services.sts import errors, saml_encryption
from fogbank.services.sts.restrictions import Tags

_ASSERTION = "{urn:oasis:names:tc:SAML:2.0:assertion}"
_ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"
_PRINCIPAL_TAG = _ATTRIBUTES + "PrincipalTag:"
_NAME = re.compile(r"[\w+=,.@-]{2,64}")
# Where assertions are sent in AWS, of whatever region; a provider has to name it.
_RECIPIENT = re.compile(r"https://([a-z0-9-]+\.)?signin\.aws\.amazon\.com/saml(/.*)?")
_AUDIENCE = "urn:amazon:webservices"


class Assertion(msgspec.Struct, frozen=True):
    """What a provider asserts. `attributes` are by their full names; `roles` are pairs of a role's ARN and a provider's."""

    issuer: str
    subject: str
    subject_type: str
    recipient: str
    attributes: dict[str, tuple[str, ...]]

    @property
    def roles(self) -> list[tuple[str, str]]:
        """In AWS's order or the other: both are in use."""
        pairs = [value.split(",") for value in self.attributes.get(_ATTRIBUTES + "Role", ())]
        parts = [(first.strip(), second.strip()) for first, second in (pair for pair in pairs if len(pair) == 2)]
        return [(second, first) if ":saml-provider/" in first else (first, second) for first, second in parts]

    @property
    def session_name(self) -> str:
        """Raises InvalidIdentityToken."""
        name = self._attribute("RoleSessionName")
        if name is None:
            raise errors.bad_saml("RoleSessionName is required in AuthnResponse")
        if _NAME.fullmatch(name) is None:
            raise errors.bad_saml("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
        return name

    @property
    def source_identity(self) -> str:
        """Raises InvalidIdentityToken."""
        name = self._attribute("SourceIdentity") or ""
        if name and (_NAME.fullmatch(name) is None or name.startswith("aws:")):
            raise errors.bad_saml('Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"')
        return name

    @property
    def session_duration(self) -> int | None:
        """Seconds."""
        text = self._attribute("SessionDuration")
        return int(text) if text is not None and text.isdigit() else None

    @property
    def tags(self) -> Tags:
        given = {
            name.removeprefix(_PRINCIPAL_TAG): values[0]
            for name, values in self.attributes.items()
            if name.startswith(_PRINCIPAL_TAG) and values
        }
        return Tags(given, self.attributes.get(_ATTRIBUTES + "TransitiveTagKeys", ()))

    def _attribute(self, name: str) -> str | None:
        values = self.attributes.get(_ATTRIBUTES + name, ())
        return values[0] if values else None


def read(encoded: str, provider: SamlProvider, real: float, virtual: float) -> Assertion:
    """What a response (base64) says that the provider has signed, at that time (epoch seconds).

    Raises InvalidIdentityToken, ExpiredToken; 501 without the extra `saml`.
    """
    try:
        import signxml  # noqa: F401
    except ImportError:
        raise not_implemented("sts", "AssumeRoleWithSAML (without `pip install fogbank[saml]`)") from None
    element = _signed_assertion(_decoded(encoded), provider)
    assertion = _assertion(element)
    if assertion.issuer != provider.issuer:
        raise errors.bad_saml("Issuer not present in specified provider")
    _check(element, assertion, real, virtual)
    return assertion


def _decoded(encoded: str) -> Any:
    try:
        return _parse(b64decode(encoded, validate=True))
    except (binascii.Error, ValueError):
        raise errors.bad_saml("Invalid base64 SAMLResponse") from None


def _signed_assertion(response: Any, provider: SamlProvider) -> Any:
    """The assertion: signed itself, or in a response that is. It may be encrypted, inside its signature or around it."""
    signed = _signed(response, provider)
    if signed is None:
        signed = _signed(_decrypted(response, provider), provider)
    if signed is None:
        raise errors.bad_saml("Response signature invalid")
    if signed.tag == f"{_ASSERTION}Assertion":
        return signed
    assertion = _decrypted(signed, provider).find(f"{_ASSERTION}Assertion")
    if assertion is None:
        raise errors.bad_saml("Your request included an invalid SAML response")
    return assertion


def _signed(response: Any, provider: SamlProvider) -> Any:
    """The part of a response that one of the provider's certificates has signed; None when there is none."""
    from cryptography import x509
    from signxml import XMLVerifier
    from signxml.exceptions import SignXMLException

    for der in provider.certificates:
        try:
            verified: Any = XMLVerifier().verify(response, x509_cert=x509.load_der_x509_certificate(der))
        except (SignXMLException, ValueError):
            continue
        return verified.signed_xml
    return None


def _decrypted(response: Any, provider: SamlProvider) -> Any:
    """The response with its encrypted assertions, if there are any, in the open."""
    for element in response.findall(f"{_ASSERTION}EncryptedAssertion"):
        response.replace(element, _parse(saml_encryption.decrypt(element, provider.private_keys)))
    return response


def _parse(data: bytes) -> Any:
    from lxml import etree

    try:
        return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except etree.XMLSyntaxError:
        raise errors.bad_saml("Could not parse SAML response") from None


def _assertion(element: Any) -> Assertion:
    name = element.find(f"{_ASSERTION}Subject/{_ASSERTION}NameID")
    confirmation = element.find(f".//{_ASSERTION}SubjectConfirmationData")
    attributes = {
        node.get("Name", ""): tuple((value.text or "").strip() for value in node.iter(f"{_ASSERTION}AttributeValue"))
        for node in element.iter(f"{_ASSERTION}Attribute")
    }
    format_name = "" if name is None else name.get("Format", "")
    return Assertion(
        (element.findtext(f"{_ASSERTION}Issuer") or "").strip(),
        "" if name is None else (name.text or "").strip(),
        format_name.removeprefix("urn:oasis:names:tc:SAML:2.0:nameid-format:"),
        "" if confirmation is None else confirmation.get("Recipient", ""),
        attributes,
    )


def _check(element: Any, assertion: Assertion, real: float, virtual: float) -> None:
    """Whom it is for, and until when. Issuers live in real time; the virtual clock only makes it last longer."""
    audiences = [(node.text or "").strip() for node in element.iter(f"{_ASSERTION}Audience")]
    if not any(audience == _AUDIENCE or _RECIPIENT.fullmatch(audience) for audience in audiences):
        raise errors.bad_saml("Response does not contain the required audience.")
    if not assertion.subject or _RECIPIENT.fullmatch(assertion.recipient) is None:
        raise errors.bad_saml("Your request included an invalid SAML response")
    for tag in ("Conditions", "SubjectConfirmationData"):
        for node in element.iter(f"{_ASSERTION}{tag}"):
            if _moment(node.get("NotOnOrAfter"), float("inf")) <= min(real, virtual):
                raise errors.expired_saml()
            if _moment(node.get("NotBefore"), 0.0) > max(real, virtual):
                raise errors.bad_saml("Response is not valid yet")


def _moment(text: str | None, absent: float) -> float:
    if text is None:
        return absent
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise errors.bad_saml("Your request included an invalid SAML response") from None
