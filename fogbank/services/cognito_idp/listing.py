"""ListUsers and its filters.

https://docs.aws.amazon.com/cognito/latest/developerguide/how-to-manage-user-accounts.html#cognito-user-pools-searching-for-users-using-listusers-api
"""

from __future__ import annotations

import re
from collections.abc import Callable

from fogbank.kernel import Context
from fogbank.kernel.pages import page, position
from fogbank.services.cognito_idp import errors
from fogbank.services.cognito_idp.pool import ON_POOL, Request, find
from fogbank.services.cognito_idp.service import service
from fogbank.services.cognito_idp.user import User, shown, users

_PAGE = 60
_BATCH = 200
_FILTER = re.compile(r'\s*([\w:]+)\s*(\^?=)\s*"((?:[^"\\]|\\.)*)"\s*')
_NAMES = {"username", "cognito:user_status", "status"}
_ATTRIBUTES = {"sub", "name", "given_name", "family_name", "preferred_username", "email", "phone_number"}


def parsed(text: str) -> Callable[[User], bool]:
    """Whether a user fits a filter such as `family_name ^= "Re"`. Raises InvalidParameterException."""
    found = _FILTER.fullmatch(text)
    if found is None or found[1] not in _NAMES | _ATTRIBUTES:
        raise errors.bad_filter()
    name, wanted = found[1], re.sub(r"\\(.)", r"\1", found[3])
    if found[2] == "=":
        return lambda user: _value(user, name) == wanted
    return lambda user: (_value(user, name) or "").startswith(wanted)


def _value(user: User, name: str) -> str | None:
    if name == "status":
        return "Enabled" if user.enabled else "Disabled"
    if name == "cognito:user_status":
        return user.status
    return user.name if name == "username" else user.told().get(name)


@service.operation(**ON_POOL)
async def list_users(ctx: Context, request: Request) -> Request:
    """API_ListUsers. Errors: InvalidParameterException (filter, token, attributes that are not in the schema)."""
    pool = await find(ctx, request["UserPoolId"])
    text, token = request.get("Filter"), request.get("PaginationToken")
    fits = parsed(text) if text else lambda user: True
    limit = request.get("Limit")
    limit = _PAGE if limit is None else max(limit, 1)
    after = (position(token, errors.bad_token("PaginationToken")),) if token else None
    listed, following = page(
        await _found(ctx, pool.id, fits, after, limit + 1), limit, lambda user: pool.folded(user.name)
    )
    return {"Users": [shown(user, request.get("AttributesToGet")) for user in listed], "PaginationToken": following}


async def _found(
    ctx: Context, pool: str, fits: Callable[[User], bool], after: tuple[str] | None, limit: int
) -> list[User]:
    """The first users after a place that fit."""
    found: list[User] = []
    while len(found) < limit:
        rows = await users.items(ctx, (str,), pool, after=after, limit=_BATCH)
        found += [user for _, user in rows if fits(user)]
        if len(rows) < _BATCH:
            break
        after = (str(rows[-1][0][0]),)
    return found[:limit]
