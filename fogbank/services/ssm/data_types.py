"""Data types of parameters: is the value one of that type? Pure.

https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-data-types.html
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from fogbank.services.ssm import errors

TEXT = "text"
IMAGE = "aws:ec2:image"

_IMAGE = re.compile(r"ami-[0-9a-zA-Z]{8,17}")
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d")
_HOST = re.compile(
    r"(?=.{1,253}\Z)[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*"
)
_EMAIL = re.compile(r"[^@\s]{1,64}@([^@\s]+)")
_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_FLOAT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def check(data_type: str, type_: str, value: str) -> None:
    """Raises ValidationException unless the value is of the data type, and the parameter's type may have one."""
    if data_type == TEXT:
        return
    fits = _TYPES.get(data_type)
    if fits is None:
        raise errors.unknown_data_type(data_type)
    if type_ != "String" and data_type == IMAGE:
        raise errors.data_type_of_string_only(data_type)
    if data_type != IMAGE and not fits(value):
        raise errors.value_of_other_type(data_type)


def is_image_id(value: str) -> bool:
    return _IMAGE.fullmatch(value) is not None


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


def _is_base64(value: str) -> bool:
    try:
        base64.b64decode(value, validate=True)
    except ValueError:
        return False
    return True


def _is_email(value: str) -> bool:
    found = _EMAIL.fullmatch(value)
    return found is not None and _HOST.fullmatch(found[1]) is not None


def _is_address(kind: Callable[[str], object]) -> Callable[[str], bool]:
    def test(value: str) -> bool:
        try:
            kind(value)
        except ValueError:
            return False
        return True

    return test


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc) and not re.search(r"\s", value)


def _is_json(value: str) -> bool:
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return False
    return True


def _is_json_with_comments(value: str) -> bool:
    return _is_json(_COMMENT.sub(lambda found: found[1] or " ", value))


_TYPES: dict[str, Callable[[str], bool]] = {
    IMAGE: is_image_id,
    "aws:ssm:integration": lambda value: True,
    "aws:region": lambda value: _REGION.fullmatch(value) is not None,
    "aws:account:id": _matches(r"\d{12}"),
    "boolean": _matches("true|false"),
    "integer": _matches(r"[+-]?\d+"),
    "float": lambda value: _FLOAT.fullmatch(value) is not None,
    "binary": _is_base64,
    "hostname": lambda value: _HOST.fullmatch(value) is not None,
    "email": _is_email,
    "ipv4-address": _is_address(ipaddress.IPv4Address),
    "ipv6-address": _is_address(ipaddress.IPv6Address),
    "url": _is_url,
    "json": _is_json,
    "jsonc": _is_json_with_comments,
}
