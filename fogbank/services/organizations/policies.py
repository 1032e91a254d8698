"""Policies and their types: operations on policies, EnablePolicyType, DisablePolicyType."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.identity.directory import organizations_changed
from fogbank.kernel import Context
from fogbank.services.organizations import attaching, documents, errors, listing, tags
from fogbank.services.organizations.attaching import described
from fogbank.services.organizations.calling import DELEGATES, READERS, operation
from fogbank.services.organizations.organization import Organization, arn, arn_of, change
from fogbank.services.organizations.policy import (
    Policy,
    find,
    named_policy,
    names,
    policies,
    policy_type_key,
    requested_type,
    targets,
)
from fogbank.services.organizations.policy_types import TYPES, PolicyType
from fogbank.services.organizations.records import access
from fogbank.services.organizations.units import described_root

Request = dict[str, Any]


def add_managed(ctx: Context) -> None:
    """AWS's own policies, for a new organization."""
    for kind in TYPES.values():
        if kind.default is not None:
            given = kind.default
            policy = Policy(given.id, kind.name, given.name, given.description, given.content, ctx.now(), managed=True)
            _keep(ctx, policy)


def _keep(ctx: Context, policy: Policy) -> None:
    policies.put(ctx, policy, policy.id)
    names.put(ctx, policy.id, policy.type, policy.name)


def _shown(ctx: Context, organization: Organization, policy: Policy) -> Request:
    return {"Policy": {"PolicySummary": described(ctx, organization, policy), "Content": policy.content}}


# -- policies


async def _new_policy(ctx: Context, organization: Organization, request: Request) -> str:
    return arn(ctx, organization, "policy", TYPES[request["Type"]].in_arns, "*")


@operation(DELEGATES, _new_policy, requested_type("Type"))
async def create_policy(ctx: Context, organization: Organization, request: Request) -> Request:
    """API_CreatePolicy. Raises PolicyTypeNotAvailableForOrganizationException, MalformedPolicyDocumentException,
    ConstraintViolationException (size, number) and DuplicatePolicyException."""
    kind = TYPES[request["Type"]]
    if not organization.has_all_features:
        raise errors.policy_type_not_available()
    labels = tags.checked({}, request)
    documents.check(kind, request["Content"])
    await _check_name(ctx, kind, request["Name"])
    if await names.count(ctx, kind.name, limit=kind.number) >= kind.number:
        raise errors.too_many_policies()
    policy = Policy(
        f"p-{ctx.ids.hex(10)}", kind.name, request["Name"], request["Description"], request["Content"], ctx.now()
    )
    _keep(ctx, policy)
    tags.keep(ctx, labels, policy.id)
    return _shown(ctx, organization, policy)


async def _check_name(ctx: Context, kind: PolicyType, name: str) -> None:
    if await names.get(ctx, kind.name, name) is not None:
        raise errors.duplicate_policy()


@operation(READERS, named_policy, policy_type_key)
async def describe_policy(ctx: Context, organization: Organization, request: Request) -> Request:
    """API_DescribePolicy."""
    return _shown(ctx, organization, await find(ctx, request["PolicyId"]))


@operation(DELEGATES, named_policy, policy_type_key)
async def update_policy(ctx: Context, organization: Organization, request: Request) -> Request:
    """Change what is given. It counts at once wherever the policy is attached. API_UpdatePolicy."""
    policy = await _modifiable(ctx, request["PolicyId"])
    name, content = request.get("Name", policy.name), request.get("Content", policy.content)
    if content != policy.content:
        documents.check(policy.kind, content)
    if name != policy.name:
        await _check_name(ctx, policy.kind, name)
        names.delete(ctx, policy.type, policy.name)
    changed = msgspec.structs.replace(
        policy,
        name=name,
        content=content,
        description=request.get("Description", policy.description),
        changed=ctx.now(),
    )
    _keep(ctx, changed)
    organizations_changed(ctx)
    return _shown(ctx, organization, changed)


@operation(DELEGATES, named_policy, policy_type_key)
async def delete_policy(ctx: Context, organization: Organization, request: Request) -> None:
    """API_DeletePolicy. Raises PolicyInUseException while the policy is attached."""
    policy = await _modifiable(ctx, request["PolicyId"])
    if await targets.count(ctx, policy.id, limit=1):
        raise errors.policy_in_use()
    policies.delete(ctx, policy.id)
    names.delete(ctx, policy.type, policy.name)
    tags.keep(ctx, {}, policy.id)


async def _modifiable(ctx: Context, id: str) -> Policy:
    policy = await find(ctx, id)
    if policy.managed:
        raise errors.immutable_policy()
    return policy


@operation(READERS, None, requested_type("Filter"))
async def list_policies(ctx: Context, organization: Organization, request: Request) -> Request:
    """The policies of a type, by name. API_ListPolicies."""
    start = listing.after(request)
    rows = await names.items(
        ctx, (str,), request["Filter"], after=(start,) if start else None, limit=listing.size(request) + 1
    )
    shown, more = listing.page(request, rows, lambda row: str(row[0][0]))
    found = [await find(ctx, id) for _, id in shown]
    return {"Policies": [described(ctx, organization, policy) for policy in found], **more}


# -- types


async def _root(ctx: Context, organization: Organization, request: Request) -> str:
    return arn_of(ctx, organization, request["RootId"])


@operation(DELEGATES, _root, requested_type("PolicyType"))
async def enable_policy_type(ctx: Context, organization: Organization, request: Request) -> Request:
    """API_EnablePolicyType. AWS's policy of the type, if there is one, is attached to everything."""
    kind = await _type(organization, request)
    if not organization.has_all_features:
        raise errors.policy_type_not_available()
    if kind.name in organization.enabled:
        raise errors.policy_type_already_enabled()
    if kind.service and await access.get(ctx, kind.service) is None:
        raise errors.service_access_not_enabled()
    await attaching.reset(ctx, kind, default=True)
    organization = change(ctx, organization, enabled=(*organization.enabled, kind.name))
    return {"Root": described_root(ctx, organization)}


@operation(DELEGATES, _root, requested_type("PolicyType"))
async def disable_policy_type(ctx: Context, organization: Organization, request: Request) -> Request:
    """API_DisablePolicyType. All policies of the type are detached; they stay as they are."""
    kind = await _type(organization, request)
    if kind.name not in organization.enabled:
        raise errors.policy_type_not_enabled()
    await attaching.reset(ctx, kind, default=kind.must_stay)
    enabled = tuple(name for name in organization.enabled if name != kind.name)
    organization = change(ctx, organization, enabled=enabled)
    return {"Root": described_root(ctx, organization)}


async def _type(organization: Organization, request: Request) -> PolicyType:
    if request["RootId"] != organization.root:
        raise errors.root_not_found()
    return TYPES[request["PolicyType"]]
