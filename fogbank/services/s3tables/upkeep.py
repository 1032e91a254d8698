"""Maintenance at work: snapshots expire, and files that no snapshot names are removed. Files are not compacted.

A table is looked at at midnight (UTC), for as long as there may be something to do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.services.s3tables import commits, errors, maintenance, replication, storage, tables
from fogbank.services.s3tables.iceberg import avro
from fogbank.services.s3tables.iceberg.avro import Unsupported
from fogbank.services.s3tables.iceberg.metadata import Document
from fogbank.services.s3tables.iceberg.updates import updated
from fogbank.services.s3tables.maintenance import DAY, FILES, SNAPSHOTS
from fogbank.services.s3tables.records import (
    Found,
    Job,
    Since,
    Table,
    TableBucket,
    buckets,
    jobs,
    noncurrent,
    places,
)
from fogbank.services.s3tables.records import tables as records
from fogbank.services.s3tables.service import service

Payload = dict[str, Any]
Settings = dict[str, Any]
Work = Callable[[Context, Table, Settings], Awaitable[bool]]


@service.task(transaction=False)
async def maintain_table(ctx: Context, payload: Payload) -> None:
    """Do what is due, and come again the next day if there is more to come."""
    is_more = [await _run(ctx, payload, SNAPSHOTS, _expire_snapshots), await _run(ctx, payload, FILES, _remove_files)]
    if any(is_more):
        await ctx.transact(_again, ctx, payload)


async def _run(ctx: Context, payload: Payload, kind: str, work: Work) -> bool:
    """Do a job, if the table is there and wants it, and note how it went. Is there more to come?"""
    found = await ctx.transact(_find, ctx, payload)
    if found is None:
        return False
    bucket, table = found
    configured = maintenance.of_bucket(bucket.settings) if kind == FILES else maintenance.of_table(table.settings)[kind]
    if configured["status"] != "enabled":
        return False
    try:
        is_more, message = await work(ctx, table, configured["settings"][kind]), ""
    except (AWSError, Unsupported) as error:
        is_more, message = True, str(error)
    await ctx.transact(_note, ctx, table, kind, message)
    return is_more


async def _find(ctx: Context, payload: Payload) -> tuple[TableBucket, Table] | None:
    bucket, place = await buckets.get(ctx, payload["bucket"]), await places.get(ctx, payload["bucket"], payload["id"])
    table = None if place is None else await records.get(ctx, payload["bucket"], place.namespace, place.name)
    return None if bucket is None or table is None else (bucket, table)


async def _again(ctx: Context, payload: Payload) -> None:
    found = await _find(ctx, payload)
    if found is not None:
        await maintenance.soon(ctx, found[1])


async def _note(ctx: Context, table: Table, kind: str, message: str) -> None:
    jobs.put(ctx, Job(ctx.now(), message), table.bucket, table.id, kind)


async def _read(ctx: Context, table: Table) -> Document:
    document: Document = orjson.loads(await storage.read(ctx, table.metadata))
    return document


# -- snapshots


async def _expire_snapshots(ctx: Context, table: Table, settings: Settings) -> bool:
    """Are there snapshots left that will expire?"""
    document = await _read(ctx, table)
    gone = expired(document, ctx.now(), settings["minSnapshotsToKeep"], settings["maxSnapshotAgeHours"] * 3600)
    if gone:
        update = {"action": "remove-snapshots", "snapshot-ids": gone}
        at = max(int(ctx.now() * 1000), document["last-updated-ms"])
        location = commits.next_location(ctx, table.warehouse, table.metadata)
        await storage.write(ctx, location, orjson.dumps(updated(document, [update], table.metadata, at)))
        await ctx.transact(_commit, ctx, table, location)
    return len(document["snapshots"]) - len(gone) > settings["minSnapshotsToKeep"]


def expired(document: Document, now: float, least: int, age: float) -> list[int]:
    """The ids of the snapshots that are older than `age` seconds: the oldest first, while there are more than `least`.

    What a branch or a tag names stays.
    """
    named = {ref["snapshot-id"] for ref in (document.get("refs") or {}).values()}
    snapshots = sorted(document.get("snapshots") or [], key=lambda snapshot: snapshot["timestamp-ms"])
    old = [
        snapshot["snapshot-id"]
        for snapshot in snapshots
        if snapshot["snapshot-id"] not in named and now - snapshot["timestamp-ms"] / 1000 > age
    ]
    return old[: max(len(snapshots) - least, 0)]


async def _commit(ctx: Context, before: Table, location: str) -> None:
    """Raises ConflictException when somebody else was faster: then it is for the next day."""
    there = await _find(ctx, {"bucket": before.bucket, "id": before.id})
    if there is None or there[1].metadata != before.metadata:
        raise errors.wrong_version_token()
    found = Found(ctx, *there)
    await replication.soon(found, tables.changed(ctx, found, there[1], metadata=location))


# -- files


async def _remove_files(ctx: Context, table: Table, settings: Settings) -> bool:
    """Are there files left that nothing names?"""
    named = await _named(ctx, table)
    token, is_more = None, False
    while True:
        entries, token = await ctx.transact(storage.listed, ctx, table.warehouse, token)
        unnamed = [(key, at) for key, at in entries if f"{table.warehouse}/{key}" not in named]
        is_more |= await ctx.transact(_sort_out, ctx, table, unnamed, settings)
        if token is None:
            return is_more


async def _named(ctx: Context, table: Table) -> set[str]:
    """The addresses of all files that the metadata needs."""
    document = await _read(ctx, table)
    found = {table.metadata, *(entry["metadata-file"] for entry in document.get("metadata-log") or [])}
    for kind in ("statistics", "partition-statistics"):
        found.update(entry["statistics-path"] for entry in document.get(kind) or [])
    manifests: set[str] = set()
    for snapshot in document.get("snapshots") or []:
        listed = await storage.read(ctx, snapshot["manifest-list"])
        manifests.update(manifest["manifest_path"] for manifest in avro.records(listed))
        found.add(snapshot["manifest-list"])
    for path in manifests:
        entries = avro.records(await storage.read(ctx, path))
        found.update(entry["data_file"]["file_path"] for entry in entries if entry["status"] != avro.DELETED)
    return found | manifests


async def _sort_out(ctx: Context, table: Table, unnamed: list[tuple[str, float]], settings: Settings) -> bool:
    """Files are noncurrent when nothing names them some days after they were written, and some days later they go."""
    gone = []
    for key, written in unnamed:
        since = await noncurrent.get(ctx, table.bucket, table.id, key)
        if since is None and ctx.now() - written >= settings["unreferencedDays"] * DAY:
            noncurrent.put(ctx, Since(ctx.now()), table.bucket, table.id, key)
        elif since is not None and ctx.now() - since.at >= settings["nonCurrentDays"] * DAY:
            noncurrent.delete(ctx, table.bucket, table.id, key)
            gone.append(key)
    await storage.remove_files(ctx, table.warehouse, gone)
    return len(gone) < len(unnamed)
