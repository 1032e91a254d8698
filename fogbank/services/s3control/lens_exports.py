"""The daily metrics export of Storage Lens, written by its own principal: the bucket's policy has to let it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage_lens_view_metrics_export.html
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import logging
import time
from collections import Counter
from typing import Any

from fogbank.http import Payload
from fogbank.identity import storage_access
from fogbank.identity.principals import service_principal
from fogbank.kernel import AWSError, Context
from fogbank.services.s3control import job_actions, lens_rules
from fogbank.services.s3control.lens import DAY, Configuration, configurations
from fogbank.services.s3control.service import service

log = logging.getLogger("fogbank.s3control")

_COLUMNS = (
    "version_number",
    "configuration_id",
    "report_date",
    "aws_account_number",
    "aws_region",
    "storage_class",
    "record_type",
    "record_value",
    "bucket_name",
    "metric_name",
    "metric_value",
)
_VERSION = "V_1"
_PAGE = 1000

Key = tuple[str, str, str, str]


@service.task(transaction=False)
async def export_storage_lens(ctx: Context, payload: dict[str, Any]) -> None:
    """Export the metrics of the day that has ended, and plan the next export."""
    found = await ctx.transact(_begin, ctx, payload["id"])
    if found is None:
        return
    day = time.strftime("%Y-%m-%d", time.gmtime(ctx.now() - DAY))
    data = _lines(ctx, found, day, await measured(ctx, found.document))
    try:
        await _write(ctx, found, day, data)
    except AWSError as error:  # the bucket is gone, or does not let it
        log.warning("the metrics of Storage Lens configuration %s were not exported: %s", found.id, error)


async def _begin(ctx: Context, config_id: str) -> Configuration | None:
    found = await configurations.get(ctx, config_id)
    if found is not None:
        midnight = (int(ctx.now()) // DAY + 1) * DAY
        await ctx.schedule("export_storage_lens", {"id": config_id}, at=midnight, key=config_id)
    return found


async def measured(ctx: Context, document: dict[str, Any]) -> Counter[Key]:
    """Metrics by (region, storage class, bucket, metric), of the buckets that a configuration is about."""
    buckets = storage_access.buckets(ctx.app)
    found: Counter[Key] = Counter()
    for name, region in await ctx.transact(buckets.owned, ctx):
        if not _is_included(document, name, region):
            continue
        after = ""
        while page := await ctx.transact(buckets.objects, ctx, name, after, _PAGE):
            for entry in page:
                found[region, entry.storage_class, name, "StorageBytes"] += entry.size
                found[region, entry.storage_class, name, "ObjectCount"] += 1
                if entry.encryption:
                    found[region, entry.storage_class, name, "EncryptedStorageBytes"] += entry.size
                    found[region, entry.storage_class, name, "EncryptedObjectCount"] += 1
            after = page[-1].key
    return found


def _is_included(document: dict[str, Any], name: str, region: str) -> bool:
    arn = f"arn:aws:s3:::{name}"
    include, exclude = document.get("Include"), document.get("Exclude")
    if include is not None:
        return arn in (include.get("Buckets") or [arn]) and region in (include.get("Regions") or [region])
    if exclude is not None:
        return arn not in (exclude.get("Buckets") or ()) and region not in (exclude.get("Regions") or ())
    return True


def _lines(ctx: Context, found: Configuration, day: str, metrics: Counter[Key]) -> bytes:
    """The export: metrics of each bucket, and those of the account, which sum them up."""
    totals: Counter[Key] = Counter()
    for (region, storage_class, _, metric), value in metrics.items():
        totals[region, storage_class, "", metric] += value
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for kind, values in (("ACCOUNT", totals), ("BUCKET", metrics)):
        for (region, storage_class, bucket, metric), value in sorted(values.items()):
            place = (ctx.account, region, storage_class, kind, bucket, bucket)
            writer.writerow([_VERSION, found.id, day, *place, metric, value])
    return text.getvalue().encode()


async def _write(ctx: Context, found: Configuration, day: str, data: bytes) -> None:
    destination = lens_rules.destination_of(found.document)
    if destination is None:
        return
    prefix = (destination.get("Prefix") or "").rstrip("/")
    base = f"{prefix}/" if prefix else ""
    base += f"StorageLens/{ctx.account}/{found.id}/{_VERSION}"
    name = f"{base}/reports/dt={day}/{hashlib.sha1(data, usedforsecurity=False).hexdigest()}.csv"
    manifest = {
        "sourceAccountId": ctx.account,
        "configId": found.id,
        "destinationBucket": destination["Arn"],
        "reportVersion": _VERSION,
        "reportDate": day,
        "reportFormat": "CSV",
        "reportSchema": ",".join(_COLUMNS),
        "reportFiles": [
            {"key": name, "size": len(data), "md5Checksum": hashlib.md5(data, usedforsecurity=False).hexdigest()}
        ],
    }
    await _put(ctx, destination, name, data, found)
    await _put(ctx, destination, f"{base}/manifests/dt={day}/manifest.json", json.dumps(manifest).encode(), found)


async def _put(ctx: Context, destination: dict[str, Any], key: str, data: bytes, found: Configuration) -> None:
    params: dict[str, Any] = {
        "Bucket": job_actions.bucket_of(destination["Arn"]),
        "Key": key,
        "Body": Payload(data),
        "ExpectedBucketOwner": destination["AccountId"],
    }
    key_id = ((destination.get("Encryption") or {}).get("SSEKMS") or {}).get("KeyId")
    if key_id:
        params |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_id}
    writer = ctx.at()
    writer.principal = service_principal("storage-lens.s3", ctx.account)
    writer.origin = {"aws:SourceArn": found.document["StorageLensArn"], "aws:SourceAccount": ctx.account}
    await writer.call("s3", "PutObject", params, as_caller=True)
