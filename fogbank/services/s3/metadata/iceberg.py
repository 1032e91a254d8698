"""Commits to Iceberg tables, as values: from a table's metadata and rows come the new metadata and the files to write.

PyIceberg does it, with files that lie in memory: what is to be written goes out with the answer, what it reads is fetched when it asks.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, cast

import pyarrow as pa
from pyiceberg.catalog.noop import NoopCatalog
from pyiceberg.io import FileIO, InputFile, InputStream, OutputFile, OutputStream
from pyiceberg.table import CommitTableResponse, Table
from pyiceberg.table.metadata import TableMetadata, TableMetadataUtil
from pyiceberg.table.update import AddSnapshotUpdate, TableRequirement, TableUpdate, update_table_metadata

Fetch = Callable[[str], bytes]


class Commit(NamedTuple):
    """The new metadata as JSON, and the other files by their URIs."""

    metadata: bytes
    files: dict[str, bytes]


Work = Callable[[Table], None]


def append(rows: list[dict[str, Any]]) -> Work:
    """Add rows to those that there are."""
    return lambda table: table.append(_arrow(table, rows))


def overwrite(rows: list[dict[str, Any]]) -> Work:
    """Put rows in the place of those that there are."""
    return lambda table: _replace(table, _arrow(table, rows))


def expire(column: str, before: datetime) -> Work:
    """Take away the rows of before a moment."""
    return lambda table: _expire(table, f"{column} < '{before.isoformat()}'")


def _expire(table: Table, which: str) -> None:
    if table.current_snapshot() is not None and table.scan(which, limit=1).to_arrow().num_rows:
        table.delete(which)


def _replace(table: Table, rows: pa.Table) -> None:
    if table.current_snapshot() is None:
        table.append(rows)
    else:
        table.overwrite(rows)


def _arrow(table: Table, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=table.schema().as_arrow())


def commit(work: Work, metadata: bytes, moment: float, fetch: Fetch) -> Commit | None:
    """What comes of work on a table; None if nothing does. `moment` is that of the snapshot (epoch seconds)."""
    files, catalog = _Files(fetch), _Catalog(int(moment * 1000))
    before = TableMetadataUtil.parse_raw(metadata.decode())
    work(Table(("s3", "metadata"), before, "", files, catalog))
    return None if catalog.metadata is None else Commit(catalog.metadata.model_dump_json().encode(), files.written)


class _Catalog(NoopCatalog):
    """Keeps what a commit makes of the metadata. Snapshots get the time of the server's clock."""

    def __init__(self, moment: int) -> None:
        super().__init__("metadata")
        self._moment = moment
        self.metadata: TableMetadata | None = None

    def commit_table(
        self, table: Table, requirements: tuple[TableRequirement, ...], updates: tuple[TableUpdate, ...]
    ) -> CommitTableResponse:
        moment = max(self._moment, table.metadata.last_updated_ms)
        self.metadata = update_table_metadata(table.metadata, tuple(_at(update, moment) for update in updates))
        return CommitTableResponse.model_validate({"metadata": self.metadata, "metadata-location": "memory://"})

    @staticmethod
    def _delete_old_metadata(io: FileIO, base: TableMetadata, metadata: TableMetadata) -> None:
        """S3 Tables looks after the files of its tables."""


def _at(update: TableUpdate, moment: int) -> TableUpdate:
    if not isinstance(update, AddSnapshotUpdate):
        return update
    return update.model_copy(update={"snapshot": update.snapshot.model_copy(update={"timestamp_ms": moment})})


class _Files(FileIO):
    def __init__(self, fetch: Fetch) -> None:
        super().__init__({})
        self.fetch = fetch
        self.written: dict[str, bytes] = {}

    def new_input(self, location: str) -> InputFile:
        return _Input(location, self)

    def new_output(self, location: str) -> OutputFile:
        return _Output(location, self)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        self.written.pop(location if isinstance(location, str) else location.location, None)

    def read(self, location: str) -> bytes:
        if location not in self.written:
            return self.fetch(location)
        return self.written[location]


class _Input(InputFile):
    def __init__(self, location: str, files: _Files) -> None:
        super().__init__(location)
        self._files = files

    def __len__(self) -> int:
        return len(self._files.read(self.location))

    def exists(self) -> bool:
        return True

    def open(self, seekable: bool = True) -> InputStream:
        return cast(InputStream, io.BytesIO(self._files.read(self.location)))


class _Output(OutputFile):
    def __init__(self, location: str, files: _Files) -> None:
        super().__init__(location)
        self._files = files

    def __len__(self) -> int:
        return len(self._files.written[self.location])

    def exists(self) -> bool:
        return self.location in self._files.written

    def to_input_file(self) -> InputFile:
        return _Input(self.location, self._files)

    def create(self, overwrite: bool = False) -> OutputStream:
        return cast(OutputStream, _Stream(self.location, self._files.written))


class _Stream(io.BytesIO):
    """Keeps what was written to it when it is closed."""

    def __init__(self, location: str, written: dict[str, bytes]) -> None:
        super().__init__()
        self._location, self._written = location, written

    def close(self) -> None:
        if not self.closed:
            self._written[self._location] = self.getvalue()
        super().close()
