"""Client request tokens: a transaction that is sent again within ten minutes takes effect once.

A token is a row at (token) with a digest of its request; rows at (second, token) say when to forget it, and a task is due at the first.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import orjson

from fogbank.kernel import Record
from fogbank.services.dynamodb import errors
from fogbank.services.dynamodb.limits import TOKEN_LIFETIME
from fogbank.services.dynamodb.service import service

if TYPE_CHECKING:
    from fogbank.kernel import Context

_CHUNK = 500


class Token(Record, frozen=True):
    digest: bytes
    until: int


tokens = service.collection("tokens", Token)
ends = service.collection("token-ends", bytes)


def digest_of(parameters: Any) -> bytes:
    """Equal for equal parameters, in whatever order their members come."""
    return hashlib.blake2b(orjson.dumps(parameters, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


async def is_repeated(ctx: Context, token: str, digest: bytes) -> bool:
    """Was this very request made before? Notes it when it was not. Raises IdempotentParameterMismatchException."""
    known = await tokens.get(ctx, token)
    now = int(ctx.now())
    if known is not None and known.until > now:
        if known.digest != digest:
            raise errors.token_reused()
        return True
    until = now + TOKEN_LIFETIME
    tokens.put(ctx, Token(digest, until), token)
    ends.put(ctx, b"", until, token)
    await _plan(ctx, added=(until, token))
    return False


async def _plan(ctx: Context, added: tuple[int, str] | None = None) -> None:
    """Have the task run when the first token is to be forgotten; after adding one, only if it is now the first."""
    rows = await ends.items(ctx, (int, str), limit=1)
    if rows and (added is None or rows[0][0] == added):
        await ctx.schedule("forget_tokens", at=float(rows[0][0][0]), key="")


@service.task
async def forget_tokens(ctx: Context, payload: dict[str, Any]) -> None:
    over = await ends.items(ctx, (int, str), until=(int(ctx.now()) + 1,), limit=_CHUNK)
    for (until, token), _ in over:
        ends.delete(ctx, until, token)
        known = await tokens.get(ctx, token)
        if known is not None and known.until == until:
            tokens.delete(ctx, token)
    await _plan(ctx)
