"""Where the stacks of a stack set are to be, and where the set itself is.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeploymentTargets.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fogbank.identity.principals import root
from fogbank.kernel import AWSError, Context
from fogbank.services.cloudformation import errors
from fogbank.services.cloudformation.records import Answer, Request
from fogbank.services.cloudformation.service import service

ACCESS = "member.org.stacksets.cloudformation.amazonaws.com"

Units = dict[str, str]


async def home(ctx: Context, request: Request) -> Context:
    """Where the sets of the caller are: in its account, or, for a delegated administrator, in the management account.

    Raises ValidationError for who is no delegated administrator.
    """
    if request.get("CallAs") != "DELEGATED_ADMIN":
        return ctx
    manager = await ctx.transact(_manager, ctx)
    found = await ctx.transact(_organization, ctx, manager, "ListDelegatedAdministrators", {"ServicePrincipal": ACCESS})
    if ctx.account not in [each["Id"] for each in found.get("DelegatedAdministrators") or []]:
        raise errors.invalid("You must be a delegated administrator to use CallAs DELEGATED_ADMIN")
    return ctx.at(account=manager)


async def _manager(ctx: Context) -> str:
    """The management account of the caller's organization. Raises ValidationError when there is none."""
    try:
        found = await _organization(ctx, ctx.account, "DescribeOrganization", {})
    except AWSError as error:
        raise errors.invalid(f"The account is not in an organization: {error.message}") from error
    return str(found["Organization"]["MasterAccountId"])


async def _organization(ctx: Context, account: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    """Ask Organizations, as trusted access lets the service do."""
    asking = ctx.at(account=account)
    asking.principal = root(account)
    return await asking.call("organizations", operation, params, as_caller=True)


# -- trusted access


@service.operation
async def activate_organizations_access(ctx: Context, request: Request) -> Answer:
    """API_ActivateOrganizationsAccess."""
    await _as_manager(ctx, "EnableAWSServiceAccess")
    return {}


@service.operation
async def deactivate_organizations_access(ctx: Context, request: Request) -> Answer:
    """API_DeactivateOrganizationsAccess."""
    await _as_manager(ctx, "DisableAWSServiceAccess")
    return {}


async def _as_manager(ctx: Context, operation: str) -> None:
    try:
        await ctx.call("organizations", operation, {"ServicePrincipal": ACCESS}, as_caller=True)
    except AWSError as error:
        raise errors.invalid_operation(error.message) from error


@service.operation
async def describe_organizations_access(ctx: Context, request: Request) -> Answer:
    """API_DescribeOrganizationsAccess."""
    return {"Status": "ENABLED" if await _has_access(ctx) else "DISABLED"}


async def _has_access(ctx: Context) -> bool:
    manager = await _manager(ctx)
    found = await _organization(ctx, manager, "ListAWSServiceAccessForOrganization", {})
    return ACCESS in [each["ServicePrincipal"] for each in found.get("EnabledServicePrincipals") or []]


async def require_access(ctx: Context) -> None:
    """Raises ValidationError unless the organization trusts stack sets."""
    if not await ctx.transact(_has_access, ctx):
        raise errors.invalid("You must enable organizations access to operate a service managed stack set")


# -- targets


async def accounts(ctx: Context, targets: dict[str, Any]) -> Units:
    """The active accounts of a service-managed set's targets, each with the unit that it is there for. Raises ValidationError."""
    units = targets.get("OrganizationalUnitIds") or []
    if not units:
        raise errors.invalid("Deployment targets must have OrganizationalUnitIds")
    found: Units = {}
    for unit in units:
        for account in await _below(ctx, unit):
            found.setdefault(account, unit)
    found.pop(ctx.account, None)  # the management account has no such stacks
    return await _filtered(ctx, found, targets.get("AccountFilterType") or "NONE", targets.get("Accounts") or [])


async def _filtered(ctx: Context, found: Units, kind: str, named: Iterable[str]) -> Units:
    if kind == "INTERSECTION":
        return {account: unit for account, unit in found.items() if account in named}
    if kind == "DIFFERENCE":
        return {account: unit for account, unit in found.items() if account not in named}
    if kind == "UNION":
        return found | {account: "" for account in named if account not in found}
    return found


async def _below(ctx: Context, parent: str) -> list[str]:
    """The active accounts below a root or a unit, however deep."""
    found = [
        each["Id"]
        for each in await _all(ctx, "ListAccountsForParent", parent, "Accounts")
        if each["Status"] == "ACTIVE"
    ]
    for unit in await _all(ctx, "ListOrganizationalUnitsForParent", parent, "OrganizationalUnits"):
        found += await _below(ctx, unit["Id"])
    return found


async def _all(ctx: Context, operation: str, parent: str, member: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    request = {"ParentId": parent}
    while True:
        try:
            page = await _organization(ctx, ctx.account, operation, request)
        except AWSError as error:
            raise errors.invalid(f"{parent}: {error.message}") from error
        found += page.get(member) or []
        if not page.get("NextToken"):
            return found
        request["NextToken"] = page["NextToken"]
