"""Records that the Kinesis Producer Library has put together into one. Pure.

https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

_MAGIC = b"\xf3\x89\x9a\xc2"
_DIGEST = 16
_KEYS, _RECORDS = 1, 3
_KEY_INDEX, _DATA = 1, 3


def parts(data: bytes) -> list[tuple[str, bytes]]:
    """(partition key, data) of the records in a record; nothing for one that is no aggregate."""
    body, digest = data[len(_MAGIC) : -_DIGEST], data[-_DIGEST:]
    if not data.startswith(_MAGIC) or hashlib.md5(body, usedforsecurity=False).digest() != digest:
        return []
    keys: list[str] = []
    found: list[tuple[int, bytes]] = []
    for number, value in _fields(body):
        if number == _KEYS and isinstance(value, bytes):
            keys.append(value.decode("utf-8", "replace"))
        elif number == _RECORDS and isinstance(value, bytes):
            record = dict(_fields(value))
            index, inner = record.get(_KEY_INDEX, 0), record.get(_DATA, b"")
            found.append((index if isinstance(index, int) else 0, inner if isinstance(inner, bytes) else b""))
    return [(keys[index] if index < len(keys) else "", inner) for index, inner in found]


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message of protocol buffers that are numbers or have a length: the format has no others."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        value, place = _varint(message, place)
        if tag & 7 == 2:
            yield tag >> 3, message[place : place + value]
            place += value
        else:
            yield tag >> 3, value


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(message):
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return value, place
