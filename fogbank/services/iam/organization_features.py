"""Centralized root access: what the management account, or who is delegated IAM, may do with the roots of an organization's accounts.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-access-management.html. Features lie under the organization's id.
"""

from __future__ import annotations

from typing import Any, Final

from fogbank.identity.membership import Membership, Organization, membership
from fogbank.kernel import Context
from fogbank.services.iam import errors
from fogbank.services.iam.service import service

Request = dict[str, Any]

_IAM: Final = "iam.amazonaws.com"
CREDENTIALS: Final = "RootCredentialsManagement"
SESSIONS: Final = "RootSessions"

_features = service.collection("organization_features", tuple[str, ...], scope="global")


async def _organization(ctx: Context) -> tuple[Membership, Organization]:
    """The caller's organization, with trusted access for IAM. Raises what stands in the way, in AWS's order."""
    members = membership(ctx)
    organization = await members.organization(ctx, ctx.account)
    if organization is None:
        raise errors.organization_not_found()
    if not await members.trusts(ctx, ctx.account, _IAM):
        raise errors.service_access_not_enabled()
    return members, organization


async def _administered(ctx: Context) -> Organization:
    """The organization, which the caller's account manages or was delegated IAM for."""
    members, organization = await _organization(ctx)
    if not await members.administers(ctx, ctx.account, _IAM):
        raise errors.not_an_administrator()
    return organization


async def _enabled(ctx: Context, organization: Organization) -> tuple[str, ...]:
    return await _features.get(ctx, organization.id) or ()


async def has_root_sessions(ctx: Context, organization: str) -> bool:
    return SESSIONS in (await _features.get(ctx, organization) or ())


def _shown(organization: Organization, features: tuple[str, ...]) -> Request:
    return {"OrganizationId": organization.id, "EnabledFeatures": list(features)}


async def _enable(ctx: Context, feature: str) -> Request:
    _, organization = await _organization(ctx)
    if organization.management != ctx.account:
        raise errors.not_the_management_account()
    features = tuple(sorted({*await _enabled(ctx, organization), feature}))
    _features.put(ctx, features, organization.id)
    return _shown(organization, features)


async def _disable(ctx: Context, feature: str) -> Request:
    organization = await _administered(ctx)
    features = tuple(each for each in await _enabled(ctx, organization) if each != feature)
    _features.put(ctx, features, organization.id)
    return _shown(organization, features)


@service.operation
async def list_organizations_features(ctx: Context, request: Request) -> Request:
    """API_ListOrganizationsFeatures."""
    organization = await _administered(ctx)
    return _shown(organization, await _enabled(ctx, organization))


@service.operation
async def enable_organizations_root_credentials_management(ctx: Context, request: Request) -> Request:
    """API_EnableOrganizationsRootCredentialsManagement."""
    return await _enable(ctx, CREDENTIALS)


@service.operation
async def enable_organizations_root_sessions(ctx: Context, request: Request) -> Request:
    """API_EnableOrganizationsRootSessions."""
    return await _enable(ctx, SESSIONS)


@service.operation
async def disable_organizations_root_credentials_management(ctx: Context, request: Request) -> Request:
    """API_DisableOrganizationsRootCredentialsManagement."""
    return await _disable(ctx, CREDENTIALS)


@service.operation
async def disable_organizations_root_sessions(ctx: Context, request: Request) -> Request:
    """API_DisableOrganizationsRootSessions."""
    return await _disable(ctx, SESSIONS)
