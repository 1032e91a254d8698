"""Walks over all versions of a bucket, a page at a time, for what is done every day.

A page is one transaction. Where the next one begins is small enough to be part of a task's payload, so that a walk goes on where it was
after a restart.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fogbank.kernel import Context
from fogbank.services.s3 import settings
from fogbank.services.s3.object.lists import Versions
from fogbank.services.s3.records import Home, Object

PAGE = 500


class Seen(NamedTuple):
    """A version as a walk meets it. `succeeded` is when the next newer one was made (epoch seconds), `newer` the number of noncurrent
    versions that are newer; both are for noncurrent ones."""

    key: str
    record: Object
    is_latest: bool
    succeeded: float = 0.0
    newer: int = 0


class Place(NamedTuple):
    """Behind which version a walk goes on; `order` is empty behind a current one."""

    key: str
    order: str
    succeeded: float
    newer: int


async def walk(home: Home, place: Place | None, prefix: str = "", limit: int = PAGE) -> tuple[list[Seen], Place | None]:
    """The next versions, each key's from the newest to the oldest, and where to go on; None when these were the last."""
    begin = (prefix, None, None) if place is None else (place.key, place.order, place.key)
    rows = await Versions(home, prefix, *begin).rows(limit)
    found: list[Seen] = []
    for key, (record, is_latest) in rows:
        before = place if place is not None and place.key == key else None
        seen = Seen(key, record, is_latest, *(before[2:] if before is not None else ()))
        found.append(seen)
        order = "" if is_latest and not record.deleted else record.order
        place = Place(key, order, record.modified, seen.newer + (not is_latest))
    return found, place if len(rows) == limit else None


async def every_midnight(ctx: Context, task: str, home: Home, payload: dict[str, Any]) -> tuple[float, list[Seen]]:
    """A page of the walk that a task makes every midnight, and the midnight that it is of (epoch seconds).

    The task's next run is scheduled: for the next page, or for the next midnight.
    """
    moment, place = payload.get("moment") or ctx.now(), payload.get("place")
    found, following = await walk(home, None if place is None else Place(*place))
    if following is None:
        await ctx.schedule(task, {"bucket": home.name}, at=settings.next_midnight(moment), key=home.name)
    else:
        await ctx.schedule(task, {"bucket": home.name, "moment": moment, "place": list(following)}, key=home.name)
    return moment, found
