"""ACME accounts as the API sees them: describe, list, revoke. Clients make them; see `server`."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.acm.acme.access import ON_ACME, page
from fogbank.services.acm.acme.records import (
    Account,
    Endpoint,
    account_url,
    accounts,
    binding_arn,
    find_endpoint,
    not_found,
)
from fogbank.services.acm.service import service

Request = dict[str, Any]


@service.operation(**ON_ACME)
async def describe_acme_account(ctx: Context, request: Request) -> Request:
    """All about an account. API_DescribeAcmeAccount."""
    endpoint, account = await _find(ctx, request)
    return {"AcmeAccount": _shown(ctx, endpoint, account)}


@service.operation(**ON_ACME)
async def list_acme_accounts(ctx: Context, request: Request) -> Request:
    """The accounts that were registered with an endpoint. API_ListAcmeAccounts."""
    endpoint = await find_endpoint(ctx, request["AcmeEndpointArn"])
    rows, token = page(await accounts.scan(ctx, endpoint.id), request, lambda account: account.id)
    return {"AcmeAccounts": [_shown(ctx, endpoint, account) for account in rows], "NextToken": token}


@service.operation(**ON_ACME)
async def revoke_acme_account(ctx: Context, request: Request) -> None:
    """The account can do nothing any more. API_RevokeAcmeAccount."""
    endpoint, account = await _find(ctx, request)
    accounts.put(ctx, msgspec.structs.replace(account, status="REVOKED"), endpoint.id, account.id)


async def _find(ctx: Context, request: Request) -> tuple[Endpoint, Account]:
    endpoint = await find_endpoint(ctx, request["AcmeEndpointArn"])
    url = request["AccountUrl"]
    account = await accounts.get(ctx, endpoint.id, url.rpartition("/")[2])
    if account is None or url != account_url(ctx, endpoint, account.id):
        raise not_found(url)
    return endpoint, account


def _shown(ctx: Context, endpoint: Endpoint, account: Account) -> Request:
    return {
        "AccountUrl": account_url(ctx, endpoint, account.id),
        "PublicKeyThumbprint": account.thumbprint,
        "Status": account.status,
        "CreatedAt": account.created,
        "AcmeExternalAccountBindingArn": binding_arn(ctx, endpoint.id, account.binding),
        "Contacts": account.contacts,
    }
