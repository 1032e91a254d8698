"""The items of a distributed Map out of S3: objects of a bucket, rows of CSV, elements of JSON, lines of JSON Lines, S3 inventories.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

import csv
import gzip
import io
from typing import Any

import orjson

from fogbank.kernel import AWSError, Context, bodies
from fogbank.services.stepfunctions import limits
from fogbank.services.stepfunctions.integrations.calls import Caller
from fogbank.services.stepfunctions.interpreter.distributed import Reader
from fogbank.services.stepfunctions.language.failure import Failure

_DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
_FAILED = "States.ItemReaderFailed"


async def read(ctx: Context, caller: Caller, reader: Reader) -> list[Any]:
    """The items; in no transaction. Raises Failure."""
    most = reader.config.get("MaxItems") or limits.MAP_ITEMS
    try:
        if reader.resource == "listObjectsV2":
            return await _listed(ctx, caller, reader, most)
        data = await _object(ctx, caller, reader.arguments)
        return (await _items(ctx, caller, reader, data))[:most]
    except AWSError as error:
        raise Failure(_FAILED, f"{error.message} ({error.code})") from error
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise Failure(_FAILED, f"Attempting to parse the items failed: {error}") from error


async def s3(ctx: Context, caller: Caller, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    """Ask S3 as the state machine's role. Raises AWSError."""
    scope = ctx.at()
    return await scope.transact(
        lambda: scope.call("s3", operation, params, source_arn=caller.machine, role=caller.role)
    )


async def _object(ctx: Context, caller: Caller, place: dict[str, Any]) -> bytes:
    wanted = {"Bucket": place["Bucket"], "Key": place["Key"], "VersionId": place.get("VersionId")}
    answer = await s3(ctx, caller, "GetObject", {name: value for name, value in wanted.items() if value is not None})
    data = await bodies.whole(answer["Body"])
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


async def _listed(ctx: Context, caller: Caller, reader: Reader, most: int) -> list[Any]:
    found: list[Any] = []
    token: dict[str, Any] = {}
    while len(found) < most:
        page = await s3(ctx, caller, "ListObjectsV2", {**reader.arguments, **token})
        found += [_entry(each) for each in page.get("Contents") or ()]
        if not page.get("NextContinuationToken"):
            break
        token = {"ContinuationToken": page["NextContinuationToken"]}
    if reader.config.get("Transformation") == "LOAD_AND_FLATTEN":
        return await _loaded(ctx, caller, reader, found, most)
    return found[:most]


def _entry(each: dict[str, Any]) -> dict[str, Any]:
    return {
        "Etag": each["ETag"],
        "Key": each["Key"],
        "LastModified": int(each["LastModified"]),
        "Size": each["Size"],
        "StorageClass": each.get("StorageClass", "STANDARD"),
    }


async def _loaded(ctx: Context, caller: Caller, reader: Reader, entries: list[Any], most: int) -> list[Any]:
    """The items in all of the objects."""
    found: list[Any] = []
    for entry in entries:
        if len(found) >= most:
            break
        data = await _object(ctx, caller, {"Bucket": reader.arguments["Bucket"], "Key": entry["Key"]})
        found += await _items(ctx, caller, reader, data)
    return found[:most]


async def _items(ctx: Context, caller: Caller, reader: Reader, data: bytes) -> list[Any]:
    """The items in an object."""
    kind, config = reader.config.get("InputType", "JSON"), reader.config
    if kind == "CSV":
        return _rows(data, config)
    if kind == "JSONL":
        return [orjson.loads(line) for line in data.splitlines() if line.strip()]
    if kind == "MANIFEST":
        return await _inventory(ctx, caller, reader, orjson.loads(data))
    if kind != "JSON":
        raise ValueError(f"Fogbank cannot read items of the type {kind} yet")
    document = orjson.loads(data)
    for step in str(config.get("ItemsPointer") or "").split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        document = document[int(name)] if isinstance(document, list) else document[name]
    if isinstance(document, dict):
        return [{"Key": key, "Value": value} for key, value in document.items()]
    if not isinstance(document, list):
        raise ValueError("the document is neither an array nor an object")
    return document


def _rows(data: bytes, config: dict[str, Any]) -> list[Any]:
    """Rows as objects of texts."""
    delimiter = _DELIMITERS.get(config.get("CSVDelimiter", "COMMA"), ",")
    rows = [row for row in csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=delimiter) if row]
    if config.get("CSVHeaderLocation", "FIRST_ROW") == "GIVEN":
        names = config["CSVHeaders"]
    else:
        names, rows = (rows[0], rows[1:]) if rows else ([], [])
    return [dict(zip(names, [*row, *[""] * (len(names) - len(row))], strict=False)) for row in rows]


async def _inventory(ctx: Context, caller: Caller, reader: Reader, manifest: dict[str, Any]) -> list[Any]:
    """The rows of an S3 inventory in CSV."""
    if manifest.get("fileFormat") != "CSV":
        raise ValueError("the inventory is not in CSV")
    names = [name.strip() for name in manifest["fileSchema"].split(",")]
    bucket = str(manifest["destinationBucket"]).rpartition(":")[2]
    found: list[Any] = []
    for file in manifest["files"]:
        data = await _object(ctx, caller, {"Bucket": bucket, "Key": file["key"]})
        found += [dict(zip(names, row, strict=False)) for row in csv.reader(io.StringIO(data.decode()))]
    return found
