"""Is a resource policy public: does it let in somebody whom it does not name? A cautious answer, as S3 and Secrets Manager give it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
"""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]

# A statement for everyone is not public when one of these keys is held to values without wildcards.
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
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
    }
)
_HOLDING = ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike", "IpAddress")


def is_public(policy: Document, narrowing: frozenset[str] = frozenset()) -> bool:
    """Does a statement of a well-formed policy let in everyone?

    `narrowing` are the service's own keys (lower case) that keep a statement from it.
    """
    keys = _NARROWING | narrowing
    return any(_is_open(statement, keys) for statement in listed(policy.get("Statement")))


def _is_open(statement: Document, keys: frozenset[str]) -> bool:
    if statement.get("Effect") != "Allow":
        return False
    principal = statement.get("Principal", "*")
    names = [principal] if isinstance(principal, str) else listed(principal.get("AWS"))
    return "*" in names and not _is_narrow(statement.get("Condition") or {}, keys)


def _is_narrow(condition: Document, keys: frozenset[str]) -> bool:
    for operator, tests in condition.items():
        if operator.rpartition(":")[2] not in _HOLDING or operator.lower().startswith("forallvalues:"):
            continue
        for key, values in tests.items():
            if key.lower() in keys and not any(_is_wild(str(value)) for value in listed(values)):
                return True
    return False


def _is_wild(value: str) -> bool:
    return "*" in value or "?" in value or value in ("0.0.0.0/0", "::/0")


def listed(value: Any) -> list[Any]:
    """The members of what a policy may write as one or as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
