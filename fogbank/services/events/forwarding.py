"""Buses as targets: an event goes on to another bus, of this account or another, in this Region or another.

It goes on as it is, as the target's role or, within an account and Region without one, as the account; the receiving bus's policy
decides. A bus does not pass on what another bus has passed to it.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-bus-to-bus.html, eb-cross-account.html, eb-cross-region.html
"""

from __future__ import annotations

from fogbank.identity.principals import root
from fogbank.kernel import Context
from fogbank.services.events.bus import find_bus
from fogbank.services.events.deliveries import Delivery
from fogbank.services.events.envelopes import Event
from fogbank.services.events.failures import Failure
from fogbank.services.events.kinds import declare
from fogbank.services.events.names import BusPlace, bus_arn, parse_bus
from fogbank.services.events.putting import ingest


async def forward(ctx: Context, delivery: Delivery) -> None:
    """Put the event on the target's bus. Raises AWSError, Failure."""
    place = parse_bus(delivery.target["Arn"])
    assert place is not None
    _check_hops(ctx, delivery.event, place)
    receiver = ctx.at(account=place.account, region=place.region)
    bus = await find_bus(receiver, place.name)
    await _authorise(ctx, delivery, receiver, place.name, bus.policy)
    event = delivery.event
    await ingest(receiver, bus.name, Event(event.document, ctx.now(), event.hops + 1))


def _check_hops(ctx: Context, event: Event, place: BusPlace) -> None:
    if event.hops:
        hop = "REGION" if place.account == ctx.account and place.region != ctx.region else "ACCOUNT"
        raise Failure(
            f"THIRD_{hop}_HOP_DETECTED", "An event that came from another event bus is not sent to a third one."
        )


async def _authorise(ctx: Context, delivery: Delivery, receiver: Context, name: str, policy: str | None) -> None:
    sender = ctx.at(region=receiver.region)
    role = delivery.target.get("RoleArn")
    sender.principal = await ctx.assume(role, source_arn=delivery.rule) if role else root(ctx.account)
    event = delivery.event.document
    keys = {
        "events:source": event["source"],
        "events:detail-type": event["detail-type"],
        "events:eventBusInvocation": "true",
        "aws:SourceArn": delivery.rule,
    }
    arn = bus_arn(receiver, name)
    await sender.authorise("events:PutEvents", arn, owner=receiver.account, policy=policy, keys=keys)


declare(r"events:event-bus/.+", forward, at_once=True)
