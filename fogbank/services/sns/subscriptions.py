"""Subscriptions: Subscribe, ConfirmSubscription, Unsubscribe, the two listings, and attributes."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from fogbank.kernel import Context, pages
from fogbank.services.sns import arns, confirmations, delivery_policies, endpoints, errors, limits, replays, topic
from fogbank.services.sns.paging import after
from fogbank.services.sns.service import service
from fogbank.services.sns.subscription import (
    Subscription,
    add,
    arn,
    find_own,
    owned,
    quick,
    remove,
    save,
    shown,
    subscriptions,
    tokens,
)
from fogbank.services.sns.subscription import endpoints as subscribed
from fogbank.services.sns.subscription_attributes import Kind, changed
from fogbank.services.sns.topic import ON_TOPIC, Counts, Topic, counts
from fogbank.services.sns.topic_attributes import Attributes

Request = dict[str, Any]

_PENDING = "pending confirmation"
_HTTP = frozenset({"http", "https"})


# -- subscribing


def _keys(ctx: Context, request: Request) -> dict[str, str]:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-using-identity-based-policies.html#sns-policy-keys"""
    return {"sns:Endpoint": request.get("Endpoint") or "", "sns:Protocol": request["Protocol"]}


@service.operation(**ON_TOPIC, keys=_keys)
async def subscribe(ctx: Context, request: Request) -> Request:
    """Subscribe an endpoint, which may have to confirm; or find the subscription that it has. API_Subscribe."""
    scope, found = await topic.find(ctx, request["TopicArn"])
    protocol = request["Protocol"]
    endpoint = endpoints.checked(ctx, protocol, request.get("Endpoint"), found.fifo)
    kind = Kind(protocol, found.fifo, found.archived_since > 0)
    attributes = changed({}, request.get("Attributes") or {}, kind, "Attributes Reason: ")
    number = await subscribed.get(scope, found.name, protocol, endpoint)
    existing = None if number is None else await subscriptions.get(scope, found.name, number)
    if existing is not None:
        subscription = await _again(scope, found, existing, request, attributes)
    else:
        subscription = await _subscribe(ctx, scope, found, protocol, endpoint, attributes)
    if subscription.confirmed or request.get("ReturnSubscriptionArn"):
        return {"SubscriptionArn": arn(scope, subscription)}
    return {"SubscriptionArn": _PENDING}


async def _subscribe(
    ctx: Context, scope: Context, found: Topic, protocol: str, endpoint: str, attributes: Attributes
) -> Subscription:
    await _check_numbers(scope, found, protocol, attributes)
    owner = endpoints.account_of(protocol, endpoint)
    confirmed = protocol not in endpoints.CONFIRMED_BY_RECEIVER and owner in (None, ctx.account)
    subscription = Subscription(
        ctx.ids.uuid(),
        found.name,
        protocol,
        endpoint,
        ctx.account,
        ctx.principal.arn,
        confirmed=confirmed,
        authenticated=confirmed,
        token="" if confirmed else confirmations.new_token(),
        **quick(attributes),
    )
    await add(scope, subscription)
    if not confirmed:
        await confirmations.ask(scope, found, subscription)
    if "ReplayPolicy" in attributes:
        subscription = await replays.begin(scope, subscription)
    return subscription


async def _check_numbers(ctx: Context, found: Topic, protocol: str, attributes: Attributes) -> None:
    numbers = await counts.get(ctx, found.name) or Counts()
    number = numbers.confirmed + numbers.pending
    if number >= (limits.FIFO_SUBSCRIPTIONS if found.fifo else limits.SUBSCRIPTIONS):
        raise errors.too_many_subscriptions()
    if "FilterPolicy" in attributes and numbers.filters >= limits.FILTERS_PER_TOPIC:
        raise errors.too_many_filters()
    if found.maximum_size > limits.MESSAGE_BYTES:
        if protocol not in limits.LARGE_PROTOCOLS:
            raise errors.endpoint(f"{protocol} does not support messages larger than {limits.MESSAGE_BYTES} bytes")
        if number >= limits.SUBSCRIPTIONS_OF_LARGE_TOPIC:
            raise errors.too_many_subscriptions()


async def _again(
    scope: Context, found: Topic, existing: Subscription, request: Request, attributes: Attributes
) -> Subscription:
    """The subscription of an endpoint that has one. While it is pending, it is asked once more."""
    if request.get("Attributes") and attributes != existing.attributes:
        raise errors.subscription_differs()
    if existing.confirmed:
        return existing
    tokens.delete(scope, found.name, existing.token)
    asked = save(scope, msgspec.structs.replace(existing, token=confirmations.new_token()))
    tokens.put(scope, asked.id, found.name, asked.token)
    await confirmations.ask(scope, found, asked)
    return asked


# -- confirming


@service.operation(**ON_TOPIC)
async def confirm_subscription(ctx: Context, request: Request) -> Request:
    """Confirm by the token that was sent to the endpoint; a token may be used again. API_ConfirmSubscription."""
    signed = ctx.principal.kind != "anonymous"
    scope, found = await topic.find(ctx, request["TopicArn"])
    number = await tokens.get(scope, found.name, request["Token"]) if request["Token"] else None
    if number is None:
        raise errors.no_such_token()
    subscription = await subscriptions.get(scope, found.name, number)
    if subscription is None:
        raise errors.no_such_token()
    guarded = signed and (request.get("AuthenticateOnUnsubscribe") or "").lower() == "true"
    if not subscription.confirmed:
        await topic.count(scope, found.name, confirmed=1, pending=-1)
    save(scope, msgspec.structs.replace(subscription, confirmed=True, authenticated=signed, guarded=guarded))
    return {"SubscriptionArn": arn(scope, subscription)}


# -- unsubscribing


@service.operation
async def unsubscribe(ctx: Context, request: Request) -> Request:
    """Delete a subscription; one that is not there is deleted already. API_Unsubscribe."""
    text = request["SubscriptionArn"]
    place, number = arns.subscription(text, ctx.region)
    scope = topic.scope_of(ctx, place.account)
    subscription = await subscriptions.get(scope, place.resource, number)
    if subscription is None:
        return {}
    anonymous = ctx.principal.kind == "anonymous"
    if anonymous and subscription.guarded:
        raise errors.not_authorised("Unsubscribe", text, "anonymous")
    if not anonymous and ctx.account not in (subscription.owner, scope.account):
        raise errors.not_authorised("Unsubscribe", text, ctx.principal.arn)
    await remove(scope, subscription)
    if anonymous:
        await _say_goodbye(scope, subscription)
    return {}


async def _say_goodbye(scope: Context, subscription: Subscription) -> None:
    """Who unsubscribed by the link gets another link, which brings the subscription back, unconfirmed until it is used."""
    found = await topic.topics.get(scope, subscription.topic)
    if found is None or subscription.protocol not in endpoints.CONFIRMED_BY_RECEIVER:
        return
    token = confirmations.new_token()
    again = msgspec.structs.replace(subscription, confirmed=False, token=token)
    await confirmations.say_goodbye(scope, found, again)
    await add(scope, again)


# -- listings


@service.operation
async def list_subscriptions(ctx: Context, request: Request) -> Request:
    """The caller's subscriptions, also those to topics of others, a hundred at a time. API_ListSubscriptions."""
    rows = await owned.items(ctx, (str,), after=after(request), limit=limits.PAGE + 1)
    names, token = pages.page([str(key[0]) for key, _ in rows], limits.PAGE, lambda name: name)
    return {"Subscriptions": [each for name in names if (each := await _listed(ctx, name))], "NextToken": token}


async def _listed(ctx: Context, name: str) -> Request | None:
    """None where the account of the topic was forgotten as a whole."""
    place, number = arns.subscription(name, ctx.region)
    scope = topic.scope_of(ctx, place.account)
    found = await subscriptions.get(scope, place.resource, number)
    return None if found is None else shown(scope, found)


@service.operation(**ON_TOPIC)
async def list_subscriptions_by_topic(ctx: Context, request: Request) -> Request:
    """The subscriptions of a topic, a hundred at a time. API_ListSubscriptionsByTopic."""
    scope, found = await topic.find(ctx, request["TopicArn"])
    rows = await subscriptions.scan(scope, found.name, after=after(request), limit=limits.PAGE + 1)
    listed, token = pages.page(rows, limits.PAGE, lambda each: each.id)
    return {"Subscriptions": [shown(scope, each) for each in listed], "NextToken": token}


# -- attributes


@service.operation
async def get_subscription_attributes(ctx: Context, request: Request) -> Request:
    """Everything about a subscription. API_GetSubscriptionAttributes."""
    scope, subscription = await find_own(ctx, request["SubscriptionArn"], "GetSubscriptionAttributes")
    found = await topic.topics.get(scope, subscription.topic)
    return {"Attributes": _shown(scope, found, subscription)}


def _shown(ctx: Context, found: Topic | None, subscription: Subscription) -> Attributes:
    attributes = {
        "SubscriptionArn": arn(ctx, subscription),
        "TopicArn": topic.arn(ctx, subscription.topic),
        "Owner": subscription.owner,
        "SubscriptionPrincipal": subscription.principal,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.told_endpoint,
        "PendingConfirmation": "false" if subscription.confirmed else "true",
        "ConfirmationWasAuthenticated": "true" if subscription.authenticated else "false",
        "RawMessageDelivery": "false",
    }
    if subscription.protocol in _HTTP and found is not None:
        policies = (each.attributes.get("DeliveryPolicy") for each in (subscription, found))
        effective = delivery_policies.effective(*policies)
        attributes["EffectiveDeliveryPolicy"] = json.dumps(effective, separators=(",", ":"))
    if subscription.filter is not None:
        attributes["FilterPolicyScope"] = subscription.filter_scope
    if subscription.replay:
        attributes["ReplayStatus"] = replays.status(subscription)
    return attributes | subscription.attributes


@service.operation
async def set_subscription_attributes(ctx: Context, request: Request) -> Request:
    """Change an attribute. It counts at once. API_SetSubscriptionAttributes."""
    scope, before = await find_own(ctx, request["SubscriptionArn"], "SetSubscriptionAttributes")
    found = await topic.topics.get(scope, before.topic)
    if found is None:
        raise errors.not_found("Subscription")
    name, value = request["AttributeName"], request.get("AttributeValue") or ""
    kind = Kind(before.protocol, found.fifo, found.archived_since > 0)
    attributes = changed(before.attributes, {name: value}, kind)
    added = ("FilterPolicy" in attributes) - (before.filter is not None)
    if added:
        numbers = await topic.count(scope, found.name, filters=added)
        if added > 0 and numbers.filters > limits.FILTERS_PER_TOPIC:
            raise errors.too_many_filters()
    after_ = save(scope, msgspec.structs.replace(before, **quick(attributes)))
    if name == "ReplayPolicy":
        await replays.begin(scope, after_)
    return {}
