"""What becomes of the records of calls: the event history has those of the management plane, trails what they select.

The calls of data planes are many, and only recorded in accounts some trail of which selects them: that is noted where every request can
see it (`kernel/call_records.py`).
"""

from __future__ import annotations

from typing import Any

from fogbank.identity.directory import organizations_token
from fogbank.identity.membership import membership
from fogbank.kernel import Context, call_records
from fogbank.services.cloudtrail import delivering, history
from fogbank.services.cloudtrail.selection import selects, selects_data
from fogbank.services.cloudtrail.service import service
from fogbank.services.cloudtrail.trail import Trail, trails


async def keep(ctx: Context, records: list[tuple[float, dict[str, Any]]]) -> None:
    """Keep records (each with its time in epoch seconds) of the context's account and Region."""
    found = [(history.event_of(time, record), record) for time, record in records]
    if managing := [event for event, record in found if record["managementEvent"]]:
        await history.keep(ctx, managing)
    for scope, trail in await _trails(ctx):
        if events := [event for event, record in found if trail.was_logging(event.time) and selects(trail, record)]:
            await delivering.add(scope, trail, ctx.account, ctx.region, events)


service.provide("records", keep)


async def _trails(ctx: Context) -> list[tuple[Context, Trail]]:
    """The trails for events of the context's account and Region, each with a context of its own account."""
    found = [(ctx, each) for each in await trails.scan(ctx)]
    organization = None
    if await organizations_token(ctx) is not None:  # there are some: only then are they worth to be loaded
        organization = await membership(ctx).organization(ctx, ctx.account)
    if organization is not None and organization.management != ctx.account:
        above = ctx.at(account=organization.management)
        found += [(above, each) for each in await trails.scan(above) if each.is_for_organization]
    return [(scope, each) for scope, each in found if _covers(each, ctx.region)]


def _covers(trail: Trail, region: str) -> bool:
    return trail.is_multi_region or trail.home == region


async def note(ctx: Context) -> None:
    """After a change: whether any trail of the account selects calls of data planes."""
    wanting = [each for each in await trails.scan(ctx) if each.is_logging and selects_data(each)]
    accounts: set[str] = {ctx.account} if wanting else set()
    if any(each.is_for_organization for each in wanting):
        accounts.update(await membership(ctx).accounts(ctx, ctx.account))
    await call_records.watch(ctx, ctx.account, accounts)
