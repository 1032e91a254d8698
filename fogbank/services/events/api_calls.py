"""`AWS API Call via CloudTrail`: what is called in an account, as events of its default bus.

EventBridge offers this as "api_calls" to whoever sees all calls. A call that only reads is for rules in the state
ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
"""

from __future__ import annotations

from typing import Any

from fogbank import protocols
from fogbank.kernel import Context
from fogbank.services.events import envelopes
from fogbank.services.events.names import DEFAULT
from fogbank.services.events.putting import ingest
from fogbank.services.events.rule import book_of
from fogbank.services.events.service import service

DETAIL_TYPE = "AWS API Call via CloudTrail"


class ApiCalls:
    """Contexts are those of the calls."""

    async def wanted(self, ctx: Context) -> bool:
        """Might any rule match a call of the context's service? Costs two look-ups in memory."""
        if ctx.tx is None:
            return await ctx.transact(self.wanted, ctx)
        book = await book_of(ctx, DEFAULT)
        return book is not None and book.may_match(_source(ctx))

    async def put(self, ctx: Context, record: dict[str, Any]) -> None:
        """Put the event of a call, of which there is CloudTrail's record (`kernel/call_records.py`)."""
        entry = {"Source": _source(ctx), "DetailType": DETAIL_TYPE}
        putting = ctx.at(service=service)
        event = envelopes.made(putting, entry, record, reads=record["readOnly"])
        await putting.transact(ingest, putting, DEFAULT, event)


service.provide("api_calls", ApiCalls())


def _source(ctx: Context) -> str:
    return f"aws.{protocols.load(ctx.service.name).signing_name}"
