"""Expressions, which clients send as trees, in DynamoDB's words again; and the paths of a projection. Pure.

A tree is a list that begins with the number of its function. Names and values get placeholders, which all expressions of a request share.
"""

from __future__ import annotations

from typing import Any

from fogbank.services.dax.wire import cbor
from fogbank.services.dax.wire.cbor import Malformed, Ordinal
from fogbank.services.dax.wire.values import Item, Value, to_value

_FORMAT = 1
_COMPARATORS = ("=", "<>", "<", ">=", ">", "<=")
_AND, _OR, _NOT, _BETWEEN, _IN, _VARIABLE, _PATH = 6, 7, 8, 9, 10, 17, 18
_FUNCTIONS = {
    11: "attribute_exists",
    12: "attribute_not_exists",
    13: "attribute_type",
    14: "begins_with",
    15: "contains",
    16: "size",
    23: "if_not_exists",
    24: "list_append",
}
_ACTIONS = {19: "SET", 20: "ADD", 21: "DELETE", 22: "REMOVE"}
_SUMS = {25: "+", 26: "-"}

Path = tuple[str | int, ...]


class Expressions:
    """The expressions of one request, as they are read; `names` and `values` are the request's members for them."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Value] = {}
        self._placeholders: dict[str, str] = {}
        self._variables: list[Value] = []

    def condition(self, data: bytes) -> str:
        """Of a condition, a filter or a key condition. Raises Malformed."""
        return self._text(self._open(data, 3))

    def update(self, data: bytes) -> str:
        clauses: dict[str, list[str]] = {}
        for action in self._open(data, 3):
            code, path, *operands = _parts(action)
            if code not in _ACTIONS or len(operands) != (code != 22):
                raise Malformed("not an update")
            texts = [self._text(path), *map(self._text, operands)]
            clauses.setdefault(_ACTIONS[code], []).append((" = " if code == 19 else " ").join(texts))
        return " ".join(f"{keyword} {', '.join(actions)}" for keyword, actions in clauses.items())

    def top_level(self, paths: list[Path]) -> str:
        """The projection to the attributes that the paths begin with."""
        return ", ".join(dict.fromkeys(self._name(str(path[0])) for path in paths))

    def _open(self, data: bytes, length: int) -> Any:
        tree = cbor.loads(data)
        if not isinstance(tree, list) or len(tree) != length or tree[0] != _FORMAT or not isinstance(tree[-1], list):
            raise Malformed("not an expression")
        self._variables = [to_value(value) for value in tree[2]]
        return tree[1]

    def _text(self, tree: Any) -> str:
        code, *operands = _parts(tree)
        if code == _VARIABLE:
            return self._value(operands)
        if code == _PATH:
            return self._path(read_path(tree))
        if code == _IN:
            return f"{self._text(operands[0])} IN ({', '.join(self._text(each) for each in operands[1])})"
        texts = [self._text(operand) for operand in operands]
        return _spelled(code, texts)

    def _value(self, operands: list[Any]) -> str:
        if len(operands) != 1 or not isinstance(operands[0], int) or not 0 <= operands[0] < len(self._variables):
            raise Malformed("not a variable")
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = self._variables[operands[0]]
        return placeholder

    def _path(self, path: Path) -> str:
        first, *rest = path
        text = self._name(str(first))
        return text + "".join(f"[{part}]" if isinstance(part, int) else f".{self._name(part)}" for part in rest)

    def _name(self, name: str) -> str:
        placeholder = self._placeholders.get(name)
        if placeholder is None:
            placeholder = self._placeholders[name] = f"#n{len(self.names)}"
            self.names[placeholder] = name
        return placeholder


def _parts(tree: Any) -> list[Any]:
    if not isinstance(tree, list) or len(tree) < 2 or not isinstance(tree[0], int):
        raise Malformed("not an expression")
    return tree


def _spelled(code: int, texts: list[str]) -> str:
    if code in _FUNCTIONS:
        return f"{_FUNCTIONS[code]}({', '.join(texts)})"
    if code == _NOT and len(texts) == 1:
        return f"NOT ({texts[0]})"
    if code == _BETWEEN and len(texts) == 3:
        return f"{texts[0]} BETWEEN {texts[1]} AND {texts[2]}"
    if len(texts) == 2 and code in (_AND, _OR):
        return f"({texts[0]}) {'AND' if code == _AND else 'OR'} ({texts[1]})"
    if len(texts) == 2 and code in _SUMS:
        return f"{texts[0]} {_SUMS[code]} {texts[1]}"
    if len(texts) == 2 and 0 <= code < len(_COMPARATORS):
        return f"{texts[0]} {_COMPARATORS[code]} {texts[1]}"
    raise Malformed(f"function {code}")


def read_path(tree: Any) -> Path:
    """Raises Malformed."""
    code, *parts = _parts(tree)
    path = tuple(part.position if isinstance(part, Ordinal) else part for part in parts)
    if code != _PATH or not isinstance(path[0], str) or not all(isinstance(part, (str, int)) for part in path):
        raise Malformed("not a document path")
    return path


def projection(data: bytes) -> list[Path]:
    """The paths of a projection. Raises Malformed."""
    tree = cbor.loads(data)
    if (
        not isinstance(tree, list)
        or len(tree) != 2
        or tree[0] != _FORMAT
        or not isinstance(tree[1], list)
        or not tree[1]
    ):
        raise Malformed("not a projection")
    return [read_path(path) for path in tree[1]]


def at_path(item: Item, path: Path) -> Value | None:
    """The value at a path, or None."""
    value: Any = {"M": item}
    for part in path:
        inside = value.get("L" if isinstance(part, int) else "M", ())
        if (part >= len(inside)) if isinstance(part, int) else (part not in inside):
            return None
        value = inside[part]
    found: Value = value
    return found
