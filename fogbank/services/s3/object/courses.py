"""What became of a version after it was written: whether its bytes can be read, and what answers tell of it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html
"""

from __future__ import annotations

import time
from typing import Any

import msgspec

from fogbank.services.s3 import errors
from fogbank.services.s3.object import vault
from fogbank.services.s3.records import Course, Home, Object

Answer = dict[str, Any]

ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE"})
TIERED = "INTELLIGENT_TIERING"
TIERING = "intelligent-tiering"
NEW = Course()
_DAY = 86400


def replace(record: Object, **changes: Any) -> Object:
    """The version with these fields of its course changed."""
    return msgspec.structs.replace(record, course=msgspec.structs.replace(record.course, **changes))


def is_archived(record: Object, now: float) -> bool:
    """Does the version lie in an archive, with no copy of it that could be read?"""
    if record.storage_class in ARCHIVES:
        return record.course.restored_until <= now
    return bool(record.course.tier)


async def use(home: Home, key: str, record: Object) -> None:
    """The version's bytes are about to be read. Raises InvalidObjectState when they are in an archive.

    Where objects are archived when nobody has read them for long, the day is noted.
    """
    if record.storage_class in ARCHIVES or record.storage_class == TIERED:
        now = home.ctx.now()
        if is_archived(record, now):
            raise errors.archived(record.storage_class, record.course.tier or None)
        today = int(now) // _DAY * _DAY
        if TIERING in home.bucket.features and record.storage_class == TIERED and record.course.used < today:
            await vault.rewrite(home, key, replace(record, used=today))


def tell(record: Object, answer: Answer) -> None:
    """Add the headers that tell of the course of a version."""
    course = record.course
    if course.replication:
        answer["ReplicationStatus"] = course.replication
    if course.tier:
        answer["ArchiveStatus"] = course.tier
    if course.restoring:
        answer["Restore"] = 'ongoing-request="true"'
    elif course.restored_until:
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(course.restored_until))
        answer["Restore"] = f'ongoing-request="false", expiry-date="{date}"'


def restore_status(record: Object) -> Answer | None:
    """The RestoreStatus of a listing's entry; None when the version was never restored."""
    course = record.course
    if course.restoring:
        return {"IsRestoreInProgress": True}
    if course.restored_until:
        return {"IsRestoreInProgress": False, "RestoreExpiryDate": course.restored_until}
    return None
