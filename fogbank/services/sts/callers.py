"""Who calls, and which account a key belongs to."""

from __future__ import annotations

from typing import Any

from fogbank.identity.credentials import account_of
from fogbank.kernel import Context
from fogbank.services.sts import errors
from fogbank.services.sts.service import service


@service.operation(open=True)
async def get_caller_identity(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The caller. https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""
    principal = ctx.principal
    return {"UserId": principal.user_id, "Account": principal.account, "Arn": principal.arn}


@service.operation
async def get_access_key_info(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The account of a key, whatever the key's state. Raises ValidationError for a key that no account can have.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html
    """
    access_key = request["AccessKeyId"]
    issued = await ctx.app.authenticator.lookup(access_key)
    account = issued.principal.account if issued is not None else account_of(access_key)
    if account is None:
        raise errors.unknown_access_key(access_key)
    return {"Account": account}
