"""Services in the organization: access for AWS's services, and members to whom their administration is delegated.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services.html
"""

from __future__ import annotations

from typing import Any, Final

from fogbank.kernel import Context
from fogbank.services.organizations import errors, listing
from fogbank.services.organizations.accounts import described
from fogbank.services.organizations.calling import MANAGEMENT, READERS, operation
from fogbank.services.organizations.joining import find_member
from fogbank.services.organizations.organization import Organization, arn_of
from fogbank.services.organizations.policy_types import TYPES
from fogbank.services.organizations.records import access, delegates, delegations

Request = dict[str, Any]

# Services that have more than one delegated administrator.
_SEVERAL: Final = {
    "cloudtrail.amazonaws.com": 3,
    "config.amazonaws.com": 3,
    "config-multiaccountsetup.amazonaws.com": 3,
    "member.org.stacksets.cloudformation.amazonaws.com": 5,
}
_SUFFIX = ".amazonaws.com"


async def _account(ctx: Context, organization: Organization, request: Request) -> str:
    return arn_of(ctx, organization, request["AccountId"])


def _principal_key(ctx: Context, request: Request) -> dict[str, str]:
    return {"organizations:ServicePrincipal": request["ServicePrincipal"]} if "ServicePrincipal" in request else {}


def _principal(organization: Organization, request: Request) -> str:
    """The service that a request names. Raises ConstraintViolationException, InvalidInputException."""
    if not organization.has_all_features:
        raise errors.needs_all_features()
    principal = request["ServicePrincipal"]
    if not principal.endswith(_SUFFIX):
        raise errors.unknown_service_principal()
    return principal


# -- access


@operation(MANAGEMENT, None, _principal_key)
async def enable_aws_service_access(ctx: Context, organization: Organization, request: Request) -> None:
    """API_EnableAWSServiceAccess."""
    principal = _principal(organization, request)
    if await access.get(ctx, principal) is None:
        access.put(ctx, ctx.now(), principal)


@operation(MANAGEMENT, None, _principal_key)
async def disable_aws_service_access(ctx: Context, organization: Organization, request: Request) -> None:
    """API_DisableAWSServiceAccess. A policy type that needs the service's access has to be disabled first."""
    principal = _principal(organization, request)
    if any(TYPES[name].service == principal for name in organization.enabled):
        sentence = "You attempted to disable service access before you disabled the policy type."
        raise errors.constraint("POLICY_TYPE_ENABLED_FOR_THIS_SERVICE", sentence)
    access.delete(ctx, principal)


@operation(READERS)
async def list_aws_service_access_for_organization(
    ctx: Context, organization: Organization, request: Request
) -> Request:
    """API_ListAWSServiceAccessForOrganization."""
    rows = [(str(key[0]), since) for key, since in await access.items(ctx, (str,))]
    shown, more = listing.page_of_all(request, rows, lambda row: row[0])
    enabled = [{"ServicePrincipal": principal, "DateEnabled": since} for principal, since in shown]
    return {"EnabledServicePrincipals": enabled, **more}


# -- delegated administrators


@operation(MANAGEMENT, _account, _principal_key)
async def register_delegated_administrator(ctx: Context, organization: Organization, request: Request) -> None:
    """API_RegisterDelegatedAdministrator. The service has to have access."""
    principal = _principal(organization, request)
    member = await find_member(ctx, request["AccountId"])
    if member.id == organization.management:
        raise errors.management_account_is_no_delegate()
    if member.state != "ACTIVE":
        raise errors.suspended_account_is_no_delegate()
    if await access.get(ctx, principal) is None:
        raise errors.service_access_not_enabled()
    if await delegations.get(ctx, member.id, principal) is not None:
        raise errors.already_registered()
    if await delegates.count(ctx, principal) >= _SEVERAL.get(principal, 1):
        raise errors.too_many_delegates()
    delegations.put(ctx, ctx.now(), member.id, principal)
    delegates.put(ctx, ctx.now(), principal, member.id)


@operation(MANAGEMENT, _account, _principal_key)
async def deregister_delegated_administrator(ctx: Context, organization: Organization, request: Request) -> None:
    """API_DeregisterDelegatedAdministrator."""
    principal = _principal(organization, request)
    member = await find_member(ctx, request["AccountId"])
    if await delegations.get(ctx, member.id, principal) is None:
        raise errors.not_registered()
    delegations.delete(ctx, member.id, principal)
    delegates.delete(ctx, principal, member.id)


@operation(READERS, None, _principal_key)
async def list_delegated_administrators(ctx: Context, organization: Organization, request: Request) -> Request:
    """Of one service, or of all: by account. API_ListDelegatedAdministrators."""
    since = await _administrators(ctx, request.get("ServicePrincipal"))
    shown, more = listing.page_of_all(request, sorted(since), str)
    administrators = []
    for account in shown:
        shape = await described(ctx, organization, await find_member(ctx, account))
        administrators.append({**shape, "DelegationEnabledDate": since[account]})
    return {"DelegatedAdministrators": administrators, **more}


async def _administrators(ctx: Context, principal: str | None) -> dict[str, float]:
    """Account -> since when it is a delegated administrator."""
    if principal is not None:
        return {str(key[0]): since for key, since in await delegates.items(ctx, (str,), principal)}
    found: dict[str, float] = {}
    for key, since in await delegations.items(ctx, (str, str)):
        account = str(key[0])
        found[account] = min(since, found.get(account, since))
    return found


@operation(READERS, _account)
async def list_delegated_services_for_account(ctx: Context, organization: Organization, request: Request) -> Request:
    """API_ListDelegatedServicesForAccount."""
    member = await find_member(ctx, request["AccountId"])
    rows = [(str(key[0]), since) for key, since in await delegations.items(ctx, (str,), member.id)]
    if not rows:
        raise errors.not_registered()
    shown, more = listing.page_of_all(request, rows, lambda row: row[0])
    services = [{"ServicePrincipal": principal, "DelegationEnabledDate": since} for principal, since in shown]
    return {"DelegatedServices": services, **more}
