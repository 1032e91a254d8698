"""Which blobs belong to the state: a row for each, written by the transaction that names it, so that orphans can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogbank.kernel.collection import Collection

if TYPE_CHECKING:
    from fogbank.kernel.context import Context

kept: Collection[bytes] = Collection("fogbank", "blobs", bytes, scope="global")


def keep(ctx: Context, name: str) -> None:
    kept.put(ctx, b"", name)


def drop(ctx: Context, name: str) -> None:
    kept.delete(ctx, name)
    ctx.after_commit(lambda: ctx.app.blobs.delete(name))


async def sweep(ctx: Context) -> int:
    """Delete the files that no transaction kept (left by a crash between writing and committing); how many."""
    names = ctx.app.blobs.names()
    orphans = [name for name in names if await kept.get(ctx, name) is None]
    for name in orphans:
        ctx.app.blobs.delete(name)
    return len(orphans)
