"""Metrics of a bucket's requests, by filter, and of what it holds: `AWS/S3` in CloudWatch.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html. Requests are counted while they are answered; what the bucket
holds is measured every midnight (UTC), a page of versions at a time, as long as the bucket has a configuration.
"""

from __future__ import annotations

from collections import Counter
from time import perf_counter
from typing import Any

from fogbank.kernel import Answered, Context, metrics
from fogbank.kernel.metrics import Measured
from fogbank.services.s3 import changes, records, settings
from fogbank.services.s3.access_point import access_points
from fogbank.services.s3.lifecycle import filters
from fogbank.services.s3.object import vault
from fogbank.services.s3.object.walking import Place, Seen, walk
from fogbank.services.s3.records import Bucket, Home
from fogbank.services.s3.reports import observing
from fogbank.services.s3.service import service
from fogbank.services.s3.settings import Document, declare_many
from fogbank.telemetry import trace

KIND = "metrics"
NAMESPACE = "AWS/S3"

Value = tuple[str, float, str]

_COUNT = "Count"
_LISTS = frozenset({"list_object_versions", "list_objects", "list_objects_v2", "list_multipart_uploads", "list_parts"})
_BY_METHOD = {
    "GET": "GetRequests",
    "PUT": "PutRequests",
    "DELETE": "DeleteRequests",
    "HEAD": "HeadRequests",
    "POST": "PostRequests",
}
_BY_OPERATION = {
    **dict.fromkeys(_LISTS, "ListRequests"),
    "select_object_content": "SelectRequests",
    "delete_objects": "DeleteRequests",
}
# Requests that count as such only when they are about an object.
_OF_OBJECTS = frozenset({"GetRequests", "PutRequests", "HeadRequests"})
_STORAGE = {
    "STANDARD": "StandardStorage",
    "REDUCED_REDUNDANCY": "ReducedRedundancyStorage",
    "STANDARD_IA": "StandardIAStorage",
    "ONEZONE_IA": "OneZoneIAStorage",
    "INTELLIGENT_TIERING": "IntelligentTieringFAStorage",
    "GLACIER_IR": "GlacierInstantRetrievalStorage",
    "GLACIER": "GlacierStorage",
    "DEEP_ARCHIVE": "DeepArchiveStorage",
    "EXPRESS_ONEZONE": "ExpressOneZoneStorage",
}


async def _check(home: Home, document: Document) -> None:
    filters.check(document.get("Filter"))


async def _changed(home: Home) -> None:
    has_any = bool(await settings.documents.count(home.ctx, home.name, KIND, limit=1))
    changes.set_feature(home, KIND, has_any)
    scope = settings.scope(home)
    if has_any:
        at = settings.next_midnight(scope.now())
        await scope.schedule("measure_storage", {"bucket": home.name}, at=at, key=home.name)
    else:
        await scope.unschedule("measure_storage", home.name)


declare_many(KIND, "Metrics", _check, _changed)


# -- requests


@observing.observe(KIND)
async def note_request(ctx: Context, bucket: Bucket, answered: Answered) -> None:
    """Count a request for each configuration that it comes under."""
    await ctx.transact(_count, ctx, bucket.name, answered.params, _values(ctx, answered))


async def _count(ctx: Context, name: str, params: dict[str, Any], values: list[Value]) -> None:
    home = await records.find(ctx, name)
    if home is None:
        return
    measured: list[Measured] = []
    for document in await settings.all_of(home, KIND):
        if await _is_about(ctx, home, params.get("Key"), document.get("Filter")):
            dimensions = {"BucketName": name, "FilterId": document["Id"]}
            measured += [(*value, dimensions) for value in values]
    await metrics.put(settings.scope(home), NAMESPACE, measured)


async def _is_about(ctx: Context, home: Home, key: str | None, document: Document | None) -> bool:
    """Is a request under a filter? One that is about no single object is so only where nothing is said of objects."""
    if not document:
        return True
    inner = document.get("And") or document
    wanted = inner.get("AccessPointArn")
    if wanted is not None and wanted != access_points.arn_of(ctx):
        return False
    found = filters.read({"Filter": document})
    if key is None:
        return not (found.prefix or found.tags)
    if not found.matches_key(key):
        return False
    record = await vault.current(home, key) if found.tags else None
    return not found.tags or (record is not None and found.matches(key, record))


def _values(ctx: Context, answered: Answered) -> list[Value]:
    request, status = ctx.request, answered.response.status
    assert request is not None
    values: list[Value] = [
        ("AllRequests", 1, _COUNT),
        ("4xxErrors", int(400 <= status < 500), _COUNT),
        ("5xxErrors", int(status >= 500), _COUNT),
    ]
    kind = _BY_OPERATION.get(ctx.operation) or _BY_METHOD.get(request.method)
    if kind is not None and ("Key" in answered.params or kind not in _OF_OBJECTS):
        values.append((kind, 1, _COUNT))
    sent, received = observing.bytes_sent(request, answered), observing.bytes_received(request)
    values += [(name, size, "Bytes") for name, size in (("BytesDownloaded", sent), ("BytesUploaded", received)) if size]
    current = trace.current.get()
    if current is not None:
        values.append(("FirstByteLatency", (perf_counter() - current.started - current.waited) * 1000, "Milliseconds"))
    return values


# -- what a bucket holds


class Held:
    """What was seen so far: how many versions and parts there are, and how many bytes by kind of storage."""

    def __init__(self) -> None:
        self.number = 0
        self.sizes: Counter[str] = Counter()

    def add(self, storage_class: str, size: int) -> None:
        self.number += 1
        self.sizes[_STORAGE[storage_class or "STANDARD"]] += size


@service.task(transaction=False)
async def measure_storage(ctx: Context, payload: dict[str, Any]) -> None:
    """Report what a bucket holds, and come again at the next midnight."""
    name, moment, held = payload["bucket"], ctx.now(), Held()
    await ctx.transact(_add_parts, ctx, name, held)
    place: Place | None = None
    while True:
        found, place = await ctx.transact(_page, ctx, name, place)
        for seen in found:
            held.add(seen.record.storage_class, seen.record.size)
        if place is None:
            break
    await ctx.transact(_report, ctx, name, moment, held)


async def _add_parts(ctx: Context, name: str, held: Held) -> None:
    """Uploads that are not complete count by their parts."""
    home = await records.find(ctx, name)
    if home is None:
        return
    for (_, upload_id), upload in await records.uploads.items(home.ctx, (str, str), name):
        for part in await records.parts.scan(home.ctx, upload_id):
            held.add(upload.storage_class, part.size)


async def _page(ctx: Context, name: str, place: Place | None) -> tuple[list[Seen], Place | None]:
    home = await records.find(ctx, name)
    return ([], None) if home is None else await walk(home, place)


async def _report(ctx: Context, name: str, moment: float, held: Held) -> None:
    home = await records.find(ctx, name)
    if home is None or KIND not in home.bucket.features:
        return
    of_all: Measured = ("NumberOfObjects", held.number, _COUNT, {"BucketName": name, "StorageType": "AllStorageTypes"})
    by_kind: list[Measured] = [
        ("BucketSizeBytes", size, "Bytes", {"BucketName": name, "StorageType": kind})
        for kind, size in held.sizes.items()
    ]
    await metrics.put(settings.scope(home), NAMESPACE, [of_all, *by_kind], moment)
    await ctx.schedule("measure_storage", {"bucket": name}, at=settings.next_midnight(moment), key=name)
