"""Event streams: messages of headers and payload, framed with lengths and checksums (application/vnd.amazon.eventstream)."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Mapping
from typing import Any
from zlib import crc32

CONTENT_TYPE = "application/vnd.amazon.eventstream"


def encode(headers: Mapping[str, Any], payload: bytes = b"") -> bytes:
    """One message. Header values: str, bytes, bool, int (32 bits) are written with their own type."""
    head = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    message = prelude + struct.pack(">I", crc32(prelude)) + head + payload
    return message + struct.pack(">I", crc32(message))


def _header(name: str, value: Any) -> bytes:
    encoded = name.encode()
    start = struct.pack(">B", len(encoded)) + encoded
    if value is True or value is False:
        return start + (b"\0" if value else b"\1")
    if isinstance(value, int):
        return start + struct.pack(">Bi", 4, value)
    if isinstance(value, bytes):
        return start + struct.pack(">BH", 6, len(value)) + value
    data = str(value).encode()
    return start + struct.pack(">BH", 7, len(data)) + data


def json_events(shape: Any, events: Any, writer: Any) -> AsyncIterator[bytes]:
    raise NotImplementedError


def xml_events(shape: Any, events: Any, writer: Any) -> AsyncIterator[bytes]:
    raise NotImplementedError
