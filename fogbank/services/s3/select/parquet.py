"""Parquet objects, read by DuckDB, which is imported with the first query of one. https://duckdb.org/docs/data/parquet/overview"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from typing import Any, BinaryIO
from uuid import UUID

from fogbank.services.s3.select import errors
from fogbank.services.s3.select.sources import Whole, located, whole_of
from fogbank.services.s3.select.syntax import Step, Steps
from fogbank.services.s3.select.timestamps import Timestamp

_BATCH = 1000


class ParquetSource:
    """Records are dicts by column. DuckDB needs a file, so the object lies in a temporary one for as long as the query takes.

    `wanted` are the columns that the query reads; None means all. A range reads the row groups that begin in it.
    """

    def __init__(self, file: BinaryIO, binding: str, wanted: list[Step] | None, span: tuple[int, int] | None) -> None:
        self._input = file
        self._binding = Step(binding)
        self._wanted = wanted
        self._span = span
        self._columns: list[str] = []

    def open(self) -> None:
        try:
            import duckdb
        except ImportError:
            raise errors.engine_missing("sql") from None
        self._error: type[Exception] = duckdb.Error
        self._file = tempfile.NamedTemporaryFile(suffix=".parquet")  # noqa: SIM115
        shutil.copyfileobj(self._input, self._file, 1024 * 1024)
        self._file.flush()
        # nothing is to be fetched from anywhere, and one query is not to take the machine
        self._database = duckdb.connect(":memory:", config={"threads": 1, "autoinstall_known_extensions": False})
        described = self._run("DESCRIBE SELECT * FROM read_parquet($path)")
        self._columns = [name for name, *_ in described.fetchall()]

    def _run(self, statement: str) -> Any:
        try:
            return self._database.execute(statement, {"path": self._file.name})
        except self._error as error:
            raise errors.refusal("ParquetParsingError", str(error).splitlines()[0]) from None

    def records(self) -> Iterator[dict[str, Any]]:
        names = self._columns if self._wanted is None else self._needed(self._wanted)
        listed = ", ".join('"' + name.replace('"', '""') + '"' for name in names) or "1"
        rows = self._run(f"SELECT {listed} FROM read_parquet($path, file_row_number=true) {self._groups()}")
        while batch := rows.fetchmany(_BATCH):
            for row in batch:
                yield {name: _plain(value) for name, value in zip(names, row, strict=False)}

    def _needed(self, wanted: list[Step]) -> list[str]:
        return [name for name in self._columns if any(step.matches(name) for step in wanted)]

    def _groups(self) -> str:
        """The rows of the row groups that begin in the range."""
        if self._span is None:
            return ""
        groups = self._run(
            "SELECT row_group_id, any_value(row_group_num_rows), min(coalesce(dictionary_page_offset, data_page_offset)) "
            "FROM parquet_metadata($path) GROUP BY 1 ORDER BY 1"
        ).fetchall()
        begin, spans = 0, []
        for _, count, offset in groups:
            if self._span[0] <= offset <= self._span[1]:
                spans.append(f"file_row_number BETWEEN {begin} AND {begin + count - 1}")
            begin += count
        return f"WHERE {' OR '.join(spans) or 'false'}"

    def locate(self, steps: Steps) -> Callable[[Any], Any]:
        if len(steps) > 1 and steps[0].matches(self._binding.name):
            steps = steps[1:]
        if not any(steps[0].matches(name) for name in self._columns):
            raise errors.refusal("MissingHeaders", f"Name: {steps[0].name}")
        return located(steps)

    def whole(self, record: Any) -> Whole:
        return whole_of(record)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return Timestamp(value if value.tzinfo else value.replace(tzinfo=UTC))
    if isinstance(value, date):
        return Timestamp(datetime(value.year, value.month, value.day, tzinfo=UTC), "day")
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, UUID | time):
        return str(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return value
