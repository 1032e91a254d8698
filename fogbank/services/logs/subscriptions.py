"""Subscription filters: events that match go to a function, a stream, or a destination, packed as AWS packs them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
"""

from __future__ import annotations

import base64
import gzip
from typing import Any

import orjson

from fogbank.kernel import AWSError, Context, pages
from fogbank.services.logs import destinations, errors, limits, metering
from fogbank.services.logs.account import Rules, rules
from fogbank.services.logs.chunks import Seen
from fogbank.services.logs.filtering import compiled
from fogbank.services.logs.metric_filters import require_few_regexes
from fogbank.services.logs.records import (
    ON_GROUP,
    STANDARD,
    Answer,
    LogGroup,
    LogStream,
    Request,
    SubscriptionFilter,
    arn_of,
    change,
    event_id,
    find,
    groups,
    milliseconds,
)
from fogbank.services.logs.service import service

_BY_ROLE = ("kinesis", "firehose")


@service.operation(**ON_GROUP)
async def put_subscription_filter(ctx: Context, request: Request) -> None:
    """The destination has to take a message of control; a function says so by its policy alone."""
    group, name = await find(ctx, request), request["filterName"]
    if group.kind != STANDARD:
        raise errors.wrong_class(group.kind)
    if request.get("fieldSelectionCriteria") or request.get("emitSystemFields"):
        raise errors.invalid_parameter(
            "System fields are those of account policies and centralized logs, which there are not."
        )
    pattern = compiled(request["filterPattern"])
    others = tuple(each for each in group.subscriptions if each.name != name)
    if len(others) >= limits.SUBSCRIPTION_FILTERS:
        raise errors.limit_exceeded()
    require_few_regexes(group, pattern, name)
    made = SubscriptionFilter(
        name,
        request["filterPattern"],
        request["destinationArn"],
        milliseconds(ctx),
        request.get("roleArn") or "",
        request.get("distribution", "ByLogStream"),
        request.get("applyOnTransformedLogs", False),
    )
    await try_out(ctx, group.name, made)
    change(ctx, group, subscriptions=tuple(sorted((*others, made), key=lambda each: each.name)))


async def try_out(ctx: Context, group: str, made: SubscriptionFilter) -> None:
    """Raise InvalidParameterException unless the destination takes a message; AccessDenied when the caller may not use it."""
    parts = made.destination.split(":", 5)
    vendor = parts[2] if len(parts) == 6 else ""
    if vendor == "logs":
        await destinations.require_access(ctx, made.destination)
        return
    if vendor not in ("lambda", *_BY_ROLE):
        raise errors.wrong_vendor(made.destination if vendor else "arn:aws:nothing:")
    if vendor in _BY_ROLE:
        if not made.role:
            raise errors.role_needed()
        await ctx.pass_role(made.role)
    text = "CWL CONTROL MESSAGE: Checking health of destination " + ("Lambda." if vendor == "lambda" else "Kinesis.")
    control = _message(ctx, "", "", "CONTROL_MESSAGE", [made.name], [("", milliseconds(ctx), text)])
    try:
        await _send(ctx, group, made.destination, made.role, control, "control")
    except AWSError as error:
        refusal = errors.lambda_not_invocable() if vendor == "lambda" else errors.not_deliverable(made.destination)
        raise refusal from error


@service.operation(**ON_GROUP)
async def delete_subscription_filter(ctx: Context, request: Request) -> None:
    group, name = await find(ctx, request), request["filterName"]
    left = tuple(each for each in group.subscriptions if each.name != name)
    if len(left) == len(group.subscriptions):
        raise errors.not_found("subscription filter")
    change(ctx, group, subscriptions=left)


@service.operation(**ON_GROUP)
async def describe_subscription_filters(ctx: Context, request: Request) -> Answer:
    group = await find(ctx, request)
    token = request.get("nextToken")
    last = "" if token is None else pages.position(token, errors.invalid_token())
    prefix = request.get("filterNamePrefix") or ""
    rows = [each for each in group.subscriptions if each.name.startswith(prefix) and each.name > last]
    found, following = pages.page(rows, request.get("limit") or limits.PAGE, lambda each: each.name)
    shown = [
        {
            "filterName": each.name,
            "logGroupName": group.name,
            "filterPattern": each.pattern,
            "destinationArn": each.destination,
            "roleArn": each.role or None,
            "distribution": each.distribution,
            "applyOnTransformedLogs": each.on_transformed,
            "creationTime": each.created,
        }
        for each in found
    ]
    return {"subscriptionFilters": shown, "nextToken": following}


# -- at work


async def forward(ctx: Context, group: LogGroup, stream: LogStream, seen: Seen, found: Rules | None) -> None:
    """Have the events that match delivered. `stream` is as it was before they were written to it; `found` are the account's rules."""
    of_account = found.subscription if found is not None else None
    if (
        of_account is not None
        and found is not None
        and group.kind == STANDARD
        and group.name not in found.not_subscribed
    ):
        await _forward(ctx, group, stream, seen, of_account, of_account=True)
    for each in group.subscriptions:
        await _forward(ctx, group, stream, seen, each, of_account=False)


async def _forward(
    ctx: Context, group: LogGroup, stream: LogStream, seen: Seen, each: SubscriptionFilter, of_account: bool
) -> None:
    pattern = compiled(each.pattern)
    matching = [
        (event_id(stream, ms, stream.count + nth), ms, message)
        for nth, (ms, message) in enumerate(seen.of(each.on_transformed))
        if pattern.match(message) is not None
    ]
    if matching:
        payload = {
            "group": group.name,
            "filter": each.name,
            "stream": stream.name,
            "events": matching,
            "account": of_account,
        }
        await ctx.schedule("deliver", payload)


@service.task
async def deliver(ctx: Context, payload: dict[str, Any]) -> None:
    """Raises what the destination says, so that it is tried again."""
    subscription = await _subscription(ctx, payload)
    if subscription is None:
        return
    group = payload["group"]
    events = [(id, ms, text) for id, ms, text in payload["events"]]
    message = _message(ctx, group, payload["stream"], "DATA_MESSAGE", [subscription.name], events)
    key = payload["stream"] if subscription.distribution == "ByLogStream" else ctx.ids.hex(32)
    await _send(ctx, group, subscription.destination, subscription.role, message, key)
    await metering.forwarded(ctx, group, len(events), len(message))


async def _subscription(ctx: Context, payload: dict[str, Any]) -> SubscriptionFilter | None:
    """The filter that events were kept for, if it is still there."""
    if payload.get("account"):
        found = await rules.get(ctx)
        return found.subscription if found is not None else None
    group = await groups.get(ctx, payload["group"])
    among = group.subscriptions if group is not None else ()
    return next((each for each in among if each.name == payload["filter"]), None)


def _message(
    ctx: Context, group: str, stream: str, kind: str, filters: list[str], events: list[tuple[str, int, str]]
) -> bytes:
    is_control = kind == "CONTROL_MESSAGE"
    document = {
        "messageType": kind,
        "owner": "CloudwatchLogs" if is_control else ctx.account,
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": [] if is_control else filters,
        "logEvents": [{"id": id, "timestamp": ms, "message": text} for id, ms, text in events],
    }
    return gzip.compress(orjson.dumps(document), 6, mtime=0)


async def _send(ctx: Context, group: str, destination: str, role: str, packed: bytes, key: str) -> None:
    _, _, vendor, region, account, resource = destination.split(":", 5)
    scope = ctx.at(account=account, region=region)
    arn = f"{arn_of(ctx, group)}:*"
    if vendor == "logs":
        scope, found = await destinations.at_arn(ctx, destination)
        if found is not None:
            await _send(scope, group, found.target, found.role, packed, key)
        return
    if vendor == "lambda":
        event = orjson.dumps({"awslogs": {"data": base64.b64encode(packed).decode()}})
        kind = "DryRun" if key == "control" else "Event"
        request = {"FunctionName": destination, "InvocationType": kind, "Payload": event}
        await scope.call("lambda", "Invoke", request, source_arn=arn)
    elif vendor == "kinesis":
        record = {"StreamARN": destination, "Data": packed, "PartitionKey": key or "control"}
        await scope.call("kinesis", "PutRecord", record, role=role, source_arn=arn)
    else:
        put = {"DeliveryStreamName": resource.rpartition("/")[2], "Record": {"Data": packed}}
        await scope.call("firehose", "PutRecord", put, role=role, source_arn=arn)
