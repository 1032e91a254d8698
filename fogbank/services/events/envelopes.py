"""Events as they travel: AWS's envelope, and what EventBridge knows of an event besides.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import orjson

from fogbank.kernel import Context
from fogbank.services.events.inputs import timestamp


class Event:
    """An event on its way.

    document   the envelope with its detail
    ingested   when EventBridge got it, in epoch seconds
    hops       how many buses passed it on
    reads      it tells of an API call that only reads
    """

    def __init__(self, document: dict[str, Any], ingested: float, hops: int = 0, reads: bool = False) -> None:
        self.document = document
        self.ingested = ingested
        self.hops = hops
        self.reads = reads

    @cached_property
    def text(self) -> str:
        return orjson.dumps(self.document).decode()


def made(ctx: Context, entry: dict[str, Any], detail: Any, reads: bool = False) -> Event:
    """The event of an entry of PutEvents, in the context's account and Region."""
    now = ctx.now()
    time = entry.get("Time")
    document = {
        "version": "0",
        "id": ctx.ids.uuid(),
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": ctx.account,
        "time": timestamp(now if time is None else time),
        "region": ctx.region,
        "resources": entry.get("Resources") or [],
        "detail": detail,
    }
    return Event(document, now, reads=reads)
