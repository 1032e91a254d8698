"""S3 Intelligent-Tiering: objects that nobody has read for long lie in an archive tier, until they are restored.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/intelligent-tiering-overview.html. The tiers without an archive differ in price
only. Objects of less than 128 KB are never moved.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fogbank.kernel import Context
from fogbank.services.s3 import changes, errors, records, settings
from fogbank.services.s3.lifecycle import filters
from fogbank.services.s3.lifecycle.filters import Filter
from fogbank.services.s3.lifecycle.rules import SMALL
from fogbank.services.s3.object import courses, vault
from fogbank.services.s3.object.walking import Seen, every_midnight
from fogbank.services.s3.records import Home, Object
from fogbank.services.s3.service import service
from fogbank.services.s3.settings import Document, declare_many

Payload = dict[str, Any]

# The least days without access, the most are two years.
_LEAST = {"ARCHIVE_ACCESS": 90, "DEEP_ARCHIVE_ACCESS": 180}
_MOST = 730
_DEEPEST = "DEEP_ARCHIVE_ACCESS"
_DAY = 86400


class Plan(NamedTuple):
    """After how many days without access the objects of a filter go to which tier."""

    filter: Filter
    tiers: tuple[tuple[int, str], ...]


async def _check(home: Home, document: Document) -> None:
    filters.check(document.get("Filter"))
    tierings = document["Tierings"]
    if len({tiering["AccessTier"] for tiering in tierings}) < len(tierings) or not tierings:
        raise errors.malformed_xml()
    for tiering in tierings:
        least = _LEAST[tiering["AccessTier"]]
        if not least <= tiering["Days"] <= _MOST:
            raise errors.invalid_argument(
                f"'Days' for {tiering['AccessTier']} must be between {least} and {_MOST}", "Days", tiering["Days"]
            )
    days = {tiering["AccessTier"]: tiering["Days"] for tiering in tierings}
    if len(days) == len(_LEAST) and days["ARCHIVE_ACCESS"] >= days[_DEEPEST]:
        raise errors.invalid_argument(
            "'Days' for DEEP_ARCHIVE_ACCESS must be greater than 'Days' for ARCHIVE_ACCESS", "Days", days[_DEEPEST]
        )


async def _changed(home: Home) -> None:
    plans = await _plans(home)
    changes.set_feature(home, courses.TIERING, bool(plans))
    scope = settings.scope(home)
    if plans:
        at = settings.next_midnight(scope.now())
        await scope.schedule("archive_unread", {"bucket": home.name}, at=at, key=home.name)
    else:
        await scope.unschedule("archive_unread", home.name)


declare_many(courses.TIERING, "IntelligentTiering", _check, _changed)


async def _plans(home: Home) -> list[Plan]:
    return [
        Plan(
            filters.read(document), tuple((tiering["Days"], tiering["AccessTier"]) for tiering in document["Tierings"])
        )
        for document in await settings.all_of(home, courses.TIERING)
        if document["Status"] == "Enabled"
    ]


def tier_of(plans: list[Plan], key: str, record: Object, now: float) -> str:
    """The archive tier in which a version should lie by now; empty for none."""
    if record.storage_class != courses.TIERED or record.size < SMALL:
        return ""
    unread = (now - max(record.modified, record.course.used)) / _DAY
    due = {tier for plan in plans if plan.filter.matches(key, record) for days, tier in plan.tiers if unread >= days}
    return _DEEPEST if _DEEPEST in due else next(iter(due), "")


@service.task
async def archive_unread(ctx: Context, payload: Payload) -> None:
    """One page of the walk of a midnight; see `runs.py`."""
    home = await records.find(ctx, payload["bucket"])
    plans = [] if home is None else await _plans(home)
    if home is None or not plans:
        return
    moment, found = await every_midnight(ctx, "archive_unread", home, payload)
    for seen in found:
        await _archive(home, plans, seen, moment)


async def _archive(home: Home, plans: list[Plan], seen: Seen, now: float) -> None:
    tier = tier_of(plans, seen.key, seen.record, now)
    if tier and tier != seen.record.course.tier and seen.record.course.tier != _DEEPEST:
        archived = courses.replace(seen.record, tier=tier, restoring="")
        await vault.rewrite(home, seen.key, archived)
        await changes.happened(changes.TIERED, home, seen.key, archived, tier=tier)
