"""The files of an export beside its data: where they lie, and what they say.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html. The page calls the checksums `.checksum`; the
service names them `.md5`.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from fogbank.services.dynamodb.exports import DataFile, Export


def md5_of(data: bytes) -> str:
    return b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def folder(export: Export) -> str:
    return f"{_root(export)}{export.id}/"


def data_key(export: Export, name: str) -> str:
    """Incremental exports share one folder for their data."""
    suffix = "ion.gz" if export.format == "ION" else "json.gz"
    return f"{_root(export) if export.since else folder(export)}data/{name}.{suffix}"


def _root(export: Export) -> str:
    prefix = export.request.get("S3Prefix") or ""
    return f"{prefix.rstrip('/')}/AWSDynamoDB/" if prefix else "AWSDynamoDB/"


def files(written: list[DataFile]) -> bytes:
    """`manifest-files.json`: a line for each data file."""
    lines = [
        {"itemCount": file.items, "md5Checksum": file.md5, "etag": file.etag, "dataFileS3Key": file.key}
        for file in written
    ]
    return b"".join([orjson.dumps(line) + b"\n" for line in lines])


def summary(export: Export, ended: float) -> bytes:
    """`manifest-summary.json`."""
    request = export.request
    document: dict[str, Any] = {
        "version": "2023-08-01" if export.since else "2020-06-30",
        "exportArn": export.arn,
        "startTime": _time(export.started),
        "endTime": _time(ended),
        "tableArn": export.table_arn,
        "tableId": export.table_id,
        **_period(export),
        "s3Bucket": request["S3Bucket"],
        "s3Prefix": request.get("S3Prefix"),
        "s3SseAlgorithm": request.get("S3SseAlgorithm", "AES256"),
        "s3SseKmsKeyId": request.get("S3SseKmsKeyId"),
        "manifestFilesS3Key": f"{folder(export)}manifest-files.json",
        "billedSizeBytes": export.size,
        "itemCount": export.items,
        "outputFormat": export.format,
    }
    if export.since:
        document |= {"outputView": export.view, "exportType": "INCREMENTAL_EXPORT"}
    return orjson.dumps(document)


def _period(export: Export) -> dict[str, str]:
    if not export.since:
        return {"exportTime": _time(export.until / 1e6)}
    return {"exportFromTime": _time(export.since / 1e6), "exportToTime": _time(export.until / 1e6)}


def _time(seconds: float) -> str:
    shown = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return shown.replace("+00:00", "Z")
