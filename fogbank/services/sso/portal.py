"""ListAccounts, ListAccountRoles, GetRoleCredentials, Logout. The access token is all the proof there is: nothing is signed.

https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fogbank.identity.roles import session_name
from fogbank.identity.workforce import Bearer, Grant, assignments, bearers
from fogbank.kernel import AWSError, Context, pages
from fogbank.services.sso.service import service

Request = dict[str, Any]

_PAGE = 100


def _unauthorized() -> AWSError:
    return AWSError("UnauthorizedException", "Session token not found or invalid")


def _no_access() -> AWSError:
    # AWS answers 403 with this code, though the model has no such error: botocore takes it from the header
    return AWSError("ForbiddenException", "No access", 403)


async def _bearer(ctx: Context, request: Request) -> Bearer:
    found = await bearers(ctx).bearer(ctx, request["accessToken"])
    if found is None:
        raise _unauthorized()
    return found


async def _grants(ctx: Context, request: Request) -> list[Grant]:
    bearer = await _bearer(ctx, request)
    return await assignments(ctx).grants(ctx, bearer.portal, bearer.person.id)


def _page(request: Request, keys: Sequence[str]) -> tuple[Sequence[str], str | None]:
    limit = request.get("maxResults", _PAGE)
    if "nextToken" in request:
        last = pages.position(request["nextToken"], AWSError("InvalidRequestException", "Invalid nextToken"))
        keys = [key for key in keys if key > last]
    return pages.page(keys[: limit + 1], limit, str)


@service.operation(open=True)
async def list_accounts(ctx: Context, request: Request) -> Request:
    """The accounts in which the person may be something. API_ListAccounts."""
    shown, token = _page(request, sorted({grant.account for grant in await _grants(ctx, request)}))
    return {"accountList": [await _account(ctx, account) for account in shown], "nextToken": token}


async def _account(ctx: Context, account: str) -> Request:
    """An AccountInfo of the API."""
    management = ctx.app.services.get("account")
    assert management is not None
    profile = await management.provided["profiles"].get(ctx.at(account=account))
    return {"accountId": account, "accountName": profile.name, "emailAddress": profile.email}


@service.operation(open=True)
async def list_account_roles(ctx: Context, request: Request) -> Request:
    """What the person may be in an account. Raises ForbiddenException where it is nothing. API_ListAccountRoles."""
    account = request["accountId"]
    names = sorted({grant.name for grant in await _grants(ctx, request) if grant.account == account})
    if not names:
        raise _no_access()
    shown, token = _page(request, names)
    return {"roleList": [{"roleName": name, "accountId": account} for name in shown], "nextToken": token}


@service.operation(open=True)
async def get_role_credentials(ctx: Context, request: Request) -> Request:
    """Credentials of the permission set's role in the account, for as long as the set says. API_GetRoleCredentials."""
    bearer = await _bearer(ctx, request)
    wanted = (request["accountId"], request["roleName"])
    found = await assignments(ctx).grants(ctx, bearer.portal, bearer.person.id)
    grant = next((grant for grant in found if (grant.account, grant.name) == wanted), None)
    if grant is None:
        raise _no_access()
    tags = await assignments(ctx).session_tags(ctx, bearer.portal, bearer.person.id)
    entered = {
        "RoleArn": grant.role,
        "RoleSessionName": session_name(bearer.person.user_name),
        "DurationSeconds": grant.duration,
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }
    issued = (await ctx.at(account=grant.account).call("sts", "AssumeRole", entered))["Credentials"]
    return {
        "roleCredentials": {
            "accessKeyId": issued["AccessKeyId"],
            "secretAccessKey": issued["SecretAccessKey"],
            "sessionToken": issued["SessionToken"],
            "expiration": int(issued["Expiration"] * 1000),
        }
    }


@service.operation(open=True)
async def logout(ctx: Context, request: Request) -> None:
    """Make the token void, and the one that would refresh it. API_Logout."""
    await _bearer(ctx, request)
    await bearers(ctx).sign_out(ctx, request["accessToken"])
