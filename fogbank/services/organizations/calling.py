"""Who may call an operation, and in which scope it runs.

`operation(callers, ...)` declares an operation that is about the caller's organization. Its handler gets the organization, and a context in
the organization's scope. The callers are:

MANAGEMENT    the management account alone
DELEGATES     or a member to whom the organization's resource policy delegates the action
READERS       these, or a delegated administrator of whatever service: it may read everything
MEMBERS       every account of the organization

IAM decides before that. For a member that the resource policy lets in, it decides as between accounts: the member's own policies have
to allow, and the resource policy.
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_delegate_policies.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import Any

from fogbank.kernel import Context
from fogbank.services.organizations import errors
from fogbank.services.organizations.organization import Organization, organization_of
from fogbank.services.organizations.records import delegations, resource_policies
from fogbank.services.organizations.service import service

Request = dict[str, Any]
Handler = Callable[[Context, Organization, Request], Awaitable[Request | None]]
Resource = Callable[[Context, Organization, Request], Awaitable["str | tuple[str, ...]"]]
Keys = Callable[[Context, Request], "Mapping[str, str] | Awaitable[Mapping[str, str]]"]


class Callers(Enum):
    MANAGEMENT = "management"
    DELEGATES = "delegates"
    READERS = "readers"
    MEMBERS = "members"


MANAGEMENT, DELEGATES, READERS, MEMBERS = Callers


def operation(
    callers: Callers, resource: Resource | None = None, keys: Keys | None = None
) -> Callable[[Handler], Handler]:
    """Declare the operation that the handler is named after."""

    def declare(handler: Handler) -> Handler:
        async def run(ctx: Context, request: Request) -> Request | None:
            organization = await organization_of(ctx, ctx.account)
            if organization is None:
                raise errors.not_in_use()
            await _delegating_policy(ctx, organization, callers)
            return await handler(ctx.at(account=organization.management), organization, request)

        options = _options(callers, resource)
        service.operation_from(run, handler.__name__, keys=keys, **options)
        return handler

    return declare


def _options(callers: Callers, resource: Resource | None) -> Request:
    """What the decision needs to know. An account without organization is only asked for the permission as such."""

    async def arns(ctx: Context, request: Request) -> str | tuple[str, ...]:
        organization = await organization_of(ctx, ctx.account)
        if organization is None or resource is None:
            return "*"
        return await resource(ctx.at(account=organization.management), organization, request)

    async def policy(ctx: Context, request: Request) -> str | None:
        organization = await organization_of(ctx, ctx.account)
        return None if organization is None else await _delegating_policy(ctx, organization, callers)

    async def owner(ctx: Context, request: Request) -> str | None:
        organization = await organization_of(ctx, ctx.account)
        if organization is None or await _delegating_policy(ctx, organization, callers) is None:
            return None
        return organization.management

    return {"resource": arns, "policy": policy, "owner": owner}


async def _delegating_policy(ctx: Context, organization: Organization, callers: Callers) -> str | None:
    """The resource policy that the caller needs; None when it does not need it. Raises AccessDeniedException."""
    if callers is MEMBERS or ctx.account == organization.management:
        return None
    scope = ctx.at(account=organization.management)
    if callers is READERS and await delegations.count(scope, ctx.account, limit=1):
        return None
    policy = None if callers is MANAGEMENT else await resource_policies.get(scope)
    if policy is None:
        raise errors.access_denied()
    return policy.content
