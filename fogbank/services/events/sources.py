"""Partner event sources, from both sides: the partner who makes them and puts events, and the account that binds them to a bus.

partner-sources   (name, account)   when a source was made for an account, in the partner's account
event-sources     (name)            EventSource, in the account that it was made for

Any account can be a partner here.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-saas.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context, Record, pages
from fogbank.services.events import envelopes, errors, limits
from fogbank.services.events.bus import buses
from fogbank.services.events.listing import page
from fogbank.services.events.putting import check_size, detail_of, entry_failed, ingest
from fogbank.services.events.service import service

Request = dict[str, Any]

_DAY = 86_400
_REQUIRED = ("Source", "DetailType", "Detail")


class EventSource(Record, frozen=True):
    """PENDING until a bus is made for it, ACTIVE while it has one, DELETED by its partner. Times are epoch seconds."""

    name: str
    partner: str
    created: float
    expires: float | None
    state: str = "PENDING"


class Made(Record, frozen=True):
    """What a partner remembers of a source."""

    name: str
    account: str
    created: float


made_sources = service.collection("partner-sources", Made)
event_sources = service.collection("event-sources", EventSource)


def _arn(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:events:{ctx.region}::event-source/{name}"


def _own(ctx: Context, request: Request) -> str:
    return _arn(ctx, request.get("Name") or request.get("EventSourceName") or request.get("NamePrefix") or "*")


# -- the partner's side


@service.operation(resource=_own)
async def create_partner_event_source(ctx: Context, request: Request) -> Request:
    """Offer a source to an account, which has two weeks to make a bus for it. API_CreatePartnerEventSource."""
    name, account = request["Name"], request["Account"]
    if await made_sources.get(ctx, name, account) is not None:
        raise errors.exists("Event source", name)
    customer = ctx.at(account=account)
    expires = ctx.now() + limits.EVENT_SOURCE_DAYS * _DAY
    made_sources.put(ctx, Made(name, account, ctx.now()), name, account)
    event_sources.put(customer, EventSource(name, ctx.account, ctx.now(), expires), name)
    await customer.schedule("expire_source", {"name": name}, at=expires, key=name)
    return {"EventSourceArn": _arn(ctx, name)}


@service.task
async def expire_source(ctx: Context, payload: dict[str, Any]) -> None:
    source = await event_sources.get(ctx, payload["name"])
    if source is not None and source.state == "PENDING":
        event_sources.delete(ctx, source.name)
        made_sources.delete(ctx.at(account=source.partner), source.name, ctx.account)


@service.operation(resource=_own)
async def delete_partner_event_source(ctx: Context, request: Request) -> None:
    """Take a source back. Its bus stays, and gets nothing more. API_DeletePartnerEventSource."""
    name, customer = request["Name"], ctx.at(account=request["Account"])
    if await made_sources.get(ctx, name, customer.account) is None:
        return
    made_sources.delete(ctx, name, customer.account)
    source = await event_sources.get(customer, name)
    if source is not None and source.state == "ACTIVE":
        _change(customer, source, state="DELETED")
    else:
        event_sources.delete(customer, name)


@service.operation(resource=_own)
async def describe_partner_event_source(ctx: Context, request: Request) -> Request:
    """API_DescribePartnerEventSource."""
    name = request["Name"]
    if not await made_sources.scan(ctx, name, limit=1):
        raise errors.no_such("Event source", name)
    return {"Arn": _arn(ctx, name), "Name": name}


@service.operation(resource=_own)
async def list_partner_event_sources(ctx: Context, request: Request) -> Request:
    """The sources that this account made, as a partner. API_ListPartnerEventSources."""
    token = request.get("NextToken")
    after = "" if token is None else pages.position(token, errors.invalid_next_token())
    found = await made_sources.scan(ctx, starts_with=request["NamePrefix"])
    names = sorted({made.name for made in found if made.name > after})
    shown, following = pages.page(names, request.get("Limit") or limits.PAGE, lambda name: name)
    return {"PartnerEventSources": [{"Arn": _arn(ctx, name), "Name": name} for name in shown], "NextToken": following}


@service.operation(resource=_own)
async def list_partner_event_source_accounts(ctx: Context, request: Request) -> Request:
    """For which accounts a source was made, and what they did with it. API_ListPartnerEventSourceAccounts."""
    name = request["EventSourceName"]
    if not await made_sources.scan(ctx, name, limit=1):
        raise errors.no_such("Event source", name)
    found, token = await page(ctx, made_sources, request, name)
    return {"PartnerEventSourceAccounts": [await _account(ctx, made) for made in found], "NextToken": token}


async def _account(ctx: Context, made: Made) -> Request:
    source = await event_sources.get(ctx.at(account=made.account), made.name)
    return {
        "Account": made.account,
        "CreationTime": made.created,
        "ExpirationTime": source and source.expires,
        "State": source.state if source else "DELETED",
    }


@service.operation(resource=lambda ctx, request: "*")
async def put_partner_events(ctx: Context, request: Request) -> Request:
    """Send events to the buses of all accounts for which their sources were made. API_PutPartnerEvents."""
    check_size(request["Entries"])
    answers = [await _put(ctx, entry) for entry in request["Entries"]]
    return {"FailedEntryCount": sum("ErrorCode" in answer for answer in answers), "Entries": answers}


async def _put(ctx: Context, entry: Request) -> Request:
    try:
        for name in _REQUIRED:
            if not entry.get(name):
                raise errors.required_argument(name)
        detail = detail_of(entry["Detail"])
        made = await made_sources.scan(ctx, entry["Source"])
        if not made:
            raise errors.source_not_authorized()
    except AWSError as error:
        return entry_failed(error)
    event = envelopes.made(ctx, entry, detail)
    for each in made:
        customer = ctx.at(account=each.account)
        source = await event_sources.get(customer, each.name)
        if source is not None and source.state == "ACTIVE":
            document = {**event.document, "account": customer.account}
            await ingest(customer, source.name, envelopes.Event(document, event.ingested))
    return {"EventId": event.document["id"]}


# -- the account's side


async def _find(ctx: Context, name: str) -> EventSource:
    source = await event_sources.get(ctx, name)
    if source is None:
        raise errors.no_such("Event source", name)
    return source


def _change(ctx: Context, source: EventSource, **changes: Any) -> None:
    event_sources.put(ctx, msgspec.structs.replace(source, **changes), source.name)


async def bind(ctx: Context, name: str) -> None:
    """A bus is made for the source. Raises ResourceNotFoundException, InvalidStateException."""
    source = await _find(ctx, name)
    if source.state != "PENDING":
        raise errors.invalid_state(f"Event source {name} is not in the state PENDING.")
    _change(ctx, source, state="ACTIVE", expires=None)
    await ctx.unschedule("expire_source", name)


async def unbind(ctx: Context, name: str) -> None:
    """The bus of the source was deleted."""
    source = await event_sources.get(ctx, name)
    if source is not None and source.state == "DELETED":
        event_sources.delete(ctx, name)
    elif source is not None:
        _change(ctx, source, state="PENDING")


@service.operation(resource=_own)
async def activate_event_source(ctx: Context, request: Request) -> None:
    """API_ActivateEventSource."""
    await _switch(ctx, request["Name"], "ACTIVE")


@service.operation(resource=_own)
async def deactivate_event_source(ctx: Context, request: Request) -> None:
    """API_DeactivateEventSource."""
    await _switch(ctx, request["Name"], "PENDING")


async def _switch(ctx: Context, name: str, state: str) -> None:
    """Only a source that has a bus can be switched."""
    source = await _find(ctx, name)
    if source.state == "DELETED" or await buses.get(ctx, name) is None:
        raise errors.invalid_state(f"Event source {name} has no event bus, or was deleted.")
    _change(ctx, source, state=state)


@service.operation(resource=_own)
async def describe_event_source(ctx: Context, request: Request) -> Request:
    """API_DescribeEventSource."""
    return _shown(ctx, await _find(ctx, request["Name"]))


@service.operation(resource=_own)
async def list_event_sources(ctx: Context, request: Request) -> Request:
    """The sources that were made for this account. API_ListEventSources."""
    found, token = await page(ctx, event_sources, request)
    return {"EventSources": [_shown(ctx, source) for source in found], "NextToken": token}


def _shown(ctx: Context, source: EventSource) -> Request:
    return {
        "Arn": _arn(ctx, source.name),
        "CreatedBy": source.name.split("/")[1],
        "CreationTime": source.created,
        "ExpirationTime": source.expires,
        "Name": source.name,
        "State": source.state,
    }
