"""PutEvents: who may, which entries are events, and what becomes of them.

An entry for a bus that is not there is taken and matches nothing. Without a rule on the bus an event costs no more than being looked at.
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.services.events import bus_logs, envelopes, errors, global_endpoints, limits, metering
from fogbank.services.events.bus import get_bus
from fogbank.services.events.delivery import dispatch
from fogbank.services.events.envelopes import Event
from fogbank.services.events.names import DEFAULT, bus_arn, parse_bus, rule_arn, scope_of
from fogbank.services.events.rule import WITH_READS, book_of
from fogbank.services.events.service import service

Request = dict[str, Any]

_REQUIRED = ("Source", "DetailType", "Detail")


@service.operation(resource=lambda ctx, request: ())
async def put_events(ctx: Context, request: Request) -> Request:
    """Take up to ten events, each with its own success or failure. API_PutEvents.

    The decision is made here, entry by entry: by the policy of the entry's bus, which can look at its source and type.
    """
    entries = request["Entries"]
    size = check_size(entries)
    scopes = await global_endpoints.scopes(ctx, request.get("EndpointId"))
    answers = [await _put(ctx, scopes, entry) for entry in entries]
    failed = sum("ErrorCode" in answer for answer in answers)
    metering.put_events(ctx, entries, size, failed)
    return {"FailedEntryCount": failed, "Entries": answers}


def check_size(entries: list[Request]) -> int:
    """The bytes of all entries. Raises ValidationException."""
    size = sum(map(_size, entries))
    if size > limits.ENTRY_BYTES:
        raise errors.entries_too_long()
    return size


def _size(entry: Request) -> int:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html"""
    texts = [entry.get(name) or "" for name in _REQUIRED] + (entry.get("Resources") or [])
    time = limits.TIME_BYTES if entry.get("Time") is not None else 0
    return time + sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)


async def _put(ctx: Context, scopes: list[Context], entry: Request) -> Request:
    try:
        return {"EventId": await _take(ctx, scopes, entry)}
    except AWSError as error:
        if error.code not in _OF_ENTRIES:
            raise
        return entry_failed(error)


def entry_failed(error: AWSError) -> Request:
    return {"ErrorCode": error.code, "ErrorMessage": error.message}


_OF_ENTRIES = frozenset({"InvalidArgument", "MalformedDetail", "NotAuthorizedForSourceException"})


async def _take(ctx: Context, scopes: list[Context], entry: Request) -> str:
    """Take an entry for its bus, in each of the Regions. Returns the event's id."""
    for name in _REQUIRED:
        if not entry.get(name):
            raise errors.required_argument(name)
    _check_source(ctx, entry["Source"])
    account, bus = _place(ctx, entry, any_region=len(scopes) > 1 or scopes[0] is not ctx)
    event: Event | None = None
    for scope in scopes:
        owner = scope_of(scope, account)
        await _authorise(ctx, owner, bus, entry)
        event = event or envelopes.made(owner.at(account=ctx.account), entry, detail_of(entry["Detail"]))
        await ingest(owner, bus, event)
    assert event is not None
    return str(event.document["id"])


def _check_source(ctx: Context, source: str) -> None:
    """What begins with `aws.` only AWS's services may say. Raises NotAuthorizedForSourceException."""
    if source.startswith("aws.") and ctx.principal.kind != "service":
        raise errors.source_not_authorized()


def _place(ctx: Context, entry: Request, any_region: bool) -> tuple[str, str]:
    """The account and the name of an entry's bus. Raises InvalidArgument for one in another Region."""
    given = entry.get("EventBusName") or DEFAULT
    place = parse_bus(given)
    if place is None:
        return ctx.account, given
    if place.region != ctx.region and not any_region:
        raise errors.bus_in_another_region()
    return place.account, place.name


def detail_of(text: str) -> Any:
    """Raises MalformedDetail for what is no JSON object."""
    try:
        detail = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise errors.malformed_detail() from None
    if not isinstance(detail, dict):
        raise errors.malformed_detail()
    return detail


async def _authorise(ctx: Context, owner: Context, name: str, entry: Request) -> None:
    """Raises AccessDenied. A service may tell the default bus of the account that it works for."""
    if ctx.principal.kind == "service" and name == DEFAULT and owner.account == ctx.principal.account:
        return
    bus = await get_bus(owner, name)
    policy = None if bus is None else bus.policy
    if policy is None and await ctx.is_free(owner.account):
        return
    keys = {"events:source": entry["Source"], "events:detail-type": entry["DetailType"]}
    arn = bus_arn(owner, name)
    await ctx.authorise("events:PutEvents", arn, owner=owner.account, policy=policy, keys=keys)


async def ingest(ctx: Context, bus: str, event: Event) -> None:
    """Match an event with the rules of a bus of the context's account and Region, and send it on."""
    book = await book_of(ctx, bus)
    if book is None or not book.may_match(event.document["source"]):
        await bus_logs.matched(ctx, bus, event, [])
        return
    rules = [rule for rule in book.matching(event.document) if not event.reads or rule.state == WITH_READS]
    await bus_logs.matched(ctx, bus, event, rules)
    metering.matched(ctx, [rule_arn(ctx, rule.bus, rule.name) for rule in rules])
    for rule in rules:
        await dispatch(ctx, rule, event)
