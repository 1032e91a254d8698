"""Archives: CreateArchive, DeleteArchive, DescribeArchive, ListArchives, UpdateArchive, and keeping events.

archives   (name)                 Archive
archived   (archive id, time, id)   the event (JSON); its time, by which it is replayed and expires, in microseconds
sizes      (archive)              how many events, and bytes, an archive has

As on AWS an archive has a managed rule of its bus, which replayed events do not match, with a target that keeps the event.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive-event.html
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.events import errors
from fogbank.services.events import rule as rule_records
from fogbank.services.events.bus import find_bus
from fogbank.services.events.deliveries import Delivery
from fogbank.services.events.kinds import declare
from fogbank.services.events.listing import page
from fogbank.services.events.names import bus_arn, own_arn, parse_bus
from fogbank.services.events.rule import Rule
from fogbank.services.events.rules import check_pattern
from fogbank.services.events.service import service

Request = dict[str, Any]

MICROSECONDS = 1_000_000
_DAY = 86_400
_PREFIX = "Events-Archive-"
_MANAGER = "prod.vhs.events.aws.internal"
_SWEPT_AT_ONCE = 500


class Archive(Record, frozen=True):
    """An archive. `retention` is in days, 0 for ever; `id` is new for each archive of a name."""

    name: str
    id: str
    bus: str
    created: float
    retention: int = 0
    pattern: str | None = None
    description: str | None = None
    kms_key: str | None = None


class Size(Record, frozen=True):
    events: int = 0
    bytes: int = 0


archives = service.collection("archives", Archive)
archived = service.collection("archived", bytes)
sizes = service.collection("sizes", Size)


def archive_arn(ctx: Context, name: str) -> str:
    return own_arn(ctx, f"archive/{name}")


def _own(ctx: Context, request: Request) -> str:
    return archive_arn(ctx, request.get("ArchiveName") or "*")


async def find_archive(ctx: Context, name: str) -> Archive:
    """Raises ResourceNotFoundException."""
    archive = await archives.get(ctx, name)
    if archive is None:
        raise errors.no_such("Archive", name)
    return archive


async def own_bus(ctx: Context, arn: str, parameter: str) -> str:
    """The name of the account's bus with that ARN. Raises ValidationException, ResourceNotFoundException."""
    place = parse_bus(arn)
    if place is None:
        raise errors.not_a_bus_arn(parameter)
    if (place.account, place.region) != (ctx.account, ctx.region):
        raise errors.no_such_bus(place.name)
    return (await find_bus(ctx, place.name)).name


# -- the operations


@service.operation(resource=_own)
async def create_archive(ctx: Context, request: Request) -> Request:
    """Keep the events of a bus from now on, all or those that fit a pattern. API_CreateArchive."""
    name = request["ArchiveName"]
    if await archives.get(ctx, name) is not None:
        raise errors.exists("Archive", name)
    bus = await own_bus(ctx, request["EventSourceArn"], "EventSourceArn")
    archive = _changed(Archive(name, ctx.ids.uuid(), bus, ctx.now()), request)
    archives.put(ctx, archive, name)
    rule_records.keep(ctx, _rule(ctx, archive))
    return _stated(ctx, archive)


def _changed(archive: Archive, request: Request) -> Archive:
    named = {"Description": "description", "RetentionDays": "retention", "KmsKeyIdentifier": "kms_key"}
    changes = {field: request[member] for member, field in named.items() if request.get(member) is not None}
    if request.get("EventPattern"):
        check_pattern(request["EventPattern"])
        changes["pattern"] = request["EventPattern"]
    return msgspec.structs.replace(archive, **changes)


def _rule(ctx: Context, archive: Archive) -> Rule:
    """The managed rule that fills the archive."""
    pattern = json.loads(archive.pattern) if archive.pattern else {}
    pattern["replay-name"] = [{"exists": False}]
    reference = f"{archive_arn(ctx, archive.name)}:{archive.id}"
    template = f'{{"archive-arn": "{reference}", "event": <aws.events.event.json>, '
    template += '"ingestion-time": <aws.events.event.ingestion-time>}'
    name = _PREFIX + archive.name
    target = {
        "Id": name,
        "Arn": f"arn:{ctx.partition}:events:{ctx.region}:::",
        "InputTransformer": {"InputPathsMap": {}, "InputTemplate": template},
    }
    return Rule(
        archive.bus,
        name,
        ctx.account,
        pattern=json.dumps(pattern, separators=(",", ":")),
        targets={name: target},
        managed_by=_MANAGER,
    )


@service.operation(resource=_own)
async def update_archive(ctx: Context, request: Request) -> Request:
    """Change what a request names of an archive. API_UpdateArchive."""
    archive = _changed(await find_archive(ctx, request["ArchiveName"]), request)
    archives.put(ctx, archive, archive.name)
    rule_records.keep(ctx, _rule(ctx, archive))
    if archive.retention:
        await ctx.schedule("expire_events", {"archive": archive.name}, key=archive.name)
    return _stated(ctx, archive)


@service.operation(resource=_own)
async def delete_archive(ctx: Context, request: Request) -> Request:
    """Delete an archive with all that is in it. API_DeleteArchive."""
    archive = await find_archive(ctx, request["ArchiveName"])
    archives.delete(ctx, archive.name)
    sizes.delete(ctx, archive.name)
    rule = await rule_records.rules.get(ctx, archive.bus, _PREFIX + archive.name)
    if rule is not None:
        await rule_records.remove(ctx, rule)
    await ctx.unschedule("expire_events", archive.name)
    await ctx.schedule("sweep_events", {"id": archive.id})
    return {}


@service.task
async def sweep_events(ctx: Context, payload: dict[str, Any]) -> None:
    """Delete what was in a deleted archive, bit by bit."""
    rows = await archived.items(ctx, (int, str), payload["id"], limit=_SWEPT_AT_ONCE)
    for key, _ in rows:
        archived.delete(ctx, payload["id"], *key)
    if len(rows) == _SWEPT_AT_ONCE:
        await ctx.schedule("sweep_events", payload)


@service.operation(resource=_own)
async def describe_archive(ctx: Context, request: Request) -> Request:
    """API_DescribeArchive."""
    archive = await find_archive(ctx, request["ArchiveName"])
    return {
        **await _shown(ctx, archive),
        "ArchiveArn": archive_arn(ctx, archive.name),
        "Description": archive.description,
        "EventPattern": archive.pattern,
        "KmsKeyIdentifier": archive.kms_key,
    }


async def _shown(ctx: Context, archive: Archive) -> Request:
    size = await sizes.get(ctx, archive.name) or Size()
    return {
        "ArchiveName": archive.name,
        "EventSourceArn": bus_arn(ctx, archive.bus),
        "State": "ENABLED",
        "RetentionDays": archive.retention,
        "SizeBytes": size.bytes,
        "EventCount": size.events,
        "CreationTime": archive.created,
    }


def _stated(ctx: Context, archive: Archive) -> Request:
    return {"ArchiveArn": archive_arn(ctx, archive.name), "State": "ENABLED", "CreationTime": archive.created}


@service.operation(resource=_own)
async def list_archives(ctx: Context, request: Request) -> Request:
    """The archives by name, of one bus or all. API_ListArchives."""
    arn, state = request.get("EventSourceArn"), request.get("State")

    def passes(archive: Archive) -> bool:
        return arn in (None, bus_arn(ctx, archive.bus)) and state in (None, "ENABLED")

    found, token = await page(ctx, archives, request, passes=passes)
    return {"Archives": [await _shown(ctx, archive) for archive in found], "NextToken": token}


# -- keeping events


async def keep_event(ctx: Context, delivery: Delivery) -> None:
    """Keep an event that the managed rule of an archive matched."""
    archive = await archives.get(ctx, delivery.target["Id"].removeprefix(_PREFIX))
    if archive is None:
        return
    event, text = delivery.event.document, delivery.event.text.encode()
    time = datetime.fromisoformat(event["time"]).timestamp()
    archived.put(ctx, text, archive.id, int(time * MICROSECONDS), event["id"])
    size = await sizes.get(ctx, archive.name) or Size()
    sizes.put(ctx, Size(size.events + 1, size.bytes + len(text)), archive.name)
    if archive.retention and not size.events:
        due = time + archive.retention * _DAY
        await ctx.schedule("expire_events", {"archive": archive.name}, at=max(due, ctx.now()), key=archive.name)


@service.task
async def expire_events(ctx: Context, payload: dict[str, Any]) -> None:
    """Delete the events that the archive has kept for long enough, and come back for the next one."""
    archive = await archives.get(ctx, payload["archive"])
    if archive is None or not archive.retention:
        return
    size = await sizes.get(ctx, archive.name) or Size()
    lifetime = archive.retention * _DAY
    until = int((ctx.now() - lifetime) * MICROSECONDS) + 1
    rows = await archived.items(ctx, (int, str), archive.id, until=(until,), limit=_SWEPT_AT_ONCE)
    for key, _ in rows:
        archived.delete(ctx, archive.id, *key)
    left = Size(size.events - len(rows), size.bytes - sum(len(text) for _, text in rows))
    sizes.put(ctx, left, archive.name)
    oldest = await archived.items(ctx, (int, str), archive.id, limit=1)
    if oldest:
        due = int(oldest[0][0][0]) / MICROSECONDS + lifetime
        await ctx.schedule("expire_events", payload, at=max(due, ctx.now()), key=archive.name)


declare(r"events::", keep_event, at_once=True)
