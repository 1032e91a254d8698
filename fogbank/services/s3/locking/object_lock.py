"""Object lock: retention and legal holds of versions, and the default of a bucket. The rules are in `locks.py`."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.s3 import changes, errors
from fogbank.services.s3.content import digests
from fogbank.services.s3.locking import errors as lock_errors
from fogbank.services.s3.locking import locks
from fogbank.services.s3.object import reads, vault
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import ENABLED, Home, Lock, Object, buckets, home_of
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

replace = msgspec.structs.replace


# -- deleting


async def check_delete(home: Home, request: Request, record: Object) -> None:
    """Raise AccessDenied unless a version may be deleted for good, its lock bypassed if the request says so."""
    if locks.holds(record, home.ctx.now()):
        assert record.lock is not None
        await _check_bypass(home, request, record.lock)


async def _check_bypass(home: Home, request: Request, lock: Lock) -> None:
    if not locks.can_be_bypassed(lock) or not request.get("BypassGovernanceRetention"):
        raise lock_errors.locked()
    await access.check(home.ctx, "s3:BypassGovernanceRetention", request)


# -- the default of a bucket


@service.operation(action="s3:PutBucketObjectLockConfiguration", **access.ON_BUCKET)
async def put_object_lock_configuration(ctx: Context, request: Request) -> Answer:
    """Give a bucket object lock, for ever, and say how new objects are locked."""
    digests.check_document(ctx.request, required=True)
    default = locks.default_of(request.get("ObjectLockConfiguration") or {})
    home = await home_of(ctx, request)
    if home.bucket.versioning != ENABLED:
        raise lock_errors.not_versioned()
    buckets.put(home.ctx, replace(home.bucket, retention=default), home.name)
    return {}


@service.operation(action="s3:GetBucketObjectLockConfiguration", **access.ON_BUCKET)
async def get_object_lock_configuration(ctx: Context, request: Request) -> Answer:
    home = await home_of(ctx, request)
    if home.bucket.retention is None:
        raise errors.no_such_configuration(
            "ObjectLockConfigurationNotFoundError",
            "Object Lock configuration does not exist for this bucket",
            home.name,
        )
    return {"ObjectLockConfiguration": locks.described(home.bucket.retention)}


# -- retention


@service.operation(**access.ON_OBJECT)
async def put_object_retention(ctx: Context, request: Request) -> Answer:
    """Set, prolong or, where that may be bypassed, shorten or take away a version's retention."""
    digests.check_document(ctx.request, required=True)
    home, record = await _lockable(ctx, request)
    now = ctx.now()
    lock = locks.with_retention(record.lock, request.get("Retention") or {}, now)
    if locks.weakens(record.lock, lock, now):
        assert record.lock is not None
        if record.lock.mode != locks.GOVERNANCE:
            raise lock_errors.locked()
        await _check_bypass(home, request, replace(record.lock, legal_hold="", event_hold=""))
    await _keep(home, request["Key"], replace(record, lock=lock))
    return {}


async def _keep(home: Home, key: str, record: Object) -> None:
    await vault.rewrite(home, key, record)
    await changes.happened(changes.LOCKED, home, key, record)


@service.operation(**access.ON_OBJECT)
async def get_object_retention(ctx: Context, request: Request) -> Answer:
    _, record = await _lockable(ctx, request)
    lock = record.lock
    if lock is None or not (lock.until or lock.event_hold):
        raise lock_errors.no_lock_on_object()
    duration = {"Days": lock.hold_days or None, "Years": lock.hold_years or None}
    retention = {
        "Mode": lock.mode or None,
        "RetainUntilDate": lock.until or None,
        "EventHold": lock.event_hold or None,
        "EventHoldDuration": duration if lock.hold_days or lock.hold_years else None,
    }
    return {"Retention": retention}


# -- legal hold


@service.operation(**access.ON_OBJECT)
async def put_object_legal_hold(ctx: Context, request: Request) -> Answer:
    digests.check_document(ctx.request, required=True)
    status = (request.get("LegalHold") or {}).get("Status")
    if status is None:
        raise errors.malformed_xml()
    home, record = await _lockable(ctx, request)
    lock = replace(record.lock or Lock(), legal_hold=status)
    await _keep(home, request["Key"], replace(record, lock=lock))
    return {}


@service.operation(**access.ON_OBJECT)
async def get_object_legal_hold(ctx: Context, request: Request) -> Answer:
    _, record = await _lockable(ctx, request)
    if record.lock is None or not record.lock.legal_hold:
        raise lock_errors.no_lock_on_object()
    return {"LegalHold": {"Status": record.lock.legal_hold}}


async def _lockable(ctx: Context, request: Request) -> tuple[Home, Object]:
    """The version that a request names, in a bucket that has object lock. Raises InvalidRequest for others."""
    home = await home_of(ctx, request)
    record = await reads.readable(home, request)
    if home.bucket.retention is None:
        raise lock_errors.no_lock_on_bucket()
    return home, record
