"""Forgetting an account: its own rows, and what it has in collections that all accounts share.

A row of a global collection belongs to the account that its record names in a field `account`; blobs and tasks are such rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fogbank.kernel import keys
from fogbank.kernel.blobs import Kept, blob_of, drop, kept
from fogbank.kernel.collection import catalogue

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.kernel.context import Context

_BATCH = 500

Owner = Callable[[bytes], "str | None"]


async def forget(app: App, account: str) -> None:
    """Delete everything of the account, a batch at a time; its blobs go soon after."""
    for group in await app.store.groups():
        service, name, owner, _ = keys.decode(group, (str, str, str, str))
        if owner == account:
            await app.store.delete_range(group, keys.after_prefix(group))
        elif not owner and (owner_of := _owner_of(app, str(service), str(name))) is not None:
            await _forget_shared(app.system_context(operation="forget"), group, owner_of, account)


def _owner_of(app: App, service: str, name: str) -> Owner | None:
    """What tells whose a row is; None when the rows of the collection are nobody's."""
    app.services.get(service)  # so that its collections are known
    collection = catalogue.get((service, name))
    if collection is kept:
        return lambda value: Kept.of(value).account
    if collection is None or "account" not in getattr(collection.record, "__struct_fields__", ()):
        return None
    return lambda value: collection.decode(value).account


async def _forget_shared(ctx: Context, group: bytes, owner_of: Owner, account: str) -> None:
    end = keys.after_prefix(group)

    async def some(start: bytes) -> bytes | None:
        """Look at a batch of rows. Returns where the next one begins."""
        rows = await ctx.tx.scan(start, end, _BATCH)
        for key, value in rows:
            if owner_of(value) == account:
                _delete(ctx, key)
        return rows[-1][0] + b"\0" if len(rows) == _BATCH else None

    at: bytes | None = group
    while at is not None:
        at = await ctx.transact(some, at)


def _delete(ctx: Context, key: bytes) -> None:
    if blob := blob_of(key):
        drop(ctx, blob)
    else:
        ctx.tx.delete(key)
        ctx.tx.defines = True
