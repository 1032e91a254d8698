"""X.500 names as AWS's APIs have them: a structure with a member for each attribute. Pure.

https://docs.aws.amazon.com/privateca/latest/APIReference/API_ASN1Subject.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

Subject = dict[str, Any]

_MEMBERS = {
    "Country": "2.5.4.6",
    "Organization": "2.5.4.10",
    "OrganizationalUnit": "2.5.4.11",
    "DistinguishedNameQualifier": "2.5.4.46",
    "State": "2.5.4.8",
    "CommonName": "2.5.4.3",
    "SerialNumber": "2.5.4.5",
    "Locality": "2.5.4.7",
    "Title": "2.5.4.12",
    "Surname": "2.5.4.4",
    "GivenName": "2.5.4.42",
    "Initials": "2.5.4.43",
    "Pseudonym": "2.5.4.65",
    "GenerationQualifier": "2.5.4.44",
}
_DOMAIN_COMPONENT = "0.9.2342.19200300.100.1.25"
_SHORT = {
    "2.5.4.3": "CN",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    _DOMAIN_COMPONENT: "DC",
}


@cache
def _member_of() -> dict[str, str]:
    return {oid: member for member, oid in _MEMBERS.items()}


def to_name(subject: Subject) -> Any:
    """The X.509 name of a structure. Raises ValueError where a value does not fit its attribute."""
    from cryptography import x509

    return x509.Name([x509.NameAttribute(x509.ObjectIdentifier(oid), value) for oid, value in _attributes(subject)])


def _attributes(subject: Subject) -> Iterator[tuple[str, str]]:
    for member, oid in _MEMBERS.items():
        if subject.get(member):
            yield oid, subject[member]
    for attribute in subject.get("CustomAttributes") or ():
        yield attribute["ObjectIdentifier"], attribute["Value"]


def to_subject(name: Any) -> Subject:
    """The structure of an X.509 name."""
    found: Subject = {}
    for attribute in name:
        oid = attribute.oid.dotted_string
        member = _member_of().get(oid)
        if member is not None:
            found[member] = attribute.value
        elif oid == _DOMAIN_COMPONENT:
            found.setdefault("DomainComponents", []).append(attribute.value)
        else:
            found.setdefault("CustomAttributes", []).append({"ObjectIdentifier": oid, "Value": attribute.value})
    return found


def text(name: Any) -> str:
    """A name in one line, as ACM tells it: `C=US,O=Amazon,CN=example.com`."""
    parts = [
        (_SHORT.get(attribute.oid.dotted_string, attribute.oid.dotted_string), attribute.value) for attribute in name
    ]
    return ",".join(f"{key}={value}" for key, value in parts)


def common_name(name: Any) -> str:
    return to_subject(name).get("CommonName", "")
