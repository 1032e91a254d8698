"""What Private CA tells EventBridge. https://docs.aws.amazon.com/privateca/latest/userguide/CloudWatchEvents.html"""

from __future__ import annotations

import json
from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.acm_pca.authority import Authority, arn


async def publish(ctx: Context, authority: Authority, detail_type: str, result: str, *more: str, **detail: Any) -> None:
    """Tell of something that succeeded or failed (`result`); `more` are the ARNs of what else it is about."""
    entry = {
        "Source": "aws.acm-pca",
        "DetailType": detail_type,
        "Detail": json.dumps({"result": result, **detail}),
        "Resources": [arn(ctx, authority), *more],
        "Time": ctx.now(),
    }
    try:
        await ctx.call("events", "PutEvents", {"Entries": [entry]})
    except AWSError as error:
        if error.code != "NotImplemented":  # without EventBridge there is nobody to tell
            raise
