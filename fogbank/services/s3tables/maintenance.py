"""Maintenance of tables: what is configured, when it is due, and how it went. `upkeep` does the work.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-maintenance-overview.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3tables.records import Job, Table

Settings = dict[str, Any]

COMPACTION = "icebergCompaction"
SNAPSHOTS = "icebergSnapshotManagement"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-table-buckets-maintenance.html
FILES = "icebergUnreferencedFileRemoval"
DAY = 86400

_OF_TABLES: dict[str, Settings] = {
    COMPACTION: {"status": "enabled", "settings": {COMPACTION: {"targetFileSizeMB": 512, "strategy": "auto"}}},
    SNAPSHOTS: {"status": "enabled", "settings": {SNAPSHOTS: {"minSnapshotsToKeep": 1, "maxSnapshotAgeHours": 120}}},
}
_OF_BUCKETS: Settings = {"status": "enabled", "settings": {FILES: {"unreferencedDays": 3, "nonCurrentDays": 10}}}


def of_table(settings: Settings) -> dict[str, Settings]:
    """The configuration of each kind, given the settings of the table."""
    return {**_OF_TABLES, **settings.get("maintenance", {})}


def of_bucket(settings: Settings) -> Settings:
    """The configuration for files, given the settings of the bucket."""
    found: Settings = settings.get("maintenance", _OF_BUCKETS)
    return found


async def soon(ctx: Context, table: Table) -> None:
    """Look at the table at the next midnight. Replicas follow their source."""
    if table.metadata and not table.source:
        at = (int(ctx.now()) // DAY + 1) * DAY
        await ctx.schedule(
            "maintain_table", {"bucket": table.bucket, "id": table.id}, at=at, key=f"{table.bucket}/{table.id}"
        )


def status(configured: Settings, job: Job | None) -> Settings:
    """What GetTableMaintenanceJobStatus says of a kind."""
    if configured["status"] != "enabled":
        return {"status": "Disabled"}
    if job is None:
        return {"status": "Not_Yet_Run"}
    outcome = "Failed" if job.message else "Successful"
    return {"status": outcome, "lastRunTimestamp": job.at, "failureMessage": job.message or None}
