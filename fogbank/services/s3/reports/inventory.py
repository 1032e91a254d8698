"""Inventory configurations; the reports are written in `inventories.py`.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketInventoryConfiguration.html
"""

from __future__ import annotations

import re

from fogbank.services.s3 import errors, settings
from fogbank.services.s3.records import Home
from fogbank.services.s3.reports import deliveries
from fogbank.services.s3.reports.inventory_files import can_write
from fogbank.services.s3.reports.inventory_rows import KNOWN
from fogbank.services.s3.settings import Document, declare_many

KIND = "inventory"
_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")


async def _check(home: Home, document: Document) -> None:
    if _ID.fullmatch(document["Id"]) is None:
        raise errors.invalid_argument("The inventory configuration id is not valid", "Id", document["Id"])
    fields = document.get("OptionalFields") or []
    if len(set(fields)) < len(fields):
        raise errors.malformed_xml()
    unknown = [name for name in fields if name not in KNOWN]
    if unknown:
        raise errors.header_not_implemented("OptionalFields", f"Fogbank has no field {unknown[0]} in inventories.")
    destination = document["Destination"]["S3BucketDestination"]
    if len(destination.get("Encryption") or {}) > 1:
        raise errors.malformed_xml()
    if not can_write(destination["Format"]):
        raise errors.header_not_implemented(
            "Format", f"This installation of Fogbank writes no {destination['Format']}."
        )
    await deliveries.check_destination(home, destination["Bucket"])


async def _changed(home: Home) -> None:
    """There is one task for a bucket, as long as one of its configurations is enabled."""
    scope = settings.scope(home)
    if any(document["IsEnabled"] for document in await settings.all_of(home, KIND)):
        at = settings.next_midnight(scope.now())
        await scope.schedule("take_inventories", {"bucket": home.name}, at=at, key=home.name)
    else:
        await scope.unschedule("take_inventories", home.name)


declare_many(KIND, "Inventory", _check, _changed)
