"""What a request to send asks for, checked against the queue: a draft of the message, before it has a place in the queue.

Source: API_SendMessage, and the developer guide's quotas related to messages.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, NamedTuple

from fogbank.kernel import Context
from fogbank.services.sqs import errors, limits, message_attributes
from fogbank.services.sqs.messages import SECOND, Backlog, DataKeyId, Message
from fogbank.services.sqs.queue import Queue

_TOKEN = re.compile(r"[!-~]{1,128}$", re.ASCII)


class Draft(NamedTuple):
    """`size` counts bytes of body and attributes, `system_md5` is the digest of the system attributes."""

    message: Message
    size: int
    system_md5: str | None


def draft(ctx: Context, backlog: Backlog, request: dict[str, Any], data_key: DataKeyId | None) -> Draft:
    """Raises InvalidMessageContents, MissingParameter and InvalidParameterValue."""
    queue = backlog.queue
    body = request["MessageBody"]
    if not body:
        raise errors.missing_parameter("MessageBody")
    message_attributes.check_text(body)
    raw = body.encode()
    size = len(raw)
    attributes, attributes_md5 = {}, None
    if given := request.get("MessageAttributes"):
        attributes = message_attributes.user_attributes(given)
        attributes_md5 = message_attributes.digest(attributes)
        size += message_attributes.size(attributes)
    if size > queue.maximum_size:
        raise errors.message_too_long(queue.maximum_size)
    trace, system_md5 = _trace_header(ctx, request)
    delay = _delay(queue, request)
    group, deduplication = _group(queue, request), _deduplication(queue, request, raw)
    message = Message(
        ctx.ids.uuid(),
        body,
        hashlib.md5(raw, usedforsecurity=False).hexdigest(),
        ctx.principal.user_id,
        attributes,
        attributes_md5,
        trace,
        group,
        deduplication,
        visible=backlog.now + delay * SECOND,
        data_key=data_key,
    )
    return Draft(message, size, system_md5)


def _trace_header(ctx: Context, request: dict[str, Any]) -> tuple[str | None, str | None]:
    """The X-Ray header to pass on, and the digest that vouches for one that was given. Its size does not count."""
    given = request.get("MessageSystemAttributes")
    if not given:
        return ctx.trace if ctx.trace and message_attributes.is_trace_header(ctx.trace) else None, None
    values = message_attributes.system_attributes(given)
    _, header = values[message_attributes.TRACE_HEADER]
    return header.decode(), message_attributes.digest(values)


def _delay(queue: Queue, request: dict[str, Any]) -> int:
    """How long the message itself is hidden; in a FIFO queue only the queue delays."""
    delay = request.get("DelaySeconds")
    if delay is None:
        return 0 if queue.fifo else queue.delay
    if not 0 <= delay <= limits.DELAY_SECONDS:
        raise errors.invalid_delay(delay)
    if queue.fifo and delay:
        raise errors.not_for_this_queue_type(delay, "DelaySeconds")
    return int(delay)


def _group(queue: Queue, request: dict[str, Any]) -> str | None:
    """The message group; in a standard queue it names a tenant of a fair queue, and may be left out."""
    group = request.get("MessageGroupId")
    if group is not None:
        return check_token(group, "MessageGroupId")
    if queue.fifo:
        raise errors.missing_parameter("MessageGroupId")
    return None


def _deduplication(queue: Queue, request: dict[str, Any], body: bytes) -> str | None:
    given = request.get("MessageDeduplicationId")
    if not queue.fifo:
        if given is not None:
            raise errors.not_for_this_queue_type(given, "MessageDeduplicationId")
        return None
    if given is not None:
        return check_token(given, "MessageDeduplicationId")
    if not queue.content_based:
        raise errors.no_deduplication_id()
    return hashlib.sha256(body).hexdigest()


def check_token(value: str, parameter: str) -> str:
    """Raises InvalidParameterValue unless the value is 1 to 128 letters, digits or punctuation marks."""
    if not _TOKEN.match(value):
        raise errors.invalid_token(value, parameter)
    return value
