"""What EventBridge tells of itself: states of connections and API destinations.

https://docs.aws.amazon.com/eventbridge/latest/userguide/event-reference.html
"""

from __future__ import annotations

import time

from fogbank.kernel import Context, service_events


async def connection_is(ctx: Context, name: str, arn: str, status: str, reason: str | None = None) -> None:
    """`status`: `Creation Started`, `Authorized` ..."""
    detail = {"ConnectionName": name, "StateReason": reason, "Timestamp": _timestamp(ctx)}
    await service_events.tell(ctx, f"Connection {status}", detail, [arn])


async def destination_is(ctx: Context, name: str, arn: str, status: str) -> None:
    """`status`: `Activated` or `Deactivated`."""
    detail = {"ApiDestinationName": name, "Timestamp": _timestamp(ctx)}
    await service_events.tell(ctx, f"API Destination {status}", detail, [arn])


def _timestamp(ctx: Context) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S +0000 UTC", time.gmtime(ctx.now()))
