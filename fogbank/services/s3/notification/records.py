"""What S3 says of a change: the record in its messages, and the detail of its events on EventBridge.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from __future__ import annotations

import hashlib
from base64 import b32encode
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

from fogbank.identity import Principal
from fogbank.identity.principals import service_host
from fogbank.kernel import Context
from fogbank.services.s3 import changes
from fogbank.services.s3.changes import Change

Document = dict[str, Any]

_OURSELVES = service_host("s3")
_EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"
# What S3 does by itself, whoever set it up.
_BY_ITSELF = ("Lifecycle", "Replication:", "IntelligentTiering", changes.RESTORED, changes.RESTORE_ENDED)


# -- messages to queues, topics and functions


def record(change: Change, rule_id: str) -> Document:
    """One of the `Records` of a message."""
    ctx, bucket = change.home.ctx, change.home.bucket
    by, remote = _cause(change)
    found: Document = {
        "eventVersion": _version(change.event),
        "eventSource": "aws:s3",
        "awsRegion": bucket.region,
        "eventTime": iso(ctx.now()),
        "eventName": change.event,
        "userIdentity": {"principalId": principal_id(by)},
        "requestParameters": {"sourceIPAddress": remote},
        "responseElements": _response_ids(ctx),
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": rule_id,
            "bucket": {
                "name": bucket.name,
                "ownerIdentity": {"principalId": customer_id(bucket.account)},
                "arn": bucket.arn,
            },
            "object": _object(change),
        },
    }
    return found | _more(change)


def test_event(ctx: Context, bucket: str) -> Document:
    """What a new destination gets first of all."""
    ids = _response_ids(ctx)
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": iso(ctx.now()),
        "Bucket": bucket,
        "RequestId": ids["x-amz-request-id"],
        "HostId": ids["x-amz-id-2"],
    }


def _version(event: str) -> str:
    if event.startswith("Replication:"):
        return "2.2"
    is_newer = event.startswith(("Lifecycle", "ObjectAcl", "ObjectTagging", "ObjectAnnotation", "IntelligentTiering"))
    return "2.3" if is_newer or event == changes.RESTORE_ENDED else "2.1"


def _object(change: Change) -> Document:
    """Size and ETag are those of objects that are still there; only what creates and deletes has a place in the sequence."""
    record, event = change.record, change.event
    found: Document = {"key": quote_plus(change.key, safe="/")}
    if _has_size(event):
        found["size"] = record.size
    if etag := _etag(change):
        found["eTag"] = etag
    if change.home.bucket.versioning:
        found["versionId"] = record.version_id
    if _has_sequencer(event):
        found["sequencer"] = f"00{sequencer(change.home.ctx.now())}"
    return found


def _has_size(event: str) -> bool:
    return event.startswith(("ObjectCreated:", "ObjectRestore:", "Replication:", "LifecycleTransition", "Intelligent"))


def _has_sequencer(event: str) -> bool:
    return event.startswith(("ObjectCreated:", "ObjectRemoved:", "LifecycleExpiration:"))


def _etag(change: Change) -> str:
    """A delete marker has that of no bytes at all; what is gone for good has none any more."""
    if change.event in (changes.MARKED, changes.EXPIRY_MARKED):
        return _EMPTY_MD5
    return "" if change.event in (changes.DELETED, changes.EXPIRED) else change.record.etag


def sequencer(now: float) -> str:
    """Seconds and nanoseconds, in 16 hexadecimal digits: later is greater."""
    seconds, fraction = divmod(int(now * 1e6), 1_000_000)
    return f"{seconds:08X}{fraction * 1000:08X}"


def _more(change: Change) -> Document:
    """What only events of some kinds have."""
    event, about, storage_class = change.event, change.about, change.record.storage_class or "STANDARD"
    if event == changes.RESTORED:
        restored = {
            "lifecycleRestorationExpiryTime": iso(about["expires"]),
            "lifecycleRestoreStorageClass": storage_class,
        }
        return {"glacierEventData": {"restoreEventData": restored}}
    if event == changes.TRANSITIONED:
        return {"lifecycleEventData": {"transitionEventData": {"destinationStorageClass": storage_class}}}
    if event == changes.TIERED:
        return {"intelligentTieringEventData": {"destinationAccessTier": about["tier"]}}
    if event.startswith("Replication:"):
        return {"replicationEventData": _replication(change)}
    return {}


def _replication(change: Change) -> Document:
    about = change.about
    found = {
        "replicationRuleId": about["rule"],
        "destinationBucket": about["destination"],
        "s3Operation": about["operation"],
        "requestTime": iso(about["requested"]),
    }
    if "failure" in about:
        found["failureReason"] = about["failure"]
    return found


# -- who, where, when


def _cause(change: Change) -> tuple[Principal, str]:
    """Who brought the change about, and from where."""
    ctx = change.home.ctx
    if ctx.request is None or change.event.startswith(_BY_ITSELF):
        return _SERVICE if change.event.startswith(_BY_ITSELF) else ctx.principal, _OURSELVES
    return ctx.principal, ctx.request.remote


_SERVICE = Principal("", _OURSELVES, "service", _OURSELVES)


def principal_id(principal: Principal) -> str:
    """Who it was, in the form of S3's records."""
    if principal.kind == "service":
        return principal.arn
    if principal.kind == "anonymous":
        return "Anonymous"
    return customer_id(principal.account) if principal.kind == "root" else f"AWS:{principal.user_id}"


@lru_cache(maxsize=1024)
def customer_id(account: str) -> str:
    """Amazon's number of a customer, the same for ever."""
    digest = hashlib.sha256(f"fogbank customer {account}".encode()).digest()
    return f"A{b32encode(digest).decode()[:13]}"


def _response_ids(ctx: Context) -> dict[str, str]:
    from fogbank.protocols import s3

    return dict(s3.id_headers(ctx.request_id))


def iso(moment: float) -> str:
    return datetime.fromtimestamp(int(moment * 1000) / 1000, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _iso_seconds(moment: float) -> str:
    return datetime.fromtimestamp(int(moment), UTC).isoformat()[:-6] + "Z"


# -- events on EventBridge

_DELETED = "Object Deleted"
_PERMANENTLY, _BY_MARKER = "Permanently Deleted", "Delete Marker Created"
_DELETE, _EXPIRATION = "DeleteObject", "Lifecycle Expiration"

# By event: the detail type, and what the detail says of how it came about. Replication is not told.
_DETAILS: dict[str, tuple[str, Document]] = {
    changes.PUT: ("Object Created", {"reason": "PutObject"}),
    changes.POST: ("Object Created", {"reason": "POST Object"}),
    changes.COPY: ("Object Created", {"reason": "CopyObject"}),
    changes.COMPLETED: ("Object Created", {"reason": "CompleteMultipartUpload"}),
    changes.DELETED: (_DELETED, {"reason": _DELETE, "deletion-type": _PERMANENTLY}),
    changes.MARKED: (_DELETED, {"reason": _DELETE, "deletion-type": _BY_MARKER}),
    changes.EXPIRED: (_DELETED, {"reason": _EXPIRATION, "deletion-type": _PERMANENTLY}),
    changes.EXPIRY_MARKED: (_DELETED, {"reason": _EXPIRATION, "deletion-type": _BY_MARKER}),
    changes.TAGGED: ("Object Tags Added", {}),
    changes.UNTAGGED: ("Object Tags Deleted", {}),
    changes.ACL: ("Object ACL Updated", {}),
    changes.TRANSITIONED: ("Object Storage Class Changed", {}),
    changes.TIERED: ("Object Access Tier Changed", {}),
    changes.RESTORING: ("Object Restore Initiated", {}),
    changes.RESTORED: ("Object Restore Completed", {}),
    changes.RESTORE_ENDED: ("Object Restore Expired", {}),
}


def detail(change: Change) -> tuple[str, Document] | None:
    """Detail type and detail of an event; None for what EventBridge is not told."""
    found = _DETAILS.get(change.event)
    if found is None:
        return None
    kind, how = found
    by, remote = _cause(change)
    about: Document = {
        "version": "0",
        "bucket": {"name": change.home.name},
        "object": _detailed_object(change),
        "request-id": change.home.ctx.request_id,
        "requester": by.arn if by.kind == "service" else by.account or "anonymous",
    }
    if remote != _OURSELVES:
        about["source-ip-address"] = remote
    return kind, about | how | _more_detail(change)


def _detailed_object(change: Change) -> Document:
    """The object of a record under other names; its key is as it is."""
    found = _object(change)
    entry: Document = {"key": change.key}
    for name, other in (("size", "size"), ("eTag", "etag"), ("versionId", "version-id")):
        if name in found:
            entry[other] = found[name]
    if "sequencer" in found:
        entry["sequencer"] = found["sequencer"][2:].lower()
    return entry


def _more_detail(change: Change) -> Document:
    event, storage_class = change.event, change.record.storage_class or "STANDARD"
    if event == changes.RESTORED:
        return {"restore-expiry-time": _iso_seconds(change.about["expires"]), "source-storage-class": storage_class}
    if event == changes.RESTORING:
        return {"source-storage-class": storage_class}
    if event == changes.TRANSITIONED:
        return {"destination-storage-class": storage_class}
    if event == changes.TIERED:
        return {"destination-access-tier": change.about["tier"]}
    return {}
