"""What the lifecycle does: every midnight (UTC) a task looks at the uploads and versions of the bucket, a page at a time.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html. All that is due at that midnight is done, however long the
walk takes; what was locked or has yet to be replicated waits for the next.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.s3 import changes, records, settings
from fogbank.services.s3.lifecycle import rules
from fogbank.services.s3.lifecycle.rules import KIND, Lifecycle
from fogbank.services.s3.locking import locks
from fogbank.services.s3.object import vault
from fogbank.services.s3.object.walking import PAGE, Seen, every_midnight
from fogbank.services.s3.records import Home, history
from fogbank.services.s3.service import service
from fogbank.services.s3.upload import uploads

Payload = dict[str, Any]

# Lifecycle leaves alone what replication has not dealt with:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-and-other-bucket-config.html
_UNREPLICATED = ("PENDING", "FAILED")


@service.task
async def apply_lifecycle(ctx: Context, payload: Payload) -> None:
    """One page of the walk of a midnight. `place` is where it goes on; without one it begins, with the uploads."""
    home = await records.find(ctx, payload["bucket"])
    packed = None if home is None else await settings.packed(home, KIND)
    if home is None or packed is None:
        return
    lifecycle = rules.compiled(packed)
    moment, found = await every_midnight(ctx, "apply_lifecycle", home, payload)
    if "place" not in payload:
        await _abort_uploads(home, lifecycle, moment)
    for seen in found:
        await _apply(home, lifecycle, seen, moment)


async def _abort_uploads(home: Home, lifecycle: Lifecycle, now: float) -> None:
    if not any(rule.abort_days for rule in lifecycle.rules):
        return
    bounds: dict[str, Any] = {}
    while page := await records.uploads.items(home.ctx, (str, str), home.name, limit=PAGE, **bounds):
        for (key, upload_id), upload in page:
            found = rules.abortion(lifecycle.rules, str(key), upload.initiated)
            if found is not None and found[0] <= now:
                await uploads.forget(home, {"Key": key, "UploadId": upload_id}, set())
        bounds = {"after": page[-1][0]}


async def _apply(home: Home, lifecycle: Lifecycle, seen: Seen, now: float) -> None:
    verdict = rules.judge(lifecycle, seen, now, bool(home.bucket.versioning))
    if verdict is None or seen.record.course.replication in _UNREPLICATED:
        return
    key, record = seen.key, seen.record
    if verdict.action == "move":
        await _move(home, key, record, verdict.storage_class)
    elif verdict.action == "mark":
        marker = await vault.add_marker(home, key)
        await changes.happened(changes.EXPIRY_MARKED, home, key, marker)
    elif locks.holds(record, now):
        return
    elif verdict.action == "remove" or await history.count(home.ctx, home.name, key, limit=2) == 1:
        await vault.remove(home, key, record)
        await changes.happened(changes.EXPIRED, home, key, record)


async def _move(home: Home, key: str, record: records.Object, storage_class: str) -> None:
    course = msgspec.structs.replace(record.course, restoring="", restored_until=0, tier="", used=0)
    moved = msgspec.structs.replace(record, storage_class=storage_class, course=course)
    await vault.rewrite(home, key, moved)
    await changes.happened(changes.TRANSITIONED, home, key, moved)
