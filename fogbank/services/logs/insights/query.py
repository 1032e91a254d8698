"""A query: read from its text, and run over rows. Pure.

    fields @timestamp, @message | filter level = "error" | stats count(*) by bin(5m)

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from fogbank.services.logs.insights.clusters import PatternCommand
from fogbank.services.logs.insights.commands import (
    Command,
    DedupCommand,
    DisplayCommand,
    Extract,
    FieldsCommand,
    FilterCommand,
    Inputs,
    JoinCommand,
    LimitCommand,
    LookupCommand,
    ParseCommand,
    SortCommand,
    StatsCommand,
    Subquery,
    Table,
    UnnestCommand,
)
from fogbank.services.logs.insights.expressions import Aggregate, Evaluate, Expressions, Named
from fogbank.services.logs.insights.rows import Fields, Row
from fogbank.services.logs.insights.tokens import MalformedQuery, Tokens
from fogbank.services.logs.insights.values import text

MOST_ROWS = 100_000
DEFAULT_ROWS = 10_000
_UNSUPPORTED = ("diff", "anomaly", "logcompare", "addtotals", "appendcols")


class Source(NamedTuple):
    """The log groups that a query takes for itself: by name, or by how their names begin and their classes."""

    names: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


class Query(NamedTuple):
    """`joined` are the sources of its joins and subqueries, `tables` the lookup tables that it needs.

    `unmasks` when it wants what is masked, `standard_only` when it is for groups of the class Standard alone.
    """

    source: Source | None
    commands: list[Command]
    joined: list[Source]
    tables: list[str]
    subqueries: list[Subquery]
    unmasks: bool = False
    standard_only: bool = False


class Result(NamedTuple):
    """`matched` is how many events matched. Each row has (field, text) for what is there of its columns."""

    rows: list[list[tuple[str, str]]]
    matched: int


def parse(source: str, now: float = 0.0) -> Query:
    """`now` is when the query is started (seconds). Raises MalformedQuery."""
    try:
        return _Parser(source, now).query()
    except RecursionError:
        raise MalformedQuery("the query is nested too deeply", 0, len(source)) from None


def run(query: Query, rows: list[Row], inputs: Inputs, most: int = DEFAULT_ROWS) -> Result:
    """`rows` are events, the newest first. `most` limits the result unless the query says so itself."""
    for subquery in query.subqueries:
        subquery.resolve(inputs)
    table, matched, is_narrowing = Table(rows), len(rows), True
    is_limited = any(isinstance(command, LimitCommand) for command in query.commands)
    for command in query.commands if is_limited else [*query.commands, LimitCommand(most)]:
        table = command.apply(table, inputs)
        is_narrowing = is_narrowing and command.narrows
        if is_narrowing:
            matched = len(table.rows)
    return Result([_shown(table, row) for row in table.rows], matched)


def _shown(table: Table, row: Row) -> list[tuple[str, str]]:
    columns = (*table.shown, "@ptr") if table.has_events else table.shown
    return [(name, shown) for name in columns if (shown := text(row.get(name))) is not None]


class _Parser:
    def __init__(self, source: str, now: float) -> None:
        self.tokens = Tokens(source)
        self.expressions = Expressions(self.tokens, now)
        self.expressions.subquery = self._subquery
        self.subqueries: list[Subquery] = []
        self.joined: list[Source] = []
        self.tables: list[str] = []

    def query(self) -> Query:
        source = None
        if self.tokens.sees("source"):
            source = self._source()
            if self.tokens.peek().kind != "end":
                self.tokens.expect("|")
        commands = self._commands()
        if self.tokens.peek().kind != "end":
            self.tokens.refuse("|")
        unmasks = self.expressions.unmasks
        standard_only = unmasks or any(isinstance(command, PatternCommand) for command in commands)
        return Query(source, commands, self.joined, self.tables, self.subqueries, unmasks, standard_only)

    def _commands(self) -> list[Command]:
        """All up to the end, or to a closing parenthesis. A query may be empty, and begin with a pipe."""
        commands: list[Command] = []
        self.tokens.takes("|")
        while self.tokens.peek().kind != "end" and not self.tokens.sees(")"):
            commands.append(self._command())
            if not self.tokens.takes("|"):
                break
        return commands

    def _command(self) -> Command:
        token = self.tokens.peek()
        name = token.text.lower() if token.kind == "name" else ""
        read = getattr(self, f"_read_{name}", None) if name.isalpha() else None
        if name in _UNSUPPORTED:
            raise MalformedQuery(f"Fogbank does not implement the command {name}", token.at, token.end)
        if read is None:
            self.tokens.refuse("a command")
        self.tokens.take()
        command: Command = read()
        return command

    def _named_list(self) -> list[Named]:
        named = [self.expressions.named()]
        while self.tokens.takes(","):
            named.append(self.expressions.named())
        return named

    # -- commands, by name

    def _read_fields(self) -> Command:
        return FieldsCommand(self._named_list())

    def _read_display(self) -> Command:
        return DisplayCommand(self._named_list())

    def _read_filter(self) -> Command:
        return FilterCommand(self.expressions.expression())

    def _read_filterindex(self) -> Command:
        """It says which events have to be read; here all are."""
        return self._read_filter()

    def _read_limit(self) -> Command:
        token = self.tokens.peek()
        most = self.tokens.integer()
        if not 1 <= most <= MOST_ROWS:
            raise MalformedQuery(f"the limit has to be between 1 and {MOST_ROWS}", token.at, token.end)
        return LimitCommand(most)

    _read_head = _read_limit

    def _read_sort(self) -> Command:
        self.tokens.takes("by")
        keys = [self._sorted_by()]
        while self.tokens.takes(","):
            keys.append(self._sorted_by())
        return SortCommand(keys)

    _read_order = _read_sort

    def _sorted_by(self) -> tuple[Evaluate, bool]:
        evaluate = self.expressions.expression()
        descending = self.tokens.takes("desc")
        if not descending:
            self.tokens.takes("asc")
        return evaluate, descending

    def _read_dedup(self) -> Command:
        return DedupCommand(self._named_list())

    def _read_stats(self) -> Command:
        aggregates: list[Aggregate] = []
        self.expressions.aggregates = aggregates
        named = self._named_list()
        self.expressions.aggregates = None
        if not aggregates:
            self.tokens.refuse("an aggregate function")
        by = self._named_list() if self.tokens.takes("by") else []
        self.expressions.columns = {each.name for each in (*named, *by) if "(" in each.name}
        return StatsCommand(named, aggregates, by)

    def _read_unnest(self) -> Command:
        source = self.expressions.expression()
        self.tokens.expect("into")
        return UnnestCommand(source, self.tokens.name())

    def _read_pattern(self) -> Command:
        return PatternCommand(self.expressions.expression())

    # -- parse

    def _read_parse(self) -> Command:
        """`parse [field] "glob *" as a`, `parse [field] /(?<a>...)/`"""
        source: Evaluate = _column("@message")
        if self.tokens.peek().kind == "name":
            source = self.expressions.operand()
        if self.tokens.sees_regex():
            return self._by_regex(source)
        token = self.tokens.peek()
        glob = self.tokens.string()
        self.tokens.expect("as")
        names = self._names()
        if glob.count("*") != len(names):
            raise MalformedQuery(
                f"number of aliases ({len(names)}) differs from number of wildcards ({glob.count('*')})",
                token.at,
                token.end,
            )
        return ParseCommand(source, _by_glob(glob, names), tuple(names))

    def _by_regex(self, source: Evaluate) -> Command:
        token = self.tokens.peek()
        pattern = self.tokens.regex()
        names = self._names() if self.tokens.takes("as") else list(pattern.groupindex)
        if not names:
            raise MalformedQuery("a regular expression of parse needs named groups", token.at, token.end)
        return ParseCommand(source, _by_pattern(pattern, names), tuple(names))

    def _names(self) -> list[str]:
        names = [self.tokens.name()]
        while self.tokens.takes(","):
            names.append(self.tokens.name())
        return names

    # -- other data

    def _source(self) -> Source:
        """`SOURCE 'group', 'other'`, `SOURCE logGroups(namePrefix: ['a'], class: ['STANDARD'])`"""
        self.tokens.expect("source")
        if not self.tokens.sees("loggroups"):
            names = [self._word()]
            while self.tokens.takes(","):
                names.append(self._word())
            return Source(tuple(names))
        self.tokens.take()
        self.tokens.expect("(")
        chosen: dict[str, tuple[str, ...]] = {}
        while not self.tokens.takes(")"):
            keyword = self._keyword("nameprefix", "class")
            chosen[keyword] = self._words()
            self.tokens.takes(",")
        return Source(prefixes=chosen.get("nameprefix", ()), classes=chosen.get("class", ()))

    def _keyword(self, *allowed: str) -> str:
        """`name:` or `name=`, also where no space is before the value."""
        token = self.tokens.take()
        keyword = token.text.lower().rstrip(":")
        if token.kind != "name" or keyword not in allowed:
            raise MalformedQuery(
                f"unexpected symbol found {token.text}, expected {' or '.join(allowed)}", token.at, token.end
            )
        if not token.text.endswith(":"):
            self.tokens.takes(":", "=")
        return keyword

    def _words(self) -> tuple[str, ...]:
        if not self.tokens.takes("["):
            return (self._word(),)
        words = [self._word()]
        while self.tokens.takes(","):
            words.append(self._word())
        self.tokens.expect("]")
        return tuple(words)

    def _word(self) -> str:
        return self.tokens.string() if self.tokens.peek().kind == "string" else self.tokens.name()

    def _read_lookup(self) -> Command:
        """`lookup table column as field, ... OUTPUT column as field, ...`"""
        table = self._word()
        self.tables.append(table)
        on = self._renamed()
        if not self.tokens.sees("output", "outputnew"):
            self.tokens.refuse("OUTPUT")
        only_new = self.tokens.take().text.lower() == "outputnew"
        return LookupCommand(table, on, self._renamed(), only_new)

    def _renamed(self) -> dict[str, str]:
        renamed: dict[str, str] = {}
        while True:
            column = self.tokens.name()
            renamed[column] = self.tokens.name() if self.tokens.takes("as") else column
            if not self.tokens.takes(","):
                return renamed

    def _subquery(self, column: str) -> Callable[[], set[str]]:
        columns, self.expressions.columns = self.expressions.columns, set()
        self.joined.append(self._source())
        number = len(self.joined) - 1
        found = Subquery(number, column, self._commands())
        self.expressions.columns = columns
        self.subqueries.append(found)
        return lambda: found.values

    def _read_join(self) -> Command:
        """`join type=left left=a right=b where a.x=b.y and a.z=b.z (SOURCE 'group' | ...)`"""
        given = {"type": "inner", "left": "left", "right": "right"}
        while self.tokens.sees(*given):
            keyword = self._keyword(*given)
            given[keyword] = self.tokens.name()
        if given["type"].lower() not in ("inner", "left"):
            self.tokens.refuse("type=inner or type=left")
        self.tokens.expect("where")
        aliases = (given["left"], given["right"])
        on = [self._equal_fields(aliases)]
        while self.tokens.takes("and"):
            on.append(self._equal_fields(aliases))
        self.tokens.expect("(")
        self.joined.append(self._source())
        number = len(self.joined) - 1
        commands = self._commands()
        self.tokens.expect(")")
        return JoinCommand(number, aliases, on, given["type"].lower() == "left", commands)

    def _equal_fields(self, aliases: tuple[str, str]) -> tuple[str, str]:
        sides = {}
        for sign in ("=", ""):
            alias, _, field = self.tokens.name().partition(".")
            if alias not in aliases or not field or alias in sides:
                self.tokens.refuse(f"a field of {aliases[0]} and one of {aliases[1]}")
            sides[alias] = field
            if sign:
                self.tokens.expect(sign)
        return sides[aliases[0]], sides[aliases[1]]


def _column(name: str) -> Evaluate:
    return lambda row: row.get(name)


def _by_glob(glob: str, names: list[str]) -> Extract:
    parts = [re.escape(part) for part in glob.split("*")]
    # the last wildcard takes all that is left where nothing follows it
    inner = "(.*?)".join(parts[:-1]) + ("(.*)" if not parts[-1] else f"(.*?){parts[-1]}")
    return _by_pattern(re.compile(inner, re.DOTALL), names)


def _by_pattern(pattern: re.Pattern[str], names: list[str]) -> Extract:
    """The named groups, or as many of the groups as there are names."""
    is_named = all(name in pattern.groupindex for name in names)

    def extract(value: str) -> Fields | None:
        match = pattern.search(value)
        if match is None:
            return None
        groups = match.groupdict() if is_named else dict(zip(names, match.groups(), strict=False))
        return {name: found for name, found in groups.items() if found is not None}

    return extract
