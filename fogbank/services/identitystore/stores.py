"""ListIdentityStores, DescribeIdentityStore, UpdateIdentityStore."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from msgspec.structs import replace

from fogbank.kernel import Context, pages
from fogbank.services.identitystore import errors, limits
from fogbank.services.identitystore.access import about
from fogbank.services.identitystore.entity import position
from fogbank.services.identitystore.service import service
from fogbank.services.identitystore.store import Store, arn_of, find, stores

Request = dict[str, Any]


def _identified(ctx: Context, store: Store) -> Request:
    return {"IdentityStoreId": store.id, "IdentityStoreArn": arn_of(ctx, store.id)}


@service.operation
async def list_identity_stores(ctx: Context, request: Request) -> Request:
    """API_ListIdentityStores."""
    limit = request.get("MaxResults", limits.PAGE)
    rows = await stores.scan(ctx, after=position(ctx, request), limit=limit + 1)
    shown, token = pages.page(rows, limit, lambda store: store.id)
    return {"IdentityStores": [_identified(ctx, store) for store in shown], "NextToken": token}


@service.operation(**about())
async def describe_identity_store(ctx: Context, request: Request) -> Request:
    """API_DescribeIdentityStore."""
    store = await find(ctx, request)
    return {**_identified(ctx, store), "NetworkConfiguration": store.network}


@service.operation(**about())
async def update_identity_store(ctx: Context, request: Request) -> Request:
    """Say from where the store can be reached. API_UpdateIdentityStore."""
    store = await find(ctx, request)
    network = request.get("NetworkConfiguration")
    if network is not None:
        _check_blocks(ctx, network)
        stores.put(ctx, replace(store, network=network), store.id)
    return _identified(ctx, store)


def _check_blocks(ctx: Context, network: Request) -> None:
    for block in (*network.get("ApiAllowSourceIps", ()), *network.get("ScimAllowSourceIps", ())):
        try:
            ip_network(block)
        except ValueError:
            raise errors.invalid(ctx, f"{block} is not a valid CIDR range.") from None
