"""The organization's resource policy, which delegates actions to members: PutResourcePolicy and its like."""

from __future__ import annotations

from typing import Any, Final

from fogbank.identity import policy_grammar
from fogbank.identity.policy_grammar import MalformedPolicy
from fogbank.kernel import Context
from fogbank.services.organizations import errors, tags
from fogbank.services.organizations.calling import MANAGEMENT, READERS, operation
from fogbank.services.organizations.organization import Organization, arn
from fogbank.services.organizations.records import ResourcePolicy, resource_policies
from fogbank.services.organizations.records import tags as tag_rows
from fogbank.services.organizations.service import service

Request = dict[str, Any]

# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_delegate_policies.html: reading, policies and tags.
_WRITES: Final = frozenset(
    {
        "AttachPolicy",
        "CreatePolicy",
        "DeletePolicy",
        "DetachPolicy",
        "DisablePolicyType",
        "EnablePolicyType",
        "TagResource",
        "UntagResource",
        "UpdatePolicy",
    }
)


async def _resource(ctx: Context, organization: Organization, request: Request) -> str:
    policy = await resource_policies.get(ctx)
    return arn(ctx, organization, "resourcepolicy", "*" if policy is None else policy.id)


@operation(MANAGEMENT, _resource)
async def put_resource_policy(ctx: Context, organization: Organization, request: Request) -> Request:
    """API_PutResourcePolicy. Raises InvalidInputException for a policy that delegates what cannot be delegated."""
    if not organization.has_all_features:
        raise errors.needs_all_features()
    _check(request["Content"])
    present = await resource_policies.get(ctx)
    policy = ResourcePolicy(f"rp-{ctx.ids.hex(8)}" if present is None else present.id, request["Content"])
    resource_policies.put(ctx, policy)
    tags.keep(ctx, tags.checked(await tag_rows.get(ctx, policy.id) or {}, request), policy.id)
    return {"ResourcePolicy": _shown(ctx, organization, policy)}


def _check(content: str) -> None:
    try:
        document = policy_grammar.check(content, "resource")
    except MalformedPolicy as fault:
        reason = "INVALID_PRINCIPAL" if "principal" in fault.message else "INVALID_RESOURCE_POLICY_JSON"
        raise errors.invalid_input(reason, "The provided resource policy is not valid.") from None
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        actions = statement.get("Action", [])
        for action in actions if isinstance(actions, list) else [actions]:
            _check_action(action)


def _check_action(action: str) -> None:
    """Actions that can be delegated are those that read, and those about policies and tags. Patterns stand for such."""
    prefix, _, name = action.partition(":")
    if prefix != service.name or not (name in _WRITES or name.startswith(("Describe", "List"))):
        sentence = "The provided resource policy contains an action that is not supported."
        raise errors.invalid_input("UNSUPPORTED_ACTION_IN_RESOURCE_POLICY", sentence)


def _shown(ctx: Context, organization: Organization, policy: ResourcePolicy) -> Request:
    summary = {"Id": policy.id, "Arn": arn(ctx, organization, "resourcepolicy", policy.id)}
    return {"ResourcePolicySummary": summary, "Content": policy.content}


async def _find(ctx: Context) -> ResourcePolicy:
    policy = await resource_policies.get(ctx)
    if policy is None:
        raise errors.resource_policy_not_found()
    return policy


@operation(READERS, _resource)
async def describe_resource_policy(ctx: Context, organization: Organization, request: Request) -> Request:
    """API_DescribeResourcePolicy."""
    return {"ResourcePolicy": _shown(ctx, organization, await _find(ctx))}


@operation(MANAGEMENT, _resource)
async def delete_resource_policy(ctx: Context, organization: Organization, request: Request) -> None:
    """API_DeleteResourcePolicy."""
    policy = await _find(ctx)
    resource_policies.delete(ctx)
    tags.keep(ctx, {}, policy.id)
