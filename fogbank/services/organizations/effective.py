"""What management policies amount to for one account: DescribeEffectivePolicy, and what is wrong with that.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_effective.html
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.organizations import attaching, errors, listing, tree
from fogbank.services.organizations.accounts import described
from fogbank.services.organizations.calling import MEMBERS, READERS, operation
from fogbank.services.organizations.inheritance import merge
from fogbank.services.organizations.joining import find_member
from fogbank.services.organizations.organization import Organization, arn_of
from fogbank.services.organizations.policy import Policy, requested_type
from fogbank.services.organizations.policy_types import TYPES
from fogbank.services.organizations.tree import ACCOUNT

Request = dict[str, Any]


class Effective(msgspec.Struct, frozen=True):
    """An effective policy (JSON), when it last changed (epoch seconds), and the ids of the policies that it is made of."""

    content: str
    changed: float
    policies: tuple[str, ...]


async def effective(ctx: Context, organization: Organization, account: str, kind: str) -> Effective | None:
    """The effective policy of an account; None when there is none."""
    if kind not in organization.enabled:
        return None
    levels: list[list[Policy]] = []
    changed = 0.0
    for node in await tree.lineage(ctx, account):
        level = await attaching.of_type(ctx, node.id, kind)
        for policy in level:
            changed = max(changed, policy.changed, await attaching.attached_at(ctx, node.id, policy.id))
        levels.append(level)
    document = merge([[json.loads(policy.content) for policy in level] for level in levels])
    if not document:
        return None
    content = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return Effective(content, changed, tuple(policy.id for level in levels for policy in level))


async def _target(ctx: Context, organization: Organization, request: Request) -> str:
    return arn_of(ctx, organization, request.get("TargetId") or ctx.principal.account)


async def _account(ctx: Context, organization: Organization, request: Request) -> str:
    return arn_of(ctx, organization, request["AccountId"])


@operation(MEMBERS, _target, requested_type("PolicyType"))
async def describe_effective_policy(ctx: Context, organization: Organization, request: Request) -> Request:
    """Of the caller's account, or, for the management account, of any. API_DescribeEffectivePolicy."""
    caller = ctx.principal.account
    target = request.get("TargetId", caller)
    if caller not in (target, organization.management):
        raise errors.access_denied()
    await tree.find(ctx, target, errors.target_not_found, ACCOUNT)
    found = await effective(ctx, organization, target, request["PolicyType"])
    if found is None:
        raise errors.effective_policy_not_found()
    return {
        "EffectivePolicy": {
            "PolicyContent": found.content,
            "LastUpdatedTimestamp": found.changed,
            "TargetId": target,
            "PolicyType": request["PolicyType"],
        }
    }


# -- what is wrong


def _faults(kind: str, found: Effective) -> list[Request]:
    """An effective policy has to keep to the size of a single one. What the services make of it is their affair."""
    size = TYPES[kind].size
    if len(found.content) <= size:
        return []
    return [
        {
            "ErrorCode": "CONTENT_TOO_LARGE",
            "ErrorMessage": f"The effective policy has {len(found.content)} characters, {size} are allowed.",
            "PathToError": "/",
            "ContributingPolicies": list(dict.fromkeys(found.policies)),
        }
    ]


@operation(READERS, None, requested_type("PolicyType"))
async def list_accounts_with_invalid_effective_policy(
    ctx: Context, organization: Organization, request: Request
) -> Request:
    """API_ListAccountsWithInvalidEffectivePolicy."""
    kind = request["PolicyType"]
    if kind not in organization.enabled:
        raise errors.effective_policy_not_found()
    invalid = []
    for node in await tree.nodes.scan(ctx):
        if node.kind == ACCOUNT:
            found = await effective(ctx, organization, node.id, kind)
            invalid += [node.id] if found is not None and _faults(kind, found) else []
    shown, more = listing.page_of_all(request, invalid, str)
    accounts = [await described(ctx, organization, await find_member(ctx, id)) for id in shown]
    return {"Accounts": accounts, "PolicyType": kind, **more}


@operation(READERS, _account, requested_type("PolicyType"))
async def list_effective_policy_validation_errors(
    ctx: Context, organization: Organization, request: Request
) -> Request:
    """API_ListEffectivePolicyValidationErrors."""
    account, kind = request["AccountId"], request["PolicyType"]
    await find_member(ctx, account)
    found = await effective(ctx, organization, account, kind)
    if found is None:
        raise errors.effective_policy_not_found()
    shown, more = listing.page_of_all(request, _faults(kind, found), lambda fault: fault["PathToError"])
    return {
        "AccountId": account,
        "PolicyType": kind,
        "Path": await tree.path(ctx, organization, account),
        "EvaluationTimestamp": found.changed,
        "EffectivePolicyValidationErrors": list(shown),
        **more,
    }
