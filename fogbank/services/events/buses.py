"""Event buses: CreateEventBus, DeleteEventBus, DescribeEventBus, ListEventBuses, UpdateEventBus."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, pages
from fogbank.kernel.actions import with_members
from fogbank.services.events import errors, limits, sources, tagging, targets
from fogbank.services.events.bus import EventBus, buses, find_bus, get_bus, modify, named_bus, on_bus
from fogbank.services.events.names import DEFAULT, bus_arn
from fogbank.services.events.rule import rules
from fogbank.services.events.service import service

Request = dict[str, Any]


def _own(ctx: Context, request: Request) -> str:
    return bus_arn(ctx, request.get("Name") or DEFAULT)


@service.operation(resource=_own, action=with_members("events:CreateEventBus", {"Tags": "events:TagResource"}))
async def create_event_bus(ctx: Context, request: Request) -> Request:
    """Make a bus; one for a partner's event source has the source's name. API_CreateEventBus."""
    name, source = request["Name"], request.get("EventSourceName")
    _check_name(name, source)
    if await get_bus(ctx, name) is not None:
        raise errors.bus_exists(name)
    if await buses.count(ctx, limit=limits.BUSES) >= limits.BUSES:
        raise errors.limit_exceeded()
    if source is not None:
        await sources.bind(ctx, source)
    now = ctx.now()
    tags = tagging.added({}, request.get("Tags") or [])
    bus = EventBus(name, now, now, tags=tags, source=source, **_settings(ctx, request))
    buses.put(ctx, bus, name)
    return {"EventBusArn": bus_arn(ctx, name), **_shown_settings(bus)}


def _check_name(name: str, source: str | None) -> None:
    if source is not None:
        if name != source:
            raise errors.partner_bus_name(name, source)
    elif "/" in name:
        raise errors.slash_in_bus_name()
    elif name.startswith("aws."):
        raise errors.reserved_bus_name()


def _settings(ctx: Context, request: Request) -> dict[str, Any]:
    """The fields of a bus that a request sets."""
    dead_letters = (request.get("DeadLetterConfig") or {}).get("Arn")
    if dead_letters:
        targets.check_queue(ctx, dead_letters)
    return {
        "description": request.get("Description") or None,
        "kms_key": request.get("KmsKeyIdentifier") or None,
        "dead_letters": dead_letters,
        "log": request.get("LogConfig"),
    }


def _shown_settings(bus: EventBus) -> Request:
    return {
        "Description": bus.description,
        "KmsKeyIdentifier": bus.kms_key,
        "DeadLetterConfig": bus.dead_letters and {"Arn": bus.dead_letters},
        "LogConfig": bus.log,
    }


@service.operation(resource=_own)
async def update_event_bus(ctx: Context, request: Request) -> Request:
    """Change what a request names of a bus. API_UpdateEventBus."""
    bus = await find_bus(ctx, request.get("Name") or DEFAULT)
    named = {"Description": "description", "KmsKeyIdentifier": "kms_key", "DeadLetterConfig": "dead_letters"}
    named["LogConfig"] = "log"
    settings = _settings(ctx, request)
    bus = modify(ctx, bus, **{field: settings[field] for member, field in named.items() if member in request})
    return {"Arn": bus_arn(ctx, bus.name), "Name": bus.name, **_shown_settings(bus)}


@service.operation(resource=_own)
async def delete_event_bus(ctx: Context, request: Request) -> None:
    """Delete a bus without rules; one that is not there is passed over. API_DeleteEventBus."""
    name = request["Name"]
    if name == DEFAULT:
        raise errors.default_bus_stays()
    bus = await buses.get(ctx, name)
    if bus is None:
        return
    if await rules.scan(ctx, name, limit=1):
        raise errors.bus_has_rules(name)
    buses.delete(ctx, name)
    if bus.source is not None:
        await sources.unbind(ctx, bus.source)


@service.operation(**on_bus("Name"))
async def describe_event_bus(ctx: Context, request: Request) -> Request:
    """API_DescribeEventBus."""
    scope, bus = await named_bus(ctx, request, "Name")
    return {**_shown(scope, bus), **_shown_settings(bus)}


def _shown(ctx: Context, bus: EventBus) -> Request:
    return {
        "Name": bus.name,
        "Arn": bus_arn(ctx, bus.name),
        "Description": bus.description,
        "Policy": bus.policy,
        "CreationTime": bus.created,
        "LastModifiedTime": bus.modified,
    }


@service.operation(resource=lambda ctx, request: bus_arn(ctx, "*"))
async def list_event_buses(ctx: Context, request: Request) -> Request:
    """The buses of the account in this Region by name, the default one among them. API_ListEventBuses."""
    found = {bus.name: bus for bus in [EventBus(DEFAULT), *await buses.scan(ctx)]}
    prefix, token = request.get("NamePrefix") or "", request.get("NextToken")
    after = "" if token is None else pages.position(token, errors.invalid_next_token())
    fitting = [found[name] for name in sorted(found) if name.startswith(prefix) and name > after]
    shown, following = pages.page(fitting, request.get("Limit") or limits.PAGE, lambda bus: bus.name)
    return {"EventBuses": [_shown(ctx, bus) for bus in shown], "NextToken": following}
