"""What an inventory says of a version: its fields, in AWS's order, with their names in the three kinds of files.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory.html#storage-inventory-contents
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from fogbank.identity.principals import canonical_id
from fogbank.services.s3.lifecycle import rules as lifecycle_rules
from fogbank.services.s3.lifecycle.rules import Rule
from fogbank.services.s3.object import courses
from fogbank.services.s3.object.walking import Seen
from fogbank.services.s3.permissions import grants
from fogbank.services.s3.records import CUSTOMER, DSSE, KMS, S3_KEY, Bucket, Object

_ENCRYPTIONS = {S3_KEY: "SSE-S3", KMS: "SSE-KMS", DSSE: "DSSE-KMS", CUSTOMER: "SSE-C"}
# Objects that nobody has read for 30 and 90 days are in cheaper tiers, from which they are read at once.
_TIERS = ((90, "ARCHIVE_INSTANT"), (30, "INFREQUENT"), (0, "FREQUENT"))
_ARCHIVES = {"ARCHIVE_ACCESS": "ARCHIVE", "DEEP_ARCHIVE_ACCESS": "DEEP_ARCHIVE"}
_DAY = 86400


def encryption_status(record: Object) -> str:
    return _ENCRYPTIONS[record.traits.encryption.algorithm]


class Field(NamedTuple):
    """`name` is that of the configuration and of CSV, `column` that of ORC and Parquet, `type` is SQL's.

    `read` gives the value for (bucket, version, now), None for none; of delete markers only the `always` fields have one.
    """

    name: str
    column: str
    type: str
    read: Callable[[Bucket, Seen, float], Any]
    always: bool = False


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _retained(bucket: Bucket, seen: Seen, now: float) -> datetime | None:
    lock = seen.record.lock
    return _moment(lock.until) if lock is not None and lock.until else None


def _lock_mode(bucket: Bucket, seen: Seen, now: float) -> str | None:
    return seen.record.lock.mode or None if seen.record.lock is not None else None


def _legal_hold(bucket: Bucket, seen: Seen, now: float) -> str | None:
    if seen.record.lock is None:
        return None
    return "On" if seen.record.lock.legal_hold == "ON" else "Off"


def _tier(bucket: Bucket, seen: Seen, now: float) -> str | None:
    record = seen.record
    if record.storage_class != courses.TIERED:
        return None
    if record.course.tier:
        return _ARCHIVES[record.course.tier]
    unread = (now - max(record.modified, record.course.used)) / _DAY
    return next((tier for days, tier in _TIERS if unread >= days), "FREQUENT")


def _bucket_key(bucket: Bucket, seen: Seen, now: float) -> str | None:
    encryption = seen.record.traits.encryption
    if encryption.algorithm != KMS:
        return None
    return "ENABLED" if encryption.bucket_key else "DISABLED"


def _owner(bucket: Bucket, seen: Seen, now: float) -> str:
    return canonical_id(seen.record.owner or bucket.account)


def _access_list(bucket: Bucket, seen: Seen, now: float) -> str:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/objectacl.html"""
    listed = [_granted(entry) for entry in grants.described(grants.of_object(seen.record, bucket))]
    return b64encode(orjson.dumps({"version": "2022-11-10", "status": "AVAILABLE", "grants": listed})).decode()


def _granted(entry: dict[str, Any]) -> dict[str, Any]:
    grantee = entry["Grantee"]
    who = {"canonicalId": grantee["ID"]} if "ID" in grantee else {"uri": grantee.get("URI")}
    return {**who, "type": grantee["Type"], "permission": entry["Permission"]}


def _of_object(read: Callable[[Object], Any]) -> Callable[[Bucket, Seen, float], Any]:
    return lambda bucket, seen, now: read(seen.record)


_ALWAYS = (
    Field("Bucket", "bucket", "VARCHAR", lambda bucket, seen, now: bucket.name, True),
    Field("Key", "key", "VARCHAR", lambda bucket, seen, now: seen.key, True),
)
_OF_VERSIONS = (
    Field("VersionId", "version_id", "VARCHAR", _of_object(lambda record: record.version_id), True),
    Field("IsLatest", "is_latest", "BOOLEAN", lambda bucket, seen, now: seen.is_latest, True),
    Field("IsDeleteMarker", "is_delete_marker", "BOOLEAN", _of_object(lambda record: record.deleted), True),
)
_OPTIONAL = (
    Field("Size", "size", "BIGINT", _of_object(lambda record: record.size)),
    Field(
        "LastModifiedDate", "last_modified_date", "TIMESTAMP", _of_object(lambda record: _moment(record.modified)), True
    ),
    Field("ETag", "e_tag", "VARCHAR", _of_object(lambda record: record.etag)),
    Field("StorageClass", "storage_class", "VARCHAR", _of_object(lambda record: record.storage_class or "STANDARD")),
    Field("IsMultipartUploaded", "is_multipart_uploaded", "BOOLEAN", _of_object(lambda record: "-" in record.etag)),
    Field(
        "ReplicationStatus", "replication_status", "VARCHAR", _of_object(lambda record: record.course.replication), True
    ),
    Field(
        "EncryptionStatus",
        "encryption_status",
        "VARCHAR",
        _of_object(encryption_status),
    ),
    Field("ObjectLockRetainUntilDate", "object_lock_retain_until_date", "TIMESTAMP", _retained),
    Field("ObjectLockMode", "object_lock_mode", "VARCHAR", _lock_mode),
    Field("ObjectLockLegalHoldStatus", "object_lock_legal_hold_status", "VARCHAR", _legal_hold),
    Field("IntelligentTieringAccessTier", "intelligent_tiering_access_tier", "VARCHAR", _tier),
    Field("BucketKeyStatus", "bucket_key_status", "VARCHAR", _bucket_key),
    Field("ChecksumAlgorithm", "checksum_algorithm", "VARCHAR", _of_object(lambda record: record.checksum_algorithm)),
    Field("ObjectAccessControlList", "object_access_control_list", "VARCHAR", _access_list),
    Field("ObjectOwner", "object_owner", "VARCHAR", _owner),
)
_EXPIRATION = "LifecycleExpirationDate"
KNOWN = frozenset(field.name for field in _OPTIONAL) | {_EXPIRATION}


def fields_of(optional: Iterable[str], with_versions: bool, rules: Iterable[Rule] = ()) -> list[Field]:
    """The fields of an inventory, in the order of its columns. `rules` are those of the bucket's lifecycle."""
    wanted = set(optional)
    known = (*_OPTIONAL, Field(_EXPIRATION, "lifecycle_expiration_date", "TIMESTAMP", _expiring(tuple(rules))))
    return [*_ALWAYS, *(_OF_VERSIONS if with_versions else ()), *(field for field in known if field.name in wanted)]


def _expiring(rules: tuple[Rule, ...]) -> Callable[[Bucket, Seen, float], datetime | None]:
    """Gives when a current version expires; nothing for noncurrent ones, and where no rule is about it."""

    def read(bucket: Bucket, seen: Seen, now: float) -> datetime | None:
        found = lifecycle_rules.expiration(rules, seen.key, seen.record) if seen.is_latest else None
        return None if found is None else _moment(found[0])

    return read


def row_of(fields: Iterable[Field], bucket: Bucket, seen: Seen, now: float) -> list[Any]:
    """The values of a version; None where it has none."""
    is_marker = seen.record.deleted
    return [None if is_marker and not field.always else field.read(bucket, seen, now) for field in fields]
