"""Storage class analysis: how old the objects of a filter are, and how much of them is read; written every midnight (UTC) as CSV.

    reads      bucket, configuration -> what was read since the last midnight: `class/age` -> [requests, bytes]
    analyses   bucket, configuration, day -> the lines of a day

https://docs.aws.amazon.com/AmazonS3/latest/userguide/analytics-storage-class.html. As on AWS, objects of less than 128 KB are left out, and
only STANDARD and STANDARD_IA are looked at. No age for a transition is recommended: those columns are empty.
"""

from __future__ import annotations

import csv
import io
import logging
import time
from collections import defaultdict
from typing import Any, NamedTuple

import msgspec

from fogbank.kernel import Answered, AWSError, Collection, Context
from fogbank.services.s3 import changes, errors, records, settings
from fogbank.services.s3.lifecycle import filters
from fogbank.services.s3.lifecycle.rules import SMALL
from fogbank.services.s3.object import vault
from fogbank.services.s3.object.walking import Place, Seen, walk
from fogbank.services.s3.records import Bucket, Home, Object
from fogbank.services.s3.reports import deliveries, observing
from fogbank.services.s3.service import service
from fogbank.services.s3.settings import Document, declare_many

Payload = dict[str, Any]
Line = list[str]

log = logging.getLogger("fogbank.s3.analytics")

KIND = "analytics"
_DAY = 86400
# Days that an export goes back at most.
_KEPT = 365
_CLASSES = ("STANDARD", "STANDARD_IA")
_ALL = "ALL"
_AGES = (
    *((0, "000-014"), (15, "015-029"), (30, "030-044"), (45, "045-059"), (60, "060-074"), (75, "075-089")),
    *((90, "090-119"), (120, "120-149"), (150, "150-179"), (180, "180-364"), (365, "365-729"), (730, "730+")),
)
_COLUMNS = (
    *("Date", "ConfigId", "Filter", "StorageClass", "ObjectAge", "ObjectCount", "DataUploaded_MB", "Storage_MB"),
    *("DataRetrieved_MB", "GetRequestCount", "CumulativeAccessRatio", "ObjectAgeForSIATransition"),
    "RecommendedObjectAgeForSIATransition",
)
_MEGABYTE = 1024 * 1024

reads: Collection[bytes] = service.collection("reads", bytes, scope="account")
analyses: Collection[bytes] = service.collection("analyses", bytes, scope="account")
settings.goes_with_bucket(reads, str)
settings.goes_with_bucket(analyses, str, int)

_pack = msgspec.msgpack.Encoder().encode
_unpack_reads = msgspec.msgpack.Decoder(dict[str, tuple[int, int]]).decode
_unpack_lines = msgspec.msgpack.Decoder(list[Line]).decode


# -- the configurations


async def _check(home: Home, document: Document) -> None:
    filters.check(document.get("Filter"))
    export = document["StorageClassAnalysis"].get("DataExport")
    if export is None:
        return
    destination = export["Destination"]["S3BucketDestination"]
    await deliveries.check_destination(home, destination["Bucket"])
    found = await records.find(home.ctx, destination["Bucket"].removeprefix(deliveries.ARN))
    if found is not None and destination.get("BucketAccountId", found.bucket.account) != found.bucket.account:
        raise errors.access_denied()


async def _changed(home: Home) -> None:
    wanted = await settings.all_of(home, KIND)
    changes.set_feature(home, KIND, bool(wanted))
    scope = settings.scope(home)
    if wanted:
        at = settings.next_midnight(scope.now())
        await scope.schedule("analyse_storage", {"bucket": home.name}, at=at, key=home.name)
    else:
        await scope.unschedule("analyse_storage", home.name)


declare_many(KIND, "Analytics", _check, _changed)


# -- what is read


@observing.observe(KIND)
async def note_read(ctx: Context, bucket: Bucket, answered: Answered) -> None:
    """Count a GET of an object for each configuration that it comes under."""
    if ctx.operation == "get_object" and answered.error is None and ctx.request is not None:
        size = observing.bytes_sent(ctx.request, answered)
        await ctx.transact(_count, ctx, bucket.name, answered.params, size)


async def _count(ctx: Context, name: str, params: Payload, size: int) -> None:
    home = await records.find(ctx, name)
    record = None if home is None else await _read_version(home, params)
    if home is None or record is None:
        return
    group = _group(record, ctx.now())
    for document in await settings.all_of(home, KIND):
        if group is not None and filters.read(document).matches(params["Key"], record):
            counted = _unpack_reads(await reads.get(home.ctx, name, document["Id"]) or _pack({}))
            number, total = counted.get(group, (0, 0))
            counted[group] = (number + 1, total + size)
            reads.put(home.ctx, _pack(counted), name, document["Id"])


async def _read_version(home: Home, params: Payload) -> Object | None:
    version_id = params.get("VersionId")
    if version_id is None:
        return await vault.current(home, params["Key"])
    return await vault.version(home, params["Key"], version_id)


def _group(record: Object, now: float) -> str | None:
    """`class/age` of a version that is looked at."""
    storage_class = record.storage_class or _CLASSES[0]
    if record.deleted or record.size < SMALL or storage_class not in _CLASSES:
        return None
    days = (now - record.modified) // _DAY
    return f"{storage_class}/{next(name for least, name in reversed(_AGES) if days >= least or least == 0)}"


# -- the analysis of a day


class Tally:
    """What there is of a group: objects, bytes, and bytes that came within the last day."""

    __slots__ = ("new", "number", "size")

    def __init__(self) -> None:
        self.number = self.size = self.new = 0

    def add(self, record: Object, now: float) -> None:
        self.number += 1
        self.size += record.size
        self.new += record.size if now - record.modified < _DAY else 0


Tallies = defaultdict[str, Tally]


@service.task(transaction=False)
async def analyse_storage(ctx: Context, payload: Payload) -> None:
    """Analyse a bucket by each of its configurations, export what is to be, and come again at the next midnight."""
    name, moment = payload["bucket"], ctx.now()
    documents = await ctx.transact(_documents, ctx, name)
    found = {document["Id"]: Tallies(Tally) for document in documents}
    place: Place | None = None
    while documents:
        page, place = await ctx.transact(_page, ctx, name, place)
        for seen in page:
            _tally(documents, found, seen, moment)
        if place is None:
            break
    for document in documents:
        await ctx.transact(_keep, ctx, name, document, found[document["Id"]], moment)
        await _export(ctx, name, document)
    await ctx.transact(_again, ctx, name, moment)


async def _documents(ctx: Context, name: str) -> list[Document]:
    home = await records.find(ctx, name)
    return [] if home is None else await settings.all_of(home, KIND)


async def _page(ctx: Context, name: str, place: Place | None) -> tuple[list[Seen], Place | None]:
    home = await records.find(ctx, name)
    return ([], None) if home is None else await walk(home, place)


def _tally(documents: list[Document], found: dict[str, Tallies], seen: Seen, now: float) -> None:
    group = _group(seen.record, now)
    for document in documents:
        if group is not None and filters.read(document).matches(seen.key, seen.record):
            found[document["Id"]][group].add(seen.record, now)


async def _keep(ctx: Context, name: str, document: Document, tallies: Tallies, moment: float) -> None:
    """Keep the lines of the day that is over, with what was read in it."""
    home = await records.find(ctx, name)
    if home is None:
        return
    identity, day = document["Id"], int(moment // _DAY) - 1
    read = _unpack_reads(await reads.get(home.ctx, name, identity) or _pack({}))
    reads.delete(home.ctx, name, identity)
    analyses.put(home.ctx, _pack(_lines(document, tallies, read, day)), name, identity, day)
    for (old,), _ in await analyses.items(home.ctx, (int,), name, identity, until=(day - _KEPT,)):
        analyses.delete(home.ctx, name, identity, old)


class Row(NamedTuple):
    number: int
    new: int
    size: int
    retrieved: int
    requests: int


def _lines(document: Document, tallies: Tallies, read: dict[str, tuple[int, int]], day: int) -> list[Line]:
    """A line for each class and age there is, and one for all ages of a class."""
    date = time.strftime("%Y-%m-%d", time.gmtime(day * _DAY))
    filter_ = filters.read(document)
    words = ";".join([filter_.prefix] * bool(filter_.prefix) + [f"{key}={value}" for key, value in filter_.tags])
    lines: list[Line] = []
    for storage_class in _CLASSES:
        rows = {age: _row(tallies, read, f"{storage_class}/{age}") for _, age in _AGES}
        rows = {age: row for age, row in rows.items() if row.number or row.requests}
        if rows:
            whole = Row(*map(sum, zip(*rows.values(), strict=True)))
            lines += [
                [date, document["Id"], words, storage_class, age, *_figures(row)]
                for age, row in {_ALL: whole, **rows}.items()
            ]
    return lines


def _row(tallies: Tallies, read: dict[str, tuple[int, int]], group: str) -> Row:
    tally, (requests, retrieved) = tallies.get(group, Tally()), read.get(group, (0, 0))
    return Row(tally.number, tally.new, tally.size, retrieved, requests)


def _figures(row: Row) -> Line:
    ratio = row.retrieved / row.size if row.size else 0
    sizes = [f"{size / _MEGABYTE:.6f}" for size in (row.new, row.size, row.retrieved)]
    return [str(row.number), *sizes, str(row.requests), f"{ratio:.6f}", "", ""]


# -- exporting


async def _export(ctx: Context, name: str, document: Document) -> None:
    export = document["StorageClassAnalysis"].get("DataExport")
    found = None if export is None else await ctx.transact(_all_lines, ctx, name, document["Id"])
    if export is None or found is None:
        return
    bucket, lines = found
    destination = export["Destination"]["S3BucketDestination"]
    key = f"{destination.get('Prefix') or ''}{name}/{document['Id']}.csv"
    courier = deliveries.courier(ctx, bucket, "s3")
    target = destination["Bucket"].removeprefix(deliveries.ARN)
    try:
        await deliveries.deliver(courier, target, key, _csv(lines), "text/csv")
    except AWSError as error:
        log.warning("the analysis %s of %s is not exported: %s", document["Id"], name, error)


async def _all_lines(ctx: Context, name: str, identity: str) -> tuple[Bucket, list[Line]] | None:
    home = await records.find(ctx, name)
    if home is None:
        return None
    packed = await analyses.scan(home.ctx, name, identity)
    return home.bucket, [line for lines in packed for line in _unpack_lines(lines)]


def _csv(lines: list[Line]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(lines)
    return out.getvalue().encode()


async def _again(ctx: Context, name: str, moment: float) -> None:
    home = await records.find(ctx, name)
    if home is not None and KIND in home.bucket.features:
        await ctx.schedule("analyse_storage", {"bucket": name}, at=settings.next_midnight(moment), key=name)
