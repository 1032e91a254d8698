"""Writing metadata tables: the journal at the next full minute after a change, the inventory at the next full hour.

    journal    bucket, microseconds, id -> a row that is not in the journal table yet

A commit to the journal table and the rows that are in it are one transaction: none is lost, none comes twice.
"""

from __future__ import annotations

import logging
from typing import Any

import msgspec

from fogbank.kernel import AWSError, Collection, Context
from fogbank.services.s3 import changes, records, settings
from fogbank.services.s3.changes import Change
from fogbank.services.s3.metadata import rows, tables
from fogbank.services.s3.metadata.configurations import INVENTORY, JOURNAL, KIND
from fogbank.services.s3.metadata.rows import Row
from fogbank.services.s3.metadata.tables import Place
from fogbank.services.s3.notification.records import sequencer
from fogbank.services.s3.object.walking import Place as Position
from fogbank.services.s3.object.walking import walk
from fogbank.services.s3.service import service

Payload = dict[str, Any]

log = logging.getLogger("fogbank.s3.metadata")

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_ROWS = 5000
_CONFLICT = "ConflictException"

journal: Collection[bytes] = service.collection("journal", bytes, scope="account")
settings.goes_with_bucket(journal, int, str)

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Row).decode


@changes.follow(KIND)
async def note(change: Change) -> None:
    """Keep what happened until it is written."""
    row = rows.of_change(change)
    if row is None:
        return
    ctx, name = change.home.ctx, change.home.name
    journal.put(ctx, _pack(row), name, int(ctx.now() * 1e6), ctx.ids.hex(8))
    await _soon(settings.scope(change.home), "write_metadata_journal", name, _MINUTE)
    await _soon(settings.scope(change.home), "write_metadata_inventory", name, _HOUR)


async def _soon(scope: Context, task: str, bucket: str, step: int) -> None:
    """At the next full minute or hour, however often it is asked for."""
    at = (int(scope.now()) // step + 1) * step
    await scope.schedule(task, {"bucket": bucket}, at=at, key=bucket)


async def _place(ctx: Context, name: str, kind: str) -> Place | None:
    """A table of a bucket, if there is one that is to be written."""
    home = await records.find(ctx, name)
    document = None if home is None else await settings.read(home, KIND)
    if document is None or document.get(kind, {}).get("TableStatus") != "ACTIVE":
        return None
    if kind == INVENTORY and document["state"] != "ENABLED":
        return None
    return Place(document["bucket"], document["namespace"], document[kind]["TableName"])


@service.task(transaction=False)
async def write_metadata_journal(ctx: Context, payload: Payload) -> None:
    """Append what has happened to the journal table."""
    name = payload["bucket"]
    place, found = await ctx.transact(_gathered, ctx, name)
    prepared = None
    try:
        if place is not None and found:
            from fogbank.services.s3.metadata import iceberg

            work = iceberg.append([rows.told(_unpack(row)) for _, row in found])
            prepared = await tables.prepare(ctx, place, work)
        await ctx.transact(_settle, ctx, name, found, prepared)
    except AWSError as error:
        if error.code == _CONFLICT:
            raise
        log.warning("the journal of %s is not written: %s", name, error)


async def _gathered(ctx: Context, name: str) -> tuple[Place | None, list[Any]]:
    return await _place(ctx, name, JOURNAL), await journal.items(ctx, (int, str), name, limit=_ROWS)


async def _settle(ctx: Context, name: str, found: list[Any], prepared: tables.Prepared | None) -> None:
    if prepared is not None:
        await tables.conclude(ctx, prepared)
    for key, _ in found:
        journal.delete(ctx, name, *key)
    if len(found) == _ROWS:
        await ctx.schedule("write_metadata_journal", {"bucket": name}, key=name)


@service.task(transaction=False)
async def write_metadata_inventory(ctx: Context, payload: Payload) -> None:
    """Put what is in the bucket in the place of what the inventory table has."""
    name = payload["bucket"]
    place = await ctx.transact(_place, ctx, name, INVENTORY)
    if place is None:
        return
    told: list[Row] = []
    position: Position | None = None
    while True:
        page, position = await ctx.transact(_page, ctx, name, position)
        told += page
        if position is None:
            break
    from fogbank.services.s3.metadata import iceberg

    await _commit(ctx, name, place, iceberg.overwrite([rows.told(row) for row in told]))


async def _commit(ctx: Context, name: str, place: Place, work: tables.Work) -> None:
    """Work on a table of a bucket. Who was late tries again, as tasks do."""
    try:
        prepared = await tables.prepare(ctx, place, work)
        if prepared is not None:
            await ctx.transact(tables.conclude, ctx, prepared)
    except AWSError as error:
        if error.code == _CONFLICT:
            raise
        log.warning("the table %s of %s is not written: %s", place.name, name, error)


async def _page(ctx: Context, name: str, position: Position | None) -> tuple[list[Row], Position | None]:
    home = await records.find(ctx, name)
    if home is None:
        return [], None
    found, following = await walk(home, position)
    return [
        {
            "bucket": name,
            "key": seen.key,
            "sequence_number": sequencer(seen.record.modified),
            **rows.of_version(home.bucket, seen.record),
        }
        for seen in found
    ], following


# -- expiration


@service.task(transaction=False)
async def expire_metadata_journal(ctx: Context, payload: Payload) -> None:
    """Take old records out of the journal table, and come again at the next midnight (UTC)."""
    name, moment = payload["bucket"], ctx.now()
    place, days = await ctx.transact(_expiring, ctx, name)
    if days is None:
        return
    if place is not None:
        from fogbank.services.s3.metadata import iceberg

        await _commit(ctx, name, place, iceberg.expire("record_timestamp", rows.moment_of(moment - days * _DAY)))

    async def again() -> None:
        at = settings.next_midnight(moment)
        await ctx.schedule("expire_metadata_journal", payload, at=at, key=name)

    await ctx.transact(again)


async def _expiring(ctx: Context, name: str) -> tuple[Place | None, int | None]:
    """The journal of a bucket and for how many days its records are kept; None for ever."""
    home = await records.find(ctx, name)
    document = None if home is None else await settings.read(home, KIND)
    expiration = {} if document is None else document["expiration"]
    days = expiration["Days"] if expiration.get("Expiration") == "ENABLED" else None
    return await _place(ctx, name, JOURNAL), days
