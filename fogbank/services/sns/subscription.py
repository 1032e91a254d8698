"""The Subscription record, where subscriptions are kept, and how an operation finds the one that its request names.

Subscriptions lie with their topic, in its account and region:

    subscriptions  (topic name, id)                    Subscription
    endpoints      (topic name, protocol, endpoint)    the id of the subscription of that endpoint
    tokens         (topic name, token)                 the id of the subscription that the token confirms
    rosters        (topic name)                        the first subscriptions of the topic, from a publish to the next change
    paces          (topic name, id)                    when the next message may be posted, where a throttle policy spaces
                                                       them out (microseconds)

and where their owners look for them:

    owned          (subscription ARN)                  the account of the topic
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.sns import arns, errors, topic
from fogbank.services.sns.service import service
from fogbank.services.sns.topic import scope_of
from fogbank.services.sns.topic_attributes import Attributes

Request = dict[str, Any]

_PASSWORD = re.compile(r"^(https?://[^/@:]*:)[^/@]*@", re.IGNORECASE)

PENDING, IN_PROGRESS, COMPLETED, ENDED = "Pending", "In progress", "Completed", "Ended"
"""States of a replay. One that has ended had an ending point: nothing follows."""


class Subscription(Record, frozen=True):
    """A subscription.

    owner            the account that subscribed
    principal        the ARN of who subscribed
    attributes       those that were set, as the API has them; the fields from `raw` on are the same for quick use
    confirmed        does it get messages?
    authenticated    was it confirmed by a signed request?
    guarded          can only its owner, or the topic's, unsubscribe?
    token            what confirms it, for as long as that is possible
    dead_letters     the ARN of the queue that gets what could not be delivered
    replay           the state of a replay, empty when there is none
    replayed_until   the sequence number of the last message that was replayed
    """

    id: str
    topic: str
    protocol: str
    endpoint: str
    owner: str
    principal: str
    attributes: Attributes
    confirmed: bool
    authenticated: bool = False
    guarded: bool = False
    token: str = ""
    raw: bool = False
    filter: str | None = None
    filter_scope: str = "MessageAttributes"
    dead_letters: str | None = None
    replay: str = ""
    replayed_until: int = 0

    @property
    def takes_new_messages(self) -> bool:
        """Does it get what is published now? Not while it is replayed to, nor after a replay with an ending point."""
        return self.confirmed and self.replay in ("", COMPLETED)

    @property
    def told_endpoint(self) -> str:
        """The endpoint as it is shown: without the password that a URL may have."""
        return _PASSWORD.sub(r"\1****@", self.endpoint) if self.protocol in ("http", "https") else self.endpoint


subscriptions = service.collection("subscriptions", Subscription)
endpoints = service.collection("endpoints", str)
tokens = service.collection("tokens", str)
owned = service.collection("owned", str)
paces = service.collection("paces", int)
rosters = service.collection("rosters", list[Subscription], cached=True)

ROSTER = 101
"""How many subscriptions a roster has at most."""


def quick(attributes: Attributes) -> dict[str, Any]:
    """The fields of a Subscription that follow from its attributes."""
    redrive = attributes.get("RedrivePolicy")
    return {
        "attributes": attributes,
        "raw": attributes.get("RawMessageDelivery") == "true",
        "filter": attributes.get("FilterPolicy"),
        "filter_scope": attributes.get("FilterPolicyScope", "MessageAttributes"),
        "dead_letters": msgspec.json.decode(redrive)["deadLetterTargetArn"] if redrive else None,
    }


def arn(ctx: Context, subscription: Subscription) -> str:
    """Its ARN; `ctx` is in the scope of the topic."""
    return f"{topic.arn(ctx, subscription.topic)}:{subscription.id}"


async def find(ctx: Context, text: str) -> tuple[Context, Subscription]:
    """The subscription of an ARN, and the context of its topic. Raises InvalidParameterException, NotFoundException."""
    place, number = arns.subscription(text, ctx.region)
    scope = scope_of(ctx, place.account)
    found = await subscriptions.get(scope, place.resource, number)
    if found is None:
        raise errors.not_found("Subscription")
    return scope, found


async def find_own(ctx: Context, text: str, action: str) -> tuple[Context, Subscription]:
    """The same, for its owner and the topic's only. Raises AuthorizationErrorException besides."""
    scope, found = await find(ctx, text)
    if ctx.account not in (found.owner, scope.account):
        raise errors.not_authorised(action, text, ctx.principal.arn)
    return scope, found


async def add(ctx: Context, subscription: Subscription) -> None:
    """Keep a new subscription. `ctx` is in the scope of the topic."""
    save(ctx, subscription)
    endpoints.put(ctx, subscription.id, subscription.topic, subscription.protocol, subscription.endpoint)
    if subscription.token:
        tokens.put(ctx, subscription.id, subscription.topic, subscription.token)
    owned.put(scope_of(ctx, subscription.owner), ctx.account, arn(ctx, subscription))
    state = {"confirmed": 1} if subscription.confirmed else {"pending": 1}
    await topic.count(ctx, subscription.topic, filters=subscription.filter is not None, **state)


async def roster(ctx: Context, topic_name: str) -> list[Subscription]:
    """The first subscriptions of a topic, `ROSTER` at most. Kept together, they need not be looked for by each publish."""
    found = await rosters.get(ctx, topic_name)
    if found is None:
        found = await subscriptions.scan(ctx, topic_name, limit=ROSTER)
        rosters.put(ctx, found, topic_name)
    return found


def save(ctx: Context, subscription: Subscription) -> Subscription:
    rosters.delete(ctx, subscription.topic)
    subscriptions.put(ctx, subscription, subscription.topic, subscription.id)
    return subscription


async def remove(ctx: Context, subscription: Subscription) -> None:
    """Take a subscription away. `ctx` is in the scope of the topic."""
    _forget(ctx, subscription)
    state = {"confirmed": -1, "deleted": 1} if subscription.confirmed else {"pending": -1}
    await topic.count(ctx, subscription.topic, filters=-(subscription.filter is not None), **state)


async def forget_all(ctx: Context, topic_name: str) -> None:
    """Take away all subscriptions of a topic that goes itself."""
    rosters.delete(ctx, topic_name)
    for subscription in await subscriptions.scan(ctx, topic_name):
        _forget(ctx, subscription)


def _forget(ctx: Context, subscription: Subscription) -> None:
    rosters.delete(ctx, subscription.topic)
    subscriptions.delete(ctx, subscription.topic, subscription.id)
    paces.delete(ctx, subscription.topic, subscription.id)
    endpoints.delete(ctx, subscription.topic, subscription.protocol, subscription.endpoint)
    if subscription.token:
        tokens.delete(ctx, subscription.topic, subscription.token)
    owned.delete(scope_of(ctx, subscription.owner), arn(ctx, subscription))


def shown(ctx: Context, subscription: Subscription) -> Request:
    """As the listings have it."""
    return {
        "SubscriptionArn": arn(ctx, subscription) if subscription.confirmed else "PendingConfirmation",
        "Owner": subscription.owner,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.told_endpoint,
        "TopicArn": topic.arn(ctx, subscription.topic),
    }
