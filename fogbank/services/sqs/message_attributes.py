"""The typed values that travel beside a message's body: checks, sizes, digests, and the choice of a receiver. Pure functions.

Sources: the developer guide's "Amazon SQS message metadata" (names, types, the MD5 of message attributes) and API_ReceiveMessage.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from fogbank.services.sqs import errors, limits

# data type, and value as bytes: text is kept as UTF-8
Typed = tuple[str, bytes]
TypedValues = dict[str, Typed]
Kind = Literal["user", "system"]

TRACE_HEADER = "AWSTraceHeader"
_EVERYTHING = frozenset({"All", ".*"})

_NAME = re.compile(r"[A-Za-z0-9_.-]+$")
_RESERVED = re.compile(r"(?:aws|amazon)\.", re.IGNORECASE)
# up to 38 digits of precision, between -10^128 and 10^126, says the developer guide
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$", re.ASCII)
_INVALID = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TRACE_PART = re.compile(r"(?:Root=1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24}|[A-Za-z]+=[^;=]*)$")


def check_text(text: str) -> None:
    """Raise InvalidMessageContents for characters that no message may have."""
    if not text.isprintable() and _INVALID.search(text):
        raise errors.invalid_characters()


def user_attributes(given: Mapping[str, Mapping[str, Any]]) -> TypedValues:
    """The message attributes of a request, checked. Raises InvalidParameterValue."""
    if len(given) > limits.MESSAGE_ATTRIBUTES:
        raise errors.too_many_attributes(len(given))
    for name in given:
        _check_name(name)
    return {name: _typed(name, value, "user") for name, value in given.items()}


def system_attributes(given: Mapping[str, Mapping[str, Any]]) -> TypedValues:
    """The message system attributes of a request: nothing but a trace header. Raises InvalidParameterValue."""
    for name in given:
        if name != TRACE_HEADER:
            raise errors.unknown_attribute(name)
    values = {name: _typed(name, value, "system") for name, value in given.items()}
    for data_type, value in values.values():
        if data_type != "String" or not is_trace_header(value.decode()):
            raise errors.invalid_trace_header()
    return values


def is_trace_header(text: str) -> bool:
    parts = [part.strip() for part in text.split(";") if part]
    return any(part.startswith("Root=") for part in parts) and all(map(_TRACE_PART.match, parts))


def _check_name(name: str) -> None:
    if not name:
        raise errors.attribute_name_missing()
    if len(name) > limits.ATTRIBUTE_NAME_LENGTH:
        raise errors.attribute_name_too_long()
    if not _NAME.match(name):
        raise errors.attribute_name_invalid(name)
    if _RESERVED.match(name):
        raise errors.attribute_name_reserved(name)
    if name.startswith(".") or name.endswith(".") or ".." in name:
        raise errors.attribute_name_periods(name)


def _typed(name: str, given: Mapping[str, Any], kind: Kind) -> Typed:
    data_type = given.get("DataType")
    if not data_type:
        raise errors.attribute_without_type(name)
    if given.get("StringListValues") or given.get("BinaryListValues"):
        raise errors.attribute_lists(name)
    base = data_type.split(".", 1)[0]
    if base not in ("String", "Number", "Binary") or len(data_type) > limits.ATTRIBUTE_NAME_LENGTH:
        raise errors.attribute_type_unknown(name, kind)
    check_text(data_type)
    value = given.get("BinaryValue" if base == "Binary" else "StringValue")
    if not value:
        raise errors.attribute_value_missing(name, kind, base)
    if base == "Binary":
        return data_type, value
    check_text(value)
    if base == "Number" and not _NUMBER.match(value):
        raise errors.attribute_not_a_number(name)
    return data_type, value.encode()


def _is_binary(data_type: str) -> bool:
    return data_type.startswith("Binary")


def size(values: TypedValues) -> int:
    """Bytes that count towards the size of a message: names, types and values."""
    return sum(len(name.encode()) + len(data_type.encode()) + len(value) for name, (data_type, value) in values.items())


def digest(values: TypedValues) -> str:
    """The MD5 that SDKs compare: by name, each of name, type and value with its length before it, and a byte for its transport."""
    md5 = hashlib.md5(usedforsecurity=False)
    for name in sorted(values):
        data_type, value = values[name]
        transport = b"\x02" if _is_binary(data_type) else b"\x01"
        for part in (_sized(name.encode()), _sized(data_type.encode()), transport, _sized(value)):
            md5.update(part)
    return md5.hexdigest()


def _sized(raw: bytes) -> bytes:
    return len(raw).to_bytes(4, "big") + raw


def wire(values: TypedValues) -> dict[str, dict[str, Any]]:
    """The values as a response has them."""
    return {name: _wire(*typed) for name, typed in values.items()}


def _wire(data_type: str, value: bytes) -> dict[str, Any]:
    if _is_binary(data_type):
        return {"BinaryValue": value, "DataType": data_type}
    return {"StringValue": value.decode(), "DataType": data_type}


def chosen(values: TypedValues, names: Iterable[str]) -> TypedValues:
    """Those that a receiver asked for: by name, by `prefix.*`, or all of them."""
    wanted = frozenset(names)
    if wanted & _EVERYTHING:
        return values
    prefixes = tuple(name[:-2] for name in wanted if name.endswith(".*"))
    return {name: value for name, value in values.items() if name in wanted or name.startswith(prefixes)}
