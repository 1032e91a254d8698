"""The roles that delivery streams work with. Firehose always tells the account as the external id.

https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
"""

from __future__ import annotations

from fogbank.identity import Principal
from fogbank.kernel import Context


async def assumed(ctx: Context, stream_arn: str, role: str) -> Principal:
    """Raises AccessDenied."""
    return await ctx.assume(role, source_arn=stream_arn, external_id=ctx.account)


async def acting(ctx: Context, stream_arn: str, role: str, account: str = "", region: str = "") -> Context:
    """A context with the permissions of the role, by default in the stream's own account and region. Raises AccessDenied."""
    scope = ctx.at(account=account or ctx.account, region=region or ctx.region)
    scope.principal = await assumed(ctx, stream_arn, role)
    return scope
