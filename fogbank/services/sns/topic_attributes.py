"""The attributes of a topic: which there are, and what may be put into them. Pure functions over dicts of strings.

Source: API_SetTopicAttributes, API_CreateTopic and API_GetTopicAttributes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from fogbank.services.sns import delivery_policies, errors, limits

Attributes = dict[str, str]
Check = Callable[[str, str], str]

FIFO_SUFFIX = ".fifo"
_NAME = re.compile(r"[A-Za-z0-9_-]+$")
_ROLE = re.compile(r"arn:[\w-]+:iam::\d{12}:role/.+$")
_DAYS = re.compile(r"\d{1,4}$")


def check_name(name: str, fifo: bool) -> None:
    """The suffix and the FifoTopic attribute must agree. Raises InvalidParameterException."""
    base = name.removesuffix(FIFO_SUFFIX) if fifo else name
    if not _NAME.match(base) or len(name) > limits.NAME_LENGTH or fifo != name.endswith(FIFO_SUFFIX):
        raise errors.topic_name(fifo)


def default_policy(arn: str, account: str) -> str:
    """The policy that AWS gives a new topic: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html"""
    actions = "GetTopicAttributes SetTopicAttributes AddPermission RemovePermission DeleteTopic Subscribe"
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in (*actions.split(), "ListSubscriptionsByTopic", "Publish")],
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
    }
    return _compact({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})


def _compact(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"))


# -- checks: each gives the value in the form that is kept


def _text(name: str, value: str) -> str:
    return value


def _boolean(name: str, value: str) -> str:
    if value.lower() not in ("true", "false"):
        raise errors.attribute(name, f"Invalid value [{value}]. Must be true or false.")
    return value.lower()


def _one_of(*values: str) -> Check:
    def check(name: str, value: str) -> str:
        if value not in values:
            raise errors.attribute(name, f"Invalid value [{value}]. Must be one of: {', '.join(values)}.")
        return value

    return check


def _integer(low: int, high: int) -> Check:
    def check(name: str, value: str) -> str:
        if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
            raise errors.attribute(name, f"Invalid value [{value}]. Must be between {low} and {high}.")
        return str(int(value))

    return check


def _display_name(name: str, value: str) -> str:
    if len(value) > 100 or not value.isprintable():
        raise errors.attribute(name)
    return value


def _role(name: str, value: str) -> str:
    if value and not _ROLE.match(value):
        raise errors.attribute(name, f"Invalid role ARN [{value}].")
    return value


def _policy(name: str, value: str) -> str:
    from fogbank.identity import policy, policy_grammar

    try:
        policy.parse(value)
        policy_grammar.check(value, "resource")
    except policy_grammar.MalformedPolicy as error:
        raise errors.policy_error(error.message or "null") from error
    document = json.loads(value)
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        _check_scope(statement.get("Action", statement.get("NotAction", [])))
    return _compact(document)


def _check_scope(actions: str | list[str]) -> None:
    for action in [actions] if isinstance(actions, str) else actions:
        if action != "*" and not action.lower().startswith("sns:"):
            raise errors.action_out_of_scope()


def _delivery_policy(name: str, value: str) -> str:
    if value:
        delivery_policies.check_topic(value)
        return _compact(json.loads(value))
    return value


def _archive_policy(name: str, value: str) -> str:
    if not value or value == "{}":
        return ""
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        raise errors.attribute(name, "failed to parse JSON.") from None
    days = str(document.get("MessageRetentionPeriod", "")) if isinstance(document, dict) else ""
    if not isinstance(document, dict) or set(document) != {"MessageRetentionPeriod"}:
        raise errors.attribute(name, "must have the member MessageRetentionPeriod and no other.")
    if not _DAYS.match(days) or not 1 <= int(days) <= limits.ARCHIVE_DAYS:
        reason = f"MessageRetentionPeriod must be between 1 and {limits.ARCHIVE_DAYS} days."
        raise errors.attribute(name, reason)
    return _compact(document)


def _feedback() -> dict[str, Check]:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-topic-attributes.html"""
    found: dict[str, Check] = {}
    for protocol in ("HTTP", "Firehose", "Lambda", "Application", "SQS"):
        found[f"{protocol}SuccessFeedbackRoleArn"] = _role
        found[f"{protocol}SuccessFeedbackSampleRate"] = _integer(0, 100)
        found[f"{protocol}FailureFeedbackRoleArn"] = _role
    return found


_FIFO_ONLY: dict[str, Check] = {
    "ContentBasedDeduplication": _boolean,
    "FifoThroughputScope": _one_of("Topic", "MessageGroup"),
    "ArchivePolicy": _archive_policy,
}
_STANDARD_ONLY: dict[str, Check] = {"TracingConfig": _one_of("PassThrough", "Active")}
SETTABLE: dict[str, Check] = {
    "Policy": _policy,
    "DisplayName": _display_name,
    "DeliveryPolicy": _delivery_policy,
    "KmsMasterKeyId": _text,
    "SignatureVersion": _one_of("1", "2"),
    "MaximumMessageSize": _integer(limits.SMALLEST_MAXIMUM_BYTES, limits.LARGEST_MESSAGE_BYTES),
    **_FIFO_ONLY,
    **_STANDARD_ONLY,
    **_feedback(),
}


def changed(current: Attributes, asked: Mapping[str, str], fifo: bool) -> Attributes:
    """The attributes after a request is applied; an empty value takes one away. Raises InvalidParameterException."""
    result = dict(current)
    for name, value in asked.items():
        check = SETTABLE.get(name)
        if check is None:
            raise errors.unknown_attribute()
        if name in _FIFO_ONLY and not fifo:
            raise errors.only_for_fifo(name)
        if name in _STANDARD_ONLY and fifo:
            raise errors.only_for_standard(name)
        result[name] = check(name, value) if value or name in ("DisplayName", "Policy") else ""
    return {name: value for name, value in result.items() if value}


def of_new(asked: Mapping[str, str]) -> tuple[bool, Attributes]:
    """Is it to be a FIFO topic? And the attributes asked for, but for that one. Raises InvalidParameterException."""
    others = dict(asked)
    fifo = _boolean("FifoTopic", others.pop("FifoTopic", "false")) == "true"
    return fifo, changed({}, others, fifo)
