"""Receipt handles: which message of which queue, and which of its receives. Opaque to clients, checked when they come back."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from typing import NamedTuple

from fogbank.services.sqs import errors

# the first three bytes make it begin with AQEB, as AWS's do
_FORM = struct.Struct(">3sQQI")
_MARK = b"\x01\x01\x01"


class Handle(NamedTuple):
    """`queue` is the queue's id, `sequence` the message's place in it, `receive` counts the message's receives from 1."""

    queue: int
    sequence: int
    receive: int


def issue(queue: int, sequence: int, receive: int) -> str:
    raw = _FORM.pack(_MARK, queue, sequence, receive)
    return binascii.b2a_base64(raw + _checksum(raw), newline=False).decode()


def read(text: str, queue: int) -> Handle:
    """Raises ReceiptHandleIsInvalid for what was never issued, or issued for another queue."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise errors.invalid_receipt_handle(text) from error
    head, tail = raw[: _FORM.size], raw[_FORM.size :]
    if len(head) != _FORM.size or tail != _checksum(head):
        raise errors.invalid_receipt_handle(text)
    handle = Handle(*_FORM.unpack(head)[1:])
    if handle.queue != queue:
        raise errors.receipt_handle_of_another_queue(text)
    return handle


def _checksum(raw: bytes) -> bytes:
    return zlib.crc32(raw).to_bytes(4, "big")
