"""Event streams: messages of headers and payload, framed with lengths and checksums (application/vnd.amazon.eventstream).

A message is: total length, length of the headers, CRC-32 of these 8 bytes, headers, payload, CRC-32 of all before it.
"""

from __future__ import annotations

import struct
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID
from zlib import crc32

from fogbank.kernel.errors import AWSError
from fogbank.protocols import timestamps
from fogbank.protocols.model import Shape
from fogbank.protocols.scalars import BadValue

CONTENT_TYPE = "application/vnd.amazon.eventstream"
PRELUDE = 12  # bytes
OVERHEAD = PRELUDE + 4
MESSAGE_LIMIT = 24 * 1024 * 1024 + 128 * 1024 + OVERHEAD  # bytes: largest payload, largest headers

WriteDocument = Callable[[Shape, Any], bytes]
ReadDocument = Callable[[Shape, bytes], Any]


class Message(NamedTuple):
    headers: dict[str, Any]
    payload: bytes


def encode(headers: Mapping[str, Any], payload: bytes = b"") -> bytes:
    """One message. Header values may be str, bytes, bool, int, datetime (to the millisecond) and UUID."""
    head = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", OVERHEAD + len(head) + len(payload), len(head))
    message = prelude + struct.pack(">I", crc32(prelude)) + head + payload
    return message + struct.pack(">I", crc32(message))


def _header(name: str, value: Any) -> bytes:
    encoded = name.encode()
    return bytes((len(encoded),)) + encoded + _header_value(value)


def _header_value(value: Any) -> bytes:
    if value is True or value is False:
        return b"\0" if value else b"\1"
    if isinstance(value, int):
        return struct.pack(">Bi", 4, value) if -(2**31) <= value < 2**31 else struct.pack(">Bq", 5, value)
    if isinstance(value, bytes):
        return struct.pack(">BH", 6, len(value)) + value
    if isinstance(value, datetime):
        return struct.pack(">Bq", 8, round(timestamps.epoch(value) * 1000))
    if isinstance(value, UUID):
        return b"\x09" + value.bytes
    data = value.encode()
    return struct.pack(">BH", 7, len(data)) + data


class Decoder:
    """Messages out of bytes that arrive in any pieces."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that are complete with these bytes. Raises BadValue when the framing is broken."""
        self._buffer += data
        while len(self._buffer) >= PRELUDE:
            length, headers_length, checksum = struct.unpack_from(">III", self._buffer)
            if crc32(self._buffer[:8]) != checksum:
                raise BadValue("The prelude checksum of an event does not match")
            if not OVERHEAD + headers_length <= length <= MESSAGE_LIMIT:
                raise BadValue("The length of an event is out of bounds")
            if len(self._buffer) < length:
                return
            message = bytes(self._buffer[:length])
            del self._buffer[:length]
            yield _message(message, headers_length)

    def finish(self) -> None:
        """Raises BadValue when the stream ended within a message."""
        if self._buffer:
            raise BadValue("The event stream ended within an event")


def _message(data: bytes, headers_length: int) -> Message:
    if crc32(data[:-4]) != int.from_bytes(data[-4:], "big"):
        raise BadValue("The checksum of an event does not match")
    end = PRELUDE + headers_length
    try:
        headers = dict(_headers(data, PRELUDE, end))
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise BadValue("The headers of an event are malformed") from error
    return Message(headers, data[end:-4])


_FIXED = {2: struct.Struct(">b"), 3: struct.Struct(">h"), 4: struct.Struct(">i"), 5: struct.Struct(">q")}


def _headers(data: bytes, at: int, end: int) -> Iterator[tuple[str, Any]]:
    while at < end:
        name_end = at + 1 + data[at]
        name = data[at + 1 : name_end].decode()
        value, at = _read_header_value(data, name_end)
        if at > end:
            raise IndexError(at)
        yield name, value


def _read_header_value(data: bytes, at: int) -> tuple[Any, int]:
    """A header's value and the position after it."""
    kind = data[at]
    at += 1
    if kind in (0, 1):
        return kind == 0, at
    if kind in _FIXED:
        return _FIXED[kind].unpack_from(data, at)[0], at + _FIXED[kind].size
    if kind in (6, 7):
        start = at + 2
        stop = start + struct.unpack_from(">H", data, at)[0]
        return (data[start:stop] if kind == 6 else data[start:stop].decode()), stop
    if kind == 8:
        return struct.unpack_from(">q", data, at)[0] / 1000, at + 8
    if kind == 9:
        return UUID(bytes=data[at : at + 16]), at + 16
    raise IndexError(kind)


class EventWriter:
    """Turns a service's events, dicts of one member of the stream's union each, into messages."""

    def __init__(self, union: Shape, content_type: str, write_document: WriteDocument) -> None:
        self._union = union
        self._content_type = content_type
        self._write_document = write_document

    def body(self, events: Any, first: bytes = b"") -> bytes | AsyncIterator[bytes]:
        """The response's body for an iterable (at once) or an async iterable (as they come) of events."""
        if isinstance(events, AsyncIterable):
            return self._stream(events, first)
        return first + b"".join(map(self.message, events or ()))

    async def _stream(self, events: AsyncIterable[dict[str, Any]], first: bytes) -> AsyncIterator[bytes]:
        if first:
            yield first
        try:
            async for event in events:
                yield self.message(event)
        except AWSError as error:
            yield self._exception(error)

    def message(self, event: dict[str, Any]) -> bytes:
        name, value = next((name, value) for name, value in event.items() if value is not None)
        shape = self._union.members[name]
        if shape.get("exception"):
            headers: dict[str, Any] = {":message-type": "exception", ":exception-type": name}
        else:
            headers = {":message-type": "event", ":event-type": name}
        headers |= _header_members(shape, value)
        content_type, payload = self._payload(shape, value)
        if content_type:
            headers[":content-type"] = content_type
        return encode(headers, payload)

    def initial(self, document: bytes) -> bytes:
        """The first message of the RPC protocols: the response's members beside the stream."""
        headers = {":message-type": "event", ":event-type": "initial-response", ":content-type": self._content_type}
        return encode(headers, document)

    def _payload(self, shape: Shape, value: dict[str, Any]) -> tuple[str | None, bytes]:
        name = next((name for name, member in shape.members.items() if member.get("eventpayload")), None)
        if name is None:
            body = {key: item for key, item in value.items() if not _is_header(shape, key)}
            has_body = any(not member.get("eventheader") for member in shape.members.values())
            return (self._content_type, self._write_document(shape, body)) if has_body else (None, b"")
        item = value.get(name)
        if item is None:
            return None, b""
        member = shape.members[name]
        if member.type == "blob":
            return "application/octet-stream", item
        if member.type == "string":
            return "text/plain", item.encode()
        return self._content_type, self._write_document(member, item)

    def _exception(self, error: AWSError) -> bytes:
        """A modelled exception as an event of the union; any other as an error without a payload."""
        if error.code in self._union.members:
            members = self._union.members[error.code].members
            message = {name: error.message for name in members if name.lower() == "message"}
            return self.message({error.code: {**message, **error.members}})
        return encode({":message-type": "error", ":error-code": error.code, ":error-message": error.message})


def _is_header(shape: Shape, name: str) -> bool:
    return name in shape.members and bool(shape.members[name].get("eventheader"))


def _header_members(shape: Shape, value: dict[str, Any]) -> dict[str, Any]:
    return {name: item for name, item in value.items() if item is not None and _is_header(shape, name)}


class EventReader:
    """Turns the messages of a request's body into events."""

    def __init__(self, union: Shape, read_document: ReadDocument) -> None:
        self._union = union
        self._read_document = read_document

    async def events(self, chunks: AsyncIterable[bytes]) -> AsyncIterator[dict[str, Any]]:
        """The events as they come: dicts of one member each. Raises AWSError for what is malformed."""
        decoder = Decoder()
        try:
            async for chunk in chunks:
                for message in decoder.feed(chunk):
                    event = self.event(_unwrapped(message))
                    if event is not None:
                        yield event
            decoder.finish()
        except BadValue as error:
            raise AWSError("SerializationException", error.message, 400) from error

    def event(self, message: Message | None) -> dict[str, Any] | None:
        """One event; None for a message that is none (the end of a signed stream, an unknown member)."""
        name = message.headers.get(":event-type") if message else None
        shape = self._union.members.get(name) if isinstance(name, str) else None
        if message is None or shape is None or name is None:
            return None
        return {name: self._value(shape, message)}

    def _value(self, shape: Shape, message: Message) -> dict[str, Any]:
        headers = {name: value for name, value in message.headers.items() if _is_header(shape, name)}
        name = next((name for name, member in shape.members.items() if member.get("eventpayload")), None)
        if name is None:
            return {**(self._read_document(shape, message.payload) if message.payload else {}), **headers}
        member = shape.members[name]
        if member.type == "blob":
            return {name: message.payload, **headers}
        if member.type == "string":
            return {name: message.payload.decode("utf-8", "replace"), **headers}
        return {name: self._read_document(member, message.payload), **headers}


def _unwrapped(message: Message) -> Message | None:
    """The message within a signed one: SDKs wrap each event with a `:chunk-signature`, the last one empty."""
    if ":chunk-signature" not in message.headers:
        return message
    if not message.payload:
        return None
    return next(Decoder().feed(message.payload), None)
