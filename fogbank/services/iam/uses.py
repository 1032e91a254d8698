"""When roles and access keys were last used, as the journal of decisions knows it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fogbank.kernel import Context

if TYPE_CHECKING:
    from fogbank.identity.journal import Journal, Use

Request = dict[str, Any]

# AWS looks back 400 days
_PERIOD: Final = 400 * 86_400


def journal(ctx: Context) -> Journal:
    return ctx.app.gateway.authorisation.journal


async def of_role(ctx: Context, arn: str, created: int) -> Request:
    """The RoleLastUsed of the API; empty for a role that was not used since it was created, or not for long."""
    since = max(created, ctx.now() - _PERIOD)
    uses: list[Use] = [use for use in (await journal(ctx).uses(ctx, arn)).values() if use.last >= since]
    if not uses:
        return {}
    last = max(uses, key=lambda use: use.last)
    return {"LastUsedDate": int(last.last), "Region": last.region}


async def of_access_key(ctx: Context, access_key: str) -> Request:
    """The AccessKeyLastUsed of the API; a key that was never used has N/A for service and region."""
    use = await journal(ctx).key_use(ctx, access_key)
    if use is None:
        return {"ServiceName": "N/A", "Region": "N/A"}
    return {"LastUsedDate": int(use.last), "ServiceName": use.service, "Region": use.region}
