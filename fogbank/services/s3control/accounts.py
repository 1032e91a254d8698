"""Whose resources a request is about: its `AccountId` says so, and its caller may be somebody else."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, pages
from fogbank.services.s3control import errors

Request = dict[str, Any]

_MOST = 1000


def home(ctx: Context, request: Request) -> Context:
    """The context in whose scope the account's resources are."""
    account = request.get("AccountId") or ctx.account
    return ctx if account == ctx.account else ctx.at(account=account)


async def owner(ctx: Context, request: Request) -> str | None:
    return request.get("AccountId")


def on(pattern: str) -> dict[str, Any]:
    """Options of an operation on the resource with an ARN such as `arn:aws:s3:{region}:{account}:accesspoint/{Name}`."""

    def resource(ctx: Context, request: Request) -> str:
        parts = {name: value for name, value in request.items() if isinstance(value, str)}
        return pattern.format(region=ctx.region, account=request.get("AccountId") or ctx.account, **parts)

    return {"resource": resource, "owner": owner}


ON_ACCOUNT: dict[str, Any] = {"resource": lambda ctx, request: "*", "owner": owner}


def limit_of(request: Request) -> int:
    """How many entries a page may have. Raises InvalidRequest for 0."""
    wanted = request.get("MaxResults")
    if wanted is not None and wanted < 1:
        raise errors.invalid_request("The range for the MaxResults parameter is not valid.")
    return min(wanted or _MOST, _MOST)


def after_of(request: Request) -> tuple[str, ...] | None:
    """The key after which a page begins."""
    token = request.get("NextToken")
    return None if token is None else tuple(pages.position(token, errors.invalid_token()).split("\0"))
