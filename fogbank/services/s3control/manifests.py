"""Manifests as values: which objects does a job work on?

https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-create-job.html#specify-batchjob-manifest
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import quote, unquote_plus

Row = tuple[str, str, str]


class Invalid(Exception):
    """A manifest that is none; the message says where."""


class Part(NamedTuple):
    """A file of an inventory: its bucket and key, and what its columns are."""

    bucket: str
    key: str
    fields: list[str]


def rows(data: bytes, fields: list[str]) -> Iterator[Row]:
    """The objects in a CSV file, whose columns are `fields` (`Bucket`, `Key`, `VersionId`; others do not matter). Raises Invalid."""
    places = [fields.index(name) if name in fields else -1 for name in ("Bucket", "Key", "VersionId")]
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Invalid("The manifest is not encoded in UTF-8.") from None
    reader = csv.reader(io.StringIO(text))
    for line in reader:
        if not line:
            continue
        if len(line) != len(fields):
            raise Invalid(f"Line {reader.line_num} of the manifest has {len(line)} columns instead of {len(fields)}.")
        bucket, key, version = (line[place] if place >= 0 else "" for place in places)
        if not bucket or not key:
            raise Invalid(f"Line {reader.line_num} of the manifest lacks a bucket or a key.")
        yield bucket, key, version


def inventory(data: bytes) -> list[Part]:
    """The files that an S3 Inventory manifest (`manifest.json`) names. Raises Invalid."""
    try:
        document = json.loads(data)
        files, schema = document["files"], document["fileSchema"]
        bucket = document["destinationBucket"].rpartition(":")[2]
        keys = [str(each["key"]) for each in files]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Invalid("The manifest is no S3 Inventory manifest.") from None
    if document.get("fileFormat") != "CSV":
        raise Invalid("The S3 Inventory report is not in the CSV format.")
    fields = [field.strip() for field in schema.split(",")]
    if "Bucket" not in fields or "Key" not in fields:
        raise Invalid("The S3 Inventory report lacks the bucket or the key.")
    return [Part(bucket, key, fields) for key in keys]


def unpacked(data: bytes) -> bytes:
    """The bytes of a file of an inventory, which is compressed. Raises Invalid."""
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        raise Invalid("A file of the S3 Inventory report is not compressed as it should be.") from None


def key_of(spelled: str) -> str:
    """The key of an object; manifests have them URL-encoded."""
    return unquote_plus(spelled)


def spelled(key: str) -> str:
    return quote(key, safe="/")


# -- those that are generated


def generated(objects: Iterable[Row]) -> bytes:
    """The CSV file of a generated manifest."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(objects)
    return text.getvalue().encode()


def index(bucket: str, destination: str, created: float, files: list[dict[str, Any]]) -> bytes:
    """The `manifest.json` of a generated manifest."""
    document = {
        "sourceBucket": bucket,
        "destinationBucket": f"arn:aws:s3:::{destination}",
        "version": "2021-11-30",
        "creationTimestamp": str(int(created * 1000)),
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, VersionId",
        "files": files,
    }
    return json.dumps(document, indent=2).encode()
