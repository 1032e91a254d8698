"""How often something may be asked: token buckets, which fill on the virtual clock.

    buckets  whose  -> Bucket

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
"""

from __future__ import annotations

from fogbank.kernel import Collection, Context, Record


class Bucket(Record, frozen=True):
    """`tokens` at that moment (epoch seconds)."""

    tokens: float
    moment: float


buckets: Collection[Bucket] = Collection("apigateway", "buckets", Bucket)


async def take(ctx: Context, rate: float, burst: float, *whose: str) -> bool:
    """Take a token, in a transaction. False when there is none: a bucket holds `burst`, and gets `rate` each second."""
    now = ctx.now()
    found = await buckets.get(ctx, *whose) or Bucket(burst, now)
    tokens = min(burst, found.tokens + max(now - found.moment, 0) * rate)
    if tokens < 1:
        return False
    buckets.put(ctx, Bucket(tokens - 1, now), *whose)
    return True
