"""Policy documents as IAM takes them: their grammar, their sizes, and how they are given out."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fogbank.identity import policy_grammar
from fogbank.services.iam import errors, limits


def check_identity(text: str) -> dict[str, Any]:
    """The document of a policy for users, groups and roles. Raises MalformedPolicyDocument when it is none."""
    try:
        return policy_grammar.check(text, "identity")
    except policy_grammar.MalformedPolicy as malformed:
        raise errors.malformed_policy(malformed.message) from None


def check_managed(text: str) -> None:
    """The same for a managed policy, which has to say that it is of the newer version. Raises LimitExceeded too."""
    if check_identity(text).get("Version") != policy_grammar.VERSIONS[1]:
        raise errors.malformed_policy("Policy document must be version 2012-10-17 or greater.")
    if size(text) > limits.POLICY_SIZE:
        raise errors.quota_exceeded("PolicySize", limits.POLICY_SIZE)


def size(text: str) -> int:
    """Characters, white space not counted."""
    return len("".join(text.split()))


def shown(text: str) -> str:
    """A document as answers have it: percent-encoded (RFC 3986)."""
    return quote(text, safe="")
