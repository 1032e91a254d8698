"""The Message record, and what a request to publish asks for, checked. Pure.

Source: API_Publish.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

from fogbank.kernel import Record
from fogbank.services.sns import errors, limits, message_attributes
from fogbank.services.sns.message_attributes import Attributes
from fogbank.services.sns.topic import Topic

Request = dict[str, Any]

_TOKEN = re.compile(r"[!-~]{1,128}$", re.ASCII)
_TRACE = re.compile(r"Root=1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24}(;\w+=[^;=]*)*$")
_DEFAULT = "default"


class Message(Record, frozen=True):
    """A message that was published.

    topic       the ARN of its topic, empty for one that went to a phone or a device directly
    bodies      the bodies by protocol, of one that has a structure
    at          when it was published, epoch seconds
    base        the URL of the endpoint that its publisher used, for the links in it
    sequence    its place in a FIFO topic, 0 in others
    """

    id: str
    topic: str
    body: str
    subject: str | None
    bodies: dict[str, str] | None
    attributes: Attributes
    at: float
    base: str
    group: str | None = None
    deduplication: str | None = None
    sequence: int = 0
    trace: str | None = None

    def body_for(self, *keys: str) -> str:
        """What a subscriber of that protocol gets: the first of the keys that there is a body for, or the default."""
        if self.bodies is None:
            return self.body
        return next((self.bodies[key] for key in keys if key in self.bodies), self.bodies[_DEFAULT])


def checked(request: Request, maximum: int) -> Request:
    """The fields of a Message that a request gives. Raises InvalidParameterException, InvalidParameterValueException."""
    body = request["Message"]
    if not body:
        raise errors.invalid("Empty message")
    attributes = message_attributes.checked(request.get("MessageAttributes") or {})
    if size(request, attributes) > maximum:
        raise errors.invalid("Message too long")
    subject = request.get("Subject")
    if subject is not None and not _is_subject(subject):
        raise errors.invalid("Subject")
    return {"body": body, "subject": subject, "bodies": _bodies(request), "attributes": attributes}


def size(request: Request, attributes: Attributes) -> int:
    """Bytes of body and attributes."""
    return len(request["Message"].encode()) + message_attributes.size(attributes)


def _is_subject(text: str) -> bool:
    return 0 < len(text) <= limits.SUBJECT_LENGTH and text.isprintable() and not text[0].isspace()


def _bodies(request: Request) -> dict[str, str] | None:
    structure = request.get("MessageStructure")
    if not structure:
        return None
    if structure != "json":
        raise errors.invalid("MessageStructure")
    try:
        document = json.loads(request["Message"], object_pairs_hook=_distinct)
    except (ValueError, RecursionError):
        raise errors.invalid("Message Structure - JSON message body failed to parse") from None
    bodies = document if isinstance(document, dict) else {}
    if not isinstance(bodies.get(_DEFAULT), str):
        raise errors.invalid("Message Structure - No default entry in JSON message body")
    return {protocol: text for protocol, text in bodies.items() if isinstance(text, str)}


def _distinct(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    pairs = list(pairs)
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError("a key is repeated")
    return document


def order(topic: Topic, request: Request) -> Request:
    """The message group and the deduplication id of a request. Raises InvalidParameterException."""
    group, token = request.get("MessageGroupId"), request.get("MessageDeduplicationId")
    if group is not None:
        _check_token(group, "MessageGroupId")
    if not topic.fifo:
        if token is not None:
            raise errors.invalid_because(
                "MessageDeduplicationId",
                "The request includes MessageDeduplicationId parameter that is not valid for this topic type",
            )
        return {"group": group}
    if group is None:
        raise errors.invalid("The MessageGroupId parameter is required for FIFO topics")
    if token is not None:
        _check_token(token, "MessageDeduplicationId")
    elif topic.content_based:
        token = hashlib.sha256(request["Message"].encode()).hexdigest()
    else:
        raise errors.invalid(
            "The topic should either have ContentBasedDeduplication enabled or "
            "MessageDeduplicationId provided explicitly"
        )
    return {"group": group, "deduplication": token}


def _check_token(value: str, parameter: str) -> None:
    if not _TOKEN.match(value):
        raise errors.token_characters(parameter)


def trace_header(text: str | None) -> str | None:
    """The X-Ray header to pass on, if it is one that queues take."""
    return text if text is not None and _TRACE.match(text) else None
