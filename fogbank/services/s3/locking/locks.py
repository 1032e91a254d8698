"""Object lock as rules: what a new version is locked with, whether a lock holds, how one may be changed.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html. The operations are in `object_lock.py`. An event hold protects a
version while it is ON; when it is released, the version is kept for the hold's duration from then on, which nobody can bypass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from fogbank.services.s3 import errors
from fogbank.services.s3.locking import errors as lock_errors
from fogbank.services.s3.records import Bucket, DefaultRetention, Lock, Object

Request = Mapping[str, Any]

ON, OFF = "ON", "OFF"
GOVERNANCE, COMPLIANCE = "GOVERNANCE", "COMPLIANCE"
_MODES = (GOVERNANCE, COMPLIANCE)
_DAY = 86400
_YEAR = 365 * _DAY
_LONGEST_DAYS = 36_500
_LONGEST_YEARS = 100
_NOTHING = Lock()

replace = msgspec.structs.replace


def holds(record: Object, now: float) -> bool:
    """Is the version protected from being deleted?"""
    lock = record.lock
    return lock is not None and (_is_held(lock) or lock.until > now)


def can_be_bypassed(lock: Lock) -> bool:
    """Is the lock one that who may bypass governance can undo?"""
    return lock.mode == GOVERNANCE and not _is_held(lock)


def _is_held(lock: Lock) -> bool:
    return ON in (lock.legal_hold, lock.event_hold)


# -- new versions

RETENTION_MEMBERS = frozenset(
    {
        "ObjectLockMode",
        "ObjectLockRetainUntilDate",
        "ObjectLockEventHold",
        "ObjectLockEventHoldDurationDays",
        "ObjectLockEventHoldDurationYears",
    }
)
_MEMBERS = RETENTION_MEMBERS | {"ObjectLockLegalHoldStatus"}


def is_wanted(request: Request) -> bool:
    """Does a write ask for a lock of its own?"""
    return not _MEMBERS.isdisjoint(request)


def requested(request: Request, bucket: Bucket, now: float) -> Lock | None:
    """The lock that a write asks for. Raises InvalidRequest in a bucket without object lock, InvalidArgument."""
    if not is_wanted(request):
        return None
    if bucket.retention is None:
        raise lock_errors.no_lock_on_bucket()
    mode, until = request.get("ObjectLockMode"), request.get("ObjectLockRetainUntilDate")
    if (mode is None) != (until is None):
        missing = "mode" if mode is None else "retain-until-date"
        raise lock_errors.incomplete(f"x-amz-object-lock-{missing}")
    if mode is not None and mode not in _MODES:
        raise errors.invalid_argument("Unknown wormMode directive.", "x-amz-object-lock-mode", mode)
    if until is not None and until <= now:
        raise lock_errors.date_is_past()
    legal_hold = request.get("ObjectLockLegalHoldStatus") or ""
    if legal_hold not in ("", ON, OFF):
        raise errors.invalid_argument(
            "Legal Hold must be either of 'ON' or 'OFF'", "x-amz-object-lock-legal-hold", legal_hold
        )
    return Lock(mode or "", until or 0, legal_hold, *_event_hold(request))


def _event_hold(request: Request) -> tuple[str, int, int]:
    """(ON or OFF, days, years) of the event hold that a write asks for."""
    status = request.get("ObjectLockEventHold") or ""
    days = request.get("ObjectLockEventHoldDurationDays") or 0
    years = request.get("ObjectLockEventHoldDurationYears") or 0
    if status == ON and bool(days) == bool(years):
        raise lock_errors.incomplete_event_hold()
    return status, days, years


def of_new(wanted: Lock | None, bucket: Bucket, now: float) -> Lock | None:
    """The lock of a new version: the one that was asked for, completed by the bucket's default."""
    default = bucket.retention
    if default is None or default == DefaultRetention():
        return wanted
    lock = wanted or _NOTHING
    if default.mode and not lock.mode:
        lock = replace(lock, mode=default.mode, until=now + seconds(default.days, default.years))
    if (default.hold_days or default.hold_years) and not lock.event_hold:
        lock = replace(lock, event_hold=ON, hold_days=default.hold_days, hold_years=default.hold_years)
    return lock


def seconds(days: int, years: int) -> int:
    return days * _DAY + years * _YEAR


# -- changing a lock


def with_retention(lock: Lock | None, document: Request, now: float) -> Lock:
    """A lock with the retention that a document has; an empty document takes it away. Raises MalformedXML, InvalidArgument."""
    lock = lock or _NOTHING
    mode, until = document.get("Mode"), document.get("RetainUntilDate")
    if (mode is None) != (until is None) or (mode is not None and mode not in _MODES):
        raise errors.malformed_xml()
    if until is not None and until <= now:
        raise lock_errors.date_is_past()
    status = document.get("EventHold")
    if mode is not None or status is None:
        lock = replace(lock, mode=mode or "", until=until or 0)
    return lock if status is None else _with_event_hold(lock, status, document, now)


def _with_event_hold(lock: Lock, status: str, document: Request, now: float) -> Lock:
    duration = document.get("EventHoldDuration") or {}
    days, years = duration.get("Days") or 0, duration.get("Years") or 0
    if days and years:
        raise errors.malformed_xml()
    if not days and not years:
        days, years = lock.hold_days, lock.hold_years
    if status == ON:
        if not days and not years:
            raise lock_errors.incomplete_event_hold()
        return replace(lock, event_hold=ON, hold_days=days, hold_years=years)
    if lock.event_hold != ON:
        return replace(lock, event_hold=OFF)
    until = now + seconds(days, years)
    if until <= lock.until:
        return replace(lock, event_hold=OFF, hold_days=days, hold_years=years)
    return replace(lock, mode=COMPLIANCE, until=until, event_hold=OFF, hold_days=days, hold_years=years)


def weakens(before: Lock | None, after: Lock, now: float) -> bool:
    """Does a change of retention make a lock that is in force weaker? A release of an event hold, which prolongs it, does not."""
    if before is None or before.until <= now:
        return False
    if after.until < before.until:
        return True
    return before.mode != after.mode and not (before.event_hold == ON and after.event_hold == OFF)


# -- defaults of buckets


def default_of(document: Request) -> DefaultRetention:
    """What an object lock configuration says of new objects. Raises MalformedXML, InvalidRetentionPeriod."""
    if document.get("ObjectLockEnabled") != "Enabled":
        raise errors.malformed_xml()
    if document.get("Rule") is None:
        return DefaultRetention()
    wanted = document["Rule"].get("DefaultRetention")
    if wanted is None:
        raise errors.malformed_xml()
    hold = wanted.get("DefaultEventHold")
    mode = wanted.get("Mode")
    if mode is None and hold is None:
        raise errors.malformed_xml()
    days, years = _period(wanted, mode is not None)
    hold_days, hold_years = _period(hold or {}, hold is not None)
    return DefaultRetention(mode or "", days, years, hold_days, hold_years)


def _period(document: Request, is_needed: bool) -> tuple[int, int]:
    """(days, years), of which one is given where a period is needed, and none elsewhere."""
    days, years = document.get("Days"), document.get("Years")
    if (days is not None) + (years is not None) != is_needed:
        raise errors.malformed_xml()
    if any(value is not None and value <= 0 for value in (days, years)):
        raise lock_errors.invalid_period()
    if (days or 0) > _LONGEST_DAYS or (years or 0) > _LONGEST_YEARS:
        raise lock_errors.period_too_long()
    return days or 0, years or 0


def described(default: DefaultRetention) -> dict[str, Any]:
    """A bucket's object lock configuration as it is answered."""
    answer: dict[str, Any] = {"ObjectLockEnabled": "Enabled"}
    if default != DefaultRetention():
        hold = {"Days": default.hold_days or None, "Years": default.hold_years or None}
        answer["Rule"] = {
            "DefaultRetention": {
                "Mode": default.mode or None,
                "Days": default.days or None,
                "Years": default.years or None,
                "DefaultEventHold": hold if default.hold_days or default.hold_years else None,
            }
        }
    return answer


# -- answers and condition keys


def retention_members(lock: Lock, answer: dict[str, Any]) -> None:
    """The headers of a read that tell of a version's retention."""
    if lock.until:
        answer["ObjectLockMode"] = lock.mode
        answer["ObjectLockRetainUntilDate"] = lock.until
    if lock.event_hold:
        answer["ObjectLockEventHold"] = lock.event_hold
        answer["ObjectLockEventHoldDurationDays"] = lock.hold_days or None
        answer["ObjectLockEventHoldDurationYears"] = lock.hold_years or None


def condition_keys(request: Request, now: float) -> dict[str, str]:
    """The condition keys about a lock that a request asks for."""
    document = request.get("Retention") or {}
    mode = request.get("ObjectLockMode") or document.get("Mode")
    until = request.get("ObjectLockRetainUntilDate") or document.get("RetainUntilDate")
    legal_hold = request.get("ObjectLockLegalHoldStatus") or (request.get("LegalHold") or {}).get("Status")
    found = {"s3:object-lock-mode": mode, "s3:object-lock-legal-hold": legal_hold}
    if until is not None:
        found["s3:object-lock-retain-until-date"] = _iso(until)
        found["s3:object-lock-remaining-retention-days"] = str(max(0, int(-(-(until - now) // _DAY))))
    return {name: value for name, value in found.items() if value is not None}


def _iso(moment: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
