"""The JSON that subscribers get, spelled as AWS spells it, and what of it is signed. Pure.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html and sns-verify-signature-of-message.html
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from fogbank.services.sns import message_attributes
from fogbank.services.sns.message import Message

Field = tuple[str, str]

# what FIFO topics' messages begin to count from
_FIRST_NUMBER = 10**19
# in this order, those that are there
_SIGNED = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


class Signature(NamedTuple):
    """`value` is Base64, `certificate_url` is where the certificate can be had."""

    version: str
    value: str
    certificate_url: str


def timestamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def sequence_number(sequence: int) -> str:
    """A FIFO message's sequence number as clients see it: 20 digits."""
    return str(_FIRST_NUMBER + sequence)


# -- documents as fields


def notification(message: Message, text: str, replayed: bool = False) -> list[Field]:
    """A message with this text, up to what follows from its signature. Those of FIFO topics are not signed."""
    fields = [("Type", "Notification"), ("MessageId", message.id)]
    if message.sequence:
        fields.append(("SequenceNumber", sequence_number(message.sequence)))
    fields.append(("TopicArn", message.topic))
    if message.subject is not None:
        fields.append(("Subject", message.subject))
    fields += [("Message", text), ("Timestamp", timestamp(message.at))]
    return [*fields, ("Replayed", "true")] if replayed else fields


def confirmation(kind: str, message_id: str, token: str, topic: str, text: str, url: str, moment: float) -> list[Field]:
    """SubscriptionConfirmation or UnsubscribeConfirmation."""
    return [
        ("Type", kind),
        ("MessageId", message_id),
        ("Token", token),
        ("TopicArn", topic),
        ("Message", text),
        ("SubscribeURL", url),
        ("Timestamp", timestamp(moment)),
    ]


def signed_text(fields: Iterable[Field]) -> bytes:
    """What a signature is over."""
    values = dict(fields)
    return "".join(f"{name}\n{values[name]}\n" for name in _SIGNED if name in values).encode()


def with_signature(fields: list[Field], signature: Signature) -> list[Field]:
    return [
        *fields,
        ("SignatureVersion", signature.version),
        ("Signature", signature.value),
        ("SigningCertURL", signature.certificate_url),
    ]


# -- links


def confirm_url(base: str, topic: str, token: str) -> str:
    return f"{base}/?Action=ConfirmSubscription&TopicArn={topic}&Token={token}"


def unsubscribe_url(base: str, subscription: str) -> str:
    return f"{base}/?Action=Unsubscribe&SubscriptionArn={subscription}"


# -- documents as text


def text_of(fields: Iterable[Field]) -> str:
    return f"{{\n{_lines(fields)}\n}}"


def frame(fields: Iterable[Field], message: Message) -> tuple[str, str]:
    """What stands before and behind the UnsubscribeURL: only that differs from one subscriber to the next."""
    return f'{{\n{_lines(fields)},\n  "UnsubscribeURL" : "', f'"{_attributes(message)}\n}}'


def _lines(fields: Iterable[Field]) -> str:
    return ",\n".join(f'  "{name}" : {_quoted(value)}' for name, value in fields)


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()


def _attributes(message: Message) -> str:
    if not message.attributes:
        return ""
    each = ",\n".join(
        f"    {_quoted(name)} : {orjson.dumps(value).decode()}"
        for name, value in message_attributes.for_json(message.attributes).items()
    )
    return f',\n  "MessageAttributes" : {{\n{each}\n  }}'


# what a notification's members are called in a function's event, in its order
_EVENT_NAMES = {
    "Type": "Type",
    "MessageId": "MessageId",
    "TopicArn": "TopicArn",
    "Subject": "Subject",
    "Message": "Message",
    "Timestamp": "Timestamp",
    "SignatureVersion": "SignatureVersion",
    "Signature": "Signature",
    "SigningCertURL": "SigningCertUrl",
    "UnsubscribeURL": "UnsubscribeUrl",
}


def lambda_event(fields: Iterable[Field], message: Message, subscription: str) -> dict[str, Any]:
    """The event of a function: https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html"""
    values = dict(fields)
    told: dict[str, Any] = {name: values.get(source) for source, name in _EVENT_NAMES.items()}
    told["MessageAttributes"] = message_attributes.for_json(message.attributes)
    record = {"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": subscription, "Sns": told}
    return {"Records": [record]}
