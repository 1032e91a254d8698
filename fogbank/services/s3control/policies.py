"""Policies of access points, of all kinds: are they well-formed, are they about this one, are they public?"""

from __future__ import annotations

import json
from typing import Any

from fogbank.identity import publicity
from fogbank.identity.publicity import listed
from fogbank.services.s3control import errors, limits

# Keys of S3's own that keep a statement from being public.
_NARROWING = frozenset({"s3:dataaccesspointaccount", "s3:dataaccesspointarn"})


def checked(text: str, arn: str, prefixes: tuple[str, ...] = ("s3:",)) -> dict[str, Any]:
    """The document of a policy that may be put on the resource of that ARN. Raises MalformedPolicy.

    `prefixes` are those of the actions that it may name.
    """
    from fogbank.identity import policy_grammar

    if len(text.encode()) > limits.POLICY_BYTES:
        raise errors.malformed_policy("Policies must not be larger than 20 KB")
    try:
        document: dict[str, Any] = policy_grammar.check(text, "resource")
    except policy_grammar.MalformedPolicy as error:
        raise errors.malformed_policy(error.message) from None
    for statement in listed(document.get("Statement")):
        _check_statement(statement, arn, prefixes)
    return document


def _check_statement(statement: dict[str, Any], arn: str, prefixes: tuple[str, ...]) -> None:
    if "Principal" not in statement and "NotPrincipal" not in statement:
        raise errors.malformed_policy("Missing required field Principal")
    for action in listed(statement.get("Action")):
        if action != "*" and not action.lower().startswith(prefixes):
            raise errors.malformed_policy("Policy has invalid action")
    for resource in listed(statement.get("Resource")) + listed(statement.get("NotResource")):
        if resource != arn and not resource.startswith((f"{arn}/", f"{arn}*")):
            raise errors.malformed_policy("Policy has invalid resource")


def is_public(text: str) -> bool:
    """Does a statement let in somebody whom it does not name?"""
    return publicity.is_public(json.loads(text), _NARROWING)
