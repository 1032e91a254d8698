"""The attributes of a queue: which there are, their defaults, and what may be put into them. Pure functions over dicts of strings.

Source: API_SetQueueAttributes and API_CreateQueue.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from fogbank.services.sqs import addresses, errors, limits

Attributes = dict[str, str]
Check = Callable[[str, str], str]

FIFO_SUFFIX = ".fifo"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}$")
_INTEGER = re.compile(r"-?\d{1,10}$")
_MEMBERS = {"deadLetterTargetArn", "maxReceiveCount"}
_PERMISSIONS = ("allowAll", "denyAll", "byQueue")


class Setting(NamedTuple):
    """`check` gives the value in the form that is kept, or raises. Without a default the attribute is absent until set."""

    check: Check
    default: str | None = None
    fifo_only: bool = False


def _integer(low: int, high: int) -> Check:
    def check(name: str, value: str) -> str:
        if not _INTEGER.match(value) or not low <= int(value) <= high:
            raise errors.invalid_attribute(name)
        return str(int(value))

    return check


def _boolean(name: str, value: str) -> str:
    if value.lower() not in ("true", "false"):
        raise errors.invalid_attribute(name)
    return value.lower()


def _one_of(*values: str) -> Check:
    def check(name: str, value: str) -> str:
        if value not in values:
            raise errors.invalid_attribute(name)
        return value

    return check


def _text(name: str, value: str) -> str:
    return value


def _policy(name: str, value: str) -> str:
    from fogbank.identity import policy, policy_grammar
    from fogbank.identity.publicity import listed

    try:
        if value:
            policy.parse(value)
    except policy_grammar.MalformedPolicy as error:
        raise errors.invalid_attribute(name) from error
    statements = listed(json.loads(value)["Statement"]) if value else []
    if not all(_is_ours(action) for statement in statements for action in listed(statement.get("Action"))):
        raise errors.invalid_attribute(name)
    return value


def _is_ours(action: str) -> bool:
    return action == "*" or action.lower().startswith("sqs:")


def _redrive_policy(name: str, value: str) -> str:
    if value:
        parse_redrive_policy(value)
    return value


def _redrive_allow_policy(name: str, value: str) -> str:
    if value:
        parse_redrive_allow_policy(value)
    return value


SETTINGS: dict[str, Setting] = {
    "DelaySeconds": Setting(_integer(0, limits.DELAY_SECONDS), "0"),
    "MaximumMessageSize": Setting(_integer(1024, limits.MESSAGE_BYTES), str(limits.MESSAGE_BYTES)),
    "MessageRetentionPeriod": Setting(_integer(60, 1_209_600), "345600"),
    "ReceiveMessageWaitTimeSeconds": Setting(_integer(0, limits.WAIT_SECONDS), "0"),
    "VisibilityTimeout": Setting(_integer(0, limits.VISIBILITY_SECONDS), "30"),
    "SqsManagedSseEnabled": Setting(_boolean, "true"),
    "KmsMasterKeyId": Setting(_text),
    "KmsDataKeyReusePeriodSeconds": Setting(_integer(60, 86_400)),
    "Policy": Setting(_policy),
    "RedrivePolicy": Setting(_redrive_policy),
    "RedriveAllowPolicy": Setting(_redrive_allow_policy),
    "FifoQueue": Setting(_boolean, "true", fifo_only=True),
    "ContentBasedDeduplication": Setting(_boolean, "false", fifo_only=True),
    "DeduplicationScope": Setting(_one_of("queue", "messageGroup"), "queue", fifo_only=True),
    "FifoThroughputLimit": Setting(_one_of("perQueue", "perMessageGroupId"), "perQueue", fifo_only=True),
}

# What is computed, and cannot be set.
COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
KNOWN = frozenset({"All", "QueueArn", *COUNTS, "CreatedTimestamp", "LastModifiedTimestamp", *SETTINGS})

# Kept as JSON text; two texts that mean the same are the same value.
_DOCUMENTS = frozenset({"Policy", "RedrivePolicy", "RedriveAllowPolicy"})


def is_fifo_name(name: str) -> bool:
    return name.endswith(FIFO_SUFFIX)


def check_name(name: str, asked_for_fifo: bool) -> None:
    """Refuse a queue name that AWS refuses. The suffix and the FifoQueue attribute must agree."""
    if asked_for_fifo:
        if not is_fifo_name(name) or len(name) > 80 or not _NAME.match(name[: -len(FIFO_SUFFIX)]):
            raise errors.invalid_fifo_name()
    elif not _NAME.match(name):
        raise errors.invalid_queue_name()


def defaults(fifo: bool) -> Attributes:
    """What a queue has when nothing is asked for."""
    return {
        name: setting.default
        for name, setting in SETTINGS.items()
        if setting.default is not None and (fifo or not setting.fifo_only)
    }


def changed(current: Attributes, requested: Mapping[str, str], fifo: bool) -> Attributes:
    """The attributes after a request is applied. An empty value takes an attribute without default away.

    Raises InvalidAttributeName, InvalidAttributeValue, and InvalidParameterValue for the two redrive policies.
    """
    checked = {name: _checked(name, value, fifo) for name, value in requested.items()}
    if checked.get("KmsMasterKeyId") and checked.get("SqsManagedSseEnabled") == "true":
        raise errors.two_encryptions()
    result = _one_encryption({**current, **checked}, checked)
    if result.get("FifoThroughputLimit") == "perMessageGroupId" and result.get("DeduplicationScope") != "messageGroup":
        raise errors.throughput_without_scope()
    return {name: value for name, value in result.items() if value}


def _checked(name: str, value: str, fifo: bool) -> str:
    setting = SETTINGS.get(name)
    if setting is None:
        raise errors.unknown_attribute(name)
    if setting.fifo_only and not fifo:
        raise errors.unknown_attribute(name)
    if name == "FifoQueue" and value.lower() != "true":
        raise errors.invalid_attribute(name, "Modifying queue type is not supported.")
    return setting.check(name, value)


def _one_encryption(attributes: Attributes, asked: Mapping[str, str]) -> Attributes:
    """Keys of KMS and keys of SQS exclude each other: the one asked for last stays."""
    if asked.get("KmsMasterKeyId"):
        attributes["SqsManagedSseEnabled"] = "false"
    elif asked.get("SqsManagedSseEnabled") == "true":
        attributes.pop("KmsMasterKeyId", None)
    return attributes


def first_difference(current: Attributes, requested: Attributes) -> str | None:
    """The first attribute asked for that an existing queue has otherwise."""
    return next((name for name, value in requested.items() if not _same(name, current.get(name, ""), value)), None)


def _same(name: str, one: str, other: str) -> bool:
    if one == other or name not in _DOCUMENTS:
        return one == other
    return _json_object(one) == _json_object(other)


def shown(attributes: Attributes) -> Attributes:
    """The attributes as GetQueueAttributes shows them: with the key reuse period of a queue encrypted with KMS."""
    if "KmsMasterKeyId" in attributes:
        return {"KmsDataKeyReusePeriodSeconds": "300", **attributes}
    return attributes


# -- dead letters


class RedrivePolicy(NamedTuple):
    target: str
    receives: int


class RedriveAllowPolicy(NamedTuple):
    permission: str
    sources: tuple[str, ...] = ()

    def allows(self, source: str) -> bool:
        return self.permission == "allowAll" or source in self.sources


def parse_redrive_policy(text: str) -> RedrivePolicy:
    """Raises InvalidParameterValue. Whether the target exists and fits is for those to say who see the queues."""
    document = _json_object(text)
    if document is None:
        raise errors.redrive_policy(text, "Redrive policy is not a valid JSON map.")
    for member in ("maxReceiveCount", "deadLetterTargetArn"):
        if member not in document:
            raise errors.redrive_policy(text, f"Redrive policy does not contain mandatory attribute: {member}.")
    if not document.keys() <= _MEMBERS:
        raise errors.redrive_policy(
            text, "Only following attributes are supported: [deadLetterTargetArn, maxReceiveCount]."
        )
    receives = document["maxReceiveCount"]
    if isinstance(receives, bool) or not re.fullmatch(r"\d{1,9}", str(receives)) or not _is_count(int(receives)):
        raise errors.redrive_policy(
            text, f"Invalid value for maxReceiveCount: {receives}, valid values are from 1 to 1000 both inclusive."
        )
    target = document["deadLetterTargetArn"]
    if not isinstance(target, str) or addresses.parse_arn(target) is None:
        raise errors.redrive_policy(text, "Invalid value for deadLetterTargetArn.")
    return RedrivePolicy(target, int(receives))


def _is_count(receives: int) -> bool:
    return 1 <= receives <= limits.RECEIVES


def parse_redrive_allow_policy(text: str) -> RedriveAllowPolicy:
    """Raises InvalidParameterValue."""
    document = _json_object(text)
    if document is None:
        raise errors.redrive_allow_policy(text, "Redrive allow policy is not a valid JSON map.")
    permission = document.get("redrivePermission")
    if permission not in _PERMISSIONS:
        raise errors.redrive_allow_policy(
            text, "redrivePermission must be one of the following values: [allowAll, denyAll, byQueue]."
        )
    sources = document.get("sourceQueueArns")
    if permission != "byQueue":
        if sources is not None:
            raise errors.redrive_allow_policy(
                text, "sourceQueueArns is only allowed when redrivePermission is byQueue."
            )
        return RedriveAllowPolicy(permission)
    if not isinstance(sources, list) or not 1 <= len(sources) <= limits.SOURCE_QUEUES:
        raise errors.redrive_allow_policy(
            text, f"sourceQueueArns must have between 1 and {limits.SOURCE_QUEUES} queue ARNs."
        )
    if not all(isinstance(source, str) and addresses.parse_arn(source) for source in sources):
        raise errors.redrive_allow_policy(text, "sourceQueueArns must be the ARNs of queues.")
    return RedriveAllowPolicy(permission, tuple(sources))


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
