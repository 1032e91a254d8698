"""What the replicas of a global table do not know of each other yet. `replication.py` brings it to them.

    changes  (group, item's place)  Change: the last write of an item

A write notes the item as it is now, in place of what was noted of the item before: so several changes within a short time become one, as on
AWS, and of writes in several regions the last one stays.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-CoreConcepts.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogbank.kernel import Record, adversary
from fogbank.services.dynamodb.service import service

if TYPE_CHECKING:
    from fogbank.kernel import Context
    from fogbank.services.dynamodb.schema import Key, Layout

# under adversarial consistency, replicas may be as late as this (seconds)
LATEST = 1.0


class Change(Record, frozen=True):
    """When (epoch seconds) and where an item was written, and what became of it: its row's value, empty for none."""

    at: float
    region: str
    raw: bytes


changes = service.collection("replication", Change, scope="account")


def home_of(ctx: Context, group: str) -> Context:
    """The context of the account that keeps what replicas have in common: of a global table of several accounts, its id begins with it."""
    account, _, _ = group.rpartition("/")
    return ctx.at(account=account) if account not in ("", ctx.account) else ctx


async def note(ctx: Context, layout: Layout, key: Key, raw: bytes) -> None:
    """An item was written here, the others are to know. Of two writes the later one counts, of simultaneous ones the last region's."""
    group, place = layout.table.group, key.row[len(layout.prefix) :]
    change = Change(ctx.now(), ctx.region, raw)
    home = home_of(ctx, group)
    known = await changes.get(home, group, place)
    if known is not None and known.region != ctx.region and (known.at, known.region) > (change.at, change.region):
        return
    if known is None and not await changes.count(home, group, limit=1):
        await home.schedule("replicate", {"group": group, "after": b""}, delay=adversary.lag(ctx, LATEST))
    changes.put(home, change, group, place)
