"""Bucket policies as values: are they well-formed, are they about this bucket, are they public?

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
"""

from __future__ import annotations

from typing import Any

from fogbank.services.s3 import errors
from fogbank.services.s3.records import Bucket

_POLICY_BYTES = 20 * 1024
# A statement for everyone is not public when one of these keys is held to fixed values.
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
        "s3:dataaccesspointaccount",
        "s3:dataaccesspointarn",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
    }
)
_HOLDING = ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike", "IpAddress")


def checked(text: str, bucket: Bucket) -> dict[str, Any]:
    """The document of a policy that may be put on the bucket. Raises MalformedPolicy."""
    from fogbank.identity import policy_grammar

    if len(text.encode()) > _POLICY_BYTES:
        raise errors.malformed_policy("Policies must not be larger than 20 KB")
    try:
        document = policy_grammar.check(text, "resource")
    except policy_grammar.MalformedPolicy as error:
        raise errors.malformed_policy(error.message) from None
    for statement in _statements(document):
        _check_statement(statement, bucket)
    return document


def _check_statement(statement: dict[str, Any], bucket: Bucket) -> None:
    if "Principal" not in statement and "NotPrincipal" not in statement:
        raise errors.malformed_policy("Missing required field Principal")
    for action in _list(statement.get("Action")):
        if action != "*" and not action.lower().startswith("s3:"):
            raise errors.malformed_policy("Policy has invalid action")
    for resource in _list(statement.get("Resource")) + _list(statement.get("NotResource")):
        name = resource.partition(":::")[2].partition("/")[0]
        if name != bucket.name:
            raise errors.malformed_policy("Policy has invalid resource")


def is_public(document: dict[str, Any]) -> bool:
    """Does a statement let in somebody whom it does not name?"""
    return any(_is_open(statement) for statement in _statements(document))


def _is_open(statement: dict[str, Any]) -> bool:
    if statement.get("Effect") != "Allow":
        return False
    principal = statement.get("Principal", "*")
    names = [principal] if isinstance(principal, str) else _list(principal.get("AWS"))
    return "*" in names and not _is_narrow(statement.get("Condition") or {})


def _is_narrow(condition: dict[str, Any]) -> bool:
    for operator, tests in condition.items():
        if operator.rpartition(":")[2] not in _HOLDING or operator.lower().startswith("forallvalues:"):
            continue
        for key, values in tests.items():
            if key.lower() in _NARROWING and not any(_is_wild(value) for value in _list(values)):
                return True
    return False


def _is_wild(value: Any) -> bool:
    text = str(value)
    return "*" in text or "?" in text or text in ("0.0.0.0/0", "::/0")


def _statements(document: dict[str, Any]) -> list[dict[str, Any]]:
    return _list(document.get("Statement"))


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
