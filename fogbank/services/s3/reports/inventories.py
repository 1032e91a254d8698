"""Inventories: lists of what is in a bucket, written into another one every midnight (UTC), or every Sunday's.

A task of the bucket starts one for each of its configurations. These work outside of transactions, a page of versions at a time; begun
again after a crash they write the same files anew. The policy of the destination decides whether S3 may write there.
"""

from __future__ import annotations

import hashlib
import logging
import time
from typing import Any, NamedTuple

from fogbank.kernel import AWSError, Context
from fogbank.services.s3 import records, settings
from fogbank.services.s3.lifecycle import rules as lifecycle_rules
from fogbank.services.s3.object.walking import Place, walk
from fogbank.services.s3.records import Bucket
from fogbank.services.s3.reports import deliveries, inventory_files
from fogbank.services.s3.reports.inventory import KIND
from fogbank.services.s3.reports.inventory_files import DataFile
from fogbank.services.s3.reports.inventory_rows import Field, Seen, fields_of, row_of
from fogbank.services.s3.service import service
from fogbank.services.s3.settings import Document
from fogbank.storage.blobs import in_thread

Payload = dict[str, Any]

log = logging.getLogger("fogbank.s3.inventory")

# of one data file
ROWS = 100_000
_PAGE = 1000
_SUNDAY = 6


@service.task
async def take_inventories(ctx: Context, payload: Payload) -> None:
    """Start what is due at this midnight, and come again at the next."""
    home = await records.find(ctx, payload["bucket"])
    if home is None:
        return
    now = ctx.now()
    for document in await settings.all_of(home, KIND):
        if document["IsEnabled"] and _is_due(document, now):
            begun = {"bucket": home.name, "id": document["Id"], "moment": now, "stem": ctx.ids.uuid()}
            await ctx.schedule("take_inventory", begun, key=f"{home.name}/{document['Id']}")
    await ctx.schedule("take_inventories", payload, at=settings.next_midnight(now), key=home.name)


def _is_due(document: Document, now: float) -> bool:
    return document["Schedule"]["Frequency"] == "Daily" or time.gmtime(now).tm_wday == _SUNDAY


class Inventory(NamedTuple):
    """One that is being taken. `stem` begins the names of its data files, `moment` is when it began (epoch seconds)."""

    bucket: Bucket
    document: Document
    fields: list[Field]
    moment: float
    stem: str

    @property
    def destination(self) -> Document:
        found: Document = self.document["Destination"]["S3BucketDestination"]
        return found

    @property
    def format(self) -> str:
        return str(self.destination["Format"])

    @property
    def place(self) -> str:
        """What the keys of all its files begin with."""
        prefix = (self.destination.get("Prefix") or "").rstrip("/")
        return f"{prefix}{'/' * bool(prefix)}{self.bucket.name}/{self.document['Id']}"


@service.task(transaction=False)
async def take_inventory(ctx: Context, payload: Payload) -> None:
    """Write the files of one inventory, the manifest last."""
    inventory = await ctx.transact(_find, ctx, payload)
    if inventory is None:
        return
    try:
        files = await _write_data(ctx, inventory)
        await _write_manifest(ctx, inventory, files)
    except AWSError as error:
        log.warning("the inventory %s of %s is not written: %s", payload["id"], payload["bucket"], error)


async def _find(ctx: Context, payload: Payload) -> Inventory | None:
    home = await records.find(ctx, payload["bucket"])
    document = None if home is None else await settings.read(home, KIND, payload["id"])
    if home is None or document is None:
        return None
    packed = await settings.packed(home, lifecycle_rules.KIND)
    rules = () if packed is None else lifecycle_rules.compiled(packed).rules
    fields = fields_of(document.get("OptionalFields") or (), document["IncludedObjectVersions"] == "All", rules)
    return Inventory(home.bucket, document, fields, payload["moment"], payload["stem"])


async def _write_data(ctx: Context, inventory: Inventory) -> list[DataFile]:
    files: list[DataFile] = []
    rows: list[Any] = []
    place: Place | None = None
    while True:
        found, place = await ctx.transact(_read, ctx, inventory, place)
        rows += [row_of(inventory.fields, inventory.bucket, seen, inventory.moment) for seen in found]
        if place is None or len(rows) >= ROWS:
            files.append(await _write_file(ctx, inventory, rows, len(files)))
            rows = []
        if place is None:
            return files


async def _read(ctx: Context, inventory: Inventory, place: Place | None) -> tuple[list[Seen], Place | None]:
    """A page of what the inventory is about."""
    home = await records.find(ctx, inventory.bucket.name)
    if home is None:
        return [], None
    prefix = (inventory.document.get("Filter") or {}).get("Prefix") or ""
    found, following = await walk(home, place, prefix, _PAGE)
    if inventory.document["IncludedObjectVersions"] == "Current":
        found = [seen for seen in found if seen.is_latest and not seen.record.deleted]
    return found, following


async def _write_file(ctx: Context, inventory: Inventory, rows: list[Any], number: int) -> DataFile:
    kind = inventory.format
    data = await in_thread(inventory_files.data, kind, inventory.fields, rows)
    name = f"{inventory.stem}{f'-{number}' if number else ''}.{inventory_files.SUFFIXES[kind]}"
    key = f"{inventory.place}/data/{name}"
    await _deliver(ctx, inventory, key, data, inventory_files.CONTENT_TYPES[kind])
    return DataFile(key, len(data), hashlib.md5(data, usedforsecurity=False).hexdigest())


async def _write_manifest(ctx: Context, inventory: Inventory, files: list[DataFile]) -> None:
    arn = inventory.destination["Bucket"]
    begun = time.gmtime(inventory.moment)
    here = f"{inventory.place}/{time.strftime('%Y-%m-%dT%H-%MZ', begun)}"
    hive = f"{inventory.place}/hive/dt={time.strftime('%Y-%m-%d-%H-%M', begun)}"
    manifest = inventory_files.manifest(
        inventory.bucket.name, arn, inventory.moment, inventory.format, inventory.fields, files
    )
    checksum = hashlib.md5(manifest, usedforsecurity=False).hexdigest().encode()
    links = inventory_files.symlinks(arn.removeprefix(deliveries.ARN), files)
    await _deliver(ctx, inventory, f"{hive}/symlink.txt", links, "text/plain")
    await _deliver(ctx, inventory, f"{here}/manifest.json", manifest, "application/json")
    await _deliver(ctx, inventory, f"{here}/manifest.checksum", checksum, "application/octet-stream")


async def _deliver(ctx: Context, inventory: Inventory, key: str, data: bytes, content_type: str) -> None:
    destination = inventory.destination
    wanted = destination.get("Encryption") or {}
    members: Document = {}
    if "SSES3" in wanted:
        members = {"ServerSideEncryption": "AES256"}
    elif "SSEKMS" in wanted:
        members = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": wanted["SSEKMS"]["KeyId"]}
    courier = deliveries.courier(ctx, inventory.bucket, "s3")
    bucket = destination["Bucket"].removeprefix(deliveries.ARN)
    await deliveries.deliver(courier, bucket, key, data, content_type, **members)
