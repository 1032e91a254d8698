"""Nonces: each is good for one request, for an hour."""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.services.acm.acme.records import nonces

_SECONDS = 3_600


async def make(ctx: Context, endpoint_id: str) -> str:
    """A new nonce. It begins with its time, so that those that nobody used are found and forgotten."""
    for (old,), _ in await nonces.items(ctx, (str,), endpoint_id, until=(_prefix(ctx.now() - _SECONDS),), limit=10):
        nonces.delete(ctx, endpoint_id, old)
    nonce = _prefix(ctx.now()) + ctx.ids.hex(32)
    nonces.put(ctx, b"", endpoint_id, nonce)
    return nonce


def _prefix(moment: float) -> str:
    return f"{int(moment):010x}"


async def take(ctx: Context, endpoint_id: str, nonce: str) -> bool:
    """Use a nonce up. False when there is no such nonce."""
    if await nonces.get(ctx, endpoint_id, nonce) is None or nonce < _prefix(ctx.now() - _SECONDS):
        return False
    nonces.delete(ctx, endpoint_id, nonce)
    return True
