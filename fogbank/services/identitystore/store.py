"""Identity stores: one for each instance of IAM Identity Center, made and deleted together with it.

    stores    (id)    Store

Requests name a store, and what is in it, by id or by ARN.
"""

from __future__ import annotations

from typing import Any

from fogbank.identity.workforce import lets_in
from fogbank.kernel import Context, Record
from fogbank.services.identitystore import errors
from fogbank.services.identitystore.service import service

Request = dict[str, Any]

# A closed network can always be opened again.
_ALWAYS_REACHABLE = frozenset({"describe_identity_store", "update_identity_store"})


class Store(Record, frozen=True):
    """`network` is the NetworkConfiguration as it was given."""

    id: str
    network: dict[str, Any] | None = None


stores = service.collection("stores", Store, cached=True)


def plain(identifier: str) -> str:
    """The id in what may be an ARN."""
    return identifier.rpartition("/")[2]


def arn_of(ctx: Context, store: str) -> str:
    return f"arn:{ctx.partition}:identitystore::{ctx.account}:identitystore/{plain(store)}"


def arn_in(ctx: Context, kind: str, identifier: str) -> str:
    """The ARN of a user, a group or a membership."""
    return f"arn:{ctx.partition}:identitystore:::{kind}/{plain(identifier)}"


async def find(ctx: Context, request: Request) -> Store:
    """The store that a request names. Raises ResourceNotFoundException, AccessDeniedException (network)."""
    identifier = plain(request["IdentityStoreId"])
    store = await stores.get(ctx, identifier)
    if store is None or arn_of(ctx, request["IdentityStoreId"]) != arn_of(ctx, identifier):
        raise errors.store_not_found(ctx, identifier)
    if ctx.operation not in _ALWAYS_REACHABLE and not _lets_in(store, ctx):
        raise errors.outside_network(ctx)
    return store


def _lets_in(store: Store, ctx: Context) -> bool:
    """Does the network configuration let the request in? Those of services pass."""
    network, request = store.network, ctx.request
    if network is None or request is None:
        return True
    vpcs, addresses = network.get("ApiRestrictSourceVpcs", ()), network.get("ApiAllowSourceIps", ())
    return lets_in(request.remote, network["VpceAccessRequired"], vpcs, addresses)
