"""Resource policies of secrets as values: are they well-formed, do they let in anybody, do they shut out the caller?

https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_resource-policies.html
"""

from __future__ import annotations

from typing import Any

from fogbank.identity import Principal
from fogbank.identity.publicity import listed
from fogbank.services.secretsmanager import errors

Document = dict[str, Any]


def document(text: str) -> Document:
    """The policy in a JSON text. Raises MalformedPolicyDocumentException."""
    from fogbank.identity import policy_grammar

    try:
        found = policy_grammar.check(text, "resource")
    except policy_grammar.MalformedPolicy as error:
        raise errors.malformed_policy(error.message) from None
    for statement in listed(found.get("Statement")):
        for action in listed(statement.get("Action")):
            if action != "*" and not action.lower().startswith("secretsmanager:"):
                raise errors.malformed_policy(f"Invalid action: {action}")
    return found


def locks_out(policy: Document, principal: Principal, secret_arn: str) -> bool:
    """Would the caller be denied to put another policy in its place?"""
    from fogbank.identity.policy import Access, Policy

    access = Access(principal, "secretsmanager:PutResourcePolicy", secret_arn)
    return Policy(policy).evaluate(access).denied_by is not None
