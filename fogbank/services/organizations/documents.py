"""What the document of a policy may say. Pure.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html,
orgs_manage_policies_rcps_syntax.html and orgs_manage_policies_inheritance_mgmt.html
"""

from __future__ import annotations

import json
from typing import Any

from fogbank.identity import policy_grammar
from fogbank.identity.policy_grammar import MalformedPolicy
from fogbank.services.organizations import errors
from fogbank.services.organizations.policy_types import PolicyType

Document = dict[str, Any]

SETTERS = frozenset({"@@assign", "@@append", "@@remove"})
CONTROL = "@@operators_allowed_for_child_policies"
_CONTROLS = SETTERS | {"@@all", "@@none"}
_OPT_OUT = ("optIn", "optOut")


def check(kind: PolicyType, content: str) -> None:
    """Raises ConstraintViolationException for a document that is too large, MalformedPolicyDocumentException for a wrong one."""
    if len(content) > kind.size:
        raise errors.policy_too_large()
    try:
        if kind.language == "management":
            _check_management(kind, _parsed(content))
        else:
            document = policy_grammar.check(content, kind.language)
            if kind.language == "resource":
                _check_resource_control(document)
    except MalformedPolicy:
        raise errors.malformed_policy() from None


def _parsed(content: str) -> Document:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise MalformedPolicy("") from None
    if not isinstance(document, dict) or not document:
        raise MalformedPolicy("")
    return document


# -- resource control policies: only denials, of everybody, of actions of named services


def _check_resource_control(document: Document) -> None:
    listed = document["Statement"]
    if document.get("Version") != "2012-10-17":
        raise MalformedPolicy("")
    for statement in listed if isinstance(listed, list) else [listed]:
        actions = statement.get("Action", "*")
        everybody = statement.get("Principal") in ("*", {"AWS": "*"})
        if (
            statement["Effect"] != "Deny"
            or not everybody
            or "*" in (actions if isinstance(actions, list) else [actions])
        ):
            raise MalformedPolicy("")


# -- management policies


def _check_management(kind: PolicyType, document: Document) -> None:
    if kind.element and set(document) - {CONTROL} != {kind.element}:
        raise MalformedPolicy("")
    _check_node(kind, document)


def _check_node(kind: PolicyType, node: Document) -> None:
    """A node has operators that set its value, or further nodes; and it may say what child policies may do to it."""
    setters = SETTERS & set(node)
    inner = {name: value for name, value in node.items() if name not in SETTERS and name != CONTROL}
    if any(name.startswith("@@") for name in inner) or (setters and inner):
        raise MalformedPolicy("")
    if kind.assign and setters - {"@@assign"}:
        raise MalformedPolicy("")
    _check_control(node.get(CONTROL))
    for setter in setters:
        _check_value(kind, setter, node[setter])
    for value in inner.values():
        if not isinstance(value, dict):
            raise MalformedPolicy("")
        _check_node(kind, value)


def _check_control(allowed: Any) -> None:
    if allowed is None:
        return
    if not isinstance(allowed, list) or not allowed or not all(name in _CONTROLS for name in allowed):
        raise MalformedPolicy("")


def _check_value(kind: PolicyType, setter: str, value: Any) -> None:
    if kind.assign and value not in _OPT_OUT:
        raise MalformedPolicy("")
    if isinstance(value, dict) or (setter != "@@assign" and not isinstance(value, list)):
        raise MalformedPolicy("")
