"""What Private CA tells EventBridge. https://docs.aws.amazon.com/privateca/latest/userguide/CloudWatchEvents.html"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, service_events
from fogbank.services.acm_pca.authority import Authority, arn


async def publish(ctx: Context, authority: Authority, detail_type: str, result: str, *more: str, **detail: Any) -> None:
    """Tell of something that succeeded or failed (`result`); `more` are the ARNs of what else it is about."""
    await service_events.tell(ctx, detail_type, {"result": result, **detail}, [arn(ctx, authority), *more])
