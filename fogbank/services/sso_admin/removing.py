"""What goes together with an instance: permission sets with assignments and roles, applications and the rest of it."""

from __future__ import annotations

import contextlib

from fogbank.kernel import AWSError, Context
from fogbank.services.sso_admin import access_control, application, provisioning, regions, token_issuers
from fogbank.services.sso_admin.assignment import assignments, provisioned
from fogbank.services.sso_admin.instance import Instance, key_of
from fogbank.services.sso_admin.permission_set import PermissionSet, permission_sets


async def clear(ctx: Context, instance: Instance) -> None:
    """Take all of it away. A role that IAM will not delete stays in its account."""
    for present in await permission_sets.scan(ctx, instance.id):
        await _remove(ctx, present)
    await application.clear(ctx, instance.id)
    await token_issuers.clear(ctx, instance.id)
    await regions.clear(ctx, instance.id)
    access_control.configurations.delete(ctx, instance.id)


async def _remove(ctx: Context, present: PermissionSet) -> None:
    for row in await provisioned.scan(ctx, present.arn):
        with contextlib.suppress(AWSError):
            await ctx.undoing(provisioning.withdraw, ctx, row)
        provisioned.delete(ctx, row.permission_set, row.account)
    for made in await assignments.scan(ctx, present.arn):
        assignments.delete(ctx, made.permission_set, made.account, made.type, made.principal)
    permission_sets.delete(ctx, *key_of(present.arn))
