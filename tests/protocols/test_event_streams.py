"""Event streams: their framing, and what happens as they go on (that every event is written rightly: test_round_trip)."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from typing import Any
from zlib import crc32

import pytest
from botocore.eventstream import EventStreamBuffer

from fogbank import protocols
from fogbank.http import Payload, Request
from fogbank.kernel.errors import AWSError
from fogbank.protocols import eventstream
from fogbank.protocols.scalars import BadValue


def collect(events: AsyncIterator[Any]) -> list[Any]:
    async def run() -> list[Any]:
        return [event async for event in events]

    return asyncio.run(run())


async def stream(*events: Any) -> AsyncIterator[Any]:
    for event in events:
        if isinstance(event, Exception):
            raise event
        yield event


def select_object_content(events: AsyncIterator[Any]) -> list[dict[str, Any]]:
    """The messages of an S3 Select answer, read by botocore."""
    operation = protocols.load("s3").operations["SelectObjectContent"]
    response = protocols.codec(operation, "rest-xml").serialize({"Payload": events}, "request-id")
    buffer = EventStreamBuffer()
    buffer.add_data(b"".join(collect(response.body)))  # type: ignore[arg-type]
    return [message.to_response_dict() for message in buffer]


def test_s3_select_streams_as_events_come() -> None:
    records, stats, end = select_object_content(
        stream({"Records": {"Payload": b"1,2\n"}}, {"Stats": {"Details": {"BytesScanned": 4}}}, {"End": {}})
    )
    assert records["body"] == b"1,2\n"
    assert records["headers"][":content-type"] == "application/octet-stream"
    assert stats["headers"][":content-type"] == "text/xml"
    assert b"<BytesScanned>4</BytesScanned>" in stats["body"]
    assert (end["headers"][":event-type"], end["body"]) == ("End", b"")


def test_an_error_within_a_stream_ends_it() -> None:
    _, error = select_object_content(
        stream({"End": {}}, AWSError("InternalError", "We encountered an internal error."))
    )
    assert error["headers"] == {
        ":message-type": "error",
        ":error-code": "InternalError",
        ":error-message": "We encountered an internal error.",
    }


def test_a_modelled_exception_within_a_stream_is_one_of_its_events() -> None:
    operation = protocols.load("kinesis").operations["SubscribeToShard"]
    events = stream(AWSError("ResourceNotFoundException", "Stream gone"))
    response = protocols.codec(operation, "json").serialize({"EventStream": events}, "request-id")
    buffer = EventStreamBuffer()
    buffer.add_data(b"".join(collect(response.body)))  # type: ignore[arg-type]
    initial, error = [message.to_response_dict() for message in buffer]
    assert initial["headers"][":event-type"] == "initial-response"
    assert error["headers"][":exception-type"] == "ResourceNotFoundException"
    assert error["body"] == b'{"message":"Stream gone"}'


def test_message_layout() -> None:
    message = eventstream.encode({"a": True}, b"xyz")
    head = b"\x01a\x00"
    prelude = struct.pack(">II", 12 + len(head) + 3 + 4, len(head))
    expected = prelude + struct.pack(">I", crc32(prelude)) + head + b"xyz"
    assert message == expected + struct.pack(">I", crc32(expected))


def test_all_header_types_are_read() -> None:
    import datetime
    import uuid

    at = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    headers = {"t": True, "f": False, "i": 7, "l": 2**40, "b": b"\x00\x01", "s": "漢", "d": at, "u": uuid.UUID(int=5)}
    [message] = eventstream.Decoder().feed(eventstream.encode(headers))
    assert message.headers == {**headers, "d": at.timestamp()}


def test_messages_arrive_in_any_pieces() -> None:
    data = eventstream.encode({"a": "1"}, b"one") + eventstream.encode({"a": "2"}, b"two")
    decoder = eventstream.Decoder()
    found = [message.payload for at in range(len(data)) for message in decoder.feed(data[at : at + 1])]
    assert found == [b"one", b"two"]
    decoder.finish()


@pytest.mark.parametrize("at", [0, 5, 9, 13, 20, -6, -1])
def test_a_changed_byte_is_noticed(at: int) -> None:
    data = bytearray(eventstream.encode({"name": "value"}, b"payload"))
    data[at] ^= 1
    decoder = eventstream.Decoder()
    with pytest.raises(BadValue):
        list(decoder.feed(bytes(data)))
        decoder.finish()


def test_a_stream_cut_short_is_refused() -> None:
    operation = protocols.load("lexv2-runtime").operations["StartConversation"]
    assert operation.input_shape is not None and operation.event_input is not None
    labels = {"botId": "b", "botAliasId": "a", "localeId": "l", "sessionId": "s"}
    body = eventstream.encode({":event-type": "TextInputEvent"}, b"{}")[:-3]
    params = protocols.codec(operation, "rest-json").parse(Request("POST", "/", "", {}, Payload(body)), labels)
    with pytest.raises(AWSError, match="SerializationException"):
        collect(params[operation.event_input])
