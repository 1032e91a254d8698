"""Message attributes: checks, sizes, and their forms on the wire. Pure.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from fogbank.services.sns import errors

# data type, and value; that of Binary in Base64
Typed = tuple[str, str]
Attributes = dict[str, Typed]

ARRAY = "String.Array"
_NAME = re.compile(r"[A-Za-z0-9_.-]+$")
_RESERVED = re.compile(r"(?:aws|amazon)\.", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$", re.ASCII)
_OWN = re.compile(r"AWS\.(?:SNS\.(?:SMS|MOBILE)|MM\.SMS)\.")


def checked(given: Mapping[str, Mapping[str, Any]]) -> Attributes:
    """The message attributes of a request. Raises InvalidParameterValueException."""
    return {name: _typed(name, value) for name, value in given.items()}


def _typed(name: str, given: Mapping[str, Any]) -> Typed:
    _check_name(name)
    data_type = given.get("DataType")
    if not data_type:
        raise errors.attribute_without_type(name)
    base = data_type.split(".", 1)[0]
    if base not in ("String", "Number", "Binary") or len(data_type) > 256:
        raise errors.attribute_type(name)
    value = given.get("BinaryValue" if base == "Binary" else "StringValue")
    if not value:
        raise errors.attribute_without_value(name, data_type)
    if base == "Number" and not _NUMBER.match(value):
        raise errors.not_a_number(name)
    if data_type == ARRAY and not _is_array(value):
        raise errors.not_an_array(name)
    return data_type, base64.b64encode(value).decode() if base == "Binary" else value


def is_binary(data_type: str) -> bool:
    return data_type.startswith("Binary")


def _check_name(name: str) -> None:
    if _OWN.match(name):
        return
    if not name or len(name) > 256 or not _NAME.match(name):
        raise errors.attribute_name(
            name, "Attribute name can contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.) characters."
        )
    if _RESERVED.match(name):
        raise errors.attribute_name(name, "Attribute name cannot start with AWS. or Amazon. or any variation of them.")
    if name.startswith(".") or name.endswith(".") or ".." in name:
        raise errors.attribute_name(
            name, "Attribute name cannot start or end with a period, or have periods in succession."
        )


def _is_array(text: str) -> bool:
    try:
        return isinstance(json.loads(text), list)
    except (ValueError, RecursionError):
        return False


def size(attributes: Attributes) -> int:
    """Bytes that count towards the size of a message: names, types and values."""
    return sum(
        len(name.encode()) + len(data_type) + len(_raw(data_type, value))
        for name, (data_type, value) in attributes.items()
    )


def _raw(data_type: str, value: str) -> bytes:
    return base64.b64decode(value) if is_binary(data_type) else value.encode()


def for_queue(attributes: Attributes) -> dict[str, dict[str, Any]]:
    """As SendMessage takes them."""
    return {name: _for_queue(*typed) for name, typed in attributes.items()}


def _for_queue(data_type: str, value: str) -> dict[str, Any]:
    if is_binary(data_type):
        return {"DataType": data_type, "BinaryValue": base64.b64decode(value)}
    return {"DataType": data_type, "StringValue": value}


def for_json(attributes: Attributes) -> dict[str, dict[str, str]]:
    """As they stand in the JSON that subscribers get."""
    return {name: {"Type": data_type, "Value": value} for name, (data_type, value) in attributes.items()}
