"""Who may call: policies of APIs, policies that authorizers return, and what is remembered of these.

    verdicts  api, stage, authorizer, what identified the caller  -> Verdict

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
"""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from fogbank.identity.policy import Access, Policy
from fogbank.identity.principals import ANONYMOUS
from fogbank.kernel import AWSError, Collection, Context, Record

INVOKE = "execute-api:Invoke"
FORGET = "forget_verdict"


class Verdict(Record, frozen=True):
    """What an authorizer answered, until when (epoch seconds)."""

    answer: dict[str, Any]
    until: float


verdicts: Collection[Verdict] = Collection("apigateway", "verdicts", Verdict)


def key_of(*identity: str) -> str:
    """What stands for tokens and the like in a key: the store does not hold them."""
    return hashlib.sha256("\0".join(identity).encode()).hexdigest()


async def remembered(ctx: Context, *key: str) -> dict[str, Any] | None:
    async def look() -> dict[str, Any] | None:
        found = await verdicts.get(ctx, *key)
        return found.answer if found is not None and found.until > ctx.now() else None

    return await ctx.transact(look)


async def remember(ctx: Context, answer: dict[str, Any], seconds: int, *key: str) -> None:
    async def keep() -> None:
        until = ctx.now() + seconds
        verdicts.put(ctx, Verdict(answer, until), *key)
        await ctx.schedule(FORGET, {"key": list(key)}, at=until, key="/".join(key))

    await ctx.transact(keep)


async def forget_verdict(ctx: Context, payload: dict[str, Any]) -> None:
    """The task of services that remember: what an authorizer said is out of date."""
    verdicts.delete(ctx, *payload["key"])


# -- policies that authorizers return


def allows(document: Any, arn: str, ctx: Context) -> tuple[bool, bool]:
    """(allowed, denied explicitly). Raises ValueError for what is no policy."""
    try:
        policy = Policy(document if isinstance(document, dict) else orjson.loads(document))
        request = ctx.request
        keys = {"aws:sourceip": request.remote} if request is not None else {}
        outcome = policy.evaluate(Access(ANONYMOUS, INVOKE, arn, keys))
    except (KeyError, TypeError, AttributeError, orjson.JSONDecodeError) as error:
        raise ValueError(f"not a policy: {error}") from error
    return outcome.denied_by is None and outcome.allowed_by is not None, outcome.denied_by is not None


# -- policies of APIs, and of callers


async def may_invoke(ctx: Context, arn: str, policy: str | None) -> str | None:
    """None when IAM lets the caller (`ctx.principal`) invoke; else why not, in AWS's words, with the account hidden."""
    try:
        await ctx.authorise(INVOKE, arn, owner=ctx.account, policy=policy)
    except AWSError as error:
        hidden = f"********{ctx.account[-4:]}"
        return error.message.replace(
            f":execute-api:{ctx.region}:{ctx.account}:", f":execute-api:{ctx.region}:{hidden}:"
        )
    return None
