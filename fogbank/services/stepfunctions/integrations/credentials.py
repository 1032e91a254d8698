"""The credentials of a Task: a role, also of another account, which the state machine's role assumes.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-access-cross-acct-resources.html
"""

from __future__ import annotations

from fogbank.identity.principals import Principal, Session, role_session
from fogbank.kernel import Context

_SESSION = "stepfunctions"


async def assume(ctx: Context, own: str, machine: str, role: str) -> Principal:
    """A session of the role, which has to trust the state machine's own one; in a transaction. Raises AWSError."""
    scope = ctx.at()
    scope.principal = await ctx.assume(own, source_arn=machine)
    asked = {"RoleArn": role, "RoleSessionName": _SESSION}
    made = await scope.call("sts", "AssumeRole", asked, as_caller=True)
    role_id = made["AssumedRoleUser"]["AssumedRoleId"].partition(":")[0]
    return role_session(role, role_id, _SESSION, Session(ctx.now()))
