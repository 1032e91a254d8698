"""Checks of principals: who may be named, and how."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fogbank.services.accessanalyzer.validation.tree import Document, Place, Statement
from fogbank.services.accessanalyzer.validation.wording import Finding, finding

_KINDS: Final = ("AWS", "CanonicalUser", "Federated", "Service")
_SERVICE: Final = re.compile(r"[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)")
_SAML: Final = re.compile(r"arn:[\w-]+:iam::\d{12}:saml-provider/.+")
# Keys that say on whose behalf a service comes.
_SOURCES: Final = (
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:principalorgid",
)


def check(document: Document) -> Iterator[Finding]:
    if not document.has_principals:
        return
    for statement in document.statements:
        for name in ("Principal", "NotPrincipal"):
            element = statement.get(name)
            if element is not None:
                yield from _element(element)
        for kind, place in statement.principals():
            yield from _name(kind, place)
        yield from _grants(document, statement)
        yield from _mismatched(statement)


def _element(element: Place) -> Iterator[Finding]:
    if element.value == "*":
        return
    if not element.node.is_object:
        yield finding("INVALID_PRINCIPAL_FORMAT", element.spot)
    elif not element.node.members:
        yield finding("EMPTY_OBJECT_PRINCIPAL", element.spot)
    for kind, key, names in element.members():
        if kind not in _KINDS:
            yield finding("INVALID_PRINCIPAL_KEY", key, key=kind)
        if not names.each():
            yield finding("EMPTY_ARRAY_PRINCIPAL", names.spot)
        for name in names.each():
            if not isinstance(name.value, str):
                yield finding("DATA_TYPE_MISMATCH", name.spot, type="String")


def _name(kind: str, place: Place) -> Iterator[Finding]:
    name = place.value
    if any(wild in name for wild in "*?") and not (kind == "AWS" and name == "*"):
        yield finding("UNSUPPORTED_WILDCARD_IN_PRINCIPAL", place.spot, key=kind)
    elif kind == "AWS" and name.startswith("AROA"):
        yield finding("INVALID_ROLE_REFERENCE", place.spot, id=name)
    elif kind == "AWS" and name.startswith("AIDA"):
        yield finding("INVALID_USER_REFERENCE", place.spot, id=name)
    elif kind == "Service" and _SERVICE.fullmatch(name) is None:
        yield finding("INVALID_SERVICE_PRINCIPAL_FORMAT", place.spot)


def _grants(document: Document, statement: Statement) -> Iterator[Finding]:
    """What lets in more than is meant."""
    excepted = statement.get("NotPrincipal")
    if not statement.allows:
        return
    if excepted is not None:
        yield finding("ALLOW_WITH_NOT_PRINCIPAL", excepted.spot)
    services = [place for kind, place in statement.principals() if kind == "Service"]
    sourced = any(test.key.lower() in _SOURCES for test in statement.tests())
    if services and not sourced and not document.is_trust:
        yield finding("RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", *(place.spot for place in services))


def _mismatched(statement: Statement) -> Iterator[Finding]:
    """Ways of assuming a role that do not go with those who are named."""
    principals = list(statement.principals())
    fits = {
        "sts:assumerole": lambda kind, name: kind != "Federated",
        "sts:assumerolewithsaml": lambda kind, name: kind == "Federated" and _SAML.fullmatch(name) is not None,
        "sts:assumerolewithwebidentity": lambda kind, name: kind == "Federated" and _SAML.fullmatch(name) is None,
    }
    for action in statement.texts("Action"):
        rule = fits.get(action.value.lower())
        wrong = [] if rule is None else [place for kind, place in principals if not rule(kind, place.value)]
        if wrong:
            words = {"action": action.value, "principals": ", ".join(place.value for place in wrong)}
            spots = (action.spot, *(place.spot for place in wrong))
            yield finding("MISMATCHED_ACTION_FOR_PRINCIPAL", *spots, **words)
