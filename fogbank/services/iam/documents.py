"""Policy documents as IAM takes them: their grammar, their sizes, and how they are given out."""

from __future__ import annotations

from urllib.parse import quote

from fogbank.identity import policy_grammar
from fogbank.services.iam import errors, limits


def check_identity(text: str) -> None:
    """Raise MalformedPolicyDocument unless this is a policy for users, groups and roles."""
    try:
        policy_grammar.check(text, "identity")
    except policy_grammar.MalformedPolicy as malformed:
        raise errors.malformed_policy(malformed.message) from None


def check_managed(text: str) -> None:
    """The same for a managed policy. Raises LimitExceeded too."""
    check_identity(text)
    if size(text) > limits.POLICY_SIZE:
        raise errors.quota_exceeded("PolicySize", limits.POLICY_SIZE)


def size(text: str) -> int:
    """Characters, white space not counted."""
    return len("".join(text.split()))


def shown(text: str) -> str:
    """A document as answers have it: percent-encoded (RFC 3986)."""
    return quote(text, safe="")
