"""Which policies a simulation leaves out: by type, by ARN, or by an inline policy's name and holder.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_PolicyIdentifier.html
"""

from __future__ import annotations

import re
from typing import Any, Final

from fogbank.identity.wildcards import AnyOf
from fogbank.services.iam.errors import invalid_input
from fogbank.services.iam.subjects import HeldPolicy

Identifier = dict[str, Any]

_POLICY_ARN: Final = re.compile(r"arn:[\w-]+:iam::(?:\d{12}|aws):policy/[^:]*[^:/]")


def check(identifiers: list[Identifier]) -> None:
    """Raise InvalidInput for identifiers that make no sense, whether or not they fit anything."""
    for identifier in identifiers:
        if len(identifier) != 1:
            raise invalid_input(
                "A policy identifier must have exactly one of PolicyType, PolicyArn, InlinePolicyIdentifier."
            )
        arn = identifier.get("PolicyArn", "")
        path, _, name = arn.rpartition("/")
        if arn and (_POLICY_ARN.fullmatch(arn) is None or any(wild in path for wild in "*?") or name.count("*") > 1):
            raise invalid_input(f"ARN {arn} is not valid.")


def excludes(identifiers: list[Identifier], policy: HeldPolicy) -> bool:
    return any(_fits(identifier, policy) for identifier in identifiers)


def excludes_type(identifiers: list[Identifier], policy_type: str) -> bool:
    """Whether all policies of a type are left out: permission-boundary, scp."""
    return any(identifier.get("PolicyType") == policy_type for identifier in identifiers)


def _fits(identifier: Identifier, policy: HeldPolicy) -> bool:
    if "PolicyType" in identifier:
        return identifier["PolicyType"] == _type(policy)
    if "PolicyArn" in identifier:
        return AnyOf([identifier["PolicyArn"]], variables=False).matches(policy.arn, {})
    inline = identifier["InlinePolicyIdentifier"]
    return (
        not policy.arn
        and inline["PolicyName"] == policy.name
        and inline["AttachmentType"] == policy.holder
        and inline["AttachmentName"] == policy.holder_name
    )


def _type(policy: HeldPolicy) -> str:
    if not policy.arn:
        return "inline"
    return "aws-managed" if policy.is_aws_managed else "user-managed"
