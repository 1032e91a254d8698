"""Expressions: `latency / 1000 > 2 and @message like /time-?out/`. They are read into functions from a row to a value. Pure.

From the loosest to the closest: `or`, `and`, `not`, comparisons with `like` and `in`, `+ -`, `* / %`, `-x`, `^`.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fogbank.services.logs.insights import periods
from fogbank.services.logs.insights.aggregates import AGGREGATES, COUNTS, PERCENTILES, Summary
from fogbank.services.logs.insights.functions import ARITHMETIC, FUNCTIONS
from fogbank.services.logs.insights.periods import Period
from fogbank.services.logs.insights.rows import Row
from fogbank.services.logs.insights.tokens import MalformedQuery, Tokens, bare, place, unquoted
from fogbank.services.logs.insights.values import Moment, Value, equal, is_true, number, order, text

Evaluate = Callable[[Row], Value]

_ORDERED: dict[str, Callable[[int], bool]] = {
    "<": lambda compared: compared < 0,
    "<=": lambda compared: compared <= 0,
    ">": lambda compared: compared > 0,
    ">=": lambda compared: compared >= 0,
}
_GRIDS = {"bin": periods.floor, "datefloor": periods.floor, "dateceil": periods.ceil}


class Aggregate(NamedTuple):
    """One call of an aggregate function. `key` is the field that it puts its result into."""

    key: str
    name: str
    of: Evaluate | None
    percent: float

    def summarise(self, rows: list[Row]) -> Value:
        return AGGREGATES[self.name](Summary(rows, self.of, self.percent))


class Named(NamedTuple):
    """An expression and what its column is called. `is_plain` when it is the field of that name."""

    name: str
    evaluate: Evaluate
    is_plain: bool = False


class Expressions:
    """Reads expressions from a query. `now` is when it was started (seconds).

    Aggregate functions are allowed while `aggregates` is a list; those that are found are put into it. `columns` are calls that are
    the names of columns by now, since `stats` has made them: `sort count(*) desc`. `subquery` reads what stands in the parentheses of
    `field in (SOURCE ...)`, for the field of that name, and gives what gives its values.
    """

    def __init__(self, tokens: Tokens, now: float) -> None:
        self.tokens = tokens
        self.aggregates: list[Aggregate] | None = None
        self.columns: set[str] = set()
        self.subquery: Callable[[str], Callable[[], set[str]]] | None = None
        self.unmasks = False
        self._now = now

    # -- whole expressions

    def named(self) -> Named:
        """`expression [as name]`; without a name, it is called as it is written."""
        first = self.tokens.peek()
        evaluate = self.expression()
        written = self.tokens.written(first.at)
        if self.tokens.takes("as"):
            return Named(self.tokens.name(), evaluate)
        is_plain = first.kind == "name" and first.text == written
        return Named(bare(written) if is_plain else written, evaluate, is_plain)

    def expression(self) -> Evaluate:
        return self._either()

    def _either(self) -> Evaluate:
        parts = [self._both()]
        while self.tokens.takes("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda row: any(is_true(part(row)) for part in parts)

    def _both(self) -> Evaluate:
        parts = [self._negated()]
        while self.tokens.takes("and"):
            parts.append(self._negated())
        return parts[0] if len(parts) == 1 else lambda row: all(is_true(part(row)) for part in parts)

    def _negated(self) -> Evaluate:
        if self.tokens.takes("not"):
            condition = self._negated()
            return lambda row: not is_true(condition(row))
        return self._compared()

    # -- comparisons

    def _compared(self) -> Evaluate:
        first = self.tokens.peek()
        left = self._sum()
        name = bare(self.tokens.written(first.at))
        if self.tokens.takes("not"):
            self._need_like_or_in()
            condition = self._like_or_in(left, name)
            return lambda row: not condition(row)
        if self.tokens.sees("like", "in", "=~"):
            return self._like_or_in(left, name)
        if self.tokens.sees("=", "==", "!="):
            return self._equality(left, self.tokens.take().text)
        if self.tokens.sees(*_ORDERED):
            return self._ordered(left, self.tokens.take().text)
        return left

    def _need_like_or_in(self) -> None:
        if not self.tokens.sees("like", "in"):
            self.tokens.refuse("like or in")

    def _equality(self, left: Evaluate, sign: str) -> Evaluate:
        right = self._sum()
        if sign == "!=":
            return lambda row: not equal(left(row), right(row))
        return lambda row: equal(left(row), right(row))

    def _ordered(self, left: Evaluate, sign: str) -> Evaluate:
        right, fits = self._sum(), _ORDERED[sign]

        def compare(row: Row) -> bool:
            compared = order(left(row), right(row))
            return compared is not None and fits(compared)

        return compare

    def _like_or_in(self, left: Evaluate, name: str) -> Evaluate:
        if self.tokens.take().text.lower() == "in":
            return self._in(left, name)
        if self.tokens.sees_regex():
            pattern = self.tokens.regex()
            return lambda row: pattern.search(text(left(row)) or "") is not None
        part = self.tokens.string()
        return lambda row: part in (text(left(row)) or "")

    def _in(self, left: Evaluate, name: str) -> Evaluate:
        """`in ["a", 1]`, also in parentheses; `in (SOURCE ...)`"""
        closing = {"[": "]", "(": ")"}.get(self.tokens.peek().text)
        if closing is None:
            self.tokens.refuse("[")
        self.tokens.take()
        if closing == ")" and self.subquery is not None and self.tokens.sees("source"):
            values = self.subquery(name)
            self.tokens.expect(")")
            return lambda row: text(left(row)) in values()
        options = [self._sum()]
        while self.tokens.takes(","):
            options.append(self._sum())
        self.tokens.expect(closing)
        return lambda row: any(equal(left(row), option(row)) for option in options)

    # -- arithmetic

    def _sum(self) -> Evaluate:
        return self._chain(("+", "-"), self._product)

    def _product(self) -> Evaluate:
        return self._chain(("*", "/", "%"), self._signed)

    def _chain(self, signs: tuple[str, ...], operand: Callable[[], Evaluate]) -> Evaluate:
        value = operand()
        while self.tokens.sees(*signs):
            value = _calculated(self.tokens.take().text, value, operand())
        return value

    def _signed(self) -> Evaluate:
        if self.tokens.takes("-"):
            return _calculated("-", lambda row: 0, self._signed())
        return self._power()

    def _power(self) -> Evaluate:
        base = self.operand()
        return _calculated("^", base, self._signed()) if self.tokens.takes("^") else base

    def operand(self) -> Evaluate:
        token = self.tokens.peek()
        if token.kind == "number":
            constant = number(self.tokens.take().text)
            return lambda row: constant
        if token.kind == "string":
            literal = unquoted(self.tokens.take().text)
            return lambda row: literal
        if self.tokens.takes("("):
            inner = self.expression()
            self.tokens.expect(")")
            return inner
        if token.kind != "name":
            self.tokens.refuse("an expression")
        return self._name()

    def _name(self) -> Evaluate:
        token = self.tokens.peek()
        column = self._column(token.at)
        name = self.tokens.name() if column is None else self.tokens.take_up_to(token.at + len(column))
        if column is not None:
            return lambda row: row.get(column)
        if self.tokens.sees("(") and not token.text.startswith("`"):
            return self._call(name, token.at)
        if name.lower() in ("true", "false"):
            is_so = name.lower() == "true"
            return lambda row: is_so
        return lambda row: row.get(name)

    def _column(self, at: int) -> str | None:
        return next((column for column in self.columns if self.tokens.source.startswith(column, at)), None)

    # -- functions

    def _call(self, name: str, at: int) -> Evaluate:
        self.tokens.expect("(")
        lowered = name.lower()
        if lowered in AGGREGATES:
            return self._aggregate(lowered, at)
        if lowered in _GRIDS:
            return self._on_grid(lowered)
        if lowered == "now":
            self.tokens.expect(")")
            now = int(self._now)
            return lambda row: now
        if lowered == "unmask":
            return self._unmasked(at)
        return self._function(name, at)

    def _function(self, name: str, at: int) -> Evaluate:
        function = FUNCTIONS.get(name.lower())
        if function is None:
            raise self.malformed(f"unknown function {name}", at)
        arguments = self._arguments()
        if not function.least <= len(arguments) <= function.most:
            raise self.malformed(f"invalid number of arguments for function {name}", at)
        call = function.call
        return lambda row: call(*(argument(row) for argument in arguments))

    def _arguments(self) -> list[Evaluate]:
        if self.tokens.takes(")"):
            return []
        arguments = [self.expression()]
        while self.tokens.takes(","):
            arguments.append(self.expression())
        self.tokens.expect(")")
        return arguments

    def _on_grid(self, name: str) -> Evaluate:
        """`bin(5m)`, `datefloor(@timestamp, 1h)`"""
        moment: Evaluate = lambda row: row.get("@timestamp")  # noqa: E731
        if self.tokens.peek().kind != "period" and not self._sees_lone_unit(name):
            moment = self.expression()
            self.tokens.expect(",")
        period = self.tokens.period()
        self.tokens.expect(")")
        return _gridded(moment, period, _GRIDS[name])

    def _sees_lone_unit(self, name: str) -> bool:
        return name == "bin" and periods.unit_named(self.tokens.peek().text.lower()) is not None

    def _unmasked(self, at: int) -> Evaluate:
        field = self.tokens.name()
        self.tokens.expect(")")
        if field != "@message":
            raise self.malformed("unmask takes @message", at)
        self.unmasks = True
        return _unmasked

    def _aggregate(self, name: str, at: int) -> Evaluate:
        if self.aggregates is None:
            raise self.malformed(f"aggregate function {name} is not allowed here", at)
        found, self.aggregates = self.aggregates, None  # none inside of another
        of, percent = self._summarised(name)
        self.tokens.expect(")")
        self.aggregates = found
        key = f"\0{len(found)}"
        found.append(Aggregate(key, name, of, percent))
        return lambda row: row.get(key)

    def _summarised(self, name: str) -> tuple[Evaluate | None, float]:
        """What an aggregate function is of, and its percentage."""
        if name in COUNTS and (self.tokens.takes("*") or self.tokens.sees(")")):
            return None, 0.0
        of = self.expression()
        if name not in PERCENTILES:
            return of, 0.0
        self.tokens.expect(",")
        token = self.tokens.peek()
        percent = number(token.text)
        if token.kind != "number" or percent is None or not 0 <= percent <= 100:
            self.tokens.refuse("a percentage from 0 to 100")
        self.tokens.take()
        return of, float(percent)

    def malformed(self, message: str, at: int) -> MalformedQuery:
        source = self.tokens.source
        return MalformedQuery(f"{message} at {place(source, at)}", at, self.tokens.peek().at)


def _unmasked(row: Row) -> Value:
    whole = row.source.unmasked if row.source is not None else None
    return row.get("@message") if whole is None else whole


def _calculated(sign: str, left: Evaluate, right: Evaluate) -> Evaluate:
    calculate = ARITHMETIC[sign]
    return lambda row: calculate(left(row), right(row))


def _gridded(moment: Evaluate, period: Period, grid: Callable[[int, Period], int]) -> Evaluate:
    def evaluate(row: Row) -> Value:
        found = number(moment(row))
        try:
            return None if found is None else Moment(grid(int(found), period))
        except (ValueError, OverflowError, OSError):  # there is no such date
            return None

    return evaluate
