"""Attribute values, items and keys between CBOR's values and DynamoDB's JSON, where binary is base64. Pure."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Any, NamedTuple

from fogbank.services.dax.wire import cbor, lexical
from fogbank.services.dax.wire.cbor import Malformed, Members, Reader

Value = dict[str, Any]
Item = dict[str, Value]

# no number that comes from DynamoDB has more digits; what a client sends is for DynamoDB to judge
_EXACT = Context(prec=64)
# larger integers have exponents
_INTEGER_DIGITS = 38


class KeyAttribute(NamedTuple):
    name: str
    kind: str


Schema = Sequence[KeyAttribute]


def to_value(given: Any) -> Value:
    """DynamoDB's value of one of CBOR's. Raises Malformed."""
    if given is None:
        return {"NULL": True}
    if isinstance(given, bool):
        return {"BOOL": given}
    if isinstance(given, Members):
        return {given.kind: [_scalar(given.kind[0], member) for member in given.values]}
    if isinstance(given, list):
        return {"L": [to_value(each) for each in given]}
    if isinstance(given, dict):
        return {"M": {_name(name): to_value(each) for name, each in given.items()}}
    for kind in "SNB":
        if isinstance(given, _TYPES[kind]):
            return {kind: _scalar(kind, given)}
    raise Malformed("not an attribute value")


_TYPES: dict[str, tuple[type, ...]] = {"S": (str,), "N": (int, Decimal), "B": (bytes,)}


def _scalar(kind: str, given: Any) -> str:
    if not isinstance(given, _TYPES[kind]):
        raise Malformed(f"not of type {kind}")
    return b64encode(given).decode() if isinstance(given, bytes) else str(given)


def _name(given: Any) -> str:
    if isinstance(given, str):
        return given
    raise Malformed("a name that is no text")


def from_value(value: Value) -> Any:
    """CBOR's value of one of DynamoDB's."""
    ((kind, content),) = value.items()
    if kind == "NULL":
        return None
    if kind == "L":
        return [from_value(each) for each in content]
    if kind == "M":
        return {name: from_value(each) for name, each in content.items()}
    if kind in ("SS", "NS", "BS"):
        return Members(kind, [_plain(kind[0], member) for member in content])
    return _plain(kind, content)


def _plain(kind: str, content: Any) -> Any:
    if kind == "B":
        return b64decode(content)
    return number(content) if kind == "N" else content


def number(text: str) -> int | Decimal:
    """A number in the one form that all spellings of it have."""
    value = _EXACT.create_decimal(text).normalize(_EXACT)
    return int(value) if value == value.to_integral_value() and value.adjusted() < _INTEGER_DIGITS else value


# -- keys


def read_key(data: bytes, schema: Schema) -> Item:
    """The key of key bytes: the hash key alone as it is, or in CBOR with the sort key behind it. Raises Malformed."""
    first = schema[0]
    if len(schema) == 1:
        found = cbor.loads(data) if first.kind == "N" else data
        return {first.name: _key_value(first, found)}
    reader = Reader(data)
    try:
        found = reader.value()
    except cbor.Incomplete:
        raise Malformed("a key that is cut short") from None
    second = schema[1]
    rest: Any = reader.rest()
    if second.kind == "N":
        try:
            rest = lexical.decode(rest)
        except (ValueError, ArithmeticError):
            raise Malformed("a sort key that is no number") from None
    return {first.name: _key_value(first, found), second.name: _key_value(second, rest)}


def _key_value(attribute: KeyAttribute, found: Any) -> Value:
    if attribute.kind == "S" and isinstance(found, bytes):
        try:
            found = found.decode()
        except UnicodeDecodeError:
            raise Malformed("a key that is not UTF-8") from None
    return {attribute.kind: _scalar(attribute.kind, found)}


def key_bytes(item: Item, schema: Schema) -> bytes:
    """The key bytes of an item that has the key's attributes, in one form for all spellings of a number."""
    first = schema[0]
    plain = from_value(item[first.name])
    if len(schema) == 1:
        return cbor.dumps(plain) if first.kind == "N" else _raw(plain)
    second = schema[1]
    content = item[second.name][second.kind]
    sort = lexical.encode(_EXACT.create_decimal(content)) if second.kind == "N" else _raw(_plain(second.kind, content))
    return cbor.dumps(plain) + sort


def _raw(plain: Any) -> bytes:
    return plain.encode() if isinstance(plain, str) else bytes(plain)


# -- items


def read_values(data: bytes) -> tuple[int, list[Value]]:
    """(number of the attribute list, the values in its order). Raises Malformed."""
    reader = Reader(data)
    try:
        number = reader.value()
        values = []
        while not reader.done:
            values.append(to_value(reader.value()))
    except cbor.Incomplete:
        raise Malformed("an item that is cut short") from None
    if not isinstance(number, int):
        raise Malformed("an item without an attribute list")
    return number, values


def attribute_names(item: Item, schema: Schema) -> tuple[str, ...]:
    """The names of what is not in the key, in the order of their list."""
    return tuple(sorted(item.keys() - {attribute.name for attribute in schema}))


def item_bytes(item: Item, names: Sequence[str], list_number: int) -> bytes:
    out = bytearray(cbor.dumps(list_number))
    for name in names:
        cbor.write(out, from_value(item[name]))
    return bytes(out)
