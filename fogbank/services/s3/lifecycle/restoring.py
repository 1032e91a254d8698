"""RestoreObject: a copy of an archived object that can be read for some days, after the hours that an archive takes.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html. Objects of the archive tiers of
Intelligent-Tiering come back for good.
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Answered, Context
from fogbank.services.s3 import changes, errors, records, settings
from fogbank.services.s3.content import digests
from fogbank.services.s3.lifecycle.rules import end_of
from fogbank.services.s3.object import courses, reads, vault
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import Home, Object, home_of
from fogbank.services.s3.service import service

Request = dict[str, Any]
Payload = dict[str, Any]

_HOUR = 3600
# The least that AWS takes, in seconds, the quickest first:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html
_SHALLOW = {"Expedited": 60, "Standard": 3 * _HOUR, "Bulk": 5 * _HOUR}
_DEEP = {"Standard": 12 * _HOUR, "Bulk": 48 * _HOUR}
_DELAYS = {
    "GLACIER": _SHALLOW,
    "ARCHIVE_ACCESS": _SHALLOW,
    "DEEP_ARCHIVE": _DEEP,
    "DEEP_ARCHIVE_ACCESS": _DEEP,
}
_QUICKEST = list(_SHALLOW)
# noted in a request that began something, since its answer has another status
_BEGUN = "begun"


@service.operation(action="s3:RestoreObject", **access.ON_OBJECT)
async def restore_object(ctx: Context, request: Request) -> None:
    """Begin to restore an archived version, or keep the copy that there is for longer.

    Errors: NoSuchKey, MalformedXML, InvalidObjectState, InvalidArgument, RestoreAlreadyInProgress.
    """
    digests.check_document(ctx.request)
    document = request.get("RestoreRequest") or {}
    home = await home_of(ctx, request)
    record = await reads.readable(home, request)
    tier = _tier(document)
    delay = _delay(record, document, tier)
    days = document.get("Days") or 0
    if record.course.restored_until > ctx.now():
        await _keep_until(home, request["Key"], record, end_of(ctx.now(), days))
        return
    before = record.course.restoring
    if before and _QUICKEST.index(tier) >= _QUICKEST.index(before):
        raise errors.restore_in_progress()
    request[_BEGUN] = True
    begun = courses.replace(record, restoring=tier)
    await vault.rewrite(home, request["Key"], begun)
    await changes.happened(changes.RESTORING, home, request["Key"], begun)
    payload = _payload(home, request["Key"], record)
    await settings.scope(home).schedule("end_restore", payload | {"days": days}, delay=delay, key=_name(payload))


def _tier(document: Request) -> str:
    """By which tier to restore. Raises for what is no restore: selecting from archives was retired."""
    if document.get("Type") is not None or "SelectParameters" in document or "OutputLocation" in document:
        raise errors.method_not_allowed("POST", "OBJECT")
    if not document:
        raise errors.malformed_xml()
    job: Request = document.get("GlacierJobParameters") or {}
    tier: str = job.get("Tier") or document.get("Tier") or "Standard"
    return tier


def _delay(record: Object, document: Request, tier: str) -> int:
    """How long it takes, in seconds. Raises for versions that lie in no archive, and for days that make no sense."""
    archive = record.course.tier or record.storage_class
    if archive not in _DELAYS:
        raise errors.not_restorable(record.storage_class or "STANDARD")
    days = document.get("Days")
    if (days is None) != bool(record.course.tier):
        raise errors.malformed_xml()
    if days is not None and days < 1:
        raise errors.invalid_argument("'Days' must be a positive integer", "Days", days)
    if tier not in _DELAYS[archive]:
        raise errors.invalid_argument("Retrieval option is not supported by this storage class", "Tier", tier)
    return _DELAYS[archive][tier]


def answer_accepted(ctx: Context, answered: Answered) -> None:
    """What was begun is answered with 202, what was only made longer with 200."""
    if answered.params.get(_BEGUN) and answered.error is None:
        answered.response.status = 202


service.after.append(answer_accepted)


# -- later


def _payload(home: Home, key: str, record: Object) -> Payload:
    return {"bucket": home.name, "key": key, "version": record.version_id}


def _name(payload: Payload) -> str:
    """The key of the one task that there is for a version."""
    return f"{payload['bucket']}/{payload['version']}/{payload['key']}"


async def _found(ctx: Context, payload: Payload) -> tuple[Home, Object] | None:
    """The version that a task is about, unless it is gone."""
    home = await records.find(ctx, payload["bucket"])
    record = None if home is None else await vault.version(home, payload["key"], payload["version"])
    return None if home is None or record is None else (home, record)


@service.task
async def end_restore(ctx: Context, payload: Payload) -> None:
    """The copy is there; or, for Intelligent-Tiering, the object is back."""
    found = await _found(ctx, payload)
    if found is None or not found[1].course.restoring:
        return
    home, record = found
    if record.course.tier:
        back = courses.replace(record, restoring="", tier="", used=int(ctx.now()))
        await vault.rewrite(home, payload["key"], back)
        await changes.happened(changes.RESTORED, home, payload["key"], back)
        return
    until = end_of(ctx.now(), payload["days"])
    restored = await _keep_until(home, payload["key"], record, until)
    await changes.happened(changes.RESTORED, home, payload["key"], restored, expires=until)


async def _keep_until(home: Home, key: str, record: Object, until: int) -> Object:
    restored = courses.replace(record, restoring="", restored_until=until)
    await vault.rewrite(home, key, restored)
    payload = _payload(home, key, record)
    await settings.scope(home).schedule("drop_restored", payload, at=until, key=_name(payload))
    return restored


@service.task
async def drop_restored(ctx: Context, payload: Payload) -> None:
    """The time of the copy is over."""
    found = await _found(ctx, payload)
    if found is None or not 0 < found[1].course.restored_until <= ctx.now():
        return
    home, record = found
    dropped = courses.replace(record, restored_until=0)
    await vault.rewrite(home, payload["key"], dropped)
    await changes.happened(changes.RESTORE_ENDED, home, payload["key"], dropped)
