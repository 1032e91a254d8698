"""Client request tokens: a transaction that is sent again within ten minutes takes effect once.

tokens   (token)          Token: a digest of its request, and until when it counts (epoch seconds)
ends     (minute, token)  the tokens that are to be forgotten at a minute
minutes  (minute)         there is a task for that minute
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
minutes = service.collection("token-minutes", bytes)


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
    minute = until // 60 + 1
    tokens.put(ctx, Token(digest, until), token)
    ends.put(ctx, b"", minute, token)
    if await minutes.get(ctx, minute) is None:
        minutes.put(ctx, b"", minute)
        await ctx.schedule("forget_tokens", {"minute": minute}, at=minute * 60.0)
    return False


@service.task
async def forget_tokens(ctx: Context, payload: dict[str, Any]) -> None:
    """Forget the tokens of a minute, unless they were used anew, some at a time."""
    minute = payload["minute"]
    over = await ends.items(ctx, (str,), minute, limit=_CHUNK)
    for (token,), _ in over:
        ends.delete(ctx, minute, token)
        known = await tokens.get(ctx, token)
        if known is not None and known.until < minute * 60:
            tokens.delete(ctx, token)
    if len(over) == _CHUNK:
        await ctx.schedule("forget_tokens", payload)
        return
    minutes.delete(ctx, minute)
