"""What metadata tables say of a version, and of what happened to it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fogbank.identity.principals import Principal
from fogbank.services.s3 import changes
from fogbank.services.s3.changes import Change
from fogbank.services.s3.notification.records import sequencer
from fogbank.services.s3.records import Bucket, Object
from fogbank.services.s3.reports.inventory_rows import encryption_status

Row = dict[str, Any]

_UPDATES = frozenset(
    {
        *(changes.TAGGED, changes.UNTAGGED, changes.ACL, changes.TRANSITIONED, changes.TIERED, changes.LOCKED),
        *(changes.RESTORED, changes.RESTORE_ENDED),
    }
)
_DELETES = frozenset({changes.DELETED, changes.MARKED, changes.EXPIRED, changes.EXPIRY_MARKED})


def of_change(change: Change) -> Row | None:
    """The record of a change; None for what is not recorded. Moments are epoch seconds until the table is written."""
    kind = _kind(change.event)
    if kind is None:
        return None
    ctx, bucket = change.home.ctx, change.home.bucket
    request = ctx.request
    about = of_version(bucket, change.record) if kind != "DELETE" else _of_deleted(bucket, change)
    return {
        "bucket": bucket.name,
        "key": change.key,
        "sequence_number": sequencer(ctx.now()),
        "record_type": kind,
        "record_timestamp": ctx.now(),
        **about,
        "requester": "s3.amazonaws.com" if request is None else _requester(ctx.principal),
        "source_ip_address": None if request is None else request.remote,
        "request_id": None if request is None else ctx.request_id,
    }


def _kind(event: str) -> str | None:
    if event.startswith("ObjectCreated:"):
        return "CREATE"
    if event in _DELETES:
        return "DELETE"
    return "UPDATE_METADATA" if event in _UPDATES else None


def _requester(principal: Principal) -> str | None:
    return principal.account or None


def _of_deleted(bucket: Bucket, change: Change) -> Row:
    version_id = change.record.version_id if bucket.versioning else None
    return {"version_id": version_id, "is_delete_marker": change.record.deleted}


def of_version(bucket: Bucket, record: Object) -> Row:
    """The columns about a version itself."""
    traits, version_id = record.traits, record.version_id if bucket.versioning else None
    if record.deleted:
        return {"version_id": version_id, "is_delete_marker": True, "last_modified_date": record.modified}
    return {
        "version_id": version_id,
        "is_delete_marker": False,
        "size": record.size,
        "last_modified_date": record.modified,
        "e_tag": record.etag,
        "storage_class": record.storage_class or "STANDARD",
        "is_multipart": "-" in record.etag,
        "encryption_status": encryption_status(record),
        "is_bucket_key_enabled": traits.encryption.bucket_key,
        "kms_key_arn": traits.encryption.kms_key or None,
        "checksum_algorithm": record.checksum_algorithm or None,
        "object_tags": traits.tags,
        "user_metadata": traits.metadata,
    }


def told(row: Row) -> Row:
    """A row as Arrow takes it."""
    moments = {name: moment_of(row[name]) for name in ("record_timestamp", "last_modified_date") if row.get(name)}
    return {**row, **moments}


def moment_of(seconds: float) -> datetime:
    """As the columns have it: in UTC, and without saying so."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
