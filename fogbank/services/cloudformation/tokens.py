"""Client request tokens: a request that comes again is not carried out again.

    tokens (token)   Token: the request that had it, and the stack that it was about

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
"""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from fogbank.kernel import Context, Record
from fogbank.services.cloudformation import errors
from fogbank.services.cloudformation.records import Request, Stack
from fogbank.services.cloudformation.service import service

# how long a token is remembered (seconds)
_KEPT = 86_400


class Token(Record, frozen=True):
    digest: str
    stack: str


tokens = service.collection("tokens", Token)


async def earlier(ctx: Context, request: Request) -> str | None:
    """The id of the stack that the very same request was about. Raises TokenAlreadyExistsException when another had its token."""
    token = request.get("ClientRequestToken")
    found = await tokens.get(ctx, token) if token else None
    if token and found is not None and found.digest != _digest(ctx, request):
        raise errors.token_used(token)
    return found.stack if found is not None else None


async def note(ctx: Context, request: Request, stack: Stack) -> None:
    token = request.get("ClientRequestToken")
    if token:
        tokens.put(ctx, Token(_digest(ctx, request), stack.id), token)
        await ctx.schedule("forget_token", {"token": token}, delay=_KEPT, key=token)


@service.task
async def forget_token(ctx: Context, payload: dict[str, Any]) -> None:
    tokens.delete(ctx, payload["token"])


def _digest(ctx: Context, request: Request) -> str:
    text = orjson.dumps([ctx.operation, request], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()
