"""The commands of a query, each from a table to a table. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple

from fogbank.services.logs.insights.expressions import Aggregate, Evaluate, Named
from fogbank.services.logs.insights.rows import Fields, Row
from fogbank.services.logs.insights.values import Key, Value, is_true, sort_key, text

DEFAULT_COLUMNS = ("@timestamp", "@message")


class Table(NamedTuple):
    """`columns` are those that were asked for, none as long as nobody did; `extracted` those that `parse` adds to them.

    `has_events` is true as long as each row is an event.
    """

    rows: list[Row]
    columns: tuple[str, ...] = ()
    extracted: tuple[str, ...] = ()
    has_events: bool = True

    @property
    def shown(self) -> tuple[str, ...]:
        columns = self.columns or (DEFAULT_COLUMNS if self.has_events else ())
        return tuple(dict.fromkeys((*columns, *self.extracted)))


class Inputs(NamedTuple):
    """What else a query needs: the rows of lookup tables by name, and those of the sources of joins by their number."""

    tables: dict[str, list[dict[str, str]]] = {}
    sources: dict[int, list[Row]] = {}


class Command(ABC):
    """`narrows` is true of those that decide which events match, and of those that leave them as they are."""

    narrows = True

    @abstractmethod
    def apply(self, table: Table, inputs: Inputs) -> Table: ...


def _computed(rows: list[Row], named: list[Named]) -> list[Row]:
    made = [each for each in named if not each.is_plain]
    if not made:
        return rows
    return [row.with_fields({each.name: each.evaluate(row) for each in made}) for row in rows]


class FieldsCommand(Command):
    def __init__(self, named: list[Named]) -> None:
        self.named = named

    def apply(self, table: Table, inputs: Inputs) -> Table:
        columns = dict.fromkeys((*table.columns, *(each.name for each in self.named)))
        return table._replace(rows=_computed(table.rows, self.named), columns=tuple(columns))


class DisplayCommand(FieldsCommand):
    def apply(self, table: Table, inputs: Inputs) -> Table:
        columns = tuple(dict.fromkeys(each.name for each in self.named))
        return table._replace(rows=_computed(table.rows, self.named), columns=columns, extracted=())


class FilterCommand(Command):
    def __init__(self, condition: Evaluate) -> None:
        self.condition = condition

    def apply(self, table: Table, inputs: Inputs) -> Table:
        return table._replace(rows=[row for row in table.rows if is_true(self.condition(row))])


Extract = Callable[[str], Fields | None]


class ParseCommand(Command):
    """Rows that it extracts nothing from are kept."""

    def __init__(self, source: Evaluate, extract: Extract, names: tuple[str, ...]) -> None:
        self.source = source
        self.extract = extract
        self.names = names

    def apply(self, table: Table, inputs: Inputs) -> Table:
        rows = [row.with_fields(found) if (found := self._found(row)) else row for row in table.rows]
        return table._replace(rows=rows, extracted=(*table.extracted, *self.names))

    def _found(self, row: Row) -> Fields | None:
        value = text(self.source(row))
        return None if value is None else self.extract(value)


class SortCommand(Command):
    """By expressions, each of them rising or falling."""

    def __init__(self, keys: list[tuple[Evaluate, bool]]) -> None:
        self.keys = keys

    def apply(self, table: Table, inputs: Inputs) -> Table:
        rows = table.rows
        for evaluate, descending in reversed(self.keys):
            rows = sorted(rows, key=_keyed(evaluate), reverse=descending)
        return table._replace(rows=rows)


def _keyed(evaluate: Evaluate) -> Callable[[Row], Key]:
    return lambda row: sort_key(evaluate(row))


class LimitCommand(Command):
    narrows = False

    def __init__(self, most: int) -> None:
        self.most = most

    def apply(self, table: Table, inputs: Inputs) -> Table:
        return table._replace(rows=table.rows[: self.most])


class DedupCommand(Command):
    """Of rows that are alike, the first. Rows without one of the fields are like no others."""

    narrows = False

    def __init__(self, fields: list[Named]) -> None:
        self.fields = fields

    def apply(self, table: Table, inputs: Inputs) -> Table:
        seen: set[tuple[str | None, ...]] = set()
        rows: list[Row] = []
        for row in table.rows:
            key = tuple(text(each.evaluate(row)) for each in self.fields)
            if None not in key and key in seen:
                continue
            seen.add(key)
            rows.append(row)
        return table._replace(rows=rows)


class StatsCommand(Command):
    """Rows that have the same values become one, in the order in which the first of each came. No rows, no result."""

    narrows = False

    def __init__(self, named: list[Named], aggregates: list[Aggregate], by: list[Named]) -> None:
        self.named = named
        self.aggregates = aggregates
        self.by = by

    def apply(self, table: Table, inputs: Inputs) -> Table:
        groups: dict[tuple[str | None, ...], tuple[Fields, list[Row]]] = {}
        for row in table.rows:
            values = {each.name: each.evaluate(row) for each in self.by}
            key = tuple(map(text, values.values()))
            groups.setdefault(key, (values, []))[1].append(row)
        rows = [self._summary(values, rows) for values, rows in groups.values()]
        columns = tuple(dict.fromkeys(each.name for each in (*self.by, *self.named)))
        return Table(rows, columns, has_events=False)

    def _summary(self, values: Fields, rows: list[Row]) -> Row:
        """Each of the columns may be calculated from those before it."""
        fields = {**values, **{each.key: each.summarise(rows) for each in self.aggregates}}
        for each in self.named:
            fields[each.name] = each.evaluate(Row(fields))
        return Row({name: value for name, value in fields.items() if not name.startswith("\0")})


class UnnestCommand(Command):
    """A row for each item of a list; anything else is one item."""

    narrows = False

    def __init__(self, source: Evaluate, name: str) -> None:
        self.source = source
        self.name = name

    def apply(self, table: Table, inputs: Inputs) -> Table:
        rows = [row.with_fields({self.name: item}) for row in table.rows for item in self._items(row)]
        return table._replace(rows=rows)

    def _items(self, row: Row) -> list[Value]:
        value = self.source(row)
        return value if isinstance(value, list) else [value]


class LookupCommand(Command):
    """Fields of the first line of a lookup table whose columns equal fields of the row.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Lookup.html
    """

    def __init__(self, table: str, on: dict[str, str], outputs: dict[str, str], only_new: bool) -> None:
        self.table = table
        self.on = on
        self.outputs = outputs
        self.only_new = only_new

    def apply(self, table: Table, inputs: Inputs) -> Table:
        lines: dict[tuple[str | None, ...], dict[str, str]] = {}
        for line in inputs.tables[self.table]:
            lines.setdefault(tuple(line.get(column) for column in self.on), line)
        rows = [self._enriched(row, lines) for row in table.rows]
        return table._replace(rows=rows, extracted=(*table.extracted, *self.outputs.values()))

    def _enriched(self, row: Row, lines: dict[tuple[str | None, ...], dict[str, str]]) -> Row:
        line = lines.get(tuple(text(row.get(field)) for field in self.on.values()), {})
        found = {name: line[column] for column, name in self.outputs.items() if column in line}
        if self.only_new:
            found = {name: value for name, value in found.items() if row.get(name) is None}
        return row.with_fields(found) if found else row


class Subquery:
    """A query of its own, whose values of one column are looked among. They are there once it was resolved.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Subqueries.html
    """

    def __init__(self, number: int, column: str, commands: list[Command]) -> None:
        self.number = number
        self.column = column
        self.commands = commands
        self.values: set[str] = set()

    def resolve(self, inputs: Inputs) -> None:
        """The column is that of the same name as the field that is looked for, else the last one."""
        table = Table(inputs.sources[self.number])
        for command in self.commands:
            table = command.apply(table, inputs)
        column = self.column if self.column in table.shown else table.shown[-1]
        self.values = {value for row in table.rows if (value := text(row.get(column))) is not None}


class JoinCommand(Command):
    """Rows of another source to those whose fields are equal. Their fields are called by the alias of their side.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Join.html
    """

    narrows = False

    def __init__(
        self,
        number: int,
        aliases: tuple[str, str],
        on: list[tuple[str, str]],
        keeps_left: bool,
        commands: list[Command],
    ) -> None:
        self.number = number
        self.aliases = aliases
        self.on = on
        self.keeps_left = keeps_left
        self.commands = commands

    def apply(self, table: Table, inputs: Inputs) -> Table:
        right = Table(inputs.sources[self.number])
        for command in self.commands:
            right = command.apply(right, inputs)
        by_key: dict[tuple[str | None, ...], list[Row]] = {}
        for row in right.rows:
            by_key.setdefault(tuple(text(row.get(name)) for _, name in self.on), []).append(row)
        rows = [self._joined(row, other) for row in table.rows for other in self._others(row, by_key)]
        return table._replace(rows=rows)

    def _others(self, row: Row, by_key: dict[tuple[str | None, ...], list[Row]]) -> list[Row]:
        key = tuple(text(row.get(name)) for name, _ in self.on)
        found = [] if None in key else by_key.get(key, [])
        return found or ([Row()] if self.keeps_left else [])

    def _joined(self, left: Row, right: Row) -> Row:
        fields = dict(left.fields)
        for alias, row in zip(self.aliases, (left, right), strict=True):
            fields |= {f"{alias}.{name}": value for name, value in row.whole().items()}
        return Row(fields, left.source)
