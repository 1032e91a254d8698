"""From a permission set to a role in an account, made and changed through IAM by Identity Center's service-linked role there.

https://docs.aws.amazon.com/singlesignon/latest/userguide/using-service-linked-roles.html. In the management account, for which that
role has no permission, it is done as the account itself.
"""

from __future__ import annotations

import json
from typing import Any

from fogbank.identity.principals import root, service_host
from fogbank.kernel import Context
from fogbank.services.sso_admin.assignment import Provisioned, provisioned
from fogbank.services.sso_admin.permission_set import PermissionSet
from fogbank.services.sso_admin.service import service

Request = dict[str, Any]

_PATH = "/aws-reserved/sso.amazonaws.com/"
_HOST = service_host(service.name)
_INLINE = "AwsSSOInlinePolicy"
_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": _HOST}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
        ],
    }
)


class Target:
    """IAM in the account of a role."""

    def __init__(self, ctx: Context, account: str, linked_role: str | None) -> None:
        self.home = ctx.at(account=account)
        self.linked_role = linked_role

    async def call(self, operation: str, **request: Any) -> Request:
        if self.linked_role is not None:
            return await self.home.call("iam", operation, request, role=self.linked_role)
        self.home.principal = root(self.home.account, "")
        return await self.home.call("iam", operation, request, as_caller=True)


async def _target(ctx: Context, account: str) -> Target:
    if await management_account(ctx) == account:
        return Target(ctx, account, None)
    iam = ctx.app.services.get("iam")
    assert iam is not None
    return Target(ctx, account, await iam.provided["linked_roles"].ensure(ctx.at(account=account), _HOST))


async def management_account(ctx: Context) -> str | None:
    """The management account of the organization that the instance's account is in; None outside of organizations."""
    organizations = ctx.app.services.get("organizations")
    membership = None if organizations is None else organizations.provided.get("membership")
    organization = None if membership is None else await membership.organization(ctx, ctx.account)
    return None if organization is None else organization.management


async def accounts(ctx: Context) -> list[str]:
    """The accounts in which roles can be provisioned: those of the organization, or just the instance's own."""
    if await management_account(ctx) is None:
        return [ctx.account]
    organizations = ctx.app.services.get("organizations")
    assert organizations is not None
    return await organizations.provided["membership"].accounts(ctx, ctx.account)


def role_arn(ctx: Context, row: Provisioned) -> str:
    return f"arn:{ctx.partition}:iam::{row.account}:role{_PATH}{row.role}"


# -- making and unmaking


async def provision(ctx: Context, wanted: PermissionSet, account: str) -> None:
    """Make the role as the permission set wants it, whatever was there before. Raises IAM's errors."""
    row = await provisioned.get(ctx, wanted.arn, account)
    target = await _target(ctx, account)
    name = row.role if row is not None else f"AWSReservedSSO_{wanted.name}_{ctx.ids.hex(16)}"
    if row is None:
        await target.call("CreateRole", RoleName=name, Path=_PATH, AssumeRolePolicyDocument=_TRUST)
    else:
        await _strip(target, name)
    about = {"RoleName": name, "MaxSessionDuration": 12 * 3600}
    await target.call("UpdateRole", **about, Description=wanted.description or "")
    await _dress(target, name, wanted)
    provisioned.put(ctx, Provisioned(wanted.arn, account, name, wanted.version), wanted.arn, account)


async def _dress(target: Target, name: str, wanted: PermissionSet) -> None:
    for arn in wanted.managed:
        await target.call("AttachRolePolicy", RoleName=name, PolicyArn=arn)
    for path, policy in wanted.references:
        await target.call("AttachRolePolicy", RoleName=name, PolicyArn=_policy_arn(target, path, policy))
    if wanted.inline is not None:
        await target.call("PutRolePolicy", RoleName=name, PolicyName=_INLINE, PolicyDocument=wanted.inline)
    if wanted.boundary is not None:
        arn = _boundary_arn(target, wanted.boundary)
        await target.call("PutRolePermissionsBoundary", RoleName=name, PermissionsBoundary=arn)


async def _strip(target: Target, name: str) -> None:
    for attached in (await target.call("ListAttachedRolePolicies", RoleName=name))["AttachedPolicies"]:
        await target.call("DetachRolePolicy", RoleName=name, PolicyArn=attached["PolicyArn"])
    for policy in (await target.call("ListRolePolicies", RoleName=name))["PolicyNames"]:
        await target.call("DeleteRolePolicy", RoleName=name, PolicyName=policy)
    if "PermissionsBoundary" in (await target.call("GetRole", RoleName=name))["Role"]:
        await target.call("DeleteRolePermissionsBoundary", RoleName=name)


def _policy_arn(target: Target, path: str, name: str) -> str:
    return f"arn:{target.home.partition}:iam::{target.home.account}:policy{path}{name}"


def _boundary_arn(target: Target, boundary: Request) -> str:
    reference = boundary.get("CustomerManagedPolicyReference")
    if reference is None:
        return boundary["ManagedPolicyArn"]
    return _policy_arn(target, reference.get("Path", "/"), reference["Name"])


async def withdraw(ctx: Context, row: Provisioned) -> None:
    """Take the role away. Raises IAM's errors."""
    target = await _target(ctx, row.account)
    await _strip(target, row.role)
    await target.call("DeleteRole", RoleName=row.role)
    provisioned.delete(ctx, row.permission_set, row.account)
