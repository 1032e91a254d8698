"""The EventBus record, where buses are kept, and what the decision about a request needs to know of one.

buses     (name)   EventBus; the default bus is there without being kept, until something about it is changed
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.events import errors
from fogbank.services.events.names import DEFAULT, bus_arn, locate
from fogbank.services.events.service import service

Request = dict[str, Any]


class EventBus(Record, frozen=True):
    """An event bus. `log` and `source` (of a partner's bus) are as the API has them; times are epoch seconds."""

    name: str
    created: float | None = None
    modified: float | None = None
    description: str | None = None
    kms_key: str | None = None
    dead_letters: str | None = None
    log: dict[str, str] | None = None
    policy: str | None = None
    tags: dict[str, str] = {}
    source: str | None = None


buses = service.collection("buses", EventBus, cached=True)
_DEFAULT_BUS = EventBus(DEFAULT)


async def get_bus(ctx: Context, name: str) -> EventBus | None:
    found = await buses.get(ctx, name)
    return _DEFAULT_BUS if found is None and name == DEFAULT else found


async def find_bus(ctx: Context, name: str) -> EventBus:
    """Raises ResourceNotFoundException."""
    found = await get_bus(ctx, name)
    if found is None:
        raise errors.no_such_bus(name)
    return found


async def named_bus(ctx: Context, request: Request, member: str = "EventBusName") -> tuple[Context, EventBus]:
    """The bus that a request names, and the context of its account. Raises ResourceNotFoundException."""
    scope, name = locate(ctx, request.get(member))
    return scope, await find_bus(scope, name)


def modify(ctx: Context, bus: EventBus, **changes: Any) -> EventBus:
    """Write the bus with those fields changed."""
    bus = msgspec.structs.replace(bus, modified=ctx.now(), **changes)
    buses.put(ctx, bus, bus.name)
    return bus


async def policy_of(ctx: Context, name: str) -> str | None:
    bus = await (ctx.transact(get_bus, ctx, name) if ctx.tx is None else get_bus(ctx, name))
    return None if bus is None else bus.policy


def on_bus(member: str = "EventBusName") -> dict[str, Any]:
    """The options of operations on the bus that a request names by that member."""

    def resource(ctx: Context, request: Request) -> str:
        scope, name = locate(ctx, request.get(member))
        return bus_arn(scope, name)

    async def owner(ctx: Context, request: Request) -> str | None:
        return locate(ctx, request.get(member))[0].account

    async def policy(ctx: Context, request: Request) -> str | None:
        return await policy_of(*locate(ctx, request.get(member)))

    return {"resource": resource, "owner": owner, "policy": policy}
