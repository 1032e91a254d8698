"""Replication among the replicas of a global table: changes, and the items that a new replica begins with.

The replicas of a strongly consistent global table have nothing to bring: their writes take place everywhere in one transaction (`rows.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.kernel import keys
from fogbank.services.dynamodb import groups, metering, rows, tables
from fogbank.services.dynamodb.groups import JOINED, REPLICATING, Group
from fogbank.services.dynamodb.rows import REPLICATION, Image
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.unreplicated import Change, changes
from fogbank.services.dynamodb.values import item_size

if TYPE_CHECKING:
    from fogbank.kernel import Context
    from fogbank.services.dynamodb.schema import Table

Document = dict[str, Any]

# items of 400 KB in a few regions make this some 100 MB
_CHUNK = 100


@service.task
async def replicate(ctx: Context, payload: Document) -> None:
    """Bring changes to the other replicas, some at a time, in turns: as long as there are any, there is one such task."""
    group_id = payload["group"]
    found = await changes.items(ctx, (bytes,), group_id, after=(payload["after"],), limit=_CHUNK)
    group = await groups.groups.get(ctx, group_id)
    for (place,), change in found:
        changes.delete(ctx, group_id, place)
        if group is not None:
            await _bring(ctx, group, place, change)  # type: ignore[arg-type]
    after = found[-1][0][0] if len(found) == _CHUNK else b""
    if await changes.count(ctx, group_id, limit=1):
        await ctx.schedule("replicate", {"group": group_id, "after": after})


async def _bring(ctx: Context, group: Group, place: bytes, change: Change) -> None:
    raw = change.raw
    if raw and group.version == JOINED:
        raw = _marked(change)
    for member in group.members:
        # who wrote the item has it, but for the attributes of the old version
        if member.status in REPLICATING and (member.region != change.region or raw != change.raw):
            table = await groups.replica(ctx, group, member.region)
            if table is not None:
                await _put(ctx, table, place, raw)
                if member.region != change.region:
                    source = groups.scope_of(ctx, group, change.region)
                    metering.replicated(source, table.name, change.at, member.region)


def _marked(change: Change) -> bytes:
    """The item with the attributes by which the old version of global tables marks what is replicated.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables_HowItWorks.html
    """
    item = {
        **Image.stored(change.raw).item,
        "aws:rep:deleting": {"BOOL": False},
        "aws:rep:updateregion": {"S": change.region},
        "aws:rep:updatetime": {"N": f"{change.at:.6f}".rstrip("0").rstrip(".")},
    }
    return Image.of(item, item_size(item)).raw


async def _put(ctx: Context, table: Table, place: bytes, raw: bytes) -> None:
    """Make an item of a replica what it is elsewhere."""
    layout = table.layout
    before = await ctx.tx.get(layout.prefix + place)
    if (before or b"") == raw:
        return
    old = None if before is None else Image.stored(before)
    new = Image.stored(raw) if raw else None
    either = new or old
    assert either is not None
    await rows.replace(ctx, layout, layout.key_of(either.item), old, new, by=REPLICATION)


# -- filling a new replica


@service.task
async def fill_replica(ctx: Context, payload: Document) -> None:
    """Copy items from the replica of this region to another one, some at a time. What changes meanwhile is brought by `replicate`."""
    group = await groups.groups.get(ctx, payload["group"])
    source = None if group is None else await groups.replica(ctx, group, ctx.region)
    target = None if group is None else await groups.replica(ctx, group, payload["region"])
    if group is None or source is None or target is None:
        return
    base = source.layout.prefix
    start = base + payload["after"] + b"\0" if payload["after"] else base
    found = await ctx.tx.scan(start, keys.after_prefix(base), _CHUNK)
    for row, raw in found:
        place = row[len(base) :]
        is_changing = await changes.get(ctx, group.id, place) is not None
        if not is_changing and await ctx.tx.get(target.layout.prefix + place) is None:
            await _put(ctx, target, place, raw)
    if len(found) == _CHUNK:
        await ctx.schedule("fill_replica", {**payload, "after": found[-1][0][len(base) :]})
        return
    await complete(ctx, group, payload["region"])


async def complete(ctx: Context, group: Group, region: str) -> None:
    """A replica is what it was asked to be: it is active, and so are those who waited for it, and the witness."""
    group = group.with_status(region, "ACTIVE")
    if group.witness is not None:
        group = msgspec.structs.replace(group, witness=(group.witness[0], "ACTIVE"))
    groups.put(ctx, group)
    if any(member.status != "ACTIVE" for member in group.members):
        return
    for table in await groups.replicas(ctx, group):
        tables.activate(table.layout.scope(ctx), table)
