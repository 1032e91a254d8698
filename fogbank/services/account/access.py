"""Which account a request is about, and whether the caller may ask about it.

Without an AccountId it is the caller's own ("standalone context"). With one it is a member of the caller's organization, and the caller is
of the management account or of the delegated administrator for `account.amazonaws.com`; see
https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-update-contact-alternate.html. IAM is asked when the account is known,
since the resource's ARN in an organization has the organization's id.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from fogbank.identity.membership import membership
from fogbank.services.account import errors
from fogbank.services.account.service import service

if TYPE_CHECKING:
    from fogbank.kernel import AWSError, Context

Request = dict[str, Any]
Handler = Callable[["Context", Request], Awaitable[Request | None]]

PRINCIPAL = "account.amazonaws.com"


def operation(handler: Handler) -> Handler:
    """Declare an operation. Its handler runs in the context of the account that the request is about."""
    return _declare(handler, _account)


def for_members(handler: Handler) -> Handler:
    """Declare an operation that only an organization's administrators have, about one of its members."""
    return _declare(handler, _member)


def _declare(handler: Handler, find: Callable[[Context, str | None], Awaitable[tuple[str, str]]]) -> Handler:
    async def run(ctx: Context, request: Request) -> Request | None:
        account, arn = await find(ctx, request.get("AccountId"))
        await ctx.authorise(f"account:{_name(ctx)}", arn)
        return await handler(ctx.at(account=account), request)

    service.operation_from(run, handler.__name__, resource=lambda ctx, request: ())
    return handler


async def _account(ctx: Context, account: str | None) -> tuple[str, str]:
    """The account and its ARN. Raises AccessDeniedException."""
    if account is None:
        return ctx.account, f"arn:{ctx.partition}:account::{ctx.account}:account"
    return await _member(ctx, account)


async def _member(ctx: Context, account: str | None) -> tuple[str, str]:
    assert account is not None
    members = membership(ctx)
    organization = await members.organization(ctx, ctx.account)
    if organization is None or not await members.administers(ctx, ctx.account, PRINCIPAL):
        raise _denied(ctx, errors.NOT_ADMINISTRATOR)
    if not await members.trusts(ctx, ctx.account, PRINCIPAL):
        raise _denied(ctx, errors.NO_TRUSTED_ACCESS)
    if account == organization.management:
        raise _denied(ctx, errors.STANDALONE_ONLY)
    if await members.organization(ctx, account) != organization:
        raise _denied(ctx, errors.NOT_A_MEMBER)
    return account, f"arn:{ctx.partition}:account::{organization.management}:account/{organization.id}/{account}"


def _denied(ctx: Context, reason: str) -> AWSError:
    return errors.access_denied(ctx.principal.arn, _name(ctx), reason)


def _name(ctx: Context) -> str:
    """The operation's name as AWS writes it."""
    from fogbank import protocols

    return protocols.load(ctx.service.name).operation_by_snake(ctx.operation).name
