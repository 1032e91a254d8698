"""The Policy record, where policies and their attachments lie, and what the decision needs to know about a policy.

policies   (id)                 Policy; AWS's own among them, from the organization's beginning
names      (type, name)         the id of a policy
attached   (target)             Attached: its policies of all types, in the order in which they were attached
targets    (policy, target)     nothing: the same, the other way round
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, Record
from fogbank.services.organizations import errors
from fogbank.services.organizations.organization import Organization, arn
from fogbank.services.organizations.policy_types import TYPES, PolicyType
from fogbank.services.organizations.service import service

Request = dict[str, Any]


class Policy(Record, frozen=True):
    """A policy. `content` is JSON as it was given, `changed` epoch seconds, `managed` whether it is AWS's."""

    id: str
    type: str
    name: str
    description: str
    content: str
    changed: float
    managed: bool = False

    @property
    def kind(self) -> PolicyType:
        return TYPES[self.type]


class Attached(Record, frozen=True):
    """The policies of a target: id -> when it was attached (epoch seconds)."""

    policies: dict[str, float]


policies = service.collection("policies", Policy, scope="account", cached=True)
names = service.collection("policy-names", str, scope="account")
attached = service.collection("attached", Attached, scope="account", cached=True)
targets = service.collection("targets", bytes, scope="account")


async def find(ctx: Context, id: str) -> Policy:
    """Raises PolicyNotFoundException."""
    policy = await policies.get(ctx, id)
    if policy is None:
        raise errors.policy_not_found()
    return policy


def policy_arn(ctx: Context, organization: Organization, policy: Policy) -> str:
    if policy.managed:
        return f"arn:{ctx.partition}:organizations::aws:policy/{policy.kind.in_arns}/{policy.id}"
    return arn(ctx, organization, "policy", policy.kind.in_arns, policy.id)


async def arn_of_policy(ctx: Context, organization: Organization, id: str) -> str:
    """The ARN of a policy by its id; of an unlikely type when there is none, so that only broad permissions are about it."""
    policy = await policies.get(ctx, id)
    return arn(ctx, organization, "policy", "unknown", id) if policy is None else policy_arn(ctx, organization, policy)


# -- resources and condition keys of operations


async def named_policy(ctx: Context, organization: Organization, request: Request) -> str:
    """The policy that a request names."""
    return await arn_of_policy(ctx, organization, request["PolicyId"])


async def policy_type_key(ctx: Context, request: Request) -> dict[str, str]:
    """`organizations:PolicyType` of a request that names a policy."""
    from fogbank.services.organizations.organization import organization_of

    organization = await organization_of(ctx, ctx.account)
    if organization is None:
        return {}
    policy = await policies.get(ctx.at(account=organization.management), request["PolicyId"])
    return {} if policy is None else {"organizations:PolicyType": policy.type}


def requested_type(member: str) -> Any:
    """`organizations:PolicyType` of a request that says it itself."""
    return lambda ctx, request: {"organizations:PolicyType": request[member]}
