"""Attribute values as DynamoDB's JSON has them: `{"S": "text"}`, `{"N": "1.5"}`, `{"L": [...]}` and so on.

Everything works on that form, so that nothing is converted on the way between request, store and answer. `take_in` checks a value from
outside and brings it into canonical form in place: numbers normalised, sets sorted, base64 as we would write it. Canonical values are equal
exactly when their documents are.
"""

from __future__ import annotations

import binascii
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from fogbank.services.dynamodb import errors, numbers

Value = dict[str, Any]
Item = dict[str, Value]

TYPES = ("S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS")
SCALARS = frozenset({"S", "N", "B"})
SETS = frozenset({"SS", "NS", "BS"})
ORDERED = SCALARS

MAX_DEPTH = 32
MAX_NAME = 65535
# what AWS counts for a list or map itself, and for each of its elements
DOCUMENT_OVERHEAD = 3
ELEMENT_OVERHEAD = 1


# -- taking in


def take_in(value: Any, depth: int = 1) -> int:
    """Check a value and make it canonical, in place; returns the bytes that AWS counts for it.

    `depth` is the level at which it lies in its item, from 1. Raises ValidationException or SerializationException.
    """
    if value.__class__ is dict and len(value) == 1:
        for kind, content in value.items():
            if kind == "S" and content.__class__ is str:
                return len(content) if content.isascii() else len(content.encode())
            take = _TAKE.get(kind)
            if take is not None and content is not None:
                return take(value, content, depth)
    return _take_only(value, depth)


def take_in_item(item: Any) -> int:
    """Check a whole item; returns its size as AWS counts it."""
    size = 0
    for name, value in item.items():
        if name.isascii():
            size += len(name) + take_in(value)
        else:
            size += len(name.encode()) + take_in(value)
        if not name or len(name) > MAX_NAME:
            raise errors.attribute_name_too_long() if name else errors.empty_attribute_name()
    return size


def _take_only(value: Any, depth: int) -> int:
    """The slow way, for what does not look as it should: unknown and null members do not count."""
    if value is None:
        raise errors.no_datatype()
    if value.__class__ is not dict:
        raise _unexpected(value)
    known = {kind: content for kind, content in value.items() if kind in _TAKE and content is not None}
    sizes = [_TAKE[kind](value, content, depth) for kind, content in known.items()]
    if not sizes:
        raise errors.no_datatype()
    if len(sizes) > 1:
        raise errors.several_datatypes()
    for kind in [kind for kind in value if kind not in known]:
        del value[kind]
    return sizes[0]


def _take_string(value: Value, content: Any, depth: int) -> int:
    if content.__class__ is not str:
        raise _wrong_type(content, "String")
    return len(content) if content.isascii() else len(content.encode())


def _take_number(value: Value, content: Any, depth: int) -> int:
    if content.__class__ is not str:
        raise _wrong_type(content, "String")
    value["N"] = text = numbers.canonical(content)
    return numbers.stored_size(text)


def _take_binary(value: Value, content: Any, depth: int) -> int:
    value["B"], size = _binary(content)
    return size


def _take_boolean(value: Value, content: Any, depth: int) -> int:
    if content.__class__ is not bool:
        raise _wrong_type(content, "Boolean")
    return 1


def _take_null(value: Value, content: Any, depth: int) -> int:
    if content.__class__ is not bool:
        raise _wrong_type(content, "Boolean")
    if not content:
        raise errors.null_is_false()
    return 1


def _take_list(value: Value, content: Any, depth: int) -> int:
    if content.__class__ is not list:
        raise _unexpected(content)
    if depth >= MAX_DEPTH:
        raise errors.too_deep()
    size = DOCUMENT_OVERHEAD
    for element in content:
        size += ELEMENT_OVERHEAD + take_in(element, depth + 1)
    return size


def _take_map(value: Value, content: Any, depth: int) -> int:
    if content.__class__ is not dict:
        raise _unexpected(content)
    if depth >= MAX_DEPTH:
        raise errors.too_deep()
    size = DOCUMENT_OVERHEAD
    for name, element in content.items():
        if not name or len(name) > MAX_NAME:
            raise errors.attribute_name_too_long() if name else errors.empty_attribute_name()
        size += ELEMENT_OVERHEAD + len(name.encode()) + take_in(element, depth + 1)
    return size


def _take_strings(value: Value, content: Any, depth: int) -> int:
    members = _members("SS", content)
    value["SS"] = sorted(members)
    if len(set(members)) < len(members):
        raise errors.duplicates_in_set("SS", members)
    return sum([len(member.encode()) for member in members])


def _take_numbers(value: Value, content: Any, depth: int) -> int:
    members = {numbers.canonical(member) for member in _members("NS", content)}
    if len(members) < len(content):
        raise errors.duplicates_in_set("NS", content)
    value["NS"] = sorted(members, key=numbers.parse)
    return sum(map(numbers.stored_size, members))


def _take_binaries(value: Value, content: Any, depth: int) -> int:
    taken = dict(map(_binary, _members("BS", content)))
    if len(taken) < len(content):
        raise errors.duplicates_in_set("BS", content)
    value["BS"] = sorted(taken, key=binascii.a2b_base64)
    return sum(taken.values())


def _members(kind: str, content: Any) -> list[str]:
    if content.__class__ is not list:
        raise _unexpected(content)
    for member in content:
        if member.__class__ is not str:
            raise _wrong_type(member, "String")
    if not content:
        raise errors.empty_set(kind)
    return content


def _binary(text: Any) -> tuple[str, int]:
    """(canonical base64, number of bytes)."""
    if text.__class__ is not str:
        raise _wrong_type(text, "String")
    if len(text) % 4:
        raise errors.serialization(f"Base64 encoded length is expected a multiple of 4 bytes but found: {len(text)}")
    try:
        raw = binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise errors.serialization("Invalid Base64 character") from error
    return b64encode(raw).decode(), len(raw)


_TAKE: dict[str, Callable[[Value, Any, int], int]] = {
    "S": _take_string,
    "N": _take_number,
    "B": _take_binary,
    "BOOL": _take_boolean,
    "NULL": _take_null,
    "L": _take_list,
    "M": _take_map,
    "SS": _take_strings,
    "NS": _take_numbers,
    "BS": _take_binaries,
}


def _wrong_type(content: Any, wanted: str) -> errors.AWSError:
    if content.__class__ in (dict, list):
        return _unexpected(content)
    if content is None:
        token = "NULL_VALUE"
    elif content.__class__ is bool:
        token = "TRUE_VALUE" if content else "FALSE_VALUE"
    elif content.__class__ is str:
        token = "STRING_VALUE"
    else:
        token = "DECIMAL_VALUE" if content.__class__ is float else "NUMBER_VALUE"
    return errors.serialization(f"{token} cannot be converted to {wanted}")


def _unexpected(content: Any) -> errors.AWSError:
    if content.__class__ is dict:
        return errors.serialization("Start of structure or map found where not expected.")
    if content.__class__ is list:
        return errors.serialization("Start of list found where not expected")
    return errors.serialization("Unexpected value type in payload")


# -- canonical values


def type_of(value: Value) -> str:
    """`S`, `N`, `L` ...: the one key of the document."""
    return next(iter(value))


def size_of(value: Value, depth: int = 1) -> int:
    """Bytes that AWS counts for a canonical value. Raises ValidationException when it is nested too deep."""
    for kind, content in value.items():
        if kind == "S":
            return len(content) if content.isascii() else len(content.encode())
        if kind == "N":
            return numbers.stored_size(content)
        return _SIZES[kind](content, depth)
    raise AssertionError("an attribute value without a type")


def _size_of_list(content: list[Value], depth: int) -> int:
    if depth >= MAX_DEPTH:
        raise errors.too_deep()
    return DOCUMENT_OVERHEAD + sum([ELEMENT_OVERHEAD + size_of(element, depth + 1) for element in content])


def _size_of_map(content: Item, depth: int) -> int:
    if depth >= MAX_DEPTH:
        raise errors.too_deep()
    sizes = [ELEMENT_OVERHEAD + len(name.encode()) + size_of(value, depth + 1) for name, value in content.items()]
    return DOCUMENT_OVERHEAD + sum(sizes)


def _size_of_binary(content: str, depth: int = 1) -> int:
    return len(content) // 4 * 3 - content.count("=")


_SIZES: dict[str, Callable[[Any, int], int]] = {
    "B": _size_of_binary,
    "BOOL": lambda content, depth: 1,
    "NULL": lambda content, depth: 1,
    "L": _size_of_list,
    "M": _size_of_map,
    "SS": lambda content, depth: sum([len(member.encode()) for member in content]),
    "NS": lambda content, depth: sum(map(numbers.stored_size, content)),
    "BS": lambda content, depth: sum(map(_size_of_binary, content)),
}


def attribute_size(name: str, value: Value | None) -> int:
    """Bytes that AWS counts for an attribute of a canonical item: name and value; none when it is not there."""
    return 0 if value is None else len(name.encode()) + size_of(value)


def item_size(item: Item) -> int:
    """Bytes that AWS counts for a canonical item."""
    return sum([attribute_size(name, value) for name, value in item.items()])


def comparable(value: Value) -> Any:
    """What S, N and B values of one type are ordered by. Strings order by code point, which is UTF-8's order of bytes."""
    for kind, content in value.items():
        if kind == "N":
            return numbers.parse(content)
        return content if kind == "S" else binascii.a2b_base64(content)


def key_bytes(value: Value) -> bytes:
    """Bytes that order as the key values of one type do."""
    for kind, content in value.items():
        if kind == "S":
            return content.encode()
        return numbers.sort_key(content) if kind == "N" else binascii.a2b_base64(content)
    raise AssertionError("an attribute value without a type")


def set_of(kind: str, members: set[str]) -> Value:
    """A canonical set."""
    if kind == "SS":
        return {kind: sorted(members)}
    return {kind: sorted(members, key=numbers.parse if kind == "NS" else binascii.a2b_base64)}
