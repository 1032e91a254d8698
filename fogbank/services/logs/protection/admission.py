"""Having the stream of Firehose that the findings of audits go to let them in."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, log_delivery


async def admit(ctx: Context, destination: dict[str, Any]) -> None:
    """Raises ResourceNotFoundException."""
    if "Firehose" in destination:
        await log_delivery.admit(ctx, stream_arn(ctx, destination))


def stream_arn(ctx: Context, destination: dict[str, Any]) -> str:
    name = destination["Firehose"]["DeliveryStream"]
    return f"arn:{ctx.partition}:firehose:{ctx.region}:{ctx.account}:deliverystream/{name}"
