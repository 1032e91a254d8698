"""The organization itself: CreateOrganization, DescribeOrganization, DeleteOrganization."""

from __future__ import annotations

from typing import Any

from fogbank.identity.directory import organizations_changed
from fogbank.kernel import Collection, Context
from fogbank.services.organizations import attaching, errors, handshakes, people, policies, tree
from fogbank.services.organizations.calling import MANAGEMENT, MEMBERS, operation
from fogbank.services.organizations.creation import creations
from fogbank.services.organizations.joining import join, leave, members
from fogbank.services.organizations.organization import (
    Organization,
    arn,
    arn_of,
    organization_of,
    organizations,
    save,
)
from fogbank.services.organizations.policy import attached, names, targets
from fogbank.services.organizations.policy import policies as policy_rows
from fogbank.services.organizations.policy_types import SCP
from fogbank.services.organizations.records import access, delegates, delegations, resource_policies, tags
from fogbank.services.organizations.service import service
from fogbank.services.organizations.transfer import ACTIVE, all_of
from fogbank.services.organizations.tree import ROOT, Node

Request = dict[str, Any]

# All that an organization has in its scope, with the types of the keys.
_ROWS: tuple[tuple[Collection[Any], tuple[type, ...]], ...] = (
    (tree.nodes, (str,)),
    (tree.children, (str, str, str)),
    (attached, (str,)),
    (targets, (str, str)),
    (policy_rows, (str,)),
    (names, (str, str)),
    (creations, (str,)),
    (access, (str,)),
    (delegations, (str, str)),
    (delegates, (str, str)),
    (resource_policies, ()),
    (tags, (str,)),
    (organizations, ()),
)


async def _described(ctx: Context, organization: Organization) -> Request:
    """An Organization of the API. What it says about policy types is the same for every organization: AWS deprecated it."""
    available = [{"Type": SCP.name, "Status": "ENABLED"}] if organization.has_all_features else []
    return {
        "Id": organization.id,
        "Arn": arn(ctx, organization, "organization"),
        "FeatureSet": organization.features,
        "MasterAccountArn": arn_of(ctx, organization, organization.management),
        "MasterAccountId": organization.management,
        "MasterAccountEmail": (await people.profile(ctx, organization.management)).email,
        "AvailablePolicyTypes": available,
    }


@service.operation
async def create_organization(ctx: Context, request: Request) -> Request:
    """The caller's account becomes a management account. API_CreateOrganization. No policy type is enabled to begin with."""
    if await organization_of(ctx, ctx.account) is not None:
        raise errors.already_in_organization()
    organization = Organization(
        f"o-{ctx.ids.hex(10)}", f"r-{ctx.ids.hex(4)}", ctx.account, request.get("FeatureSet", "ALL")
    )
    save(ctx, organization)
    policies.add_managed(ctx)
    tree.add(ctx, Node(organization.root, ROOT))
    attaching.begin(ctx, organization, organization.root)
    await join(ctx, organization, ctx.account, "INVITED")
    return {"Organization": await _described(ctx, organization)}


@operation(MEMBERS)
async def describe_organization(ctx: Context, organization: Organization, request: Request) -> Request:
    """API_DescribeOrganization."""
    return {"Organization": await _described(ctx, organization)}


@operation(MANAGEMENT)
async def delete_organization(ctx: Context, organization: Organization, request: Request) -> None:
    """API_DeleteOrganization. Raises OrganizationNotEmptyException while there are other members."""
    if await members.count(ctx, limit=2) > 1:
        raise errors.organization_not_empty()
    both = [*await all_of(ctx, organization, "inbound"), *await all_of(ctx, organization, "outbound")]
    if any(transfer.status in ACTIVE for transfer in both):
        raise errors.transfer_under_way()
    await handshakes.withdraw_all(ctx, organization)
    await leave(ctx, organization.management)
    for collection, types in _ROWS:
        for key, _ in await collection.items(ctx, types):
            collection.delete(ctx, *key)
    organizations_changed(ctx)
