"""What SES does later, for both of its APIs: looking at domains, telling of events, handling what comes in."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context, service_events
from fogbank.mail import identities, lookups, receiving
from fogbank.mail.receiving import Received
from fogbank.mail.records import identities as kept
from fogbank.mail.records import messages
from fogbank.services.ses.service import service

Payload = dict[str, Any]

_GONE = ("NotFound", "NotFoundException", "ResourceNotFoundException")


@service.task(transaction=False)
async def look_at_domain(ctx: Context, payload: Payload) -> None:
    name = payload["name"]
    identity = await ctx.transact(kept.get, ctx, name)
    if identity is not None:
        seen = await lookups.look(ctx, identity)
        await ctx.transact(identities.looked_at, ctx, name, seen, payload.get("attempt", 0))


@service.task
async def follow_link(ctx: Context, payload: Payload) -> None:
    """Nobody else has, so far."""
    await identities.confirm(ctx, payload["name"], payload["token"])


@service.task
async def give_up_identity(ctx: Context, payload: Payload) -> None:
    await identities.give_up(ctx, payload["name"])


@service.task
async def forget_message(ctx: Context, payload: Payload) -> None:
    """What became of it is known for 30 days."""
    messages.delete(ctx, payload["id"])


# -- events: each raises what the destination says, so that it is tried again, unless the destination is gone


@service.task
async def tell_topic(ctx: Context, payload: Payload) -> None:
    request = payload["request"]
    scope = ctx.at(account=request["TopicArn"].split(":")[4], region=request["TopicArn"].split(":")[3])
    await _told(scope.call("sns", "Publish", request, source_arn=payload["source"]))


@service.task
async def tell_stream(ctx: Context, payload: Payload) -> None:
    parts = payload["stream"].split(":")
    name = parts[5].rpartition("/")[2]
    request = {"DeliveryStreamName": name, "Record": {"Data": payload["data"].encode()}}
    scope = ctx.at(account=parts[4], region=parts[3])
    await _told(scope.call("firehose", "PutRecord", request, role=payload["role"], source_arn=payload["source"]))


async def _told(call: Any) -> None:
    try:
        await call
    except AWSError as error:
        if error.code not in _GONE:
            raise


@service.task
async def tell_bus(ctx: Context, payload: Payload) -> None:
    await service_events.tell(ctx, payload["type"], payload["detail"], [payload["source"]])


# -- what comes in


@service.task(transaction=False)
async def receive(ctx: Context, payload: Payload) -> None:
    rule_set, rules = await ctx.transact(receiving.rules_for, ctx, payload["recipient"])
    id = payload["id"].replace("-", "")[:40]
    received = Received(id, payload["sender"], payload["recipient"], payload["data"], rule_set)
    await receiving.handle(ctx, received, rules)
