"""Running a query over the records of a source: filtered and written one after another, or gathered into one record of aggregates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fogbank.services.s3.select import errors
from fogbank.services.s3.select.evaluation import Compiler, Evaluate, aggregates_in, bare_paths_in, paths_in
from fogbank.services.s3.select.inputs import RECORD_BYTES
from fogbank.services.s3.select.outputs import Write
from fogbank.services.s3.select.sources import Source, Whole, binding_of
from fogbank.services.s3.select.syntax import Item, Path, Query, Step
from fogbank.services.s3.select.timestamps import Timestamp
from fogbank.services.s3.select.values import is_absent

SKIPPED = object()
_BREATH = 4096  # records


def columns_of(query: Query) -> list[Step] | None:
    """The columns that a query reads, so that others need not be; None for all of them."""
    if query.items is None:
        return None
    expressions = [item.expression for item in query.items] + ([query.where] if query.where is not None else [])
    binding = binding_of(query)
    paths = [path.steps for expression in expressions for path in paths_in(expression)]
    return [steps[1] if len(steps) > 1 and steps[0].matches(binding) else steps[0] for steps in paths]


def results(query: Query, source: Source, write: Write, now: Timestamp) -> Iterator[bytes]:
    """The records of the answer, in pieces that may be empty."""
    source.open()
    compiler = Compiler(source.locate, now)
    records = _filtered(source.records(), None if query.where is None else compiler.compile(query.where))
    if query.items is None:
        return _written(_limited(records, query.limit), source.whole, write)
    row = _row(query.items, compiler)
    if not _is_aggregate(query):
        return _written(_limited(records, query.limit), row, write)
    return _aggregated(records, compiler, row, write) if query.limit != 0 else iter(())


def _row(items: tuple[Item, ...], compiler: Compiler) -> Callable[[Any], Whole]:
    names = [name_of(item, number) for number, item in enumerate(items, 1)]
    values = [compiler.compile(item.expression) for item in items]
    return lambda record: (names, [value(record) for value in values])


def name_of(item: Item, number: int) -> str:
    """The alias, the last name of a path, or `_1` for the first of the others."""
    expression = item.expression
    if not item.alias and isinstance(expression, Path):
        last = expression.steps[-1]
        return last.name if last.name else f"_{number}"
    return item.alias or f"_{number}"


def _is_aggregate(query: Query) -> bool:
    """Raises UnsupportedSqlStructure where aggregates stand beside values of single records."""
    if query.where is not None and aggregates_in(query.where):
        raise errors.refusal("UnsupportedSqlStructure", "Aggregates cannot be used in WHERE.")
    expressions = [item.expression for item in query.items or ()]
    if not any(map(aggregates_in, expressions)):
        return False
    if any(map(bare_paths_in, expressions)):
        raise errors.refusal(
            "UnsupportedSqlStructure", "Aggregates cannot be mixed with columns: there is no GROUP BY."
        )
    return True


def _filtered(records: Iterator[Any], where: Evaluate | None) -> Iterator[Any]:
    """The records that count, and now and then SKIPPED, so that who waits learns of the progress."""
    for number, record in enumerate(records, 1):
        if where is None or _holds(where(record)):
            yield record
        if number % _BREATH == 0:
            yield SKIPPED


def _holds(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.lower() == "true")


def _limited(records: Iterator[Any], limit: int | None) -> Iterator[Any]:
    """Nothing is read after the last one."""
    if limit == 0:
        return
    for record in records:
        yield record
        if limit is not None and record is not SKIPPED:
            limit -= 1
            if limit == 0:
                return


def _written(records: Iterator[Any], row: Callable[[Any], Whole], write: Write) -> Iterator[bytes]:
    for record in records:
        written = b"" if record is SKIPPED else write(*row(record))
        if len(written) > RECORD_BYTES:
            raise errors.refusal("OverMaxRecordSize")
        yield written


def _aggregated(
    records: Iterator[Any], compiler: Compiler, row: Callable[[Any], Whole], write: Write
) -> Iterator[bytes]:
    for record in records:
        if record is SKIPPED:
            yield b""
            continue
        for state, argument in compiler.aggregates:
            value = 1 if argument is None else argument(record)
            if not is_absent(value):
                state.add(value)
    yield write(*row(None))
