"""Partition keys from queries in jq, and records in records. Pure, but for the library.

https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html
"""

from __future__ import annotations

import base64
import importlib.util
import json
from functools import lru_cache
from typing import Any

from fogbank.services.firehose import errors


class NotExtracted(ValueError):
    """A record has no partition keys. The text says why."""


def check(query: str) -> None:
    """Raises InvalidArgumentException, NotImplemented where the library is missing."""
    if importlib.util.find_spec("jq") is None:
        raise errors.extra_missing("Dynamic partitioning by queries")
    try:
        _compiled(query)
    except ValueError as error:
        raise errors.invalid(f"Invalid MetadataExtractionQuery: {error}") from error


@lru_cache(maxsize=128)
def _compiled(query: str) -> Any:
    import jq

    return jq.compile(query)


def extracted(query: str, data: bytes) -> dict[str, str]:
    """The partition keys of a record, all of them texts. Raises NotExtracted."""
    try:
        found = _compiled(query).input_text(data.decode()).all()
    except (ValueError, UnicodeDecodeError) as error:
        raise NotExtracted(f"The record is not JSON that the query can be run on: {error}") from error
    if len(found) != 1 or not isinstance(found[0], dict):
        raise NotExtracted("The query did not give one object with the partition keys.")
    keys = {name: _text(value) for name, value in found[0].items()}
    if empty := next((name for name, value in keys.items() if not value), None):
        raise NotExtracted(f"The partition key {empty} is null or empty.")
    return keys


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def split_json(data: bytes) -> list[bytes]:
    """The JSON documents that stand one behind another in a record. Raises NotExtracted."""
    decoder = json.JSONDecoder()
    text = data.decode("utf-8", "replace")
    found: list[bytes] = []
    place = _skip(text, 0)
    while place < len(text):
        try:
            _, end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            raise NotExtracted(f"The record cannot be deaggregated as JSON: {error}") from error
        found.append(text[place:end].encode())
        place = _skip(text, end)
    return found


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place


def split_at(delimiter: str, data: bytes) -> list[bytes]:
    """The parts between delimiters, which are given in base64."""
    return [part for part in data.split(base64.b64decode(delimiter)) if part]
