"""The rows of a query: fields that it was given or that commands made, and fields that are discovered in an event when asked for. Pure."""

from __future__ import annotations

from typing import Any, Protocol

from fogbank.services.logs.insights.values import Value

Fields = dict[str, Value]


class Source(Protocol):
    """The event that a row is of. It is asked for each field, so that an event costs little that nobody asks."""

    @property
    def unmasked(self) -> str | None:
        """The event as it was written, for `unmask`; None where nothing is masked."""

    def system(self, name: str) -> Value:
        """`@timestamp`, `@message`, `@ptr` ...; None for what is no such field."""

    def discovered(self) -> Fields:
        """The fields that are discovered in it."""


SYSTEM = ("@timestamp", "@message", "@ingestionTime", "@logStream", "@log")

_NONE: Fields = {}


class Row:
    """`fields` are those that commands have made, besides those of its event, if it has one."""

    __slots__ = ("_discovered", "fields", "source")

    def __init__(self, fields: Fields = _NONE, source: Source | None = None) -> None:
        self.fields = fields
        self.source = source
        self._discovered: Fields | None = None

    @property
    def discovered(self) -> Fields:
        if self._discovered is None:
            self._discovered = {} if self.source is None else self.source.discovered()
        return self._discovered

    def whole(self) -> Fields:
        """All fields but the pointer."""
        if self.source is None:
            return self.fields
        system = {name: value for name in SYSTEM if (value := self.source.system(name)) is not None}
        return {**self.discovered, **system, **self.fields}

    def get(self, name: str) -> Value:
        """The field of that name, or what `map.attribute`, `list[0]` leads to; None when there is none."""
        if name in self.fields:
            return self.fields[name]
        if self.source is not None:
            value = self.source.system(name) if name.startswith("@") else None
            if value is None:
                value = self.discovered.get(name)
            if value is not None:
                return value
        return self._inside(name) if "." in name or "[" in name else None

    def _inside(self, name: str) -> Value:
        steps = name.replace("[", ".").replace("]", "").split(".")
        for length in range(len(steps) - 1, 0, -1):
            value = self.fields.get(".".join(steps[:length]))
            if isinstance(value, dict | list):
                return inside(value, steps[length:])
        return None

    def with_fields(self, fields: Fields) -> Row:
        """The same row with more fields."""
        row = Row({**self.fields, **fields}, self.source)
        row._discovered = self._discovered
        return row


def inside(value: Value, steps: list[str]) -> Value:
    """What a path leads to in maps and lists. A name may have dots in it: the longest that is there counts."""
    if not steps:
        return value
    if isinstance(value, list):
        at = int(steps[0]) if steps[0].isdecimal() else len(value)
        return inside(value[at], steps[1:]) if at < len(value) else None
    if not isinstance(value, dict):
        return None
    for length in range(len(steps), 0, -1):
        name = ".".join(steps[:length])
        if name in value:
            return inside(value[name], steps[length:])
    return None


_MOST_FIELDS = 1000
_DEEPEST = 100


def flattened(document: Any) -> Fields:
    """`{"a": {"b": [1, 2]}}` as `{"a.b.0": 1, "a.b.1": 2}`; no more than 1,000 fields. Null is nothing.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
    """
    found: Fields = {}
    if isinstance(document, dict | list):
        _flatten(document, "", found, _DEEPEST)
    return found


def _flatten(document: dict[str, Any] | list[Any], path: str, found: Fields, levels: int) -> None:
    for name, value in document.items() if isinstance(document, dict) else enumerate(document):
        if len(found) >= _MOST_FIELDS:
            return
        inner = f"{path}.{name}" if path else _shown(str(name))
        if isinstance(value, dict | list):
            if levels:
                _flatten(value, inner, found, levels - 1)
        elif value is not None:
            found[inner] = value


def _shown(name: str) -> str:
    """Names that begin with @ get one more, since those with one are generated."""
    return f"@{name}" if name.startswith("@") else name
