"""What Organizations tells the decision about permissions, and other services.

See `fogbank.identity.directory` and `fogbank.identity.membership`. All of it is read from cached collections.
"""

from __future__ import annotations

from fogbank.identity.directory import Document, Guardrails
from fogbank.identity.membership import Organization as Outline
from fogbank.kernel import Context
from fogbank.services.organizations import attaching, tree
from fogbank.services.organizations.joining import members
from fogbank.services.organizations.organization import Organization, arn, organization_of
from fogbank.services.organizations.policy import policy_arn
from fogbank.services.organizations.policy_types import RCP, SCP
from fogbank.services.organizations.records import access, delegations
from fogbank.services.organizations.service import service
from fogbank.services.organizations.tree import Node


class Directory:
    """`identity.directory.Organizations`"""

    async def guardrails(self, ctx: Context, account: str) -> Guardrails | None:
        organization = await organization_of(ctx, account)
        if organization is None:
            return None
        scope = ctx.at(account=organization.management)
        lineage = await tree.lineage(scope, account)
        path = "/".join((organization.id, *(node.id for node in lineage[:-1]), ""))
        if account == organization.management:
            return Guardrails(organization.id, path, management=True)
        return Guardrails(
            organization.id,
            path,
            service_control=await _levels(scope, organization, lineage, SCP.name),
            resource_control=await _levels(scope, organization, lineage, RCP.name),
        )


async def _levels(
    scope: Context, organization: Organization, lineage: list[Node], kind: str
) -> tuple[tuple[Document, ...], ...]:
    if kind not in organization.enabled:
        return ()
    levels = []
    for node in lineage:
        found = await attaching.of_type(scope, node.id, kind)
        level = [Document(each.content, each.name, policy_arn(scope, organization, each)) for each in found]
        levels.append(tuple(level))
    return tuple(levels)


class Membership:
    """`identity.membership.Membership`"""

    async def organization(self, ctx: Context, account: str) -> Outline | None:
        found = await organization_of(ctx, account)
        return None if found is None else Outline(found.id, found.management)

    async def accounts(self, ctx: Context, account: str) -> list[str]:
        found = await organization_of(ctx, account)
        if found is None:
            return [account]
        return [member.id for member in await members.scan(ctx.at(account=found.management))]

    async def trusts(self, ctx: Context, account: str, principal: str) -> bool:
        found = await organization_of(ctx, account)
        return found is not None and await access.get(ctx.at(account=found.management), principal) is not None

    async def administers(self, ctx: Context, account: str, principal: str) -> bool:
        found = await organization_of(ctx, account)
        if found is None:
            return False
        scope = ctx.at(account=found.management)
        return found.management == account or await delegations.get(scope, account, principal) is not None


async def role_usage(ctx: Context) -> list[tuple[str, str]]:
    """(region, ARN) of what needs the service-linked role in the context's account: an organization with all features."""
    found = await organization_of(ctx, ctx.account)
    if found is None or not found.has_all_features:
        return []
    return [(ctx.region, arn(ctx, found, "organization"))]


service.provide("directory", Directory())
service.provide("membership", Membership())
service.provide("linked_role_usage", role_usage)
