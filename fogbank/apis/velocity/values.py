"""Values of templates: how they are written, and the methods that Java has for them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from fogbank.apis.expressions import whole
from fogbank.apis.velocity.parser import TemplateError

Method = Callable[..., Any]

_LONGEST = 10_000_000
_MOST_DIGITS = 4000  # Python writes none with more than 4,300
_GROUP = re.compile(r"\$(\d)")


class Tool:
    """An object that templates may ask: its methods and properties are those that it names."""

    def __init__(self, methods: Mapping[str, Method], properties: Mapping[str, Any] | None = None) -> None:
        self.methods = methods
        self.properties = properties or {}


def written(value: Any) -> str:
    """As Java writes it: `{a=1, b=[2, 3]}`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(name)}={written(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(written(each) for each in value) + "]"
    return str(value)


def is_true(value: Any) -> bool:
    """Whatever there is, but `false`."""
    return value is not None and value is not False


def size_of(value: Any) -> int:
    """How long a text or collection is, and a number written out. Raises TemplateError for what is too long to go on with."""
    size = (
        value.bit_length() // 3 if isinstance(value, int) else len(value) if isinstance(value, str | list | dict) else 0
    )
    if size > (_MOST_DIGITS if isinstance(value, int) else _LONGEST):
        raise TemplateError("the value would be too long")
    return size


# -- methods


def _pattern(text: Any) -> re.Pattern[str]:
    try:
        return re.compile(written(text))
    except re.error as error:
        raise TemplateError(f"not a regular expression: {error}") from error


def _replacement(text: Any) -> str:
    """Java's `$1` is Python's `\\1`."""
    return _GROUP.sub(r"\\\1", written(text).replace("\\", "\\\\"))


def _split(self: str, separator: Any, limit: int = 0) -> list[str]:
    found = _pattern(separator).split(self, maxsplit=max(limit - 1, 0))
    while limit == 0 and len(found) > 1 and not found[-1]:
        found.pop()
    return found


def _add(self: list[Any], *given: Any) -> bool | None:
    if len(given) == 2:
        self.insert(given[0], given[1])
        return None
    self.append(given[0])
    return True


def _set(self: list[Any], at: int, value: Any) -> Any:
    before, self[at] = self[at], value
    return before


def _put(self: dict[Any, Any], key: Any, value: Any) -> Any:
    before = self.get(key)
    self[key] = value
    return before


def _remove(self: list[Any], what: Any) -> Any:
    if isinstance(what, int) and not isinstance(what, bool):
        return self.pop(what)
    if what in self:
        self.remove(what)
        return True
    return False


def _entry(key: Any, value: Any) -> Tool:
    return Tool({"getKey": lambda: key, "getValue": lambda: value}, {"key": key, "value": value})


def _repeat(self: str, times: int) -> str:
    if len(self) * times > _LONGEST:
        raise TemplateError("the text would be too long")
    return self * times


_OF_ALL: dict[str, Method] = {
    "toString": written,
    "equals": lambda self, other: self == other,
    "hashCode": lambda self: hash(written(self)) & 0x7FFFFFFF,
}
_OF_TEXT: dict[str, Method] = {
    "length": len,
    "isEmpty": lambda self: not self,
    "isBlank": lambda self: not self.strip(),
    "trim": str.strip,
    "strip": str.strip,
    "toLowerCase": str.lower,
    "toUpperCase": str.upper,
    "contains": lambda self, other: written(other) in self,
    "startsWith": lambda self, other: self.startswith(written(other)),
    "endsWith": lambda self, other: self.endswith(written(other)),
    "equalsIgnoreCase": lambda self, other: self.lower() == written(other).lower(),
    "compareTo": lambda self, other: (self > other) - (self < other),
    "indexOf": lambda self, other, start=0: self.find(written(other), start),
    "lastIndexOf": lambda self, other: self.rfind(written(other)),
    "substring": lambda self, start, end=None: self[start:end],
    "charAt": lambda self, at: self[at],
    "concat": lambda self, other: self + written(other),
    "replace": lambda self, old, new: self.replace(written(old), written(new)),
    "replaceAll": lambda self, old, new: _pattern(old).sub(_replacement(new), self),
    "replaceFirst": lambda self, old, new: _pattern(old).sub(_replacement(new), self, count=1),
    "matches": lambda self, pattern: bool(whole(written(pattern))(self)),
    "split": _split,
    "repeat": _repeat,
    "getBytes": lambda self: list(self.encode()),
    "toCharArray": list,
}
_OF_LIST: dict[str, Method] = {
    "size": len,
    "length": len,
    "isEmpty": lambda self: not self,
    "get": lambda self, at: self[at],
    "contains": lambda self, value: value in self,
    "indexOf": lambda self, value: self.index(value) if value in self else -1,
    "add": _add,
    "addAll": lambda self, others: self.extend(others) or True,
    "set": _set,
    "remove": _remove,
    "subList": lambda self, start, end: self[start:end],
    "clear": lambda self: self.clear(),
}
_OF_MAP: dict[str, Method] = {
    "size": len,
    "isEmpty": lambda self: not self,
    "get": lambda self, key: self.get(key),
    "getOrDefault": lambda self, key, default: self.get(key, default),
    "containsKey": lambda self, key: key in self,
    "containsValue": lambda self, value: value in self.values(),
    "put": _put,
    "putAll": lambda self, others: self.update(others),
    "remove": lambda self, key: self.pop(key, None),
    "keySet": list,
    "values": lambda self: list(self.values()),
    "entrySet": lambda self: [_entry(key, value) for key, value in self.items()],
    "clear": lambda self: self.clear(),
}
_OF_NUMBER: dict[str, Method] = {
    "intValue": int,
    "longValue": int,
    "doubleValue": float,
    "compareTo": lambda self, other: (self > other) - (self < other),
}


def methods_of(value: Any) -> Mapping[str, Method]:
    if isinstance(value, str):
        return _OF_TEXT
    if isinstance(value, list):
        return _OF_LIST
    if isinstance(value, dict):
        return _OF_MAP
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _OF_NUMBER
    return {}


def call(value: Any, name: str, arguments: list[Any]) -> Any:
    """What the method answers; None where there is no such method. Raises TemplateError."""
    if isinstance(value, Tool):
        method = value.methods.get(name)
        return None if method is None else _called(method, name, arguments)
    if value is None:
        return None
    method = methods_of(value).get(name) or _OF_ALL.get(name)
    return None if method is None else _called(method, name, [value, *arguments])


def _called(method: Method, name: str, arguments: list[Any]) -> Any:
    try:
        return method(*arguments)
    except (TypeError, ValueError, IndexError, KeyError, AttributeError, OverflowError, re.error) as error:
        raise TemplateError(f"{name}: {error}") from error


def prop(value: Any, name: str) -> Any:
    """`$x.name`: an entry of a map, a property of a tool, else what `getName()` or `isName()` answers."""
    if isinstance(value, dict):
        return value.get(name) if name in value else _getter(value, name)
    if isinstance(value, Tool):
        return value.properties.get(name)
    return _getter(value, name)


def _getter(value: Any, name: str) -> Any:
    """`$list.empty` is `isEmpty()`."""
    return call(value, f"is{name[:1].upper()}{name[1:]}", []) if name == "empty" else None


def index(value: Any, at: Any) -> Any:
    if isinstance(value, list) and isinstance(at, int):
        return value[at] if -len(value) <= at < len(value) else None
    return value.get(at) if isinstance(value, dict) else None
