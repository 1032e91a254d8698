"""The query and EC2 protocols' requests: form fields with dotted names, read into parameters by the shape."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

from fogbank.protocols import scalars
from fogbank.protocols.compiler import Closure, ShapeCompiler
from fogbank.protocols.model import Shape
from fogbank.protocols.scalars import BadValue

DEPTH_LIMIT = 64  # dots in a field's name; AWS's deepest shape needs fewer than 20

Node = dict[str, Any]  # a field's value under "", the fields below it under their names


def unquote(text: str) -> str:
    """Percent-escapes decoded once; `+` stays. Raises BadValue when the bytes are no UTF-8."""
    if "%" not in text and text.isascii():
        return text
    try:
        return unquote_to_bytes(text.encode("latin-1", "replace")).decode()
    except UnicodeDecodeError as error:
        raise BadValue("Invalid UTF-8 in a percent-escape", text=text) from error


def unquote_plus(text: str) -> str:
    return unquote(text.replace("+", " ") if "+" in text else text)


def fields(text: str) -> list[tuple[str, str]]:
    """The fields of a form or of a query string, in order. A field without `=` has an empty value."""
    pairs = [part.partition("=") for part in text.split("&") if part]
    if "%" not in text and "+" not in text and text.isascii():
        return [(name, value) for name, _, value in pairs]
    return [(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs]


def tree(pairs: list[tuple[str, str]]) -> Node:
    """`[("A.1.B", "x")]` -> `{"A": {"1": {"B": {"": "x"}}}}`. Raises BadValue."""
    root: Node = {}
    for name, value in pairs:
        node = root
        parts = name.split(".")
        if len(parts) > DEPTH_LIMIT:
            raise BadValue("A parameter's name is nested too deeply", text=name)
        for part in parts:
            node = node.setdefault(part, {})
        node[""] = value
    return root


class FormReader(ShapeCompiler):
    """Closures that turn the node of a member into its value. `is_ec2`: lists are flat and names are EC2's."""

    def __init__(self, is_ec2: bool = False) -> None:
        super().__init__()
        self._is_ec2 = is_ec2

    def key(self, shape: Shape) -> Hashable:
        return (shape.name, bool(shape.get("flattened")))

    def structure(self, shape: Shape) -> Closure:
        members = [
            (name, self._field_name(name, member), self._member(member)) for name, member in shape.members.items()
        ]

        def read(node: Node) -> dict[str, Any]:
            result = {}
            for name, field, convert in members:
                child = node.get(field)
                if child is not None:
                    result[name] = _located(convert, child, name)
            return result

        return read

    def _member(self, member: Shape) -> Closure:
        closure = self.closure(member)
        assert closure is not None
        return closure

    def _field_name(self, name: str, member: Shape) -> str:
        if self._is_ec2:
            wire_name = member.wire_name or name
            return member.get("queryName") or (wire_name[0].upper() + wire_name[1:] if member.wire_name else name)
        if member.type == "list" and member.get("flattened"):
            return member.member.wire_name or member.wire_name or name
        return member.wire_name or name

    def list(self, shape: Shape) -> Closure:
        convert = self._member(shape.member)
        flat = self._is_ec2 or bool(shape.get("flattened"))
        item_name = shape.member.wire_name or "member"

        def read(node: Node) -> list[Any]:
            items = node if flat else node.get(item_name, {})
            return [convert(child) for child in _in_order(items)]

        return read

    def map(self, shape: Shape) -> Closure:
        read_key, read_value = self._member(shape.key), self._member(shape.value)
        flat = bool(shape.get("flattened"))
        key_name = shape.key.wire_name or "key"
        value_name = shape.value.wire_name or "value"

        def read(node: Node) -> dict[Any, Any]:
            entries = node if flat else node.get("entry", {})
            return {
                read_key(child.get(key_name, {})): read_value(child.get(value_name, {})) for child in _in_order(entries)
            }

        return read

    def scalar(self, shape: Shape) -> Closure:
        convert = scalars.reader(shape)
        if convert is None:
            return lambda node: node.get("", "")
        return lambda node: convert(node.get("", ""))


def _in_order(node: Node) -> Iterator[Any]:
    """The numbered children of a node, by number, gaps and other names passed over."""
    numbers = sorted(int(name) for name in node if name.isascii() and name.isdigit() and len(name) < 10)
    return (node[str(number)] for number in numbers if str(number) in node)


def _located(convert: Closure, node: Node, member: str) -> Any:
    try:
        return convert(node)
    except BadValue as error:
        error.member = f"{member}.{error.member}" if error.member else member
        raise
