"""Who is assigned to what, and what is provisioned where; and the answers to the sign-in services' questions about it."""

from __future__ import annotations

import re
from typing import Any

from fogbank.identity.workforce import Grant, Portal, workforce
from fogbank.kernel import Context
from fogbank.services.sso_admin import access_control
from fogbank.services.sso_admin.assignment import Assignment, Provisioned, assignments, provisioned
from fogbank.services.sso_admin.instance import ON_INSTANCE, find, id_in, key_of, portals
from fogbank.services.sso_admin.listing import listed
from fogbank.services.sso_admin.permission_set import ON_SET, find_set, permission_sets
from fogbank.services.sso_admin.permission_sets import seconds
from fogbank.services.sso_admin.provisioning import role_arn
from fogbank.services.sso_admin.service import service

Request = dict[str, Any]

_STORE = re.compile(r"d-[0-9a-f]{10}")


def _described(row: Assignment) -> Request:
    return {
        "AccountId": row.account,
        "PermissionSetArn": row.permission_set,
        "PrincipalType": row.type,
        "PrincipalId": row.principal,
    }


def _key(row: Assignment) -> str:
    return f"{row.permission_set} {row.account} {row.type} {row.principal}"


@service.operation(**ON_SET)
async def list_account_assignments(ctx: Context, request: Request) -> Request:
    """API_ListAccountAssignments."""
    present = await find_set(ctx, request)
    rows = await assignments.scan(ctx, present.arn, request["AccountId"])
    return listed(request, "AccountAssignments", rows, _key, _described)


@service.operation(**ON_INSTANCE)
async def list_account_assignments_for_principal(ctx: Context, request: Request) -> Request:
    """A user's own and those of its groups. API_ListAccountAssignmentsForPrincipal."""
    instance = await find(ctx, request)
    account = request.get("Filter", {}).get("AccountId")
    holders = {(request["PrincipalType"], request["PrincipalId"])}
    if request["PrincipalType"] == "USER":
        holders |= await _groups(ctx, instance.store, request["PrincipalId"])
    rows = [row for row in await _held(ctx, request["InstanceArn"], holders) if account in (None, row.account)]
    return listed(request, "AccountAssignments", rows, _key, _described)


async def _groups(ctx: Context, store: str, user: str) -> set[tuple[str, str]]:
    return {("GROUP", group) for group in await workforce(ctx).groups_of(ctx, store, user)}


async def _held(ctx: Context, instance: str, holders: set[tuple[str, str]]) -> list[Assignment]:
    inside = f"{instance.replace(':instance/', ':permissionSet/')}/"
    rows = await assignments.scan(ctx, starts_with=inside)
    return [row for row in rows if (row.type, row.principal) in holders]


@service.operation(**ON_SET)
async def list_accounts_for_provisioned_permission_set(ctx: Context, request: Request) -> Request:
    """API_ListAccountsForProvisionedPermissionSet."""
    present = await find_set(ctx, request)
    rows = [row.account for row in await provisioned.scan(ctx, present.arn) if _wanted(request, row, present.version)]
    return listed(request, "AccountIds", rows, str, str)


@service.operation(**ON_INSTANCE)
async def list_permission_sets_provisioned_to_account(ctx: Context, request: Request) -> Request:
    """API_ListPermissionSetsProvisionedToAccount."""
    instance = await find(ctx, request)
    found = []
    for present in await permission_sets.scan(ctx, instance.id):
        row = await provisioned.get(ctx, present.arn, request["AccountId"])
        if row is not None and _wanted(request, row, present.version):
            found.append(present.arn)
    return listed(request, "PermissionSets", found, str, str)


def _wanted(request: Request, row: Provisioned, current: int) -> bool:
    """Is what is there the latest, or not, as the request wants it?"""
    wanted = request.get("ProvisioningStatus")
    is_latest = row.version == current
    return wanted is None or is_latest == (wanted == "LATEST_PERMISSION_SET_PROVISIONED")


# -- what the sign-in services ask


class Assignments:
    """Implements `fogbank.identity.workforce.Assignments`."""

    async def portal(self, ctx: Context, start_url: str) -> Portal | None:
        found = _STORE.search(start_url)
        return None if found is None else await self.portal_of(ctx, found[0])

    async def portal_of(self, ctx: Context, store: str) -> Portal | None:
        return await portals.get(ctx, store)

    async def grants(self, ctx: Context, portal: Portal, user: str) -> list[Grant]:
        home = ctx.at(account=portal.account, region=portal.region)
        holders = {("USER", user)} | await _groups(home, portal.store, user)
        found = {await self._grant(home, row) for row in await _held(home, portal.instance, holders)}
        return sorted((grant for grant in found if grant is not None), key=lambda grant: (grant.account, grant.name))

    async def session_tags(self, ctx: Context, portal: Portal, user: str) -> dict[str, str]:
        home = ctx.at(account=portal.account, region=portal.region)
        return await access_control.session_tags(home, id_in(portal.instance), portal.store, user)

    async def _grant(self, home: Context, row: Assignment) -> Grant | None:
        present = await permission_sets.get(home, *key_of(row.permission_set))
        made = await provisioned.get(home, row.permission_set, row.account)
        if present is None or made is None:
            return None
        return Grant(row.account, present.name, role_arn(home, made), seconds(present.duration))


service.provide("assignments", Assignments())
