"""The files of an inventory: its data as CSV, Parquet or ORC, its manifest, and the list of files that Hive reads.

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

CONTENT_TYPES = {"CSV": "application/x-gzip", "Parquet": "application/octet-stream", "ORC": "application/octet-stream"}
SUFFIXES = {"CSV": "csv.gz", "Parquet": "parquet", "ORC": "orc"}
_VERSION = "2016-11-30"
# Parquet's words for SQL's types, as manifests have them.
_PARQUET = {
    "VARCHAR": "binary {} (UTF8)",
    "BOOLEAN": "boolean {}",
    "BIGINT": "int64 {}",
    "TIMESTAMP": "int64 {} (TIMESTAMP_MILLIS)",
}
# The same in Hive's words, as manifests of ORC have them.
_HIVE = {"VARCHAR": "string", "BOOLEAN": "boolean", "BIGINT": "bigint", "TIMESTAMP": "timestamp"}
# What each format takes besides Python: DuckDB, pyarrow.
_WRITERS = {"Parquet": "duckdb", "ORC": "pyarrow"}


class DataFile(NamedTuple):
    key: str
    size: int
    md5: str


def data(kind: str, fields: list[Field], rows: list[Row]) -> bytes:
    """A data file of these rows. In CSV keys are percent-encoded and there is no line of names."""
    if kind == "CSV":
        return gzip.compress(_csv(rows, quoted_key=True), mtime=0)
    return _parquet(fields, rows) if kind == "Parquet" else _orc(fields, rows)


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


def can_write(kind: str) -> bool:
    """Is what writes this format installed?"""
    from importlib.util import find_spec

    return kind not in _WRITERS or find_spec(_WRITERS[kind]) is not None


def _orc(fields: list[Field], rows: list[Row]) -> bytes:
    import pyarrow as pa
    from pyarrow import orc

    types = {
        "VARCHAR": pa.string(),
        "BOOLEAN": pa.bool_(),
        "BIGINT": pa.int64(),
        "TIMESTAMP": pa.timestamp("ms", "UTC"),
    }
    schema = pa.schema([(field.column, types[field.type]) for field in fields])
    columns = [pa.array([row[number] for row in rows], types[field.type]) for number, field in enumerate(fields)]
    sink = pa.BufferOutputStream()
    orc.write_table(pa.Table.from_arrays(columns, schema=schema), sink)
    written: bytes = sink.getvalue().to_pybytes()
    return written


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
    if kind == "ORC":
        return f"struct<{','.join(f'{field.column}:{_HIVE[field.type]}' for field in fields)}>"
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
