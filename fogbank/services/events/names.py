"""Names and ARNs of EventBridge, and whose bus an operation is about.

A bus is named by its name (the caller's own) or by its ARN, which can be another account's. A rule's ARN leaves the default bus out.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from fogbank.kernel import Context
from fogbank.services.events import errors

Request = dict[str, Any]

DEFAULT = "default"
_BUS_ARN = re.compile(r"arn:[\w-]+:events:([\w-]+):(\d{12}):event-bus/([/.\-\w]+)", re.ASCII)
_ARN = re.compile(r"arn:([\w-]+):([\w-]+):([\w-]*):(\d{12}|aws)?:(.+)", re.ASCII | re.DOTALL)


class Arn(NamedTuple):
    text: str
    service: str
    region: str
    account: str
    resource: str


def parse(text: str) -> Arn | None:
    """The parts of an ARN, None when it is none."""
    found = _ARN.fullmatch(text)
    return Arn(text, found[2], found[3], found[4] or "", found[5]) if found else None


def bus_arn(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:events:{ctx.region}:{ctx.account}:event-bus/{name}"


def rule_arn(ctx: Context, bus: str, name: str) -> str:
    path = name if bus == DEFAULT else f"{bus}/{name}"
    return f"arn:{ctx.partition}:events:{ctx.region}:{ctx.account}:rule/{path}"


def own_arn(ctx: Context, resource: str) -> str:
    """The ARN of another kind of resource: `archive/orders`."""
    return f"arn:{ctx.partition}:events:{ctx.region}:{ctx.account}:{resource}"


class BusPlace(NamedTuple):
    region: str
    account: str
    name: str


def parse_bus(arn: str) -> BusPlace | None:
    """Where the bus of that ARN is; None when it is no bus's."""
    found = _BUS_ARN.fullmatch(arn)
    return BusPlace(*found.groups()) if found else None


def locate(ctx: Context, name_or_arn: str | None) -> tuple[Context, str]:
    """The context of a bus's account, and the bus's name. Raises ResourceNotFoundException for the ARN of another Region."""
    if not name_or_arn:
        return ctx, DEFAULT
    place = parse_bus(name_or_arn)
    if place is None:
        return ctx, name_or_arn
    if place.region != ctx.region:
        raise errors.no_such_bus(place.name)
    return scope_of(ctx, place.account), place.name


def scope_of(ctx: Context, account: str) -> Context:
    return ctx if account == ctx.account else ctx.at(account=account)
