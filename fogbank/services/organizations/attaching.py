"""Policies on targets: AttachPolicy, DetachPolicy, ListPoliciesForTarget, ListTargetsForPolicy."""

from __future__ import annotations

from typing import Any

from fogbank.identity.directory import organizations_changed
from fogbank.kernel import Context
from fogbank.services.organizations import errors, listing, people, tree
from fogbank.services.organizations.calling import DELEGATES, READERS, operation
from fogbank.services.organizations.organization import Organization, arn_of
from fogbank.services.organizations.policy import (
    Attached,
    Policy,
    arn_of_policy,
    attached,
    find,
    named_policy,
    policies,
    policy_arn,
    policy_type_key,
    requested_type,
    targets,
)
from fogbank.services.organizations.policy_types import RCP, SCP, PolicyType
from fogbank.services.organizations.tree import ROOT, Node

Request = dict[str, Any]


# -- writing


def _keep(ctx: Context, target: str, present: dict[str, float]) -> None:
    attached.put(ctx, Attached(present), target)
    organizations_changed(ctx)


async def _present(ctx: Context, target: str) -> dict[str, float]:
    found = await attached.get(ctx, target)
    return {} if found is None else dict(found.policies)


def begin(ctx: Context, organization: Organization, target: str) -> None:
    """Attach AWS's policies to a new target: everything is allowed until somebody forbids it."""
    if not organization.has_all_features:
        return
    kinds = [SCP, RCP] if RCP.name in organization.enabled else [SCP]
    defaults = [kind.default.id for kind in kinds if kind.default is not None]
    for policy in defaults:
        targets.put(ctx, b"", policy, target)
    _keep(ctx, target, dict.fromkeys(defaults, ctx.now()))


async def end(ctx: Context, target: str) -> None:
    """The target is no more."""
    for policy in await _present(ctx, target):
        targets.delete(ctx, policy, target)
    attached.delete(ctx, target)
    organizations_changed(ctx)


async def reset(ctx: Context, kind: PolicyType, default: bool) -> None:
    """Detach all policies of a type from everything, and attach AWS's if `default` says so."""
    for (target,), record in await attached.items(ctx, (str,)):
        present = dict(record.policies)
        for policy in await of_type(ctx, str(target), kind.name):
            del present[policy.id]
            targets.delete(ctx, policy.id, target)
        if default and kind.default is not None:
            present[kind.default.id] = ctx.now()
            targets.put(ctx, b"", kind.default.id, target)
        _keep(ctx, str(target), present)


async def of_type(ctx: Context, target: str, name: str) -> list[Policy]:
    """The policies of a type on a target, in the order in which they were attached."""
    found = [await policies.get(ctx, id) for id in await _present(ctx, target)]
    return [policy for policy in found if policy is not None and policy.type == name]


async def attached_at(ctx: Context, target: str, policy: str) -> float:
    """When the policy was attached (epoch seconds)."""
    return (await _present(ctx, target))[policy]


# -- operations


async def _policy_and_target(ctx: Context, organization: Organization, request: Request) -> tuple[str, str]:
    policy = await arn_of_policy(ctx, organization, request["PolicyId"])
    return policy, arn_of(ctx, organization, request["TargetId"])


async def _target(ctx: Context, organization: Organization, request: Request) -> str:
    return arn_of(ctx, organization, request["TargetId"])


@operation(DELEGATES, _policy_and_target, policy_type_key)
async def attach_policy(ctx: Context, organization: Organization, request: Request) -> None:
    """API_AttachPolicy. Raises PolicyTypeNotEnabledException, DuplicatePolicyAttachmentException and ConstraintViolationException
    when the target has as many as it may have."""
    policy = await find(ctx, request["PolicyId"])
    target = await tree.find(ctx, request["TargetId"], errors.target_not_found)
    if policy.type not in organization.enabled:
        raise errors.policy_type_not_enabled()
    present = await _present(ctx, target.id)
    if policy.id in present:
        raise errors.duplicate_attachment()
    if len(await of_type(ctx, target.id, policy.type)) >= policy.kind.attached:
        raise errors.too_many_attachments()
    targets.put(ctx, b"", policy.id, target.id)
    _keep(ctx, target.id, {**present, policy.id: ctx.now()})


@operation(DELEGATES, _policy_and_target, policy_type_key)
async def detach_policy(ctx: Context, organization: Organization, request: Request) -> None:
    """API_DetachPolicy. A target keeps its last SCP, and AWS's RCP for ever."""
    policy = await find(ctx, request["PolicyId"])
    target = await tree.find(ctx, request["TargetId"], errors.target_not_found)
    present = await _present(ctx, target.id)
    if policy.id not in present:
        raise errors.policy_not_attached()
    if policy.managed and policy.type == RCP.name:
        raise errors.non_detachable_policy()
    if policy.kind.must_stay and len(await of_type(ctx, target.id, policy.type)) == 1:
        raise errors.last_attachment()
    del present[policy.id]
    targets.delete(ctx, policy.id, target.id)
    _keep(ctx, target.id, present)


def described(ctx: Context, organization: Organization, policy: Policy) -> Request:
    """A PolicySummary of the API."""
    return {
        "Id": policy.id,
        "Arn": policy_arn(ctx, organization, policy),
        "Name": policy.name,
        "Description": policy.description,
        "Type": policy.type,
        "AwsManaged": policy.managed,
    }


@operation(READERS, _target, requested_type("Filter"))
async def list_policies_for_target(ctx: Context, organization: Organization, request: Request) -> Request:
    """The policies of a type that are attached to a target itself, by id. API_ListPoliciesForTarget."""
    target = await tree.find(ctx, request["TargetId"], errors.target_not_found)
    found = sorted(await of_type(ctx, target.id, request["Filter"]), key=lambda policy: policy.id)
    shown, more = listing.page_of_all(request, found, lambda policy: policy.id)
    return {"Policies": [described(ctx, organization, policy) for policy in shown], **more}


@operation(READERS, named_policy, policy_type_key)
async def list_targets_for_policy(ctx: Context, organization: Organization, request: Request) -> Request:
    """What a policy is attached to, by id. API_ListTargetsForPolicy."""
    policy = await find(ctx, request["PolicyId"])
    start = listing.after(request)
    rows = await targets.items(
        ctx, (str,), policy.id, after=(start,) if start else None, limit=listing.size(request) + 1
    )
    shown, more = listing.page(request, [str(key[0]) for key, _ in rows], str)
    nodes = [await tree.find(ctx, id, errors.target_not_found) for id in shown]
    return {"Targets": [await _described_target(ctx, organization, node) for node in nodes], **more}


async def _described_target(ctx: Context, organization: Organization, node: Node) -> Request:
    """A PolicyTargetSummary of the API."""
    name = "Root" if node.kind == ROOT else node.name or (await people.profile(ctx, node.id)).name
    return {"TargetId": node.id, "Arn": arn_of(ctx, organization, node.id), "Name": name, "Type": node.kind}
