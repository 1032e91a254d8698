"""Resource policies of secrets as values: are they well-formed, do they let in anybody, do they shut out the caller?

https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_resource-policies.html
"""

from __future__ import annotations

from typing import Any

from fogbank.identity import Principal
from fogbank.services.secretsmanager import errors

Document = dict[str, Any]

# A statement for everyone is not broad when one of these keys is held to values without wildcards.
_NARROWING = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceip",
        "aws:sourceorgid",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
    }
)
_HOLDING = ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike", "IpAddress")


def document(text: str) -> Document:
    """The policy in a JSON text. Raises MalformedPolicyDocumentException."""
    from fogbank.identity import policy_grammar

    try:
        found = policy_grammar.check(text, "resource")
    except policy_grammar.MalformedPolicy as error:
        raise errors.malformed_policy(error.message) from None
    for statement in _list(found.get("Statement")):
        for action in _list(statement.get("Action")):
            if action != "*" and not action.lower().startswith("secretsmanager:"):
                raise errors.malformed_policy(f"Invalid action: {action}")
    return found


def is_broad(policy: Document) -> bool:
    """Does a statement let in somebody whom it does not name?"""
    return any(_is_open(statement) for statement in _list(policy.get("Statement")))


def _is_open(statement: Document) -> bool:
    if statement.get("Effect") != "Allow":
        return False
    principal = statement.get("Principal", "*")
    names = [principal] if isinstance(principal, str) else _list(principal.get("AWS"))
    return "*" in names and not _is_narrow(statement.get("Condition") or {})


def _is_narrow(condition: Document) -> bool:
    for operator, tests in condition.items():
        if operator.rpartition(":")[2] not in _HOLDING or operator.lower().startswith("forallvalues:"):
            continue
        for key, values in tests.items():
            if key.lower() in _NARROWING and not any(_is_wild(str(value)) for value in _list(values)):
                return True
    return False


def _is_wild(value: str) -> bool:
    return "*" in value or "?" in value or value in ("0.0.0.0/0", "::/0")


def locks_out(policy: Document, principal: Principal, secret_arn: str) -> bool:
    """Would the caller be denied to put another policy in its place?"""
    from fogbank.identity.policy import Access, Policy

    access = Access(principal, "secretsmanager:PutResourcePolicy", secret_arn)
    return Policy(policy).evaluate(access).denied_by is not None


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
