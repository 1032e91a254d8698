"""Checks of a policy's elements: are those there that have to be, and are they of the right kind?"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from fogbank.services.accessanalyzer.validation.tree import Document, Place, Statement
from fogbank.services.accessanalyzer.validation.wording import Finding, finding

VERSIONS: Final = ("2012-10-17", "2008-10-17")
_TOP: Final = ("Version", "Id", "Statement")
_STATEMENT: Final = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
_PAIRS: Final = (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal"))
_EMPTY: Final = {"Action": "ACTION", "Resource": "RESOURCE", "Principal": "PRINCIPAL"}
_SID: Final = re.compile(r"[a-zA-Z0-9]*")

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, and the quotas of Organizations
_IDENTITY_QUOTA: Final = 6144
_SCP_QUOTA: Final = 5120


def check(document: Document) -> Iterator[Finding]:
    if not document.root.node.is_object:
        yield finding("DATA_TYPE_MISMATCH", document.root.spot, type="Object")
        return
    yield from _elements(document.root, _TOP)
    yield from _version(document)
    yield from _size(document)
    yield from _statements(document)
    yield from _sids(document)
    for statement in document.statements:
        yield from _statement(document, statement)


def _elements(place: Place, known: tuple[str, ...]) -> Iterator[Finding]:
    for name, key, _ in place.members():
        if name not in known:
            yield finding("INVALID_POLICY_ELEMENT", key, element=name)


def _version(document: Document) -> Iterator[Finding]:
    version = document.root.get("Version")
    if version is None:
        yield finding("MISSING_VERSION", document.root.spot)
    elif not isinstance(version.value, str):
        yield finding("DATA_TYPE_MISMATCH", version.spot, type="String")
    elif version.value not in VERSIONS:
        yield finding("INVALID_VERSION", version.spot, version=version.value, supported=", ".join(VERSIONS))


def _size(document: Document) -> Iterator[Finding]:
    if document.kind == "IDENTITY_POLICY":
        size = len("".join(document.text.split()))
        if size > _IDENTITY_QUOTA:
            words = {"size": size, "quota": _IDENTITY_QUOTA}
            yield finding("POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA", document.root.spot, **words)
    elif document.kind == "SERVICE_CONTROL_POLICY" and len(document.text) > _SCP_QUOTA:
        words = {"size": len(document.text), "quota": _SCP_QUOTA}
        yield finding("POLICY_SIZE_EXCEEDS_SCP_QUOTA", document.root.spot, **words)


def _statements(document: Document) -> Iterator[Finding]:
    found = document.root.get("Statement")
    if found is None or not found.each():
        yield finding("MISSING_STATEMENT", (found or document.root).spot)
        return
    for place in found.each():
        if not place.node.is_object:
            yield finding("DATA_TYPE_MISMATCH", place.spot, type="Object")


def _sids(document: Document) -> Iterator[Finding]:
    """Statements' names: in identity policies each is to be there once."""
    spots = defaultdict(list)
    for statement in document.statements:
        sid = statement.get("Sid")
        if sid is not None and isinstance(sid.value, str) and sid.value:
            spots[sid.value].append(sid.spot)
    code = "UNIQUE_SIDS_RECOMMENDED" if document.has_principals else "UNIQUE_SIDS_REQUIRED"
    for same in spots.values():
        if len(same) > 1:
            yield finding(code, *same)


# -- one statement


def _statement(document: Document, statement: Statement) -> Iterator[Finding]:
    yield from _elements(statement.place, _STATEMENT)
    yield from _sid(document, statement)
    yield from _effect(statement)
    yield from _pairs(statement)
    yield from _principal(document, statement)
    yield from _required(document, statement)
    for name in ("Action", "NotAction", "Resource", "NotResource"):
        yield from _strings(statement, name)
    yield from _condition(statement)


def _sid(document: Document, statement: Statement) -> Iterator[Finding]:
    sid = statement.get("Sid")
    if sid is None:
        return
    if not isinstance(sid.value, str):
        yield finding("DATA_TYPE_MISMATCH", sid.spot, type="String")
    elif not sid.value:
        yield finding("EMPTY_SID_VALUE", sid.spot)
    elif _SID.fullmatch(sid.value) is None and (not document.has_principals or document.is_trust):
        yield finding("UNSUPPORTED_SID", sid.spot)


def _effect(statement: Statement) -> Iterator[Finding]:
    effect = statement.get("Effect")
    if effect is None:
        yield finding("MISSING_EFFECT", statement.place.spot)
    elif not isinstance(effect.value, str):
        yield finding("DATA_TYPE_MISMATCH", effect.spot, type="String")
    elif effect.value not in ("Allow", "Deny"):
        yield finding("INVALID_EFFECT", effect.spot, effect=effect.value)


def _pairs(statement: Statement) -> Iterator[Finding]:
    for one, other in _PAIRS:
        first, second = statement.get(one), statement.get(other)
        if first is not None and second is not None:
            yield finding("UNSUPPORTED_ELEMENT_COMBINATION", first.spot, second.spot, one=one, other=other)


def _required(document: Document, statement: Statement) -> Iterator[Finding]:
    spot = statement.place.spot
    if not _has(statement, "Action", "NotAction"):
        yield finding("MISSING_ACTION", spot)
    if not document.has_principals and not _has(statement, "Resource", "NotResource"):
        yield finding("MISSING_RESOURCE", spot)
    if document.has_principals and not _has(statement, "Principal", "NotPrincipal"):
        yield finding("MISSING_PRINCIPAL", spot)


def _principal(document: Document, statement: Statement) -> Iterator[Finding]:
    """Where an element about principals or resources does not belong at all."""
    for name in ("Principal", "NotPrincipal"):
        found = statement.get(name)
        if found is not None and document.kind == "SERVICE_CONTROL_POLICY":
            yield finding("SCP_SYNTAX_ERROR_PRINCIPAL", found.spot)
        elif found is not None and not document.has_principals:
            yield finding("UNSUPPORTED_PRINCIPAL", found.spot, kind=document.kind)
    if document.resource == "AWS::IAM::AssumeRolePolicyDocument":
        yield from _trust(statement)


def _trust(statement: Statement) -> Iterator[Finding]:
    for name in ("Resource", "NotResource"):
        found = statement.get(name)
        if found is not None:
            yield finding("ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", found.spot)
    excepted = statement.get("NotPrincipal")
    if excepted is not None:
        yield finding("ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL", excepted.spot)


def _has(statement: Statement, *names: str) -> bool:
    return any(statement.get(name) is not None for name in names)


def _strings(statement: Statement, name: str) -> Iterator[Finding]:
    """An element that is a string or a list of strings."""
    found = statement.get(name)
    if found is None:
        return
    if not found.each():
        yield finding(f"EMPTY_ARRAY_{_EMPTY[name.removeprefix('Not')]}", found.spot)
    for place in found.each():
        if not isinstance(place.value, str):
            yield finding("DATA_TYPE_MISMATCH", place.spot, type="String")


def _condition(statement: Statement) -> Iterator[Finding]:
    found = statement.get("Condition")
    if found is None:
        return
    if not found.node.is_object:
        yield finding("DATA_TYPE_MISMATCH", found.spot, type="Object")
    elif not found.node.members:
        yield finding("EMPTY_OBJECT_CONDITION", found.spot)
    for _, _, tests in found.members():
        if not tests.node.is_object:
            yield finding("DATA_TYPE_MISMATCH", tests.spot, type="Object")
        elif not tests.node.members:
            yield finding("EMPTY_OBJECT_CONDITION", tests.spot)
        for _, _, values in tests.members():
            for value in values.each():
                if _is_compound(value.value):
                    yield finding("DATA_TYPE_MISMATCH", value.spot, type="String")


def _is_compound(value: Any) -> bool:
    return value is None or isinstance(value, dict | list)
