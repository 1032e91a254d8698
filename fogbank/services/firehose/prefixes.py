"""The prefixes of objects: texts with expressions such as `!{timestamp:yyyy}`. Pure.

https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple

from fogbank.services.firehose import errors, java_dates, limits

_EXPRESSION = re.compile(r"!\{([^:{}]*):([^{}]*)\}")
_BY_TIME = "!{timestamp:yyyy/MM/dd/HH}/"
_ERROR_TYPE = "!{firehose:error-output-type}"
_KEYS = ("partitionKeyFromQuery", "partitionKeyFromLambda")
_RANDOM = "random-string"


class Values(NamedTuple):
    """What expressions stand for. `moment` is when the oldest record of the object came, in the zone of the prefix."""

    moment: datetime
    random: str
    error_type: str = ""
    query_keys: dict[str, str] | None = None
    lambda_keys: dict[str, str] | None = None


class NoKey(ValueError):
    """A record does not have the partition key that the prefix names."""


def keys_of(prefix: str, namespace: str) -> list[str]:
    """The partition keys that a prefix names in one of the two namespaces."""
    return [found.group(2) for found in _EXPRESSION.finditer(prefix) if found.group(1) == namespace]


def is_partitioned(prefix: str) -> bool:
    return any(found.group(1) in _KEYS for found in _EXPRESSION.finditer(prefix))


def check(prefix: str, error_prefix: str) -> None:
    """Raises InvalidArgumentException."""
    for name, text in (("Prefix", prefix), ("ErrorOutputPrefix", error_prefix)):
        rest = _EXPRESSION.sub("", text)
        if "!{" in rest:
            raise errors.invalid(f"{name} contains an invalid expression: {text}")
        for found in _EXPRESSION.finditer(text):
            _check_expression(name, *found.groups())
    if _ERROR_TYPE in prefix:
        raise errors.invalid("Prefix cannot contain the expression !{firehose:error-output-type}.")
    if _EXPRESSION.search(prefix) and not error_prefix:
        raise errors.invalid("ErrorOutputPrefix cannot be null or empty when Prefix contains expressions.")
    if _EXPRESSION.search(error_prefix) and _ERROR_TYPE not in error_prefix:
        raise errors.invalid("ErrorOutputPrefix expression must contain !{firehose:error-output-type}.")


def _check_expression(name: str, namespace: str, value: str) -> None:
    if namespace == "timestamp":
        try:
            java_dates.formatted(value, datetime(2000, 1, 1, tzinfo=UTC))
        except java_dates.BadPattern as error:
            raise errors.invalid(f"{name} contains an invalid timestamp expression: {error}") from error
    elif namespace == "firehose":
        if value not in (_RANDOM, "error-output-type"):
            raise errors.invalid(f"{name} contains an invalid firehose expression: {value}")
    elif namespace not in _KEYS or name != "Prefix" or not value:
        raise errors.invalid(f"{name} contains an expression with an invalid namespace: {namespace}")


def of_data(prefix: str, values: Values) -> str:
    """The prefix of an object with records. Without an expression for time it ends with the time. Raises NoKey."""
    return _evaluated(prefix if "!{timestamp:" in prefix else prefix + _BY_TIME, values)


def of_errors(prefix: str, error_prefix: str, values: Values) -> str:
    """The prefix of an object with records that failed."""
    if not error_prefix:
        return _evaluated(f"{prefix}{_ERROR_TYPE}/{_BY_TIME}", values)
    if "!{" in error_prefix:
        return _evaluated(error_prefix, values)
    return _evaluated(f"{error_prefix}{_ERROR_TYPE}/{_BY_TIME}", values)


def _evaluated(prefix: str, values: Values) -> str:
    def value(found: re.Match[str]) -> str:
        namespace, name = found.groups()
        if namespace == "timestamp":
            return java_dates.formatted(name, values.moment)
        if namespace == "firehose":
            return values.random if name == _RANDOM else values.error_type
        keys = values.query_keys if namespace == _KEYS[0] else values.lambda_keys
        key = (keys or {}).get(name)
        if not key:
            raise NoKey(f"The partition key {name} is null or empty.")
        return key

    text = _EXPRESSION.sub(value, prefix)
    if len(text) > limits.PREFIX_CHARACTERS:
        raise NoKey(f"The evaluated prefix is longer than {limits.PREFIX_CHARACTERS} characters.")
    return text


def moment_of(at: float, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at, zone)


def suffix(stream: str, version: int, moment: datetime, uuid: str, extension: str) -> str:
    """The rest of an object's name. https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html"""
    return f"{stream}-{version}-{moment:%Y-%m-%d-%H-%M-%S}-{uuid}{extension}"
