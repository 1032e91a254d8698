"""Roles by their ARN, and the sessions of those who act as one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fogbank.identity import directory
from fogbank.identity.directory import Role

if TYPE_CHECKING:
    from fogbank.kernel.context import Context

# The trust policy of a role that is not there: nobody is told which roles there are.
NO_TRUST = '{"Version":"2012-10-17","Statement":[]}'
_ARN = re.compile(r"arn:[\w-]+:iam::(\d{12}):role/(?:.+/)?([\w+=,.@-]+)")
_NOT_IN_NAMES = re.compile(r"[^\w+=,.@-]")


def account_of(arn: str) -> str | None:
    """The account that a role's ARN names; None for what is no role's ARN."""
    found = _ARN.fullmatch(arn)
    return found[1] if found else None


async def find(ctx: Context, arn: str) -> Role | None:
    """The role of that ARN, in whatever account. `ctx` is in a transaction."""
    found = _ARN.fullmatch(arn)
    home = ctx.at(account=found[1]) if found else ctx
    if found is None or await directory.iam_token(home) is None:
        return None
    iam = directory.iam(ctx.app)
    role = None if iam is None else await iam.role(home, found[2])
    return role if role is not None and role.arn.lower() == arn.lower() else None


def session_name(text: str) -> str:
    """A role session's name made of some text, an ARN or a name: 2 to 64 characters that such a name may have."""
    name = _NOT_IN_NAMES.sub("-", re.split(r"[:/]", text)[-1])[:64]
    return name if len(name) > 1 else f"{name}--"[:2]
