"""The files of an inventory: its data as CSV or Parquet, its manifest, and the list of files that Hive reads.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import tempfile
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote_plus

import orjson

from fogbank.services.s3.reports.inventory_rows import Field

Row = list[Any]

CONTENT_TYPES = {"CSV": "application/x-gzip", "Parquet": "application/octet-stream"}
SUFFIXES = {"CSV": "csv.gz", "Parquet": "parquet"}
_VERSION = "2016-11-30"
# Parquet's words for SQL's types, as manifests have them.
_PARQUET = {
    "VARCHAR": "binary {} (UTF8)",
    "BOOLEAN": "boolean {}",
    "BIGINT": "int64 {}",
    "TIMESTAMP": "int64 {} (TIMESTAMP_MILLIS)",
}


class DataFile(NamedTuple):
    key: str
    size: int
    md5: str


def data(kind: str, fields: list[Field], rows: list[Row]) -> bytes:
    """A data file of these rows. In CSV keys are percent-encoded and there is no line of names."""
    return gzip.compress(_csv(rows, quoted_key=True), mtime=0) if kind == "CSV" else _parquet(fields, rows)


def _csv(rows: Iterable[Row], quoted_key: bool) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for bucket, key, *rest in rows:
        writer.writerow([bucket, quote_plus(key, safe="/") if quoted_key else key, *map(_text, rest)])
    return out.getvalue().encode("utf-8", "surrogatepass")


def _text(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.strftime("%Y-%m-%dT%H:%M:%S.000Z") if isinstance(value, datetime) else value


def can_write_parquet() -> bool:
    """Is DuckDB, which writes it, installed?"""
    from importlib.util import find_spec

    return find_spec("duckdb") is not None


def _parquet(fields: list[Field], rows: list[Row]) -> bytes:
    """DuckDB reads and writes files, so the rows pass through two temporary ones."""
    import duckdb

    columns = ", ".join(f"'{field.column}': '{field.type}'" for field in fields)
    with tempfile.TemporaryDirectory() as directory:
        source, target = os.path.join(directory, "rows.csv"), os.path.join(directory, "rows.parquet")
        with open(source, "wb") as file:
            file.write(_csv(rows, quoted_key=False))
        with duckdb.connect(":memory:", config={"threads": 1, "autoinstall_known_extensions": False}) as database:
            database.execute(
                f"COPY (SELECT * FROM read_csv($source, columns={{{columns}}}, header=false, auto_detect=false, quote='\"', "
                "escape='\"', delim=',')) TO '" + target.replace("'", "''") + "' (FORMAT parquet)",
                {"source": source},
            )
        with open(target, "rb") as file:
            return file.read()


def schema(kind: str, fields: list[Field]) -> str:
    if kind == "CSV":
        return ", ".join(field.name for field in fields)
    parts = [
        f"{'required' if number < 2 else 'optional'} {_PARQUET[field.type].format(field.column)};"
        for number, field in enumerate(fields)
    ]
    return f"message s3.inventory {{ {' '.join(parts)} }}"


def manifest(
    source: str, destination_arn: str, moment: float, kind: str, fields: list[Field], files: list[DataFile]
) -> bytes:
    document = {
        "sourceBucket": source,
        "destinationBucket": destination_arn,
        "version": _VERSION,
        "creationTimestamp": str(int(moment * 1000)),
        "fileFormat": kind,
        "fileSchema": schema(kind, fields),
        "files": [{"key": file.key, "size": file.size, "MD5checksum": file.md5} for file in files],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def symlinks(bucket: str, files: list[DataFile]) -> bytes:
    return "\n".join(f"s3://{bucket}/{file.key}" for file in files).encode()
